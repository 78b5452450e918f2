"""Turn the mypy plugin of `awaits` on, check that it works, and list implicit waits.

An implicit wait is a use of an Await, such as `aw.x`, that may run its call.

exit codes:
  init    0 the plugin is on; 1 something does not fit yet, or --diff shows changes
  check   0 all fits; 1 something does not fit
  report  0 no implicit waits; 1 there are some
  each    2 the command could not do its work: the message says why
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaits_mypy._distribution import foreign_package, installation, other_owner
from awaits_mypy._mypy_version import refusal_of

if TYPE_CHECKING:
    from awaits_mypy._command.mypy_program import Config

FITS: Final = 0
DOES_NOT_FIT: Final = 1
FAILED: Final = 2

_INSTALL: Final = f"run {installation()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, and return its exit code."""
    parsed, mypy_arguments = _parser().parse_known_args(arguments)
    if parsed.run is not _report and mypy_arguments:
        _parser().error(f"unrecognized arguments: {' '.join(mypy_arguments)}")
    parsed.mypy_arguments = mypy_arguments
    foreign = foreign_package()
    if parsed.run is _check:
        foreign = foreign or other_owner(sys.executable)
        if foreign:
            return _say_that_it_does_not_fit([foreign])
    missing = foreign or _missing_mypy()
    if missing:
        return _fail(missing)
    from awaits_mypy._command.mypy_program import CommandError

    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except (CommandError, OSError) as failure:
        return _fail(str(failure))
    except Exception:  # Python's own exit code for it would be one that says something else here
        traceback.print_exc()
        return _fail("this is a failure of awaits-mypy itself: please report it to the awaits project")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "awaits-mypy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"awaits-mypy {_version()}")
    commands = parser.add_subparsers(required=True, metavar="command")
    init = commands.add_parser("init", help="add the plugin to the project's mypy configuration")
    init.add_argument("--diff", action="store_true", help="show the changes, and write nothing")
    init.add_argument("--plugin-only", action="store_true", help="add the plugin and nothing else")
    init.set_defaults(run=_init)
    check = commands.add_parser(
        "check", help="say whether mypy, the plugin and the configuration work together"
    )
    check.add_argument(
        "--plugin-only", action="store_true", help="ask only for what `init --plugin-only` adds"
    )
    check.set_defaults(run=_check)
    report = commands.add_parser(
        "report",
        help="list the implicit waits of the project, by module",
        description="Other arguments go to mypy. Without files, packages or modules"
        " among them, mypy checks those that its configuration names, and else this folder.",
        usage="%(prog)s [-h] [--config FILE] [--format FORMAT] [--output FILE] [what mypy takes ...]",
        allow_abbrev=False,  # an argument of mypy is not an abbreviation of ours
    )
    report.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    report.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the report to this file, and not to the standard output",
    )
    report.set_defaults(run=_report)
    for command in (init, check, report):
        command.add_argument(
            "--config",
            type=Path,
            metavar="FILE",
            help="use this configuration, and not the one that mypy uses in this folder",
        )
    return parser


def _version() -> str:
    try:
        from awaits import __version__
    except ImportError:
        return "of unknown version"
    return __version__


def _missing_mypy() -> str | None:
    """Say what is wrong with the mypy of this Python, if anything keeps it from being asked."""
    try:
        import mypy.version
    except ModuleNotFoundError:
        return f"{sys.executable} has no mypy: {_INSTALL}"
    return refusal_of(mypy.version.__version__)


def _fail(reason: str) -> int:
    print(f"awaits-mypy: {reason}", file=sys.stderr)
    return FAILED


def _init(arguments: argparse.Namespace) -> int:
    from awaits_mypy._command.config import config_for
    from awaits_mypy._command.mypy_program import CommandError, read_config

    try:
        from awaits_mypy._command.edit import with_settings, write
    except ModuleNotFoundError as missing:  # an installation without the extra
        raise CommandError(f"{sys.executable} has no {missing.name}: {_INSTALL}") from missing

    config = config_for(arguments.config)
    before, after, plan = with_settings(config, plugin_only=arguments.plugin_only)
    path = config.path.as_posix()
    for contrary in plan.refused:
        print(f"{path}: left as it is: {contrary}")
    if arguments.diff:
        sys.stdout.write(_diff(path, before, after))
        for setting in plan.missing:  # not into a patch that is made of the difference
            print(f"{path}: {setting.explained}", file=sys.stderr)
        return DOES_NOT_FIT if plan.missing or plan.refused else FITS
    if plan.missing:
        write(config.path, after)
    for setting in plan.missing:
        print(f"{path}: added {setting.explained}")
    if not plan.missing:
        print(f"{path}: nothing to add")
    return _say_whether_it_fits(read_config(config.path), plugin_only=arguments.plugin_only)


def _diff(path: str, before: bytes, after: bytes) -> str:
    had, has = (text.decode("utf-8", "replace").splitlines(keepends=True) for text in (before, after))
    return "".join(unified_diff(had, has, path, path))


def _check(arguments: argparse.Namespace) -> int:
    from awaits_mypy._command.config import required_config

    return _say_whether_it_fits(required_config(arguments.config), plugin_only=arguments.plugin_only)


def _say_whether_it_fits(config: "Config", *, plugin_only: bool) -> int:
    from mypy.version import __version__ as mypy_version

    from awaits_mypy._command.check import findings

    found = findings(config, plugin_only=plugin_only)
    if found:
        return _say_that_it_does_not_fit(found)
    print(f"all fits: mypy {mypy_version}, awaits {_version()} and {config.path.as_posix()}")
    return FITS


def _say_that_it_does_not_fit(found: Sequence[str]) -> int:
    for finding in found:
        print(f"does not fit: {finding}")
    return DOES_NOT_FIT


def _report(arguments: argparse.Namespace) -> int:
    from awaits_mypy._command.report import FORMATS, find_waits

    config = ["--config-file", str(arguments.config)] if arguments.config else []
    found = find_waits([*config, *arguments.mypy_arguments])
    text = FORMATS[arguments.format](found)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    if arguments.output or arguments.format != "text":
        print(found.summary, file=sys.stderr)
    return DOES_NOT_FIT if found.waits else FITS
