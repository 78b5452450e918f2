"""What becomes of each use with an Await, and with other lazy values, for the tables of the page.

`python -m tests.libraries.found` prints both tables. Each library is asked in a process of its own: what
one of them registers, or does not survive, is none of the others' business.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from awaits import awaitable, awaitable_nowait, awaitable_wait
from tests.libraries.uses import LIBRARIES, Use

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 300
AS_W, SILENT = "as W", "silent"


def pending(function: Callable[[], Any]) -> Any:
    """Return an Await that has not run."""
    return awaitable(function)


def waited(function: Callable[[], Any]) -> Any:
    """Return one that has."""
    aw = awaitable(function)
    awaitable_wait(aw)
    return aw


def complete(function: Callable[[], Any]) -> Any:
    """Return one of the value."""
    return awaitable_nowait(function())


def undeclared(function: Callable[[], Any]) -> Any:
    """Return one of which nothing is known before it has run."""
    return awaitable(lambda: function())


def wrapt(function: Callable[[], Any]) -> Any:
    """Return wrapt's lazy value."""
    return import_module("wrapt").LazyObjectProxy(function)


def lazy_object_proxy(function: Callable[[], Any]) -> Any:
    """Return that of lazy-object-proxy."""
    return import_module("lazy_object_proxy").Proxy(function)


COLUMNS: dict[str, list[Callable[[Callable[[], Any]], Any]]] = {
    "Await": [pending, waited, complete],
    "Await, nothing declared": [undeclared],
    "wrapt": [wrapt],
    "lazy-object-proxy": [lazy_object_proxy],
}


def outcome(program: str, use: Use, make: Callable[[Callable[[], Any]], Any]) -> str:
    """Return what the use gives, or the name of the error."""
    # A module, as some libraries look for the names in annotations there.
    module = sys.modules["program"] = ModuleType("program")
    names = vars(module)
    exec(program, names)
    value = eval(use.value, names)

    def function() -> Any:
        return value

    function.__annotations__ = {"return": type(value)}
    names["aw"] = make(function)
    try:
        exec(use.line, names)
        return repr(eval(use.code, names))
    except Exception as error:
        return f"!{type(error).__name__}"


def verdict(program: str, use: Use, makes: list[Callable[[Callable[[], Any]], Any]]) -> str:
    """Say whether all of these are taken for the value; if not, which error there is, or none."""
    # The line is for lazy values.
    expected = outcome(program, use._replace(line=""), lambda function: function())
    if expected.startswith("!"):
        raise ValueError(f"{use.code} with the value itself: {expected}")
    found = [outcome(program, use, make) for make in makes]
    errors = [one for one in found if one.startswith("!")]
    if errors:
        return errors[0].removeprefix("!")
    return AS_W if set(found) == {expected} else SILENT


def verdicts(library: str) -> dict[str, list[str]]:
    """Return the verdicts on the uses of a library, by columns; those with a line for Awaits only."""
    _, program, uses = LIBRARIES[library]
    bare = [use for use in uses if not use.line]
    found = {column: [verdict(program, use, makes) for use in bare] for column, makes in COLUMNS.items()}
    # Last: what a line registers, it registers for good.
    found["Await"] += [verdict(program, use, COLUMNS["Await"]) for use in uses if use.line]
    return found


def asked(library: str) -> dict[str, list[str]]:
    """Return the same, as found in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.libraries.found", library],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    if done.returncode:
        raise RuntimeError(f"{library}: {done.stdout}{done.stderr}")
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


# The table of uses, and that of lazy values.

TITLES = ("library", "works as it is", "works with a line", "an error", "another result, silently")


def row_of_uses(library: str, found: dict[str, list[str]]) -> str:
    """Return the row of a library in the first table."""
    cells: dict[str, list[str]] = {title: [] for title in TITLES[1:]}
    uses = sorted(LIBRARIES[library].uses, key=lambda use: bool(use.line))
    for use, said in zip(uses, found["Await"], strict=True):
        shown = f"{_code(use.code)} of {_code(use.value)}"
        if use.line:
            cells["works with a line" if said == AS_W else "an error"].append(
                f"{shown}, after {_code(use.line)}"
            )
        elif said == AS_W:
            cells["works as it is"].append(shown)
        elif said == SILENT:
            cells["another result, silently"].append(shown)
        else:
            cells["an error"].append(f"{shown}: {_code(said)}")
    return f"| {library} | {' | '.join('; '.join(cell) for cell in cells.values())} |"


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def row_of_lazies(library: str, found: dict[str, list[str]]) -> str:
    """Return its row in the second: how many uses work, raise an error, and are silently another's."""
    cells = []
    bare = len(found["wrapt"])
    for said in found.values():
        count = Counter(one if one in {AS_W, SILENT} else "error" for one in said[:bare])
        cells.append(f"{count[AS_W]} / {count['error']} / {count[SILENT]}")
    return f"| {library} | {' | '.join(cells)} |"


def table(titles: tuple[str, ...], rows: list[str]) -> Iterator[str]:
    """Give the lines of a table."""
    yield f"| {' | '.join(titles)} |"
    yield "| --- " * len(titles) + "|"
    yield from rows


def main(arguments: list[str]) -> None:
    """Print both tables, or for one library what is found of it, as JSON."""
    warnings.simplefilter("ignore")
    if arguments:
        print(json.dumps(verdicts(arguments[0])))
        return
    found = {library: asked(library) for library in LIBRARIES}
    print(*table(TITLES, [row_of_uses(*one) for one in found.items()]), sep="\n")
    print()
    lazies = ("library", *COLUMNS)
    print(*table(lazies, [row_of_lazies(*one) for one in found.items()]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
