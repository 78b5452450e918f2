"""Many threads use the same Awaits in every way at once, for free-threaded builds most of all.

A family is one way of using them. It is repeated for some seconds, and after each round what must hold
is checked. The command exits with 1 and the reason at the first round where it does not, or when nothing
goes on any more. Which thread goes when is not drawn, so that a seed need not find the same again.

    python -m tests.runtime.stress --seconds 10 --seed 7
    python -m tests.runtime.stress traces cycles
    python -m tests.runtime.stress --interrupts 50000
"""

import argparse
import asyncio
import copy
import faulthandler
import gc
import pickle
import sys
import threading
import time
import traceback
import weakref
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from random import Random
from typing import Any

import awaits
from awaits import (
    Await,
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
    delayed,
    trace,
)
from awaits._tracing import recording
from tests.runtime import interrupts
from tests.runtime.crowds import (
    USES,
    Crowd,
    DrawnError,
    Job,
    describe,
    errors_in,
    numbers,
    total,
)
from tests.runtime.stepping import HANG_S

NAMES = list(USES)


def use_each(jobs: list[Job], first: int) -> list[Any]:
    """Use each Await, in ways that differ from those of the thread before and after."""
    return [USES[NAMES[(first + n) % len(NAMES)]](job.aw) for n, job in enumerate(jobs)]


def exactly_once(crowd: Crowd) -> None:
    jobs = [Job() for _ in range(50)]
    found = crowd.together(*[partial(use_each, jobs, first) for first in range(32)])
    errors_in(found)
    for job, *results in zip(jobs, *found, strict=True):
        job.check(results)
    crowd.counts["uses"] += len(found) * len(jobs)


def graphs(crowd: Crowd) -> None:
    runs: list[int] = []

    @delayed
    def combine(number: int, *parts: int) -> int:
        runs.append(number)
        time.sleep(0)
        return number + sum(parts)

    aws: list[Any] = []
    expected: list[int] = []
    for number in range(40):
        needed = crowd.random.sample(range(number), min(number, crowd.random.randint(0, 3)))
        aws.append(combine(number, *[aws[n] for n in needed]))
        expected.append(number + sum(expected[n] for n in needed))

    def use_some(order: list[int]) -> None:
        for n in order:
            assert aws[n] + 1 == expected[n] + 1, "another value"

    orders = [crowd.random.sample(range(40), 20) for _ in range(8)]
    errors_in(crowd.together(*[partial(use_some, order) for order in orders]))
    use_some(list(range(40)))
    assert sorted(runs) == list(range(40)), f"{len(runs)} runs of 40 calls"
    crowd.counts["runs"] += len(runs)


def event_loops(crowd: Crowd) -> None:
    jobs = [Job() for _ in range(10)]
    started: list[int] = []

    async def give(number: int) -> list[int]:
        started.append(number)
        await asyncio.sleep(0)
        return [number]

    coroutines: list[Any] = [awaitable(give, number) for number in range(10)]

    async def use(aw: Any) -> Any:
        return await aw

    async def use_all() -> list[Any]:
        return await asyncio.gather(*[use(aw) for aw in [*coroutines, *(job.aw for job in jobs)]])

    calls: list[Callable[[], Any]] = [lambda: asyncio.run(use_all())] * 4
    found = crowd.together(*calls, *[partial(use_each, jobs, first) for first in range(4)])
    errors_in(found)
    for number, *values in zip(range(10), *found[:4], strict=False):
        assert values[0] == [number], f"another value: {values[0]}"
        assert all(value is values[0] for value in values), "a coroutine gave several objects"
    assert sorted(started) == list(range(10)), f"{len(started)} runs of 10 coroutines"
    for position, job in enumerate(jobs):
        awaited = [values[10 + position] for values in found[:4]]
        job.check([*awaited, *(values[position] for values in found[4:])])
    crowd.counts["awaited"] += 4 * 20


def failures(crowd: Crowd) -> None:
    job = Job(fails=crowd.random.randint(1, 4), seconds=crowd.random.choice([0, 1e-5, 1e-4]))

    def use(me: int) -> Any:
        try:
            return USES[NAMES[me % len(NAMES)]](job.aw)
        except DrawnError as error:
            frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
            users = {frame.f_locals["me"] for frame in frames if frame.f_code is use.__code__}
            assert users == {me}, f"thread {me} sees the frames of {users}"
            ends = [frame.f_code for frame in frames if frame.f_code is Job.run.__code__]
            assert len(ends) == 1, f"{len(ends)} frames of the function in a traceback"
            raise

    found = crowd.together(*[partial(use, me) for me in range(crowd.random.randint(2, 16))])
    told = errors_in(found, DrawnError)
    untold = {*job.failures} - {error.args for error in told}
    assert not untold, f"nobody was told of {untold}"
    for _ in range(job.fails):
        with suppress(DrawnError):
            awaitable_wait(job.aw)
    job.check([result for result in found if result not in told])
    crowd.counts["failures"] += job.fails
    crowd.counts["told"] += len(told)


def cycles(crowd: Crowd) -> None:
    size = crowd.random.randint(1, 8)
    barrier = threading.Barrier(size)
    jobs = [Job(seconds=crowd.random.choice([0, 1e-5])) for _ in range(size)]
    # Every thread runs its own before any needs another's: or it may be one thread that needs them all.
    meet = crowd.random.random() < 0.7
    begun: set[Job] = set()

    def begin(job: Job) -> None:
        if meet and job not in begun:
            begun.add(job)
            barrier.wait(HANG_S)

    for job, needed in zip(jobs, [*jobs[1:], jobs[0]], strict=True):
        job.needs = needed
        job.before = partial(begin, job)
    users = [*jobs, *crowd.random.choices(jobs, k=crowd.random.randint(0, 4))]
    found = crowd.together(
        *[partial(USES[crowd.random.choice(NAMES)], job.aw) for job in users],
    )
    told = errors_in(found, AwaitCycleError)
    assert len(told) == len(found), "a cycle gave a value"
    for job in jobs:
        assert job.wrong is None, job.wrong
        assert not awaitable_done(job.aw), "a cycle is done"
        assert repr(job.aw).startswith("<Await pending"), f"a cycle is left as {job.aw!r}"
        job.needs = job.before = None
        job.runs = 0
    found = crowd.together(*[partial(use_each, jobs, first) for first in range(4)])
    errors_in(found)
    for job, *results in zip(jobs, *found, strict=True):
        job.check(results)
    crowd.counts["cycles"] += 1
    crowd.counts["told"] += len(told)


def check_parts(aw: Any, number: int) -> None:
    """Look at an Await without running it: what there is to see is of its call, or of its value."""
    value = ["described", number, number]
    with suppress(AwaitError):  # it was released
        function = aw.fn()
        is_whole = isinstance(function, partial) and function.keywords == {"key": number}
        assert is_whole, f"half a call: {function}"
        assert function.func is describe, f"another function: {function}"
        args = aw.args()
        assert args == (number,), f"other arguments: {args}"
        assert function(*args) == value, "a call that cannot be repeated"
    shown = repr(aw)
    forms = f"<Await done: {value}>", "<Await pending: describe>", "<Await running: describe>"
    assert shown in forms, f"it is shown as {shown}"
    assert not aw.is_nowait(), "it is taken for one that was complete from the start"


def check_copy(copied: Any, number: int, was_done: bool) -> None:
    """Use a copy, which is of the call or of the value."""
    value = ["described", number, number]
    assert isinstance(copied, Await), f"the copy is {copied!r}"
    if awaitable_done(copied):
        assert copied.is_nowait(), "the copy of a value is none"
    else:
        assert not was_done, "the copy of what was done is not"
        check_parts(copied, number)
    assert awaitable_wait(copied) == value, f"the copy has another value: {copied!r}"


COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    *[partial(lambda n, aw: pickle.loads(pickle.dumps(aw, n)), n) for n in range(2, 6)],
]


def release(crowd: Crowd) -> None:
    aws: dict[int, Any] = {}
    for number in (next(numbers) for _ in range(30)):
        aws[number] = awaitable(describe, number, key=number)

    looked_at: set[int] = set()

    def release_all() -> list[Any]:
        released = []
        for number, aw in aws.items():
            for _ in range(1000):  # until others look at it, unless they are past that
                if number in looked_at:
                    break
                time.sleep(0)
            released.append(awaitable_release(aw))
        return released

    def look(first: int) -> None:
        for number, aw in aws.items():
            copy_it = COPIES[(first + number) % len(COPIES)]
            looked_at.add(number)
            for _ in range(3):
                was_done = awaitable_done(aw)
                check_copy(copy_it(aw), number, was_done)
            check_parts(aw, number)

    released, _, *others = crowd.together(
        release_all, release_all, *[partial(look, n) for n in range(6)]
    )
    errors_in([released, *others])
    for (number, aw), value in zip(aws.items(), released, strict=True):
        assert value is awaitable_wait(aw), "a release gave another object"
        assert value == ["described", number, number], f"it gave {value}"
        for read in aw.fn, aw.args:
            with suppress(AwaitError):
                raise AssertionError(f"a released Await has a part of its call: {read()}")
    crowd.counts["released"] += len(aws)


def copies(crowd: Crowd) -> None:
    aws: dict[int, Any] = {}
    sums: list[Any] = []
    there: Any = awaitable_nowait(["there"])
    for number in (next(numbers) for _ in range(30)):
        aws[number] = awaitable(describe, number, key=number)
        sums.append(total(aws[number], there, last=aws[number]))

    def complete_all() -> None:
        for aw in crowd.random.choice([sums, list(aws.values())]):
            awaitable_wait(aw)

    def copy_all(how: Callable[[Any], Any]) -> None:
        for (number, aw), summed in zip(aws.items(), sums, strict=True):
            was_done = awaitable_done(aw)
            check_copy(how(aw), number, was_done)
            value = ["described", number, number]
            copied = how(summed)
            assert awaitable_wait(copied) == [value, ["there"], value], f"half a graph: {copied!r}"

    calls = [partial(copy_all, how) for how in COPIES]
    errors_in(crowd.together(complete_all, complete_all, *calls))
    crowd.counts["copies"] += 2 * len(aws) * len(COPIES)


def weak_references(crowd: Crowd) -> None:
    aws = {number: awaitable(describe, number, key=number) for number in range(30)}
    follow: dict[int, Any] = {}
    died: list[Any] = []
    followed: list[Any] = []

    def die(reference: Any) -> None:
        died.append((reference, reference() is None))

    def refer(number: int, aw: Any) -> None:
        reference = weakref.ref(aw, die)
        followed.append(reference)
        follow[number] = reference

    for number, aw in aws.items():
        refer(number, aw)
    del aw

    def use(number: int, aw: Any) -> None:
        assert awaitable_wait(aw) == ["described", number, number], "another Await's value"

    def drop_all() -> None:
        for number in range(30):
            aw = aws.pop(number, None)
            if aw is not None:
                use(number, aw)

    def follow_all() -> None:
        for number in range(30):
            for _ in range(3):
                aw = follow[number]()
                if aw is not None:
                    refer(number, aw)
                    use(number, aw)
                del aw

    errors_in(crowd.together(drop_all, drop_all, *[follow_all] * 6))
    gc.collect()
    assert not [reference for reference in followed if reference() is not None], "an Await came back"
    assert all(was_dead for _, was_dead in died), "an Await was there when it had died"
    called = Counter(id(reference) for reference, _ in died)
    # A reference to one that dies meanwhile may never have been told.
    assert max(called.values()) == 1, "a callback was called twice"
    assert set(called) == set(map(id, followed)), f"{len(died)} callbacks of {len(followed)}"
    crowd.counts["references"] += len(followed)


def traces(crowd: Crowd) -> None:
    whole = trace() if crowd.random.random() < 0.5 else None
    if whole is not None:
        whole.__enter__()
    jobs = [Job() for _ in range(30)]
    under_way: SimpleQueue[Any] = SimpleQueue()

    def begin() -> None:
        for _ in range(30):
            seen = trace()
            seen.__enter__()
            under_way.put(seen)
            time.sleep(0)

    def end() -> None:
        for _ in range(30):
            seen = under_way.get()
            seen.__exit__(None, None, None)
            for run in seen.runs:
                assert (run.function, run.error) == ("Job.run", None), f"it saw {run}"

    calls = [partial(use_each, jobs, first) for first in range(4)]
    found = crowd.together(begin, begin, end, end, *calls)
    errors_in(found)
    for job, *results in zip(jobs, *found[4:], strict=True):
        job.check(results)
    if whole is not None:
        whole.__exit__(None, None, None)
        assert len(whole.runs) == len(jobs), f"a trace saw {len(whole.runs)} of {len(jobs)} runs"
        assert all(run.created for run in whole.runs), "a trace did not see where an Await was made"
    assert recording.recorder is None, "a trace is on after the last one ended"
    crowd.counts["traces"] += 60


class Garbage:
    """A cycle that uses Awaits when it goes."""

    def __init__(self, aws: list[Any], ends: list[object]) -> None:
        self.itself = self
        self.aws = aws
        self.ends = ends

    def __del__(self) -> None:
        try:
            for aw in self.aws:
                with suppress(AwaitCycleError):  # it may be the one that runs here
                    aw.itself  # noqa: B018 - a use
        except BaseException as error:
            self.ends.append(error)
        else:
            self.ends.append(None)


def finalizers(crowd: Crowd) -> None:
    ends: list[object] = []
    jobs = [Job() for _ in range(30)]
    own = [Job() for _ in range(4 * 30)]

    def use_all(first: int) -> list[Any]:
        found = []
        for n, job in enumerate(jobs):
            Garbage([own[30 * first + n].aw, job.aw, jobs[n - 1].aw], ends)
            found.append(USES[NAMES[(first + n) % len(NAMES)]](job.aw))
        return found

    def collect() -> None:
        for _ in range(10):
            gc.collect()

    threshold = gc.get_threshold()
    gc.set_threshold(20)
    try:
        found = crowd.together(collect, *[partial(use_all, first) for first in range(4)])
    finally:
        gc.set_threshold(*threshold)
    errors_in(found)
    gc.collect()
    errors_in(ends)
    assert len(ends) == len(own), f"{len(ends)} of {len(own)} finalizers came to their end"
    for job, *results in zip(jobs, *found[1:], strict=True):
        job.check(results)
    for job in own:
        job.check([])
    crowd.counts["finalizers"] += len(ends)


FAMILIES: dict[str, Callable[[Crowd], None]] = {
    "once": exactly_once,
    "graphs": graphs,
    "loops": event_loops,
    "failures": failures,
    "cycles": cycles,
    "release": release,
    "copies": copies,
    "weakrefs": weak_references,
    "traces": traces,
    "finalizers": finalizers,
}
if interrupts.ARE_THERE:
    FAMILIES["handlers"] = interrupts.handlers_that_wait
    FAMILIES["interrupts"] = interrupts.interrupts


def stress(name: str, seed: int, is_over: Callable[[Counter[str]], bool]) -> Counter[str]:
    """Repeat a family until it is over; return what was counted."""
    counts: Counter[str] = Counter()
    while not counts["rounds"] or not is_over(counts):
        # Of whatever hangs, the main thread included.
        faulthandler.dump_traceback_later(3 * HANG_S, exit=True)
        FAMILIES[name](Crowd(Random(f"{seed}/{name}/{counts['rounds']}"), counts))
        counts["rounds"] += 1
    faulthandler.cancel_dump_traceback_later()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("families", nargs="*", choices=[[], *FAMILIES], metavar="family")
    parser.add_argument("--seconds", type=float, default=10, help="for each family")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--interrupts", type=int, help="that many in the main thread, and nothing else")
    options = parser.parse_args()
    seconds: float = options.seconds
    most: int | None = options.interrupts
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"{awaits.BUILD}, Python {sys.version.split()[0]}, {'a' if has_gil else 'no'} GIL", flush=True)
    sys.setswitchinterval(1e-5)
    names = ["interrupts"] if most else options.families or FAMILIES
    for name in names:
        print(f"{name}: ", end="", flush=True)
        began = time.monotonic()

        def is_over(counts: Counter[str], began: float = began) -> bool:
            return counts["interrupts"] >= most if most else time.monotonic() - began > seconds

        try:
            counts = stress(name, options.seed, is_over)
        except BaseException as error:
            print(f"FAILED: {error!r}" if not isinstance(error, AssertionError) else f"FAILED: {error}")
            traceback.print_exception(error)
            sys.exit(1)
        print(", ".join(f"{counts[counted]:,} {counted}" for counted in sorted(counts)))
    print("passed")


if __name__ == "__main__":
    main()
