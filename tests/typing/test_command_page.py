"""docs/command.md: the command does on the page's project what the page shows."""

import re
from pathlib import Path

from mypy.version import __version__ as mypy_version

from .conftest import Command
from .pages import PAGES
from .test_command import known

CODES = 'enable_error_code = ["truthy-bool", "unused-awaitable"]'


def blocks(kind: str) -> list[str]:
    return [block.text for block in PAGES["command.md"] if block.kind == kind]


def write_project(folder: Path) -> None:
    (folder / "app").mkdir()
    (folder / "app" / "__init__.py").touch()
    for block in PAGES["command.md"]:
        if block.title:
            (folder / block.title).write_text(block.text)


def shown(block: str) -> list[tuple[list[str], str]]:
    """Return the commands of a block, each as its arguments and what it prints."""
    parts = re.split(r"^\$ awaits-mypy (.*)\n", block, flags=re.MULTILINE)[1:]
    return [(line.split(), printed) for line, printed in zip(parts[::2], parts[1::2], strict=True)]


def test_commands_print_what_the_page_shows(
    tmp_path: Path,
    command: Command,
) -> None:
    write_project(tmp_path)
    consoles = list(map(shown, blocks("console")))
    assert [len(console) for console in consoles] == [2, 1, 1, 1, 1]
    toml = tmp_path / "pyproject.toml"
    for n, console in enumerate(consoles):
        for arguments, printed in console:
            as_init_left_it = toml.read_text()
            if n == 2:
                toml.write_text(as_init_left_it.replace(CODES, ""))
            _, out, error = command(*arguments)
            expected = known(printed.replace("2.4.1", mypy_version))
            if printed.startswith("---") and expected != printed:
                expected = expected.replace("+5,9", "+5,8")  # the line that mypy 1.17 does not know
            assert out + error == expected
            if n == 2:
                toml.write_text(as_init_left_it)


def test_folder_above_configurations_gets_the_answer_that_the_page_shows(
    tmp_path: Path, command: Command
) -> None:
    for folder, name in [("api", "pyproject.toml"), ("web", "mypy.ini")]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("[tool.mypy]\n" if folder == "api" else "[mypy]\n")
    assert command("check") == (2, "", *blocks("text"))
