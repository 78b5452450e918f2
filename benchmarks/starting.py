"""How much faster a real program starts with lazy imports: `python -m benchmarks.starting`.

It installs a version of the program and this package into a new environment, changes a copy of the
program, and runs both in turn. Each time is the processor's, which other work on the machine disturbs
least, the interpreter's own start included: the least of so many runs.
"""

import os
import resource
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

RUNS = 20
ROOT = Path(__file__).parents[1]
PROGRAM, VERSION = "cookiecutter", "2.7.1"
# docs/howto/what_to_make_lazy.md shows the same.
CHANGE = """\
--- cookiecutter/cli.py
+++ cookiecutter/cli.py
@@
 import click
+from awaits import lazy_import
@@
-from cookiecutter.config import get_user_config
@@
 from cookiecutter.log import configure_logger
-from cookiecutter.main import cookiecutter
+
+get_user_config = lazy_import("cookiecutter.config:get_user_config")
+cookiecutter = lazy_import("cookiecutter.main:cookiecutter")
--- cookiecutter/zipfile.py
+++ cookiecutter/zipfile.py
@@
-import requests
+from awaits import lazy_import
@@
 from cookiecutter.utils import make_sure_path_exists
+
+requests = lazy_import("requests")
"""
COMMANDS = {
    "`cookiecutter --version`": ["--version"],
    "`cookiecutter --help`": ["--help"],
    "a project from a template on the disk": ["--no-input", "--overwrite-if-exists", "template"],
}


def apply(change: str, folder: Path) -> None:
    """Change the files in the folder as the diff says; each place is found by its lines alone."""
    for part in change.split("--- ")[1:]:
        head, *places = part.split("@@\n")
        file = folder / head.splitlines()[0]
        text = file.read_text(encoding="utf-8")
        for place in places:
            lines = [line if line.strip() else " \n" for line in place.splitlines(keepends=True)]
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            if text.count(old) != 1:
                raise ValueError(f"{file} has not once the lines of {place!r}")
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")


def install(folder: Path, *requirements: str) -> Path:
    """Make an environment with this package and what is required, and return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(ROOT), *requirements], check=True)
    return python


def copies(python: Path, folder: Path, program: str, change: str) -> dict[str, Path]:
    """Copy the package of the program into two folders, and change it in one of them."""
    (installed,) = python.parents[1].glob(f"lib/python*/site-packages/{program}")
    made = {name: folder / name for name in ("as it is", "changed")}
    for place in made.values():
        shutil.copytree(installed, place / program)
    apply(change, made["changed"])
    return made


def processor_time_s(python: Path, package: Path, arguments: list[str], folder: Path) -> float:
    """Run the program, with its package from there, and return how long it kept the processor."""
    command = [str(python), "-m", PROGRAM, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(package), "HOME": str(folder)}
    environment["PYTHONDONTWRITEBYTECODE"] = ""  # what is imported is compiled in the first run only
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Measure, and print the table."""
    print(f"{PROGRAM} {VERSION}, Python {sys.version.split()[0]}, the least of {RUNS} runs in turn\n")
    print("| | as it is | changed | ratio |\n| --- | --- | --- | --- |")
    with TemporaryDirectory() as work:
        folder = Path(work)
        python = install(folder / "environment", f"{PROGRAM}=={VERSION}")
        template = folder / "template"
        (template / "{{cookiecutter.name}}").mkdir(parents=True)
        (template / "cookiecutter.json").write_text('{"name": "made"}')
        (template / "{{cookiecutter.name}}/README.md").write_text("# {{cookiecutter.name}}\n")
        packages = copies(python, folder, PROGRAM, CHANGE)
        for name, arguments in COMMANDS.items():
            times: dict[str, list[float]] = {place: [] for place in packages}
            for _ in range(RUNS + 1):  # in the first, Python compiles what it imports
                for place, package in packages.items():
                    times[place].append(processor_time_s(python, package, arguments, folder))
            before, after = (min(taken[1:]) * 1000 for taken in times.values())
            print(f"| {name} | {before:.0f} ms | {after:.0f} ms | {after / before:.2f} |")


if __name__ == "__main__":
    main()
