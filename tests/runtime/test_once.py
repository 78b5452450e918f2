"""One run, whoever waits; no wait that cannot end; nothing lost when a run is interrupted."""

import asyncio
import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from random import Random
from textwrap import dedent
from typing import Any

import pytest

from awaits import (
    BUILD,
    Await,
    AwaitCycleError,
    awaitable,
    awaitable_done,
    awaitable_release,
    awaitable_wait,
)
from tests.runtime import needs
from tests.runtime.calls import Calls, failing_first, in_threads
from tests.runtime.loops import TIMEOUT_S, use
from tests.runtime.stepping import call_disturbed, interrupt_thread


def test_threads_share_one_run_and_its_object() -> None:
    calls: list[object] = []
    together = threading.Barrier(32)

    def produce() -> object:
        calls.append(None)
        time.sleep(0)  # lets another thread come
        return object()

    aws = [awaitable(produce) for _ in range(1000)]

    def wait_for_all(seed: int) -> list[object]:
        together.wait(TIMEOUT_S)
        results: dict[int, object] = {}
        for position in Random(seed).sample(range(len(aws)), len(aws)):
            results[position] = awaitable_wait(aws[position])
        return [results[position] for position in range(len(aws))]

    first, *others = in_threads(*[partial(wait_for_all, seed) for seed in range(32)])
    assert len(calls) == len(set(first)) == len(aws)
    assert all(other == first for other in others)  # objects without an __eq__ of their own


def test_threads_that_arrive_during_the_run_wait_for_it() -> None:
    calls = Calls()
    aw = awaitable(calls.call)

    def release_the_run() -> None:
        assert calls.started.wait(TIMEOUT_S)
        calls.finish.set()

    first, *others, _ = in_threads(*[lambda: awaitable_wait(aw)] * 8, release_the_run)
    assert calls.count == 1
    assert all(other is first for other in others)


def test_a_slow_await_does_not_block_another() -> None:
    started, finish = threading.Event(), threading.Event()

    def wait_to_finish() -> bool:
        started.set()
        return finish.wait(TIMEOUT_S)

    slow = awaitable(wait_to_finish)

    def use_another() -> int:
        assert started.wait(TIMEOUT_S)
        result = awaitable_wait(awaitable(int, "5"))
        finish.set()
        return result

    assert in_threads(lambda: awaitable_wait(slow), use_another) == [True, 5]


LOCKS = (type(threading.Lock()), type(threading.RLock()), threading.Condition, threading.Event, Future)


def test_an_await_holds_no_lock() -> None:
    def held(aw: object) -> list[object]:
        """Return all that the Await refers to, but not what its function and the classes do."""
        found: list[object] = [aw]
        for holder in found:
            if not isinstance(holder, (type, types.FunctionType)):
                found += [item for item in gc.get_referents(holder) if not any(item is f for f in found)]
        return found

    aw = awaitable(lambda *args, **kwargs: [args, kwargs], 1, [2], key=(3,))
    pending = held(aw)
    assert [2] in pending
    assert not [item for item in pending if isinstance(item, LOCKS)]
    in_threads(*[lambda: awaitable_wait(aw)] * 2)
    done = held(aw)
    assert ((1, [2])) in done
    assert not [item for item in done if isinstance(item, LOCKS)]


class Finalized:
    """An object that does something when it goes."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    def __del__(self) -> None:
        self.act()


@pytest.mark.parametrize(
    "where", ["function", "finalizer of a released argument", "asynchronous function"]
)
def test_code_of_the_user_runs_under_no_lock_but_the_turn(where: str) -> None:
    needs.threads()
    results: list[Any] = []

    def needs_itself() -> object:
        return awaitable_wait(cyclic)

    cyclic = awaitable(needs_itself)

    async def give() -> int:
        return 5

    def use_everything() -> list[Any]:
        others = [awaitable(int, "5") for _ in range(4)]
        with pytest.raises(AwaitCycleError):
            awaitable_wait(cyclic)
        repr(aw), awaitable_done(aw), aw.fn(), aw.is_nowait(), copy.copy(aw), dir(aw)
        pickle.dumps(others[0])
        return [
            awaitable_wait(others[0]),
            awaitable_release(others[1]),
            +others[2],
            asyncio.run(use(others[3])),
            asyncio.run(use(awaitable(give))),
        ]

    def from_another_thread() -> None:
        results.extend(in_threads(use_everything))

    async def from_a_coroutine() -> None:
        from_another_thread()

    aw: Any = awaitable(from_another_thread)
    if where == "function":
        awaitable_wait(aw)
    elif where == "asynchronous function":
        asyncio.run(use(awaitable(from_a_coroutine)))
    else:
        arguments = [Finalized(from_another_thread)]
        released = awaitable(len, arguments)
        del arguments
        awaitable_release(released)
    assert results == [[5] * 5]


def test_a_failing_run_is_taken_over_by_one_waiter_at_a_time() -> None:
    at_once = 0
    most_at_once = 0
    attempts = 0
    together = threading.Barrier(4)

    def produce() -> str:
        nonlocal at_once, most_at_once, attempts
        at_once += 1
        most_at_once = max(most_at_once, at_once)
        attempts += 1
        try:
            if attempts < 4:
                raise ValueError(attempts)
            return "done"
        finally:
            at_once -= 1

    aw = awaitable(produce)

    def wait() -> str:
        together.wait(TIMEOUT_S)
        return awaitable_wait(aw)

    results = in_threads(*[wait] * 4)
    assert most_at_once == 1
    assert sorted(str(result) for result in results) == ["1", "2", "3", "done"]


def test_a_cycle_in_one_thread_names_its_functions_and_leaves_it_usable() -> None:
    closed = True

    def first() -> int:
        return awaitable_wait(b)

    def second() -> int:
        return awaitable_wait(a) if closed else 5

    a = awaitable(first)
    b = awaitable(second)
    with pytest.raises(AwaitCycleError, match=r"first -> .*second -> .*first"):
        awaitable_wait(a)
    assert not awaitable_done(a)
    assert not awaitable_done(b)
    closed = False
    assert awaitable_wait(a) == 5


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_cycle_through_threads_is_an_error_in_time(size: int) -> None:
    closed = True
    started: set[int] = set()
    together = threading.Barrier(size)

    def need_the_next(position: int) -> int:
        if not closed:
            return position
        if position not in started:  # a thread that takes over a failed run does not wait again
            started.add(position)
            together.wait(TIMEOUT_S)
        return awaitable_wait(aws[(position + 1) % size])

    aws = [awaitable(need_the_next, position) for position in range(size)]
    results = in_threads(*[partial(awaitable_wait, aw) for aw in aws])
    cycles = [result for result in results if isinstance(result, AwaitCycleError)]
    assert cycles
    assert str(cycles[0]).count("need_the_next") == size + 1
    closed = False
    assert [awaitable_wait(aw) for aw in aws] == list(range(size))


def test_threads_that_wait_for_each_others_awaits_in_turn_are_no_cycle() -> None:
    def chain(aws: list[Any]) -> int:
        return sum(awaitable_wait(aw) for aw in aws)

    leaves = [awaitable(int, "1") for _ in range(50)]
    forward, backward = awaitable(chain, leaves), awaitable(chain, leaves[::-1])
    for _ in range(20):
        assert in_threads(lambda: awaitable_wait(forward), lambda: awaitable_wait(backward)) == [50, 50]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupted_run_leaves_the_await_pending(interruption: type[BaseException]) -> None:
    aw = awaitable(failing_first(int, interruption()), "5")
    with pytest.raises(interruption):
        awaitable_wait(aw)
    assert repr(aw).startswith("<Await pending")
    assert awaitable_wait(aw) == 5


def test_a_thread_that_dies_in_a_run_leaves_it_to_one_that_waits() -> None:
    started = threading.Event()
    runs: list[int] = []

    def produce() -> int:
        runs.append(threading.get_ident())
        if len(runs) == 1:
            started.set()
            while not repr(other).startswith("<Await running"):  # until another thread waits
                time.sleep(0)
            sys.exit()
        return 5

    def wait() -> int:
        assert started.wait(TIMEOUT_S)
        return awaitable_wait(other)

    aw = awaitable(produce)
    other = awaitable(lambda: awaitable_wait(aw))
    dead, waited = in_threads(lambda: awaitable_wait(aw), wait)
    assert type(dead) is SystemExit
    assert waited == awaitable_wait(aw) == 5
    assert len(set(runs)) == 2


@pytest.mark.parametrize("waiting", ["main thread", "another thread"])
def test_a_thread_interrupted_while_it_waits_for_a_run_leaves_it_alone(waiting: str) -> None:
    needs.threads()
    if waiting == "main thread" and not hasattr(signal, "pthread_kill"):
        pytest.skip("no signal can be sent to the main thread")
    started, finish = threading.Event(), threading.Event()
    runs: list[int] = []

    def produce() -> list[int]:
        runs.append(1)
        started.set()
        assert finish.wait(TIMEOUT_S)
        return runs

    aw = awaitable(produce)
    outer = awaitable(lambda: awaitable_wait(aw))

    def wait_until_interrupted() -> object:
        assert started.wait(TIMEOUT_S)
        waiter = threading.get_ident()
        # Kept, as an interrupt that comes while this thread forgets that one is lost in a finalizer.
        interrupting = threading.Thread(target=interrupt, args=(waiter,), daemon=True)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            awaitable_wait(outer)
        assert awaitable_done(aw) == (waiting != "main thread")
        finish.set()
        interrupting.join(TIMEOUT_S)
        return awaitable_wait(outer)

    def interrupt(waiter: int) -> None:
        while not repr(outer).startswith("<Await running"):
            time.sleep(0)
        time.sleep(0.01)  # so that it most likely waits
        if waiting == "main thread":
            signal.pthread_kill(waiter, signal.SIGINT)
        else:
            interrupt_thread(waiter, KeyboardInterrupt)
            finish.set()  # a lock is left for an exception in the main thread only

    run = threading.Thread(target=awaitable_wait, args=(aw,), daemon=True)
    run.start()
    if waiting == "main thread":
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            value = wait_until_interrupted()
        finally:
            signal.signal(signal.SIGINT, handler)
    else:
        [value] = in_threads(wait_until_interrupted)
    run.join(TIMEOUT_S)
    assert value is awaitable_wait(aw) is runs
    assert runs == [1]


def test_ctrl_c_in_a_loop_that_awaits_leaves_the_run_alone() -> None:
    needs.threads()
    if not hasattr(signal, "pthread_kill"):
        pytest.skip("no signal can be sent to the main thread")
    runs: list[int] = []
    interrupted = threading.Event()

    def produce() -> list[int]:
        runs.append(1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        assert interrupted.wait(TIMEOUT_S)
        return runs

    aw: Any = awaitable(produce)

    async def use() -> None:
        try:
            await aw
        finally:
            interrupted.set()

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(use())
    finally:
        signal.signal(signal.SIGINT, handler)
    assert in_threads(lambda: awaitable_wait(aw)) == [[1]]


# What can come at any moment: an interrupt, a signal handler, a finalizer.


class Using:
    """A use of Awaits, made anew for each moment at which something comes in between."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.aws: list[Any] = []
        self.result: Any = None

    def call(self) -> None:
        raise NotImplementedError

    def settle(self) -> list[Any]:
        """Use all Awaits once more, as another thread does."""
        return [awaitable_wait(aw) for aw in self.aws]

    def run(self, name: str, result: Any = 5) -> Any:
        self.runs.append(name)
        return result


class WaitNested(Using):
    def __init__(self) -> None:
        super().__init__()
        inner = awaitable(self.run, "inner")
        outer = awaitable(lambda: self.run("outer", awaitable_wait(inner)))
        self.aws = [inner, outer]

    def call(self) -> None:
        self.result = +self.aws[1]


class Release(Using):
    def __init__(self) -> None:
        super().__init__()
        self.aws = [awaitable(self.run, "run")]

    def call(self) -> None:
        self.result = awaitable_release(self.aws[0])


class WaitForAnotherThread(Using):
    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Event()
        self.aws = [awaitable(self.run_slowly)]
        self.thread = threading.Thread(target=awaitable_wait, args=self.aws, daemon=True)

    def run_slowly(self) -> Any:
        self.started.set()
        time.sleep(0.003)  # in which the other comes
        return self.run("run")

    def call(self) -> None:
        self.thread.start()
        assert self.started.wait(TIMEOUT_S)
        self.result = awaitable_wait(self.aws[0])

    def settle(self) -> list[Any]:
        self.thread.join(TIMEOUT_S)
        return super().settle()


class AwaitFunction(Using):
    def __init__(self) -> None:
        super().__init__()
        self.aws = [awaitable(self.run, "run")]

    def call(self) -> None:
        self.result = asyncio.run(use(self.aws[0]))


class AwaitCoroutine(Using):
    def __init__(self) -> None:
        super().__init__()
        inner: Any = awaitable(self.inner)
        self.aws = [inner, awaitable(self.outer)]

    async def inner(self) -> Any:
        await asyncio.sleep(0)
        return self.run("inner")

    async def outer(self) -> Any:
        return self.run("outer", await self.aws[0])

    def call(self) -> None:
        self.result = asyncio.run(use(self.aws[1]))

    def settle(self) -> list[Any]:
        return [asyncio.run(use(aw)) for aw in self.aws]


# Compiled, a run is claimed and ended in C, in which nothing can come.
FEWEST = 10 if BUILD == "pure" else 1
USINGS = [WaitNested, Release, WaitForAnotherThread, AwaitFunction, AwaitCoroutine]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in finalizers
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in a finalizer
@pytest.mark.parametrize("kind", USINGS)
def test_an_interrupt_at_any_moment_leaves_every_await_usable(kind: type[Using]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    def call_interrupted(using: Using, point: int) -> bool:
        try:
            return call_disturbed(point, interrupt, using.call)
        except KeyboardInterrupt:
            return True

    for point in range(1, 1000):
        using = kind()
        [came] = in_threads(partial(call_interrupted, using, point))
        assert in_threads(using.settle) == [[5] * len(using.aws)], f"interrupted at point {point}"
        if came is not True:
            assert came is False
            break
    assert kind is WaitForAnotherThread or FEWEST < point < 999  # or it came too late to wait
    gc.collect()  # here, where warnings about what an interrupt left are ignored


def from_a_finalizer(act: Callable[[], object]) -> None:
    garbage = Finalized(act)
    vars(garbage)["myself"] = garbage
    del garbage
    gc.collect(0)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in finalizers
@pytest.mark.parametrize("kind", USINGS)
@pytest.mark.parametrize("come", [lambda act: act(), from_a_finalizer], ids=["signal", "finalizer"])
def test_what_comes_at_any_moment_may_use_any_await(
    kind: type[Using], come: Callable[[Callable[[], object]], None]
) -> None:
    came: list[object] = []

    async def give() -> int:
        return 5

    def wait_for_all(using: Using) -> None:
        came.append(awaitable_release(awaitable(int, "5")))
        awaiting = use(awaitable(give))
        with suppress(StopIteration):
            awaiting.send(None)
        awaiting.close()
        for aw in using.aws:
            with suppress(AwaitCycleError):  # it may be the one that runs here
                awaitable_wait(aw)

    for point in range(1, 1000):
        using = kind()
        coming = partial(come, partial(wait_for_all, using))
        [reached] = in_threads(partial(call_disturbed, point, coming, using.call))
        assert reached in (True, False)
        assert using.result == 5, f"disturbed at point {point}"
        assert in_threads(using.settle) == [[5] * len(using.aws)]
        assert sorted(using.runs) == sorted(set(using.runs))
        if not reached:
            break
    assert kind is WaitForAnotherThread or FEWEST < point < 999  # or it came too late to wait
    gc.collect()  # here, where warnings about what an interrupt left are ignored
    assert came == [5] * (point - 1)


def test_what_comes_after_an_interrupt_may_use_the_same_await() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    def is_disturbed(point: int, disturb: Callable[[], object], aw: Any) -> bool:
        disturbed = False

        def come() -> None:
            nonlocal disturbed
            disturbed = True
            disturb()

        with suppress(ValueError, KeyboardInterrupt):
            call_disturbed(point, come, partial(awaitable_wait, aw))
        return disturbed

    def use_twice(interrupted_at: int, disturbed_at: int) -> tuple[bool, bool]:
        failures = [ValueError()]

        def fail_once() -> int:
            if failures:
                raise failures.pop()
            return 5

        def wait() -> None:
            with suppress(ValueError, AwaitCycleError):  # it may be the one that runs here
                awaitable_wait(aw)

        aw = awaitable(fail_once)
        interrupted = is_disturbed(interrupted_at, interrupt, aw)
        [disturbed] = in_threads(partial(is_disturbed, disturbed_at, wait, aw))
        assert awaitable_wait(aw) == 5
        return interrupted, disturbed

    for interrupted_at in range(1, 1000):
        for disturbed_at in range(1, 1000):
            interrupted, disturbed = use_twice(interrupted_at, disturbed_at)
            if not disturbed:
                break
        if not interrupted:
            break
    assert FEWEST < interrupted_at < 999


def test_a_release_at_any_moment_leaves_an_await_shown_as_what_it_is() -> None:
    for point in range(1, 1000):
        aw = awaitable(int, "5")
        shown: list[str] = []
        reached = call_disturbed(
            point,
            partial(awaitable_release, aw),
            lambda: shown.append(repr(aw)),  # noqa: B023
        )
        assert shown[0] in ("<Await pending: int>", "<Await done: 5>")
        if not reached:
            break
    assert 2 < point < 999


class Unreported(asyncio.Task[Any]):
    """A task whose end nobody hears of, and that leaves what would have to be called to a collection."""

    def add_done_callback(self, callback: Any, /, **context: Any) -> None:
        remains = [callback]
        remains.append(remains)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in finalizers
def test_what_a_closed_loop_left_may_be_collected_at_any_moment() -> None:
    async def give() -> int:
        return 5

    def wait(aw: Any) -> None:
        gave.append(asyncio.run(use(aw)))

    gave: list[int] = []
    for point in range(1, 1000):
        aw = awaitable(give)
        loop = asyncio.new_event_loop()
        loop.set_task_factory(lambda loop, work, **options: Unreported(work, loop=loop, **options))
        task = loop.create_task(use(aw))
        loop.call_later(0.001, loop.stop)
        loop.run_forever()
        loop.close()
        del task
        if not call_disturbed(point, gc.collect, partial(wait, aw)):
            break
    assert FEWEST < point < 999
    assert gave == [5] * point


def test_finalizers_that_wait_can_run_at_any_allocation() -> None:
    finalized: list[int] = []

    def make_garbage() -> int:
        garbage = Finalized(lambda: finalized.append(awaitable_wait(awaitable(int, "5"))))
        vars(garbage)["myself"] = garbage
        return 5

    def wait_often() -> list[int]:
        return [awaitable_release(awaitable(make_garbage)) for _ in range(100)]

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        assert in_threads(*[wait_often] * 4) == [[5] * 100] * 4
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert finalized == [5] * 400


# In a forked child there is only the thread that forked.


def exit_in_time() -> None:
    """Have this process, a child, end even if it hangs."""
    threading.Timer(TIMEOUT_S, os._exit, [98]).start()


def status_in_a_child(call: Callable[[], Any]) -> int:
    """Fork; return what the call gives in the child, a number, or 99 if it raises."""
    child = os.fork()
    if child == 0:
        # Nothing but an exit status leaves the child: no test framework runs in it.
        status = 99
        try:
            exit_in_time()
            status = call()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_forked_child_can_wait_for_what_other_threads_ran_or_waited_for() -> None:
    needs.processes()
    started, finish = threading.Event(), threading.Event()

    def produce() -> int:
        started.set()
        assert finish.wait(TIMEOUT_S)
        return 5

    aw = awaitable(produce)
    outer = awaitable(lambda: awaitable_wait(aw) + 1)

    def wait_for_all() -> int:
        finish.set()
        return awaitable_wait(outer) + awaitable_wait(aw)

    def fork_during_run_and_wait() -> int:
        assert started.wait(TIMEOUT_S)
        while not repr(outer).startswith("<Await running"):
            time.sleep(0)
        time.sleep(0.01)  # so that it most likely waits
        status = status_in_a_child(wait_for_all)
        finish.set()
        return status

    results = in_threads(
        lambda: awaitable_wait(aw), lambda: awaitable_wait(outer), fork_during_run_and_wait
    )
    assert results == [5, 6, 11]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_what_was_registered_at_fork_before_the_import_can_wait_in_the_child() -> None:
    needs.processes()
    program = """
        import os, threading, warnings
        warnings.simplefilter("ignore")
        os.register_at_fork(after_in_child=lambda: used.append(aw + 1))
        from awaits import awaitable

        def work():
            if threading.current_thread() is not threading.main_thread():
                started.set()
                finish.wait()
            return 5

        started, finish, used = threading.Event(), threading.Event(), []
        aw = awaitable(work)
        thread = threading.Thread(target=lambda: aw + 1)
        thread.start()
        started.wait()
        child = os.fork()
        if child == 0:
            os._exit(used[0] + (aw + 1))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        finish.set()
        thread.join()
        """
    run = subprocess.run(
        [sys.executable, "-c", dedent(program)], timeout=TIMEOUT_S, text=True, capture_output=True
    )
    assert (run.stdout, run.stderr) == ("12\n", "")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_run_that_forks_goes_on_in_both_processes() -> None:
    needs.processes()
    waited = threading.Event()
    parent = os.getpid()

    def fork_and_go_on() -> int:
        assert waited.wait(TIMEOUT_S)
        assert os.getpid() == parent
        child = os.fork()
        if child == 0:
            exit_in_time()
            with pytest.raises(AwaitCycleError):
                awaitable_wait(aw)
            return 7
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)

    aw: Await[int] = awaitable(fork_and_go_on)

    def wait() -> int:
        try:
            value = awaitable_wait(aw)
        except BaseException:
            value = 99
        if os.getpid() != parent:
            os._exit(value + awaitable_wait(aw) + awaitable_wait(awaitable(int, "1")))
        return value

    def wait_too() -> int:
        waited.set()
        return awaitable_wait(aw)

    assert in_threads(wait, wait_too) == [15, 15]
