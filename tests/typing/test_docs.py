"""Every fenced block of the README and of every page in docs/ is run, checked or parsed.

A block with a title is a file of that name in a folder of the page's own. The commands of a `console`
block run there, in the order of the page: what they print is what follows them, where `...` stands for
anything. A configuration without a title is only parsed, and read by mypy if it is mypy's. Any other
block fails.
"""

import ast
import configparser
import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import mypy.version
import pytest

from benchmarks.starting import CHANGE

from .conftest import ROOT
from .converted.__main__ import PROGRAMS
from .pages import FENCE, PAGES, Block
from .screenshot import PICTURE, mypy_output, text_of, without_blanks

yaml = import_module("yaml")  # comes with pytest-mypy-plugins, and has no types
# Pages whose blocks have a test of their own.
TESTED_ELSEWHERE = {
    "command.md": "tests/typing/test_command_page.py",
    "torch.md": "tests/typing/test_torch.py",
    "trace.md": "tests/runtime/test_trace.py",
}
NEEDS_MYPY = {"error_codes.md": (1, 19), "howto/existing_project.md": (1, 18)}


def commands_for_a_clone() -> list[str]:
    """Return the README's two lines that set up a clone."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("python3 -m venv")]


# Commands that are shown in `sh` blocks: why they are not run here.
NOT_RUN = {
    "pip install tenacity joblib diskcache cachetools": "the examples after it import them all",
    "pip install 'typed-awaits[mypy]'": "the name and the extra are compared with pyproject.toml below",
    "pip install '.[mypy]'": "the README's first line, which CI runs, does the same",
    **dict.fromkeys(commands_for_a_clone(), "`nox -s readme` runs them to the letter"),
    "python -m pip install --group everything": "the command after it is not run either",
    "python -m tests.runtime.everything cpython inflection toolz": "some ten minutes",
    "python -m tests.typing.converted": "it installs a program from the index",
    "mypy .": "the same in the pages with programs",
    "awaits-mypy check": "the command has its own page and test",
    "awaits-mypy report": "the command has its own page and test",
}
PARSERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "ini": lambda text: configparser.ConfigParser().read_string(text),
    "json": json.loads,
    "yaml": yaml.safe_load,
    "python": ast.parse,
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables for all commands; mypy keeps one cache for all pages."""
    # With CI set, pytest and others print more than what a reader's terminal shows.
    inherited = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}
    return {
        **inherited,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class Reader:
    """Somebody who does what a page says, in a folder made for it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def follow(self, block: Block) -> None:
        """Do what one block says."""
        if block.kind in PARSERS:
            PARSERS[block.kind](block.text)
        if block.title:
            assert block.kind in PARSERS, f"a file of a kind that nothing parses: {block.title}"
            file = self.folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        elif block.kind == "console":
            for command, expected in commands_of(block.text):
                assert_shown(command, expected, self.run(command))
        elif block.kind == "sh":
            assert set(block.text.splitlines()) <= NOT_RUN.keys()
        elif block.kind == "diff":
            changes = [program.change for program in PROGRAMS.values()]
            assert block.text == CHANGE or any(block.text in each for each in changes), (
                "not what was measured"
            )
        elif "mypy" in block.text and block.kind in ("toml", "ini"):
            self.configure(block)
        else:
            assert block.kind in PARSERS.keys() - {"python"}, f"nothing runs this block: {block}"

    def configure(self, block: Block) -> None:
        """Let mypy read a configuration that is only shown."""
        (self.folder / f"shown.{block.kind}").write_text(block.text)
        said = self.run(f"mypy --config-file shown.{block.kind} -c ''")
        assert said == "Success: no issues found in 1 source file\n"

    def run(self, command: str) -> str:
        """Return what a command prints, on both streams."""
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return ran.stdout.replace("builtins.", "")  # as mypy says before 1.20


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    assert text.startswith("$ "), "a console block begins with a command"
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def assert_shown(command: str, expected: str, printed: str) -> None:
    if not doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS):
        assert printed == expected, command


@pytest.mark.parametrize("page", [page for page in PAGES if page not in TESTED_ELSEWHERE])
def test_page_does_what_it_shows(page: str, tmp_path: Path, environment: dict[str, str]) -> None:
    if tuple(map(int, mypy.version.__version__.split(".")[:2])) < NEEDS_MYPY.get(page, (0, 0)):
        pytest.skip("what it shows is of a newer mypy")
    reader = Reader(tmp_path, environment)
    try:
        for block in PAGES[page]:
            reader.follow(block)
    finally:
        if (tmp_path / ".dmypy.json").exists():
            reader.run("dmypy kill")


@pytest.mark.parametrize(("page", "test"), TESTED_ELSEWHERE.items())
def test_page_has_a_test_of_its_own(page: str, test: str) -> None:
    assert page in PAGES
    assert f'"{page}"' in (ROOT / test).read_text(encoding="utf-8")


def test_what_is_installed_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    [table] = re.findall(
        r"^\| extra .*?\n\n", (ROOT / "docs/installation.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == extras.keys()
    # Wherever one is named: in pages, in messages and in docstrings.
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("awaits*/**/*.py")]
    named = {
        installed
        for file in texts
        for installed in re.findall(r"([\w-]*awaits)\[(\w+)\]", file.read_text(encoding="utf-8"))
    }
    assert named == {(project["name"], extra) for extra in extras}


@pytest.mark.parametrize(
    "word",
    [
        "Jupyter",
        "lazy import",
        "timeout",
        "retry",
        "cache",
        "start-up",
        "debugger",
        "pytest",
        "security",
        "graph",
        "pydantic",
        "FastAPI",
        "Django",
    ],
)
def test_who_looks_for_a_word_finds_a_heading(word: str) -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    texts = [FENCE.sub("", page.read_text(encoding="utf-8")) for page in pages]
    headings = [line for text in texts for line in re.findall(r"^#+ .*", text, re.MULTILINE)]
    assert any(word.casefold() in heading.casefold() for heading in headings)


def test_no_page_installs_the_other_project() -> None:
    lines = [
        line
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for line in page.read_text().splitlines()
    ]
    installing = [line for line in lines if re.search(r"pip install [^`]*(?<![\w-])awaits\b", line)]
    assert not installing


def test_picture_shows_what_mypy_prints() -> None:
    command, *printed = text_of(PICTURE.read_text(encoding="utf-8"))
    assert command == "$mypy--prettymistakes.py"
    assert printed == list(map(without_blanks, mypy_output(coloured=False).splitlines()))
