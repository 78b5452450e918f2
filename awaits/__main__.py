"""`python -m awaits trace SCRIPT`: run a program, and show which Awaits ran in it."""

from __future__ import annotations

import argparse
import atexit
import io
import os
import runpy
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from types import ModuleType, TracebackType
from typing import Any

import awaits
from awaits import Trace, trace

_NO_RICH = (
    "the table needs rich: pip install 'typed-awaits[trace]'"
    " (or write a file only, with --html or --chrome)"
)
Hook = Callable[[type[BaseException], BaseException, TracebackType | None], Any]


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m awaits")
    command = parser.add_subparsers(required=True, metavar="trace").add_parser(
        "trace",
        allow_abbrev=False,
        help="run a program and show which Awaits ran in it",
        usage="%(prog)s [--html FILE] [--chrome FILE] (SCRIPT | -m MODULE) [ARGS ...]",
        description="Run a program as Python does. When it has ended, also by a failure, print a table"
        " of the Awaits that ran in it to the standard error.",
    )
    command.add_argument(
        "--html", metavar="FILE", help="write the timeline and the table as one HTML page"
    )
    command.add_argument("--chrome", metavar="FILE", help="write the timeline for ui.perfetto.dev")
    command.add_argument("-m", action="store_true", help="the program is a module")
    command.add_argument("program", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.program:
        command.error("name a SCRIPT, or a MODULE after -m")
    prints = find_spec("rich") is not None
    if not prints and not (args.html or args.chrome):
        command.error(_NO_RICH)
    name = args.program[0]
    try:
        program = partial(_run_module, name) if args.m else partial(_run_script, *_read(name))
    except OSError as error:
        command.error(str(error))

    if prints:
        # What is imported at the end would make Python forget that an interrupt ended the program.
        trace().print(io.StringIO())
    seen = trace()
    # Called when the program has ended, with all its threads and what it has registered itself.
    atexit.register(_report, seen, os.getpid(), prints, _absolute(args.html), _absolute(args.chrome))
    sys.argv = args.program
    seen.__enter__()
    try:
        program()
    except SystemExit:
        raise
    except BaseException:
        sys.excepthook = partial(_show, sys.excepthook)
        raise


def _run_module(name: str) -> None:
    # Or pytest warns that this package, which has a plugin for it, was there before it.
    awaits.__doc__ = f"{awaits.__doc__}\nPYTEST_DONT_REWRITE"
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _read(path: str) -> tuple[str, bytes]:
    full = os.path.abspath(path)  # noqa: PTH100 - not resolved, as `__file__` of a script
    with io.open_code(full) as file:
        return full, file.read()


def _run_script(path: str, source: bytes) -> None:
    """Run it as `python SCRIPT` does, in a module of its own that stays until the end."""
    code = compile(source, path, "exec", dont_inherit=True)
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(path))  # noqa: PTH120 - as Python does it
    module = ModuleType("__main__")
    vars(module).update(__file__=path, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    exec(code, vars(module))  # noqa: S102 - the program that is to run


def _show(
    hook: Hook, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Show an error of the program without the frames that led to the program."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename in {__file__, _RUNPY}:
        traceback = traceback.tb_next
    hook(kind, error.with_traceback(traceback), traceback)


_RUNPY = runpy.run_module.__code__.co_filename


def _report(seen: Trace, process: int, prints: bool, html: str | None, chrome: str | None) -> None:
    if os.getpid() != process:
        return  # a child that was forked, and ends as its parent does
    seen.__exit__()
    if prints:
        seen.print(sys.stderr)
    for path, write in ((html, seen.write_html), (chrome, seen.write_chrome)):
        if path is not None:
            try:
                write(path)
            except OSError as error:
                print(f"awaits trace: {error}", file=sys.stderr)


def _absolute(path: str | None) -> str | None:
    """Return the path as seen from where the program began, as that can go elsewhere."""
    return path and os.path.abspath(path)  # noqa: PTH100 - a str, as argparse gives it


if __name__ == "__main__":
    main()
