"""Functions that the Awaits of several test files call."""

import os
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from awaits import delayed
from tests.runtime import needs
from tests.runtime.crowds import run_in_threads
from tests.runtime.loops import TIMEOUT_S, Loop

P = ParamSpec("P")
R = TypeVar("R")


def failing_first(function: Callable[P, R], *failures: BaseException) -> Callable[P, R]:
    """Return a function that raises these failures, one a call, and then does what the other does."""
    left = list(failures)

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if left:
            raise left.pop(0)
        return function(*args, **kwargs)

    return call


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Run each call in a thread of its own, and return what it returned or raised."""
    needs.threads()
    return run_in_threads(*calls)


class Calls:
    """A plain function that stops in the middle until it is told to go on, and counts its calls."""

    def __init__(self) -> None:
        needs.threads()
        self.count = 0
        self.started = threading.Event()
        self.finish = threading.Event()
        self.failure: Exception | None = None

    def call(self) -> Any:
        self.count += 1
        self.started.set()
        in_time = self.finish.wait(TIMEOUT_S)
        self.finish.set()  # or each of many calls would hang that long
        assert in_time
        if self.failure is not None:
            raise self.failure
        return object()


class AsyncCalls:
    """The same as a coroutine function."""

    def __init__(self, loop: Loop) -> None:
        self.count = 0
        self.started = threading.Event()
        self.finish = loop.event()
        self.failure: BaseException | None = None

    async def call(self) -> Any:
        self.count += 1
        self.started.set()
        await self.finish.wait()
        if self.failure is not None:
            raise self.failure
        return object()


class Once:
    """An awaitable that, as a coroutine, can be awaited only once."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.awaited = False

    def __await__(self) -> Generator[Any, Any, object]:
        assert not self.awaited
        self.awaited = True
        yield from self.loop.pause().__await__()
        return object()


# For graphs, in whatever process.


def logged(folder: Path, name: str) -> None:
    """Leave a file, which says in any process that this ran."""
    (folder / f"{name} {os.getpid()} {threading.get_ident()} {time.perf_counter_ns()}").touch()


@delayed
def plus(folder: Path, n: int, by: int = 1) -> int:
    logged(folder, f"plus-{n}-{by}")
    return n + by


@delayed
def total(*parts: int, **named: int) -> int:
    return sum(parts) + sum(named.values())


@delayed
async def fetched(n: int) -> int:
    return n * 10
