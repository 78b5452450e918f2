"""What mypy refuses in real programs whose values became lazy: `python -m tests.typing.converted`.

It installs a version of each program into a new environment, and turns some of its values into Awaits.
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

from benchmarks.starting import copies, install

from .cookiecutter import COOKIECUTTER
from .mkdocs import MKDOCS
from .program import Program, Use

PROGRAMS = {program.name: program for program in (COOKIECUTTER, MKDOCS)}

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


def refusals(program: Program, python: Path, package: Path) -> Iterator[Refusal]:
    """Yield what mypy says of the package, with the plugin."""
    (package / "mypy.ini").write_text(CONFIGURATION)
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", f"--python-executable={python}", program.name],
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


def new_refusals(program: Program, python: Path, before: Path, after: Path) -> list[Refusal]:
    """Return what mypy says of the changed package and not of the other, wherever it stands."""
    known = {(each.file, each.said) for each in refusals(program, python, before)}
    found = refusals(program, python, after)
    return [each for each in found if (each.file, each.said) not in known]


def mend(package: Path, refused: list[Refusal]) -> None:
    """Write `awaitable_wait` around each of the refused expressions."""
    for refusal in sorted(refused, key=lambda each: (each.line, each.column), reverse=True):
        file = package / refusal.file
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        assert refusal.line == refusal.end_line, "an expression of more than one line"
        line = lines[refusal.line - 1]
        before, expression = line[: refusal.column - 1], line[refusal.column - 1 : refusal.end_column]
        lines[refusal.line - 1] = before + mended(refusal, expression) + line[refusal.end_column :]
        file.write_text("".join(lines), encoding="utf-8")
    for name in {refusal.file for refusal in refused}:
        file = package / name
        text = file.read_text(encoding="utf-8")
        future = "from __future__ import annotations\n"
        before = future if future in text else ""
        imported = text.replace(before, f"{before}from awaits import awaitable_wait\n", 1)
        file.write_text(imported, encoding="utf-8")


def mended(refusal: Refusal, expression: str) -> str:
    """Return the expression with `awaitable_wait` around the Await in it.

    A comparison is refused as a whole, with the Await on its right, and so is a call with overloads.
    """
    if refusal.said.endswith("[call-overload]"):
        function, _, argument = expression.partition("(")
        return f"{function}(awaitable_wait({argument})"
    left, is_not, right = expression.rpartition(" is not ")
    return f"{left}{is_not}awaitable_wait({right})"


def outcome(program: Program, python: Path, package: Path, use: Use) -> tuple[str, dict[str, str]]:
    """Return what the program says last, or how it fails, and the files that it makes."""
    with TemporaryDirectory() as work:
        folder = Path(work)
        program.set_up(folder)
        (folder / "made").mkdir()
        ran = subprocess.run(
            [str(python), "-m", program.name, *use.arguments],
            cwd=folder,
            env={
                "HOME": str(folder / use.home),
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(package),
                **use.variables,
            },
            input=use.typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        made = {
            str(file.relative_to(folder)): re.sub(program.varying, "", file.read_text("latin-1"))
            for file in folder.glob("made/**/*")
            if file.is_file()
        }
        said = ["", *re.sub(program.varying, "", ran.stdout).replace(work, "").strip().splitlines()]
        failures = [line for line in said if re.match(r"\w+Error: ", line)]  # a note may follow
        return (failures or said)[-1], made


def first_difference(program: Program, python: Path, before: Path, after: Path) -> str:
    """Return how the first use ends that does not end as before."""
    for use in program.uses:
        last, made = outcome(program, python, after, use)
        if (last, made) != outcome(program, python, before, use):
            return f"`{last}`"
    return WORKS


def convert(program: Program, folder: Path) -> None:
    """Convert, check and run the program, and print its table."""
    python = install(folder / "environment", f"{program.name}=={program.version}", *program.stubs)
    made = copies(python, folder, program.name, program.change)
    before, changed = made["as it is"], made["changed"]
    refused = new_refusals(program, python, before, changed)
    rows: dict[tuple[str, str], list[str]] = {}
    for refusal in refused:
        one_left = folder / "one left"
        shutil.copytree(changed, one_left)
        mend(one_left, [each for each in refused if each is not refusal])
        source = (changed / refusal.file).read_text().splitlines()[refusal.line - 1].strip()
        key = refusal.said, first_difference(program, python, before, one_left)
        rows.setdefault(key, []).append(f"`{Path(refusal.file).name}:{refusal.line}` `{source}`")
        shutil.rmtree(one_left)
    version = sys.version.split()[0]
    print(f"{program.name} {program.version}, Python {version}: {len(refused)} refusals\n")
    print("| line | what mypy says | at run time without it |\n| --- | --- | --- |")
    for (said, happens), places in sorted(rows.items(), key=lambda row: row[0][1] == WORKS):
        print(f"| {'<br>'.join(places)} | {said.replace('|', chr(92) + '|')} | {happens} |")
    mend(changed, refused)
    left = new_refusals(program, python, before, changed)
    runs = first_difference(program, python, before, changed)
    print(f"\nAll mended: {len(left)} refusals, and the program runs {runs}\n")


def main() -> None:
    """Convert the programs that are named, or all."""
    for name in sys.argv[1:] or PROGRAMS:
        with TemporaryDirectory() as work:
            convert(PROGRAMS[name], Path(work))


if __name__ == "__main__":
    main()
