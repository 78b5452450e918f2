"""Whether any operation leaks: `python -m tests.runtime.leaks [REPETITIONS]`, 100,000 unless said."""

import copy
import gc
import math
import operator
import os
import pickle
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import awaits
from awaits import awaitable, awaitable_done, awaitable_nowait, awaitable_release, awaitable_wait


class Value:
    """A W with an attribute."""

    x = 1

    def __call__(self, *args: object, **kwargs: object) -> None:
        """Take anything."""

    def __enter__(self) -> None:
        """Enter."""

    def __exit__(self, *error: object) -> None:
        """Leave."""


def fail() -> int:
    """Do what a call may do."""
    raise ValueError("from inside")


def _left(operation: Callable[[Any, Any], Any], aw: Any) -> Any:
    return operation(aw, 2)


def _right(operation: Callable[[Any, Any], Any], aw: Any) -> Any:
    return operation(5, aw)


def _cycle(_: object) -> None:
    cell: list[Any] = []
    cell.append(awaitable(cell.append, cell))


def _set(aw: Any) -> None:
    aw.y = 1
    del aw.y


def _set_item(aw: Any) -> None:
    aw[0] = 1
    aw.append(2)
    del aw[-1]


def _enter(aw: Any) -> None:
    with aw:
        pass


def _in_place(aw: Any) -> None:
    aw += 1


OPERATORS: list[Callable[..., Any]] = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
]
OPERATORS += [operator.lshift, operator.rshift, operator.and_, operator.xor, operator.or_, operator.pow]
OPERATORS += [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
UNARY: list[Callable[..., Any]] = [
    operator.neg,
    operator.pos,
    operator.invert,
    operator.index,
    abs,
    int,
    float,
    complex,
    bool,
    str,
]
UNARY += [format, hash, round, math.trunc]

# What is done to an Await of this value, again and again.
OPERATIONS: dict[str, tuple[Any, Callable[[Any], object]]] = {
    **{f"{f.__name__}, left": (5, partial(_left, f)) for f in OPERATORS},
    **{f"{f.__name__}, right": (2, partial(_right, f)) for f in OPERATORS},
    **{f.__name__: (5, f) for f in UNARY},
    "matmul that is refused": (5, lambda aw: aw @ aw),
    "both sides": (5, lambda aw: aw + aw),
    "divmod": (5, lambda aw: divmod(aw, aw)),
    "in place": (5, _in_place),
    "read": (Value(), lambda aw: aw.x),
    "read what is missing": (Value(), lambda aw: aw.missing),
    "write": (Value(), _set),
    "write what is the Await's own": (Value(), lambda aw: setattr(aw, "fn", 1)),
    "call": (Value(), lambda aw: aw(1, x=2)),
    "enter": (Value(), _enter),
    "dir and repr": (5, lambda aw: (dir(aw), repr(aw))),
    "len": ([1, 2], len),
    "index": ([1, 2], lambda aw: aw[1]),
    "index that is missing": ([1, 2], lambda aw: aw[5]),
    "item": ([1, 2], _set_item),
    "in": ([1, 2], lambda aw: (1 in aw, aw in [aw])),
    "iterate": ([1, 2], lambda aw: (list(aw), list(reversed(aw)))),
    "iterate what cannot be": (5, lambda aw: iter(aw)),
    "fspath": (PurePosixPath("a"), os.fspath),
    "isinstance": (int, lambda aw: isinstance(5, aw)),
    "make": (None, lambda _: (awaitable(int), awaitable(int, "5", base=10), awaitable_nowait(5))),
    "make what is refused": (None, lambda _: awaitable(5)),  # type: ignore[arg-type]
    "run": (None, lambda _: (awaitable_wait(awaitable(int, "5")), awaitable(int, "5") + 1)),
    "run and fail": (None, lambda _: awaitable(fail) + 1),
    "run for an attribute and fail": (None, lambda _: awaitable(fail).real),
    "release": (None, lambda _: awaitable_release(awaitable(int, "5"))),
    "ask": (5, lambda aw: (awaitable_done(aw), aw.args(), aw.is_nowait(), weakref.ref(aw))),
    "copy": (5, lambda aw: (copy.copy(aw), copy.deepcopy(aw), pickle.loads(pickle.dumps(aw)))),
    "a cycle of garbage": (None, _cycle),
}


def leaked(name: str, repetitions: int) -> int:
    """Return how many more blocks of memory are held after these repetitions of an operation."""
    value, operation = OPERATIONS[name]
    aw = awaitable_nowait(value)

    def repeat(count: int) -> int:
        for _ in range(count):
            with suppress(Exception):
                operation(aw)
        gc.collect()
        return sys.getallocatedblocks()

    repeat(100)  # what is made once only
    # The interpreter's own caches grow now and then, a leak grows every time.
    return min(-repeat(1) + repeat(repetitions) for _ in range(2))


def main() -> None:
    """Repeat all operations, and say which leak."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    leaks = {name: blocks for name in OPERATIONS if (blocks := leaked(name, repetitions)) > 50}
    print(f"{awaits.BUILD}: {len(OPERATIONS)} operations, {repetitions:,} times each, {len(leaks)} leak")
    for name, blocks in leaks.items():
        print(f"{name}: {blocks} blocks")
    sys.exit(bool(leaks))


if __name__ == "__main__":
    main()
