"""Threads that use the same Awaits at the same moment, and Awaits that know what became of them."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from awaits import awaitable, awaitable_release, awaitable_wait, delayed
from tests.runtime.stepping import HANG_S, stacks

numbers = itertools.count(1)


class Value:
    """What an Await gives: it answers each use with itself."""

    @property
    def itself(self) -> "Value":
        return self

    def answer(self, *args: object, **kwargs: object) -> "Value":
        return self

    __add__ = __radd__ = __neg__ = __call__ = __getitem__ = __enter__ = answer

    def __exit__(self, *error: object) -> None:
        pass

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator["Value"]:
        return iter([self])


def measure(aw: Any) -> Any:
    assert len(aw) == 3, "len() is another object's"
    return aw.itself


def enter(aw: Any) -> Any:
    with aw as value:
        return value


USES: dict[str, Callable[[Any], Any]] = {
    "wait": awaitable_wait,
    "attribute": lambda aw: aw.itself,
    "operator": lambda aw: aw + 1,
    "reflected operator": lambda aw: 1 + aw,
    "len": measure,
    "release": awaitable_release,
    "call": lambda aw: aw(),
    "item": lambda aw: aw[0],
    "iteration": lambda aw: next(iter(aw)),
    "unary operator": lambda aw: -aw,
    "context": enter,
}


class DrawnError(Exception):
    """What a call raises that is to fail."""


class Job:
    """An Await of a call, and what its runs did."""

    def __init__(self, fails: int = 0, needs: "Job | None" = None, seconds: float = 0) -> None:
        self.number = next(numbers)
        self.fails = fails
        self.needs = needs
        self.seconds = seconds
        self.before: Callable[[], object] | None = None
        self.runs = 0
        self.failures: list[tuple[int, int]] = []
        self.under_way: dict[object, None] = {}
        self.wrong: str | None = None
        self.aw: Any = awaitable(self.run, self.number, key=self.number)

    # No context manager for the run: an interrupt may come on the way into its `__exit__`.

    def run(self, number: int, *, key: int) -> Value:
        me = object()
        try:
            try:
                self.under_way[me] = None
                self.runs += 1  # by one thread at a time, or else that is found
                if len(self.under_way) > 1:
                    self.wrong = f"{len(self.under_way)} runs of job {self.number} at once"
                if not number == key == self.number:
                    self.wrong = f"job {self.number} was called with {number} and {key}"
                if self.before is not None:
                    self.before()
                time.sleep(self.seconds)  # lets another thread come
                if self.needs is not None:
                    self.needs.aw.itself  # noqa: B018 - a use
                if len(self.failures) < self.fails:
                    self.failures.append((self.number, len(self.failures)))
                    raise DrawnError(*self.failures[-1])
                return Value()
            finally:
                self.under_way.pop(me, None)
        finally:  # an interrupt may have come before the line above
            self.under_way.pop(me, None)

    def check(self, results: list[Any], interrupted: bool = False) -> None:
        """Say what is wrong, if it is to be complete and gave these results."""
        assert self.wrong is None, self.wrong
        results = [awaitable_wait(self.aw), *results]
        kinds = Counter(type(result).__name__ for result in results)
        assert set(kinds) == {"Value"}, f"job {self.number} gave {dict(kinds)}: {results}"
        given = len(set(map(id, results)))
        assert given == 1, f"job {self.number} gave {given} objects in {self.runs} runs"
        # A run may return, and an interrupt come before its value is kept: then there is another one.
        assert interrupted or self.runs == self.fails + 1, f"job {self.number} ran {self.runs} times"


def describe(number: int, *, key: int) -> list[object]:
    """Give what can be pickled, and tells whether it was called as it was to be."""
    time.sleep(0)
    return ["described", number, key]


@delayed
def total(*parts: list[object], last: list[object]) -> list[object]:
    """Give what was described."""
    return [*parts, last]


def run_in_threads(*calls: Callable[[], Any], here: Callable[[], Any] | None = None) -> list[Any]:
    """Run each call in a thread of its own, and return what it returned or raised.

    What is to run `here`, in the calling thread, comes last among the results.
    """
    calls = (*calls, here) if here is not None else calls
    results: list[Any] = [None] * len(calls)

    def run(position: int) -> None:
        try:
            results[position] = calls[position]()
        except BaseException as error:
            results[position] = error

    count = len(calls) - (here is not None)
    threads = [threading.Thread(target=run, args=[n], daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    if here is not None:
        run(count)
    join(threads)
    return results


class Crowd:
    """The threads of one round of a family."""

    def __init__(self, random: Random, counts: Counter[str]) -> None:
        self.random = random
        self.counts = counts

    def together(self, *calls: Callable[[], Any], here: Callable[[], Any] | None = None) -> list[Any]:
        """Run as `run_in_threads` does, all from one moment on; raise a result that is wrong."""
        count = len(calls) + (here is not None)
        barrier = threading.Barrier(count)

        def at_once(call: Callable[[], Any]) -> Any:
            barrier.wait(HANG_S)
            return call()

        results = run_in_threads(
            *[partial(at_once, call) for call in calls],
            here=None if here is None else partial(at_once, here),
        )
        self.counts["threads"] += count
        for result in results:
            if isinstance(result, AssertionError):
                raise result
        return results


def join(threads: list[threading.Thread]) -> None:
    """Wait for threads that are to end."""
    for thread in threads:
        thread.join(HANG_S)
        assert not thread.is_alive(), f"a thread hangs:\n{stacks()}"


def errors_in(results: list[Any], *kinds: type[BaseException]) -> list[Any]:
    """Return the errors among results, of which others than these are wrong."""
    errors = [result for result in results if isinstance(result, BaseException)]
    for error in errors:
        if not isinstance(error, kinds):
            raise error
    return errors
