"""Greenlets, which leave a call in the middle and come back to it, in one thread."""

import gc
import operator
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest

from awaits import AwaitCycleError, awaitable, awaitable_done, awaitable_wait

greenlet: Any = pytest.importorskip("greenlet")


@pytest.fixture
def here() -> Any:
    return greenlet.getcurrent()


def nested(depth: int, function: Callable[[], Any]) -> Any:
    """Call a function so deep that greenlets have stacks of different heights."""
    return nested(depth - 1, function) if depth else function()


def test_greenlets_that_run_awaits_in_turn_each_have_their_own_values(here: Any) -> None:
    random = Random(1)

    def give(number: int) -> int:
        nested(random.randrange(20), here.switch)
        return number

    def use_some(first: int) -> list[int]:
        aws: list[Any] = [awaitable(give, first + n) for n in range(5)]
        return [nested(random.randrange(20), partial(operator.add, aw, 0)) for aw in aws]

    for _ in range(50):
        running = {greenlet.greenlet(use_some): first for first in range(10)}
        while running:
            chosen = random.choice(list(running))
            result = chosen.switch(running[chosen]) if not chosen else chosen.switch()
            if chosen.dead:
                first = running.pop(chosen)
                assert result == list(range(first, first + 5))


def test_await_that_another_greenlet_of_the_thread_runs_is_a_cycle(here: Any) -> None:
    aw: Any = awaitable(lambda: here.switch() or 7)
    running = greenlet.greenlet(lambda: awaitable_wait(aw))
    running.switch()

    def use() -> str:
        with pytest.raises(AwaitCycleError, match="needs its own result") as caught:
            awaitable_wait(aw)
        return str(caught.value)

    assert "<lambda> -> " in greenlet.greenlet(use).switch()
    assert repr(aw).startswith("<Await running")
    assert running.switch() == 7
    assert aw + 1 == 8


def test_greenlet_that_is_killed_in_a_run_leaves_the_await_pending(here: Any) -> None:
    answers = [here.switch, lambda: 7]
    aw: Any = awaitable(lambda: answers.pop(0)())
    running = greenlet.greenlet(lambda: awaitable_wait(aw))
    running.switch()
    del running
    gc.collect()
    assert repr(aw).startswith("<Await pending")
    assert not awaitable_done(aw)
    assert aw + 1 == 8
