"""`await aw` under trio, through anyio: the same promises as in asyncio."""

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from awaits import (
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_wait,
)

trio = pytest.importorskip("trio")
anyio = pytest.importorskip("anyio")
all_blocked = pytest.importorskip("trio.testing").wait_all_tasks_blocked

TIMEOUT_S = 30  # far beyond what any of these needs: a hang fails instead of hanging the suite


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    async def bounded() -> Any:
        with trio.fail_after(TIMEOUT_S):
            return await main()

    return trio.run(bounded)


async def use(aw: Any) -> Any:
    return await aw


async def use_in_tasks(*aws: Any) -> list[Any]:
    """Return what a task for each Await gets: its result, or what it raises."""
    results: list[Any] = [None] * len(aws)

    async def keep(position: int) -> None:
        try:
            results[position] = await aws[position]
        except Exception as error:
            results[position] = error

    async with trio.open_nursery() as nursery:
        for position in range(len(aws)):
            nursery.start_soon(keep, position)
    return results


class Calls:
    """A function that stops in the middle until it is told to go on, and counts its calls."""

    def __init__(self) -> None:
        self.count = 0
        self.started, self.finish = threading.Event(), threading.Event()
        self.failure: Exception | None = None

    def call(self) -> object:
        self.count += 1
        self.started.set()
        assert self.finish.wait(TIMEOUT_S)
        if self.failure is not None:
            raise self.failure
        return object()

    async def acall(self) -> object:
        self.count += 1
        self.started.set()
        while not self.finish.is_set():
            await trio.sleep(0.05)  # longer than it takes to see that all wait
        if self.failure is not None:
            raise self.failure
        return object()


KINDS = {"plain": lambda calls: calls.call, "coroutine": lambda calls: calls.acall}


@pytest.fixture(params=KINDS)
def calls_and_aw(request: pytest.FixtureRequest) -> tuple[Calls, Any]:
    calls = Calls()
    return calls, awaitable(KINDS[request.param](calls))


async def finish_once_all_wait(calls: Calls) -> None:
    while not calls.started.is_set():
        await trio.sleep(0.001)
    await all_blocked(0.01)
    calls.finish.set()


def test_a_plain_function_runs_in_a_thread_with_the_callers_context() -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    def produce() -> tuple[int, str]:
        return threading.get_ident(), variable.get()

    async def main() -> None:
        variable.set("set by the caller")
        thread, seen = await awaitable(produce)
        assert thread != threading.get_ident()
        assert seen == "set by the caller"

    run(main)


def test_a_plain_function_can_call_back_into_the_loop() -> None:
    async def main() -> None:
        loops_thread = threading.get_ident()
        aw = awaitable(lambda: anyio.from_thread.run_sync(threading.get_ident))
        assert await aw == loops_thread

    run(main)


def test_a_coroutine_function_runs_on_the_loop_with_the_callers_context() -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    async def produce(*args: int, **kwargs: int) -> tuple[int, str, Any]:
        await trio.sleep(0)
        return threading.get_ident(), variable.get(), (args, kwargs)

    async def main() -> None:
        variable.set("set by the caller")
        aw = awaitable(produce, 1, self=2)
        expected = (threading.get_ident(), "set by the caller", ((1,), {"self": 2}))
        assert [await aw, await aw] == [expected, expected]

    run(main)


def test_tasks_share_one_run_that_does_not_block_the_loop(calls_and_aw: tuple[Calls, Any]) -> None:
    calls, aw = calls_and_aw

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(finish_once_all_wait, calls)
            first, *others = await use_in_tasks(*[aw] * 50)
        assert type(first) is object
        assert all(other is first for other in others)
        assert await aw is first

    run(main)
    assert calls.count == 1


def test_cancelling_a_waiter_leaves_the_run_and_the_others_alone(
    calls_and_aw: tuple[Calls, Any],
) -> None:
    calls, aw = calls_and_aw
    results: list[Any] = []

    async def wait() -> None:
        results.append(await aw)

    async def main() -> None:
        async with trio.open_nursery() as others:
            async with trio.open_nursery() as first:
                first.start_soon(wait)
                await all_blocked(0.01)  # it has begun the run
                others.start_soon(wait)
                await all_blocked(0.01)
                first.cancel_scope.cancel()
            assert not results
            calls.finish.set()
        assert results == [await aw]

    run(main)
    assert calls.count == 1


def test_cancelling_before_a_thread_has_begun_leaves_the_others_to_begin() -> None:
    calls = Calls()
    aw: Any = awaitable(calls.call)
    results: list[Any] = []

    async def wait() -> None:
        results.append(await aw)

    async def main() -> None:
        threads = anyio.to_thread.current_default_thread_limiter()
        threads.total_tokens = 1
        async with trio.open_nursery() as others:
            await threads.acquire_on_behalf_of("somebody else")
            async with trio.open_nursery() as first:
                first.start_soon(wait)
                await all_blocked(0.01)
                others.start_soon(wait)
                await all_blocked(0.01)
                first.cancel_scope.cancel()
            threads.release_on_behalf_of("somebody else")
            calls.finish.set()
        assert results == [await aw]

    run(main)
    assert calls.count == 1


def test_failure_reaches_every_waiter_and_is_not_kept(calls_and_aw: tuple[Calls, Any]) -> None:
    calls, aw = calls_and_aw
    calls.failure = ValueError("from inside")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(finish_once_all_wait, calls)
            assert await use_in_tasks(*[aw] * 3) == [calls.failure] * 3
        assert calls.count == 1
        assert not awaitable_done(aw)
        calls.failure = None
        assert await aw is await aw
        assert calls.count == 2

    run(main)


class Once:
    """An awaitable that, as a coroutine, can be awaited only once."""

    def __init__(self) -> None:
        self.awaited = False

    def __await__(self) -> Generator[Any, Any, object]:
        assert not self.awaited
        self.awaited = True
        yield from trio.sleep(0).__await__()
        return object()


@pytest.mark.parametrize(
    "make",
    [
        lambda: awaitable(Once),
        lambda: awaitable_nowait(Once()),
        lambda: awaitable_nowait(awaitable(Once)),
    ],
)
def test_an_awaitable_w_gives_its_result_to_every_task(make: Callable[[], Any]) -> None:
    async def main() -> None:
        aw = make()
        first, *others = await use_in_tasks(*[aw] * 20)
        assert type(first) is object
        assert all(other is first for other in others)
        assert await aw is first

    run(main)


def test_a_thread_and_a_task_share_one_run() -> None:
    calls = Calls()
    aw: Any = awaitable(calls.call)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(finish_once_all_wait, calls)
            results = await use_in_tasks(
                trio.to_thread.run_sync(awaitable_wait, aw),
                aw,
                trio.to_thread.run_sync(awaitable_wait, aw),
            )
        assert results == [await aw] * 3

    run(main)
    assert calls.count == 1


@pytest.mark.parametrize("first", ["trio", "asyncio"])
def test_loops_of_both_kinds_share_one_run(first: str) -> None:
    started, joined = threading.Event(), threading.Event()
    count = 0

    async def produce() -> object:
        nonlocal count
        count += 1
        started.set()
        # In whichever loop this is.
        await anyio.to_thread.run_sync(joined.wait, TIMEOUT_S)
        return object()

    aw = awaitable(produce)
    runs = {"trio": lambda: run(partial(use, aw)), "asyncio": lambda: asyncio.run(use(aw))}
    with ThreadPoolExecutor(2) as executor:
        futures = [executor.submit(runs.pop(first))]
        assert started.wait(TIMEOUT_S)
        futures.append(executor.submit(*runs.values()))
        joined.set()
        results = [future.result(TIMEOUT_S) for future in futures]
    assert results[0] is results[1]
    assert count == 1


def test_the_end_of_a_loop_leaves_a_coroutine_function_pending() -> None:
    begins: list[int] = []

    async def produce() -> int:
        begins.append(1)
        if len(begins) == 1:
            await trio.sleep_forever()
        return 5

    aw = awaitable(produce)

    async def leave() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(use, aw)
            await all_blocked(0.01)
            nursery.cancel_scope.cancel()

    run(leave)
    assert run(partial(use, aw)) == 5


@pytest.mark.parametrize("size", [1, 2, 3])
def test_coroutines_that_need_each_other_raise(size: int) -> None:
    closed = True

    async def need_the_next(position: int) -> int:
        await trio.sleep(0)
        return await aws[(position + 1) % size] if closed else position

    aws: list[Any] = [awaitable(need_the_next, position) for position in range(size)]

    async def main() -> None:
        nonlocal closed
        with pytest.raises(AwaitCycleError) as caught:
            await aws[0]
        assert str(caught.value).count("need_the_next") == size + 1
        assert {type(failure) for failure in await use_in_tasks(*aws)} == {AwaitCycleError}
        closed = False
        assert await use_in_tasks(*aws) == list(range(size))

    run(main)


def test_without_anyio_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async def produce() -> int:
        return 5

    aws = [awaitable(int, "5"), awaitable(produce), awaitable_nowait(Once())]

    async def main() -> None:
        for aw in aws[:2]:
            with pytest.raises(AwaitError, match=r"needs anyio .* pip install 'typed-awaits\[trio\]'"):
                await aw
            assert not awaitable_done(aw)
        with pytest.raises(AwaitError, match="needs anyio"):
            await aws[2]
        assert await awaitable_nowait(5) == 5  # what is there needs nothing

    with monkeypatch.context() as without:
        for name in [name for name in sys.modules if name.partition(".")[0] == "anyio"]:
            without.setitem(sys.modules, name, None)
        without.delitem(sys.modules, "awaits._running.trio_loop", raising=False)
        without.delattr("awaits._running.trio_loop", raising=False)
        run(main)
    assert [run(partial(use, aw)) for aw in aws[:2]] == [5, 5]
    assert type(run(partial(use, aws[2]))) is object
