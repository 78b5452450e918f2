"""`await aw` under asyncio: what is asyncio's own. The rest is in test_await.py."""

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from awaits import AwaitCycleError, awaitable, awaitable_nowait
from tests.runtime.calls import AsyncCalls, Calls
from tests.runtime.loops import TIMEOUT_S, AsyncioLoop, use

LOOP = AsyncioLoop()


def test_a_future_or_a_coroutine_that_is_there_already() -> None:
    async def produce() -> int:
        return 5

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        for value in (produce(), asyncio.create_task(produce()), future):
            aw: Any = awaitable_nowait(value)
            tasks = [asyncio.create_task(use(aw)) for _ in range(2)]
            await LOOP.settle()
            if not future.done() and value is future:
                future.set_result(5)
            assert [await aw, *await asyncio.gather(*tasks)] == [5, 5, 5]

    LOOP.run(main)


def test_asyncios_own_functions_take_an_await() -> None:
    async def main() -> None:
        assert await asyncio.wait_for(awaitable(int, "5"), TIMEOUT_S) == 5
        assert await asyncio.ensure_future(awaitable(int, "5")) == 5
        assert await asyncio.shield(awaitable_nowait(5)) == 5

    LOOP.run(main)


@pytest.mark.parametrize("lazily", [lambda value: awaitable(lambda: value), awaitable_nowait])
def test_gather_takes_each_await_for_itself(lazily: Callable[[Any], Any]) -> None:
    # It puts what it is given in a dict, where values that are unhashable or equal would not do.
    values: list[Any] = [[1], [1], 1, True]

    async def main() -> None:
        results = await asyncio.gather(*map(lazily, values))
        assert all(result is value for result, value in zip(results, values, strict=True))
        finished = asyncio.as_completed([lazily(value) for value in values])
        assert len([await result for result in finished]) == 4

    LOOP.run(main)


def test_gather_does_not_block_the_loop() -> None:
    both = [Calls(), Calls()]

    async def main() -> None:
        waiting = asyncio.gather(*[awaitable(calls.call) for calls in both])
        for calls in both:  # both have begun before either ends
            await LOOP.until(calls.started.is_set)
        for calls in both:
            calls.finish.set()
        assert len(await waiting) == 2

    LOOP.run(main)


def test_a_cancellation_from_inside_reaches_the_waiters() -> None:
    calls = AsyncCalls(LOOP)
    calls.failure = asyncio.CancelledError("from inside")
    calls.finish.set()

    async def main() -> None:
        waiting = asyncio.create_task(use(awaitable(calls.call)))
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        with pytest.raises(asyncio.CancelledError, match="from inside"):
            await waiting

    LOOP.run(main)
    assert calls.count == 1


def test_failure_that_nobody_waits_for_any_more_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    both: list[Calls | AsyncCalls] = [Calls(), AsyncCalls(LOOP)]
    aws: list[Any] = [awaitable(calls.call) for calls in both]

    async def main() -> None:
        tasks = [asyncio.create_task(use(aw)) for aw in aws]
        await LOOP.settle()
        for task in tasks:
            task.cancel()
        await LOOP.settle()
        for calls in both:
            calls.failure = ValueError("from inside")
            calls.finish.set()
        await LOOP.until(lambda: not repr(aws[0]).startswith("<Await running"))
        await LOOP.settle()

    with caplog.at_level(logging.DEBUG, "asyncio"):
        LOOP.run(main)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought eager tasks")
def test_eager_tasks_neither_lock_up_nor_hide_a_cycle() -> None:
    async def leaf() -> int:
        return 5

    async def need(name: str) -> object:
        return await aws[name]

    aws: dict[str, Any] = {
        "leaf": awaitable(leaf),
        "tree": awaitable(need, "leaf"),
        "itself": awaitable(need, "itself"),
    }

    async def main() -> None:
        factory: Any = vars(asyncio)["eager_task_factory"]
        asyncio.get_running_loop().set_task_factory(factory)
        assert await asyncio.gather(*[use(aws["tree"]) for _ in range(2)]) == [5, 5]
        with pytest.raises(AwaitCycleError):
            await aws["itself"]

    LOOP.run(main)


# A task is an awaitable W too, and can wait for itself.


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("is_eager", [False, True])
def test_tasks_that_are_the_values_of_what_they_await_are_a_cycle(count: int, is_eager: bool) -> None:
    if is_eager and sys.version_info < (3, 12):
        pytest.skip("Python 3.12 brought eager tasks")
    tasks: list[asyncio.Task[Any]] = []

    async def wait_for_the_next(me: int) -> Any:
        await asyncio.sleep(0)  # until all are there
        return await aws[(me + 1) % count]

    async def main() -> list[Any]:
        if is_eager:
            asyncio.get_running_loop().set_task_factory(vars(asyncio)["eager_task_factory"])
        tasks.extend(asyncio.create_task(wait_for_the_next(me)) for me in range(count))
        waiting = asyncio.gather(*tasks, return_exceptions=True)
        return await asyncio.wait_for(waiting, TIMEOUT_S)

    aws: list[Any] = [awaitable(tasks.__getitem__, n) for n in range(count)]
    errors = asyncio.run(main())
    assert [type(error) for error in errors] == [AwaitCycleError] * count
    assert "list.__getitem__ -> list.__getitem__" in str(errors[0])


def test_tasks_that_wait_for_one_another_in_a_row_are_no_cycle() -> None:
    tasks: list[asyncio.Task[Any]] = []

    async def wait_for_the_next(me: int) -> Any:
        await asyncio.sleep(0)
        return me if me == 9 else await aws[me + 1]

    async def main() -> list[Any]:
        tasks.extend(asyncio.create_task(wait_for_the_next(me)) for me in range(10))
        return await asyncio.gather(*tasks, *aws)

    aws: list[Any] = [awaitable(tasks.__getitem__, n) for n in range(10)]
    assert asyncio.run(main()) == [9] * 20
