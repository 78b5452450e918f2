"""Count how often mypy asks its plugins about expressions in expressions, on Awaits and on values.

    python -m tests.typing.nesting

Prints how many questions each level adds, at each depth. mypy asks once for each time that it looks at a
part of the expression: where the figures of a row are equal, the time grows with the size. (mypy looks
at some parts twice itself, and then at theirs four times.)
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

DEPTHS = range(2, 6)

# The innermost expression, and one level around it.
LEVELS = {
    "subscripts": ("0", "xs[{}]"),
    "subscripts with an operator": ("0", "xs[{} + 1]"),
    "subscripts with a sign": ("0", "xs[-{}]"),
    "subscripts with a slice": ("0", "xs[{}:][0]"),
    "subscripts with an attribute": ("0", "points[{}].x"),
    "subscripts of subscripts": ("rows", "{}[0]"),
    "operators on the left": ("n", "({} + n)"),
    "operators on the right": ("n", "(n + {})"),
    "operators on both sides": ("n", "(n * (n - {}))"),
    "comparisons": ("n", "(n < {})"),
    "equality": ("n", "(n == {})"),
    "calls": ("0", "f({})"),
    "methods": ("0", "point.move({})"),
    "attributes": ("point", "{}.next"),
    "awaited calls": ("0", "(await awaitable(fetch, {}))"),
    "awaited calls of a generic function": ("0", "(await awaitable(same, {}))"),
}

_PROGRAM = """\
from __future__ import annotations
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar
from awaits import Await, awaitable
class Point:
    x: int
    @property
    def next(self) -> {point}: raise NotImplementedError
    def move(self, x: int) -> int: return x
class Rows:
    def __getitem__(self, index: int) -> {rows}: raise NotImplementedError
P = ParamSpec("P")
T = TypeVar("T")
async def call(f: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    return await f(*args, **kwargs)
async def fetch(n: int) -> int: return n
async def same(n: T) -> T: return n
async def use(
    xs: {xs}, points: {points}, rows: {rows}, n: {n}, f: {f}, point: {point}
) -> None:
    {expression}
"""
_TYPES = {
    "xs": "list[int]",
    "points": "list[Point]",
    "rows": "Rows",
    "n": "int",
    "f": "Callable[[int], int]",
    "point": "Point",
}

# The plugin, counting what it is asked in each module.
_COUNTING = """\
import atexit
import json
from collections import Counter
from pathlib import Path

from mypy.checker_state import checker_state

import awaits_mypy

asked = Counter()
QUESTIONS = [
    f"get_{of}_hook"
    for of in ("attribute", "function", "function_signature", "method", "method_signature")
]

def plugin(version):
    base = awaits_mypy.plugin(version)

    def counting(question):
        def ask(self, fullname):
            if checker_state.type_checker is not None:
                asked[checker_state.type_checker.tree.fullname] += 1
            return getattr(base, question)(self, fullname)

        return ask

    return type("CountingPlugin", (base,), {name: counting(name) for name in QUESTIONS})

atexit.register(lambda: Path("asked.json").write_text(json.dumps(asked)))
"""

# mypy itself ends without what `atexit` holds.
_RUN = "import sys; from mypy import api; print(api.run(sys.argv[1:])[0])"


def added_by_each_level(levels: Iterable[str]) -> dict[tuple[str, str], list[int]]:
    """Return how many questions each level adds, on values ("W") and on Awaits ("Await")."""
    names = {level: f"program{number}" for number, level in enumerate(levels)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "counting.py").write_text(_COUNTING)
        (folder / "mypy.ini").write_text("[mypy]\nplugins = counting.py\n")
        programs = {
            f"{program}_{kind}_{depth}": _program(level, depth, kind)
            for level, program in names.items()
            for kind in ("W", "Await")
            for depth in DEPTHS
        }
        for program, text in programs.items():
            (folder / f"{program}.py").write_text(text)
        files = [f"{program}.py" for program in programs]
        result = subprocess.run(
            [sys.executable, "-c", _RUN, *files], cwd=folder, capture_output=True, text=True, check=True
        )
        if "Success" not in result.stdout:
            raise RuntimeError(result.stdout + result.stderr)
        asked = json.loads((folder / "asked.json").read_text())
    return {
        (level, kind): [
            asked[f"{program}_{kind}_{depth + 1}"] - asked[f"{program}_{kind}_{depth}"]
            for depth in DEPTHS[:-1]
        ]
        for level, program in names.items()
        for kind in ("W", "Await")
    }


def _program(level: str, depth: int, kind: str) -> str:
    expression, around = LEVELS[level]
    for _ in range(depth):
        expression = around.format(expression)
    types = {name: f"Await[{typ}]" if kind == "Await" else typ for name, typ in _TYPES.items()}
    if level == "awaited calls":
        expression = f"awaited: int = {expression}"
        if kind == "W":
            expression = expression.replace("awaitable(", "call(")
    return _PROGRAM.format(expression=expression, **types)


def main() -> None:
    print("| questions that a level adds | to W | to an Await |")
    print("| --- | --- | --- |")
    added = added_by_each_level(LEVELS)
    for level in LEVELS:
        row = [", ".join(map(str, added[level, kind])) for kind in ("W", "Await")]
        print(f"| {level} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
