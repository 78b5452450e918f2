"""What is done with a lazy value to see what it promises: each function returns a cell of the table."""

import asyncio
import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from benchmarks.lazies import Make

Use = Callable[[Any], Any]
THREADS = 8


class C:
    """A value with an attribute, of which one can ask how many there were."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.x = 1


def outcome(action: Callable[[], Any]) -> str:
    """Return what comes of it: a plain value, the class of any other, or of the exception."""
    try:
        value = action()
    except Exception as error:
        return f"`{type(error).__name__}`"
    plain = type(value) in (bool, int, str, type(None))
    return f"`{value!r}`" if plain else f"another `{type(value).__name__}`"


def times_run() -> str:
    """Return in words how often the call ran: each run of it makes a C."""
    return {0: "not run", 1: "run once"}.get(C.made, f"run {C.made} times")


def in_threads(use: Use, make: Make) -> str:
    """Use one in eight threads, all of which are in the call at the same time if they can be."""
    together = threading.Barrier(THREADS)

    def function() -> C:
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=2)
        return C()

    lazy = make(function)
    threads = [threading.Thread(target=use, args=[lazy]) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times_run()


def has_attribute(use: Use, make: Make) -> str:
    """Ask for an attribute, where the call fails with an `AttributeError`."""

    def function() -> C:
        C()
        raise AttributeError("a mistake in the function")

    return f"{outcome(lambda: hasattr(make(function), 'x'))}, {times_run()}"


def after_failure(use: Use, make: Make) -> str:
    """Use one again, where the call failed at first."""

    def function() -> C:
        value = C()
        if C.made == 1:
            raise ValueError
        return value

    lazy = make(function)
    with suppress(Exception):  # the ValueError, or what the library makes of it
        use(lazy)
    said = outcome(lambda: bool(use(lazy)))
    return "the call runs again" if C.made == 2 else said


def needs_itself(use: Use, make: Make) -> str:
    """Use one whose call needs its own result."""
    lazies: list[Any] = []
    lazies.append(make(lambda: use(lazies[0])))
    return outcome(lambda: use(lazies[0]))


def shown(use: Use, make: Make) -> str:
    """Ask for the `repr` of a pending one."""
    lazy = make(C)
    repr(lazy)
    return times_run()


def asked_for_class(use: Use, make: Make) -> str:
    """Ask whether a pending one is a C."""
    lazy = make(C)
    return f"{outcome(lambda: isinstance(lazy, C))}, {times_run()}"


def missing(use: Use, make: Make) -> str:
    """Read an attribute that a C has not."""
    return outcome(lambda: make(C).nope)


def added(use: Use, make: Make) -> str:
    """Add to a number."""
    return outcome(lambda: make(lambda: 5) + 1)


def length(use: Use, make: Make) -> str:
    """Ask for the length of a text."""
    return outcome(lambda: len(make(lambda: "abc")))


def awaited(use: Use, make: Make) -> str:
    """Await a plain value."""

    async def main() -> Any:
        return await make(lambda: 5)

    return outcome(lambda: asyncio.run(main()))


def in_place(use: Use, make: Make) -> str:
    """Change a number in place, under one of two names."""
    lazy = other = make(lambda: 1)
    try:
        lazy += 2
    except TypeError as error:
        return f"`{type(error).__name__}`"
    return outcome(lambda: int(other))


def pickled(use: Use, make: Make) -> str:
    """Pickle a pending one."""
    lazy = make(C)
    try:
        pickle.dumps(lazy)
    except Exception as error:
        return f"`{type(error).__name__}`"
    return f"as the value, {times_run()}" if C.made else "as the call"


PROBES: dict[str, Callable[[Use, Make], str]] = {
    f"the call, when {THREADS} threads use it at once": in_threads,
    '`hasattr(lazy, "x")`, the call raises `AttributeError`': has_attribute,
    "the second use, after the call failed": after_failure,
    "a call that needs its own result": needs_itself,
    "`repr(lazy)`: the call is": shown,
    "`isinstance(lazy, C)`": asked_for_class,
    "`lazy.nope`": missing,
    "`lazy + 1` of 5": added,
    '`len(lazy)` of `"abc"`': length,
    "`await lazy` of 5": awaited,
    "`int(other)`, after `other = lazy; lazy += 2` of 1": in_place,
    "`pickle.dumps(lazy)`, pending": pickled,
}


def ask(probe: Callable[[Use, Make], str], use: Use, make: Make) -> str:
    """Return what one probe finds, whatever was counted before."""
    C.made = 0
    return probe(use, make)
