"""What forwarding costs: `python -m benchmarks.forwarding [--figure FILE]`.

Prints a table of times as multiples of the time of W itself, and of bytes, all measured in this run.
Whatever is not installed is left out.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from timeit import Timer
from typing import Any

import pyperf

from benchmarks.lazies import BASE, LAZIES, installed

# By the name of the operation, and of the lazy value.
Table = dict[str, dict[str, float]]


class C:
    """A value with an attribute, a method and a call."""

    def __init__(self) -> None:
        self.x = 1

    def method(self) -> int:
        """Return something that costs nothing to make."""
        return 1

    __call__ = method


VALUES: dict[str, Callable[[], Any]] = {
    "object": C,
    "list": lambda: list(range(1000)),
    "dict": lambda: {1: 2},
    "int": lambda: 5,
    "str": lambda: "b",
}

# What is timed, on which value. `lazy` has been used before; `.value` is how one gets at a
# cached_property.
OPERATIONS = {
    "create": ("object", "make(function)"),
    "create and use": ("object", "make(function){value}.x"),
    "read an attribute": ("object", "lazy{value}.x"),
    "write an attribute": ("object", "lazy{value}.x = 2"),
    "call a method": ("object", "lazy{value}.method()"),
    "call": ("object", "lazy{value}()"),
    "len": ("list", "len(lazy{value})"),
    "index a list": ("list", "lazy{value}[1]"),
    "index a dict": ("dict", "lazy{value}[1]"),
    "iterate over 1,000": ("list", "for _ in lazy{value}: pass"),
    "add to an int": ("int", "lazy{value} + 1"),
    "add to a str": ("str", "lazy{value} + 'a'"),
}
THREADS = "read in 2 threads"
# torch's forwards reading only, and wrapt's is neither callable nor iterable unless it is told so.
LACKS = {
    "torch": OPERATIONS.keys() - {"create", "create and use", "read an attribute", "call a method"},
    "wrapt": {"call", "iterate over 1,000"},
}


def main() -> None:
    """Measure in processes of their own, and print the tables in the one that started them."""
    runner = pyperf.Runner(
        processes=3, values=3, warmups=1, program_args=("-m", "benchmarks.forwarding")
    )
    runner.argparser.add_argument("--figure", type=Path, help="draw the table of times to this file")
    args = runner.parse_args()
    times: Table = {}
    for operation, lazy in _cells():
        bench = runner.bench_time_func(f"{operation}: {lazy}", partial(_time, operation, lazy))
        if bench is not None and not args.worker:
            # What else the machine does only ever adds.
            times.setdefault(operation, {})[lazy] = min(bench.get_values())
    if args.worker:
        return
    ratios = {
        row: {lazy: time / cells[BASE] for lazy, time in cells.items()} for row, cells in times.items()
    }
    print(_markdown("times W itself", ratios, ".2f"))
    print(_markdown("bytes held", _bytes_held(), ".0f"))
    if args.figure:
        _draw(ratios, args.figure)


def _cells() -> Iterator[tuple[str, str]]:
    for operation in [*OPERATIONS, THREADS]:
        for lazy in installed():
            if operation not in LACKS.get(lazy, ()):
                yield operation, lazy


def _time(operation: str, lazy: str, loops: int) -> float:
    """Return the seconds that so many repetitions take."""
    kind, statement = OPERATIONS.get(operation, OPERATIONS["read an attribute"])
    make, function = LAZIES[lazy](), VALUES[kind]
    value = ".value" if lazy == "cached_property" else ""
    names = {"make": make, "function": function, "lazy": make(function)}
    timer = Timer(statement.format(value=value), globals=names)
    timer.timeit(1)  # the first use
    return timer.timeit(loops) if operation != THREADS else _in_threads(timer, loops)


def _in_threads(timer: Timer, loops: int) -> float:
    with ThreadPoolExecutor(2) as executor:
        start = perf_counter()
        list(executor.map(timer.timeit, [loops, loops]))
        return perf_counter() - start


def _bytes_held() -> Table:
    """Return the bytes of a lazy value besides its function, pending and complete."""
    held: Table = {"pending": {}, "complete": {}}
    for lazy in installed():
        measured = subprocess.run(
            [sys.executable, "-m", "benchmarks.size", lazy], capture_output=True, text=True, check=True
        )
        for state, size in zip(held, measured.stdout.split(), strict=True):
            held[state][lazy] = float(size)
    return held


def _markdown(title: str, table: Table, form: str) -> str:
    columns = installed()
    lines = [f"| {title} | {' | '.join(columns)} |", "| --- " * (len(columns) + 1) + "|"]
    for row, cells in table.items():
        shown = [format(cells[lazy], form) if lazy in cells else "" for lazy in columns]
        lines.append(f"| {row} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _draw(ratios: Table, file: Path) -> None:
    from matplotlib import pyplot

    # Narrow and high, so that its letters can be read on a phone.
    figure, axes = pyplot.subplots(figsize=(4.4, 10), layout="constrained")
    columns = [lazy for lazy in installed() if lazy != BASE]
    height = 0.8 / len(columns)
    for position, lazy in enumerate(columns):
        rows = [(row, cells[lazy]) for row, cells in enumerate(ratios.values()) if lazy in cells]
        places = [row + position * height for row, _ in rows]
        axes.barh(places, [ratio for _, ratio in rows], height, label=lazy)
    axes.set_yticks([row + 0.4 - height / 2 for row in range(len(ratios))], list(ratios))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("times the time of W itself (logarithmic)")
    figure.legend(loc="outside upper left", ncols=2)
    figure.savefig(file)


if __name__ == "__main__":
    main()
