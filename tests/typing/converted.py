"""What mypy refuses in a real program whose values became lazy: `python -m tests.typing.converted`.

It installs a version of the program into a new environment, and turns some of its values into Awaits.
What mypy then says is what it did not say before. Of these refusals it mends all but one, by
`awaitable_wait` around the argument, runs the program, and does so for each of them. `as before` is a
program that says and writes the same in every use.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.starting import PROGRAM, VERSION, copies, install

# docs/proof.md shows a part of it.
CONVERSION = """\
--- cookiecutter/cli.py
+++ cookiecutter/cli.py
@@
 import click
+from awaits import awaitable
@@
-            password=os.environ.get('COOKIECUTTER_REPO_PASSWORD'),
+            password=awaitable(os.environ.get, 'COOKIECUTTER_REPO_PASSWORD'),
--- cookiecutter/config.py
+++ cookiecutter/config.py
@@
 import yaml
+from awaits import awaitable
@@
-USER_CONFIG_PATH = os.path.expanduser('~/.cookiecutterrc')
+USER_CONFIG_PATH = awaitable(os.path.expanduser, '~/.cookiecutterrc')
--- cookiecutter/generate.py
+++ cookiecutter/generate.py
@@
+from awaits import awaitable
 from binaryornot.check import is_binary
@@
-    env = create_env_with_context(context)
+    env = awaitable(create_env_with_context, context)
@@
-    rendered_dirname = name_tmpl.render(**context)
+    rendered_dirname = awaitable(name_tmpl.render, **context)
--- cookiecutter/hooks.py
+++ cookiecutter/hooks.py
@@
+from awaits import awaitable
 from jinja2.exceptions import UndefinedError
@@
-    contents = Path(script_path).read_text(encoding='utf-8')
+    contents = awaitable(Path(script_path).read_text, encoding='utf-8')
--- cookiecutter/main.py
+++ cookiecutter/main.py
@@
 from typing import Any
+
+from awaits import awaitable
@@
-    config_dict = get_user_config(
+    config_dict = awaitable(
+        get_user_config,
@@
-                context_from_replayfile = load(config_dict['replay_dir'], template_name)
+                context_from_replayfile = awaitable(load, config_dict['replay_dir'], template_name)
@@
-                context_from_replayfile = load(path, template_name)
+                context_from_replayfile = awaitable(load, path, template_name)
@@
-        context = generate_context(
+        context = awaitable(
+            generate_context,
             context_file=context_file,
             default_context=config_dict['default_context'],
             extra_context=None,
@@
-        context = generate_context(
+        context = awaitable(
+            generate_context,
             context_file=context_file,
             default_context=config_dict['default_context'],
             extra_context=extra_context,
--- cookiecutter/replay.py
+++ cookiecutter/replay.py
@@
+from awaits import awaitable
 from cookiecutter.utils import make_sure_path_exists
@@
-    replay_file = get_file_name(replay_dir, template_name)
+    replay_file = awaitable(get_file_name, replay_dir, template_name)

     with open(replay_file, 'w', encoding="utf-8") as outfile:
--- cookiecutter/zipfile.py
+++ cookiecutter/zipfile.py
@@
-import requests
+from awaits import awaitable, lazy_import
@@
 from cookiecutter.utils import make_sure_path_exists
+
+requests = lazy_import("requests")
@@
-            unzip_base = tempfile.mkdtemp()
+            unzip_base = awaitable(tempfile.mkdtemp)
"""
REFUSED = re.compile(r"(?P<file>[^:]+):(?P<span>\d+:\d+:\d+:\d+): error: (?P<said>.*)")
WORKS = "as before"
CONFIGURATION = "[mypy]\nplugins = awaits_mypy\nstrict = true\nshow_error_end = true\n"


@dataclass(frozen=True)
class Refusal:
    """An error of mypy, and the expression that it is about."""

    file: str
    said: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Use:
    """A use of the program: its arguments, what is typed, and what is in the environment."""

    arguments: tuple[str, ...]
    home: str = "home"
    typed: str = ""
    password: str | None = None


USES = [
    Use(("--no-input", "template")),
    Use(("--no-input", "template"), home="home with settings"),
    Use(("--no-input", "--config-file", "home with settings/.cookiecutterrc", "template")),
    Use(("--replay", "template"), home="home with settings"),
    Use(("--no-input", "templates")),
    Use(("--no-input", "archive.zip")),
    Use(("--no-input", "locked.zip")),
    Use(("--no-input", "locked.zip"), password="wrong"),
    Use(("locked.zip",), typed="wrong\nwrong\nwrong\n"),
]


def set_up(folder: Path) -> None:
    """Write the templates and settings that the uses need."""
    template = folder / "template"
    for name, text in {
        "cookiecutter.json": '{"name": "made"}',
        "hooks/pre_gen_project.py": "print('{{cookiecutter.name}}')",
        "{{cookiecutter.name}}/README.md": "# {{cookiecutter.name}}\n",
        "{{cookiecutter.name}}/{{cookiecutter.name}}/data.txt": "{{cookiecutter.name}}\n",
    }.items():
        (template / name).parent.mkdir(parents=True, exist_ok=True)
        (template / name).write_text(text)
    several = folder / "templates"
    shutil.copytree(template, several / "one")
    (several / "cookiecutter.json").write_text(
        '{"templates": {"one": {"path": "./one", "title": "One"}}}'
    )
    (folder / "home").mkdir()
    settings = folder / "home with settings"
    (settings / ".cookiecutter_replay").mkdir(parents=True)
    (settings / ".cookiecutter_replay/template.json").write_text(
        '{"cookiecutter": {"name": "replayed"}}'
    )
    (settings / ".cookiecutterrc").write_text("default_context: {name: configured}\n")
    shutil.make_archive(str(folder / "archive"), "zip", folder, "template")
    # zipfile cannot encrypt, but asks for the password where this flag is set.
    archive = bytearray((folder / "archive.zip").read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        for found in re.finditer(re.escape(header), archive):
            archive[found.start() + flags] |= 1
    (folder / "locked.zip").write_bytes(archive)


def refusals(python: Path, package: Path) -> Iterator[Refusal]:
    """Yield what mypy says of the package, with the plugin."""
    (package / "mypy.ini").write_text(CONFIGURATION)
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", f"--python-executable={python}", PROGRAM],
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode not in (0, 1):
        raise RuntimeError(ran.stdout + ran.stderr)
    for line in ran.stdout.splitlines():
        if found := REFUSED.fullmatch(line):
            yield Refusal(found["file"], found["said"], *map(int, found["span"].split(":")))


def new_refusals(python: Path, before: Path, after: Path) -> list[Refusal]:
    """Return what mypy says of the changed package and not of the other, wherever it stands."""
    known = {(each.file, each.said) for each in refusals(python, before)}
    return [each for each in refusals(python, after) if (each.file, each.said) not in known]


def mend(package: Path, refused: list[Refusal]) -> None:
    """Write `awaitable_wait` around each of the refused expressions."""
    for refusal in sorted(refused, key=lambda each: (each.line, each.column), reverse=True):
        file = package / refusal.file
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        assert refusal.line == refusal.end_line, "an expression of more than one line"
        line = lines[refusal.line - 1]
        before, expression = line[: refusal.column - 1], line[refusal.column - 1 : refusal.end_column]
        # A comparison is refused as a whole; the Await is on its right.
        left, _, right = expression.rpartition(" is not ")
        comparison = f"{left} is not " if left else ""
        lines[refusal.line - 1] = (
            f"{before}{comparison}awaitable_wait({right}){line[refusal.end_column :]}"
        )
        file.write_text("".join(lines), encoding="utf-8")
    for name in {refusal.file for refusal in refused}:
        file = package / name
        text = file.read_text(encoding="utf-8")
        imported = text.replace(
            "from awaits import awaitable", "from awaits import awaitable_wait, awaitable", 1
        )
        file.write_text(imported, encoding="utf-8")


def outcome(python: Path, package: Path, use: Use) -> tuple[str, dict[str, str]]:
    """Return what the program says last, or how it fails, and the files that it makes."""
    with TemporaryDirectory() as work:
        folder = Path(work)
        set_up(folder)
        environment = {**os.environ, "PYTHONPATH": str(package), "HOME": str(folder / use.home)}
        environment.pop("COOKIECUTTER_REPO_PASSWORD", None)
        if use.password is not None:
            environment["COOKIECUTTER_REPO_PASSWORD"] = use.password
        (folder / "made").mkdir()
        ran = subprocess.run(
            [str(python), "-m", PROGRAM, "--output-dir", "made", *use.arguments],
            cwd=folder,
            env=environment,
            input=use.typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        made = {
            str(file.relative_to(folder)): file.read_text()
            for file in folder.glob("made/**/*")
            if file.is_file()
        }
        said = ["", *ran.stdout.strip().splitlines()]
        failures = [line for line in said if re.match(r"\w+Error: ", line)]  # a note may follow
        return (failures or said)[-1], made


def first_difference(python: Path, before: Path, after: Path) -> str:
    """Return how the first use ends that does not end as before."""
    for use in USES:
        last, made = outcome(python, after, use)
        if (last, made) != outcome(python, before, use):
            return f"`{last}`"
    return WORKS


def main() -> None:
    """Convert, check and run, and print the table."""
    with TemporaryDirectory() as work:
        folder = Path(work)
        python = install(folder / "environment", "types-requests", "types-PyYAML")
        made = copies(python, folder, CONVERSION)
        before, changed = made["as it is"], made["changed"]
        refused = new_refusals(python, before, changed)
        rows: dict[tuple[str, str], list[str]] = {}
        for refusal in refused:
            one_left = folder / "one left"
            shutil.copytree(changed, one_left)
            mend(one_left, [each for each in refused if each is not refusal])
            source = (changed / refusal.file).read_text().splitlines()[refusal.line - 1].strip()
            key = refusal.said, first_difference(python, before, one_left)
            rows.setdefault(key, []).append(f"`{Path(refusal.file).name}:{refusal.line}` `{source}`")
            shutil.rmtree(one_left)
        print(f"{PROGRAM} {VERSION}, Python {sys.version.split()[0]}: {len(refused)} refusals\n")
        print("| line | what mypy says | at run time without it |\n| --- | --- | --- |")
        for (said, happens), places in sorted(rows.items(), key=lambda row: row[0][1] == WORKS):
            print(f"| {'<br>'.join(places)} | {said.replace('|', chr(92) + '|')} | {happens} |")
        mend(changed, refused)
        left, runs = new_refusals(python, before, changed), first_difference(python, before, changed)
        print(f"\nAll mended: {len(left)} refusals, and the program runs {runs}")


if __name__ == "__main__":
    main()
