"""mypy as a program: the configuration that it takes, its options, and what it prints.

`_find_config_file` and `_parse_individual_file` of `mypy.config_parser`, `create_source_list` of
`mypy.find_sources` and `process_options` of `mypy.main` are no public interface of mypy. They are used
here alone, and are the same in mypy 1.17.0 to 2.4.1.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from mypy import config_parser, defaults
from mypy.errors import CompileError
from mypy.find_sources import InvalidSourceList, create_source_list
from mypy.main import process_options
from mypy.options import Options

CONFIG_NAMES: Final = (*defaults.CONFIG_NAMES, *defaults.SHARED_CONFIG_NAMES)

# Up to mypy 1.18 a code on the command line must be known before the plugins are loaded.
_WITH_OUR_CODES = "import awaits_mypy._plugin.codes, mypy.__main__; mypy.__main__.console_entry()"

# Whatever the configuration says of it; a report of the project's own would be overwritten.
_PRINTING = ("--output=json", "--no-error-summary", "--junit-xml=")


class CommandError(Exception):
    """What keeps the command from its work, in words for its user."""


class Config(NamedTuple):
    """A configuration file of mypy, with its section as mypy reads it, if it has one."""

    path: Path
    section: Mapping[str, Any] | None


class Message(NamedTuple):
    """One message of mypy, with its position as mypy's JSON has it: columns count from 0."""

    file: str
    line: int
    column: int
    end_line: int | None  # mypy 1.17 to 1.19 does not say where it ends
    end_column: int | None
    text: str
    code: str | None
    severity: str

    def __str__(self) -> str:
        code = f"  [{self.code}]" if self.code else ""
        place = self.file if self.line < 0 else f"{self.file}:{self.line}"  # mypy's, of a whole file
        return f"{place}: {self.severity}: {self.text}{code}"


class Run(NamedTuple):
    """What a run of mypy gave: its messages, the lines that are none, and its exit code."""

    messages: list[Message]
    other_lines: list[str]
    exit_code: int

    @property
    def output(self) -> str:
        """Return all of it as text."""
        return "\n".join([*map(str, self.messages), *self.other_lines])


def find_config() -> Config | None:
    """Return the configuration that mypy takes in this folder.

    Raises `CommandError` where mypy would pass over a file that it cannot read.
    """
    found = _reading(config_parser._find_config_file)
    return _config(Path(found[2]), found) if found else None


def read_config(path: Path) -> Config:
    """Return this file as the configuration; a section that is not there is None."""
    if not path.is_file():
        raise CommandError(f"there is no file {path}")
    found = _reading(lambda stderr: config_parser._parse_individual_file(str(path), stderr))
    return _config(path, found)


def is_of_the_user(config: Config) -> bool:
    """Say whether this is the user's own configuration, which mypy takes for projects without one."""
    return any(config.path.resolve() == Path(file).resolve() for file in defaults.USER_CONFIG_FILES)


def _config(path: Path, found: Any) -> Config:
    return Config(path, found[0]["mypy"] if found and "mypy" in found[0] else None)


def _reading(read: Any) -> Any:
    complaints = StringIO()
    try:
        found = read(complaints)
    except (OSError, UnicodeDecodeError) as failure:
        raise CommandError(f"mypy cannot read its configuration: {failure}") from failure
    if complaints.getvalue():
        raise CommandError(f"mypy cannot read its configuration: {complaints.getvalue().strip()}")
    return found


class Understood(NamedTuple):
    """What mypy makes of its arguments and configuration."""

    options: Options
    complaints: str
    has_sources: bool  # whether they say what to check


def understood(arguments: Sequence[str]) -> Understood:
    """Return what mypy makes of these arguments, and of the configuration that it takes with them.

    Raises `CommandError` with mypy's words if it refuses them.
    """
    said = StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            sources, options = process_options(list(arguments), said, said, require_targets=False)
    except SystemExit as refusal:
        raise CommandError(said.getvalue().strip()) from refusal
    except CompileError as failure:
        raise CommandError("\n".join(failure.messages)) from failure
    except Exception as failure:  # a setting of a type that this mypy does not expect
        raise CommandError(f"mypy itself fails on its configuration: {failure}") from failure
    return Understood(options, said.getvalue(), bool(sources))


def options_with(config: Path) -> tuple[Options, str]:
    """Return the options that this configuration gives, and what mypy says of it."""
    # A module to check keeps mypy from looking for the `files` of the configuration.
    return understood(["--config-file", str(config), "-m", "builtins"])[:2]


def module_of(file: str, options: Options) -> str:
    """Return the name of the module in this file; the file's own where mypy takes it for none."""
    with suppress(InvalidSourceList):
        return create_source_list([file], options)[0].module
    return file


def cache_of_command(options: Options, purpose: str) -> str:
    """Return a folder for a cache of our own, in mypy's: other options would empty the project's."""
    return (
        options.cache_dir if options.cache_dir == os.devnull else f"{options.cache_dir}/awaits/{purpose}"
    )


def run_mypy(arguments: Sequence[str], *, with_our_codes: bool = False) -> Run:
    """Run the mypy of this Python in this folder, and read what it prints."""
    start = ["-c", _WITH_OUR_CODES] if with_our_codes else ["-m", "mypy"]
    result = subprocess.run(  # noqa: S603 -- the program is this Python
        [sys.executable, *start, *arguments, *_PRINTING],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    messages, other_lines = [], []
    for line in (result.stdout + result.stderr).splitlines():
        message = _message(line)
        if message:
            messages.append(message)
        elif line.strip():
            other_lines.append(line)
    return Run(messages, other_lines, result.returncode)


def _message(line: str) -> Message | None:
    if not line.startswith('{"file": '):
        return None
    found = json.loads(line)
    return Message(
        found["file"],
        found["line"],
        found["column"],
        found.get("end_line"),
        found.get("end_column"),
        found["message"],
        found["code"],
        found["severity"],
    )
