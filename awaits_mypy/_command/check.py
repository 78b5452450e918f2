"""Say whether mypy, the plugin and the configuration fit together, by what mypy says of a program."""

import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from mypy.options import Options

from awaits import __version__
from awaits_mypy._command.config import FLAGS, PLUGIN, UNUSED, is_plugin, lists_plugin
from awaits_mypy._command.mypy_program import (
    CommandError,
    Config,
    cache_of_command,
    options_with,
    run_mypy,
)
from awaits_mypy._distribution import NAME, other_owner


class _Mistake(NamedTuple):
    """A line of the program that mypy must report with this code, where these flags are set."""

    source: str
    code: str
    name: str
    flags: tuple[str, ...] = ()

    @property
    def needs_setting(self) -> bool:
        """Say whether it takes more than the plugin to have mypy report it."""
        return bool(self.flags) or self.code == UNUSED


_MISTAKES: Final = (
    _Mistake("aw == 5", "comparison-overlap", "a comparison that never holds", FLAGS[:1]),
    _Mistake("aw == None", "comparison-overlap", "an Await that is compared with None", FLAGS),
    _Mistake("awaitable(str, 5)", UNUSED, "an Await that nobody waits for"),
    _Mistake("failure.args()", "await-hidden", "a method of the Await that hides one of its value"),
    _Mistake("isinstance(aw, str)", "await-isinstance", "an isinstance() that is never true"),
)
_START: Final = """\
from awaits import Await, awaitable, __version__
reveal_type(__version__)
async def probe(aw: Await[str], failure: Await[Exception]) -> None:
    upper = aw.upper()
    reveal_type(upper)
"""
_VERSION_LINE: Final = 2
_VALUE_LINE: Final = 5
_FIRST_MISTAKE: Final = 6

_Messages = dict[int, set[tuple[str | None, str]]]
"""The codes and texts of mypy's messages, by line."""


def findings(config: Config, *, plugin_only: bool) -> list[str]:
    """Return what does not fit, each with what to do; nothing where all fits.

    With `plugin_only`, nothing but the plugin need be on. Raises `CommandError` with mypy's words where
    mypy does not come to check a program.
    """
    if config.section is None:
        return [f"{config.path} has no settings for mypy: run awaits-mypy init"]
    options, complaints = options_with(config.path)
    found = [_complaint(line) for line in complaints.splitlines()]
    if options.python_executable not in (None, sys.executable):
        other = other_owner(options.python_executable)
        found += [other] if other else []
    if not lists_plugin(options):
        return [*found, f"{PLUGIN} is not among the plugins in {config.path}: run awaits-mypy init"]
    mistakes = [
        mistake
        for mistake in _MISTAKES
        if all(hasattr(options, flag) for flag in mistake.flags)
        and not (plugin_only and mistake.needs_setting)
    ]
    said = _messages_of_probe(config, options, mistakes)
    return found + (_unseen_value(said, options) or _unreported(said, options, mistakes))


def _complaint(line: str) -> str:
    remedy = (
        "; this mypy drops the whole list: enable a code of the plugin in a file, by"
        ' # mypy: enable-error-code="...", or take mypy 1.19 or newer'
    ) * ("Invalid error code" in line)
    return f"mypy does not take all of it: {line}{remedy}"


def _messages_of_probe(config: Config, options: Options, mistakes: list[_Mistake]) -> _Messages:
    """Return what mypy says of a program, with the project's configuration."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "awaits_probe.py")
        program.write_text(_START + "".join(f"    {mistake.source}\n" for mistake in mistakes))
        cache = cache_of_command(options, "check")
        run = run_mypy(["--config-file", str(config.path), "--cache-dir", cache, str(program)])
    if run.exit_code not in (0, 1):
        raise CommandError(f"mypy does not run with {config.path}:\n{run.output}")
    said: _Messages = {}
    for message in run.messages:
        said.setdefault(message.line, set()).add((message.code, message.text))
    return said


def _unseen_value(said: _Messages, options: Options) -> list[str]:
    """Say why mypy does not see the value of an Await, if it does not."""
    version = "".join(text for _, text in said.get(_VERSION_LINE, ()) if text.startswith("Revealed"))
    install = f"run {options.python_executable or 'your Python'} -m pip install {NAME}=={__version__}"
    if not version:
        return ["mypy reports nothing: ignore_errors or the like silences it"]
    if "Any" in version:
        followed = options.clone_for_module("awaits").follow_imports
        if followed in ("skip", "error"):
            return [
                f"mypy does not read awaits: drop follow_imports = {followed}, at least for awaits.*"
            ]
        compat = "an editable install needs --config-settings editable_mode=compat"
        return [f"mypy does not find awaits: {install} ({compat})"]
    if repr(__version__) not in version:
        return [f"mypy reads another version of awaits than {__version__}, the plugin's: {install}"]
    # Up to mypy 1.19 the class has the name of its module.
    if any(text.replace("builtins.", "") == 'Revealed type is "str"' for _, text in said[_VALUE_LINE]):
        return []
    place = next(n for n, name in enumerate(options.plugins) if is_plugin(name))
    before = ", ".join(options.plugins[:place])
    remedy = f": put {PLUGIN} in front of {before}, which may answer first" * bool(before)
    return [f"mypy does not see the value of an Await{remedy}"]


def _unreported(said: _Messages, options: Options, mistakes: list[_Mistake]) -> list[str]:
    """Say which mistakes mypy does not report, and what to do about each."""
    return [
        f"mypy does not report {mistake.name} ({mistake.code}): {_remedy(mistake, options)}"
        for line, mistake in enumerate(mistakes, _FIRST_MISTAKE)
        if not any(code == mistake.code for code, _ in said.get(line, ()))
    ]


def _remedy(mistake: _Mistake, options: Options) -> str:
    unset = [f"{flag} = true" for flag in mistake.flags if not getattr(options, flag)]
    if unset:
        return f"set {' and '.join(unset)}"
    if mistake.code in options.disable_error_code:
        return f"take {mistake.code} out of disable_error_code"
    if mistake.code == UNUSED and UNUSED not in options.enable_error_code:
        return f"add {UNUSED} to enable_error_code"
    return "something in the configuration silences it"
