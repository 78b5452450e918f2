"""One run, whoever waits; no wait that cannot end; nothing lost when a run is interrupted."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from awaits import AwaitCycleError, awaitable, awaitable_done, awaitable_wait
from tests.runtime import needs

TIMEOUT_S = 30  # far beyond what any of these needs: a hang fails instead of hanging the suite


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Run each call in a thread of its own, and return what it returned or raised."""
    needs.threads()
    with ThreadPoolExecutor(len(calls)) as executor:
        futures = [executor.submit(call) for call in calls]
        return [future.exception(TIMEOUT_S) or future.result() for future in futures]


def test_threads_share_one_run_and_its_object() -> None:
    calls: list[object] = []
    together = threading.Barrier(32)

    def produce() -> object:
        calls.append(None)
        return object()

    aws = [awaitable(produce) for _ in range(100)]

    def wait_for_all() -> list[object]:
        together.wait(TIMEOUT_S)
        return [awaitable_wait(aw) for aw in aws]

    results = in_threads(*[wait_for_all] * 32)
    assert len(calls) == len(aws)
    assert all(result == results[0] for result in results)


def test_threads_that_arrive_during_the_run_wait_for_it() -> None:
    started, finish = threading.Event(), threading.Event()
    calls: list[int] = []

    def produce() -> list[int]:
        calls.append(1)
        started.set()
        assert finish.wait(TIMEOUT_S)
        return calls

    aw = awaitable(produce)

    def release_the_run() -> None:
        assert started.wait(TIMEOUT_S)
        finish.set()

    first, *others, _ = in_threads(*[lambda: awaitable_wait(aw)] * 8, release_the_run)
    assert calls == [1]
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


@pytest.mark.parametrize("size", [2, 3])
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
    outcomes: list[Any] = [interruption(), 5]

    def produce() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, int)
        return outcome

    aw = awaitable(produce)
    with pytest.raises(interruption):
        awaitable_wait(aw)
    assert repr(aw).startswith("<Await pending")
    assert awaitable_wait(aw) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_forked_child_can_wait_for_what_ran_in_another_thread() -> None:
    started, finish = threading.Event(), threading.Event()

    def produce() -> int:
        started.set()
        finish.wait(TIMEOUT_S)
        return 5

    aw = awaitable(produce)

    def fork_during_the_run() -> int:
        assert started.wait(TIMEOUT_S)
        child = os.fork()
        if child == 0:
            # Nothing but an exit status leaves the child: no test framework runs in it.
            finish.set()
            os._exit(awaitable_wait(aw))
        _, status = os.waitpid(child, 0)
        finish.set()
        return os.waitstatus_to_exitcode(status)

    assert in_threads(lambda: awaitable_wait(aw), fork_during_the_run) == [5, 5]
