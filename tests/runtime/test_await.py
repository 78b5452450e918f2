"""`await aw` gives W, or what W awaits to: with one run, and without blocking the event loop."""

import asyncio
import contextvars
import logging
import sys
import threading
import types
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest

from awaits import (
    Await,
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
)
from tests.runtime import needs

R = TypeVar("R")

TIMEOUT_S = 30  # far beyond what any of these needs: a hang fails instead of hanging the suite


def run(main: Callable[[], Coroutine[Any, Any, R]]) -> R:
    async def bounded() -> R:
        async with asyncio.timeout(TIMEOUT_S):
            return await main()

    return asyncio.run(bounded())


async def settle() -> None:
    """Let every task that can go on do so, until all of them wait for something."""
    for _ in range(10):
        await asyncio.sleep(0)


async def use(aw: Any) -> Any:
    return await aw


class Calls:
    """A plain function that stops in the middle until it is told to go on, and counts its calls."""

    def __init__(self) -> None:
        needs.threads()
        self.count = 0
        self.started = threading.Event()
        self.finish = threading.Event()
        self.failure: Exception | None = None

    def __call__(self) -> object:
        self.count += 1
        self.started.set()
        assert self.finish.wait(TIMEOUT_S)
        if self.failure is not None:
            raise self.failure
        return object()


class AsyncCalls:
    """The same as a coroutine function."""

    def __init__(self) -> None:
        self.count = 0
        self.threads: list[int] = []
        self.finish = asyncio.Event()
        self.failure: BaseException | None = None

    async def call(self) -> object:
        self.count += 1
        self.threads.append(threading.get_ident())
        await self.finish.wait()
        if self.failure is not None:
            raise self.failure
        return object()


# Where the call runs.


def test_a_plain_function_runs_in_a_thread_with_the_callers_context() -> None:
    needs.threads()
    variable = contextvars.ContextVar("variable", default="unset")

    def produce() -> tuple[int, str]:
        seen = variable.get()
        variable.set("changed by the call")
        return threading.get_ident(), seen

    async def main() -> None:
        variable.set("set by the caller")
        thread, seen = await awaitable(produce)
        assert thread != threading.get_ident()
        assert seen == "set by the caller"
        assert variable.get() == "set by the caller"

    run(main)


def test_a_plain_function_does_not_block_the_loop() -> None:
    calls = Calls()

    async def main() -> None:
        # Only another task of this loop lets the call end.
        waiting = asyncio.create_task(use(awaitable(calls)))
        assert await asyncio.to_thread(calls.started.wait, TIMEOUT_S)
        assert not waiting.done()
        calls.finish.set()
        await waiting

    run(main)


def test_a_coroutine_function_runs_on_the_loop() -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    async def produce(*args: int, **kwargs: int) -> tuple[int, str, Any]:
        await asyncio.sleep(0)
        return threading.get_ident(), variable.get(), (args, kwargs)

    async def main() -> None:
        variable.set("set by the caller")
        assert await awaitable(produce, 1, self=2) == (
            threading.get_ident(),
            "set by the caller",
            ((1,), {"self": 2}),
        )

    run(main)


def test_a_function_that_is_an_await_itself_does_not_block_the_loop() -> None:
    calls = Calls()

    async def main() -> None:
        function: Any = awaitable(lambda: [calls(), lambda: 5][1])
        waiting = asyncio.create_task(use(awaitable(function)))
        assert await asyncio.to_thread(calls.started.wait, TIMEOUT_S)
        calls.finish.set()
        assert await waiting == 5

    run(main)


# One run.


def test_tasks_share_one_run_of_a_plain_function() -> None:
    calls = Calls()

    async def main() -> None:
        aw = awaitable(calls)
        tasks = [asyncio.create_task(use(aw)) for _ in range(50)]
        await settle()
        calls.finish.set()
        first, *others = await asyncio.gather(*tasks)
        assert all(other is first for other in others)
        assert await aw is awaitable_wait(aw) is first

    run(main)
    assert calls.count == 1


def test_tasks_share_one_run_of_a_coroutine_function() -> None:
    async def main() -> None:
        calls = AsyncCalls()
        aw = awaitable(calls.call)
        tasks = [asyncio.create_task(use(aw)) for _ in range(50)]
        await settle()
        calls.finish.set()
        first, *others = await asyncio.gather(*tasks)
        assert all(other is first for other in others)
        assert await aw is first
        assert calls.count == 1

    run(main)


class Once:
    """An awaitable that, as a coroutine, can be awaited only once."""

    def __init__(self) -> None:
        self.awaited = False

    def __await__(self) -> Generator[Any, Any, object]:
        assert not self.awaited
        self.awaited = True
        yield from asyncio.sleep(0).__await__()
        return object()


@pytest.mark.parametrize("make", [lambda: awaitable(Once), lambda: awaitable_nowait(Once())])
def test_an_awaitable_w_gives_its_result_to_every_task(make: Callable[[], Await[Once]]) -> None:
    async def main() -> None:
        aw = make()
        first, *others = await asyncio.gather(*[asyncio.create_task(use(aw)) for _ in range(50)])
        assert type(first) is object
        assert all(other is first for other in others)
        assert await aw is first
        assert type(awaitable_wait(aw)) is Once

    run(main)


def test_a_future_or_a_coroutine_that_is_there_already() -> None:
    async def produce() -> int:
        return 5

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        for value in (produce(), asyncio.create_task(produce()), future):
            aw: Any = awaitable_nowait(value)
            tasks = [asyncio.create_task(use(aw)) for _ in range(2)]
            await settle()
            if not future.done() and value is future:
                future.set_result(5)
            assert [await aw, *await asyncio.gather(*tasks)] == [5, 5, 5]

    run(main)


@pytest.mark.parametrize("depth", [1, 3])
def test_nested_awaits_give_the_innermost(depth: int) -> None:
    async def produce() -> int:
        return 5

    async def main() -> None:
        for innermost in (awaitable(int, "5"), awaitable(produce), awaitable_nowait(5)):
            aw: Any = innermost
            for _ in range(depth):
                aw = awaitable_nowait(aw)
            assert await aw == 5
            assert await aw == 5

    run(main)


def test_a_thread_and_a_task_share_one_run() -> None:
    calls = Calls()
    aw = awaitable(calls)

    async def main() -> None:
        thread = asyncio.create_task(asyncio.to_thread(awaitable_wait, aw))
        assert await asyncio.to_thread(calls.started.wait, TIMEOUT_S)
        task = asyncio.create_task(use(aw))
        await settle()
        calls.finish.set()
        assert await task is await thread

    run(main)
    assert calls.count == 1


def test_two_loops_share_one_run() -> None:
    needs.threads()
    both_wait = threading.Barrier(2)
    results: list[object] = []
    count = 0

    async def produce() -> object:
        nonlocal count
        count += 1
        await asyncio.to_thread(both_wait.wait, TIMEOUT_S)
        await asyncio.sleep(0)
        return object()

    aw = awaitable(produce)

    async def first() -> None:
        results.append(await aw)

    async def second() -> None:
        waiting = asyncio.create_task(use(aw))
        await settle()
        await asyncio.to_thread(both_wait.wait, TIMEOUT_S)
        results.append(await waiting)

    with ThreadPoolExecutor(2) as executor:
        for future in [executor.submit(run, first), executor.submit(run, second)]:
            future.result(TIMEOUT_S)
    assert count == 1
    assert results[0] is results[1]


def test_asyncios_own_functions_take_an_await() -> None:
    async def main() -> None:
        assert await asyncio.wait_for(awaitable(int, "5"), TIMEOUT_S) == 5
        assert await asyncio.ensure_future(awaitable(int, "5")) == 5
        assert await asyncio.shield(awaitable_nowait(5)) == 5

    run(main)


@pytest.mark.parametrize("lazily", [lambda value: awaitable(lambda: value), awaitable_nowait])
def test_gather_takes_each_await_for_itself(lazily: Callable[[Any], Any]) -> None:
    # It puts what it is given in a dict, where values that are unhashable or equal would not do.
    values: list[Any] = [[1], [1], 1, True]

    async def main() -> None:
        results = await asyncio.gather(*map(lazily, values))
        assert all(result is value for result, value in zip(results, values, strict=True))
        finished = asyncio.as_completed([lazily(value) for value in values])
        assert len([await result for result in finished]) == 4

    run(main)


def test_gather_does_not_block_the_loop() -> None:
    calls = [Calls(), Calls()]

    async def main() -> None:
        waiting = asyncio.gather(*map(awaitable, calls))
        for call in calls:  # both have begun before either ends
            assert await asyncio.to_thread(call.started.wait, TIMEOUT_S)
        for call in calls:
            call.finish.set()
        assert len(await waiting) == 2

    run(main)


# Cancellation.


def test_cancelling_a_waiter_of_a_plain_function_leaves_run_and_others_alone() -> None:
    calls = Calls()

    async def main() -> None:
        aw = awaitable(calls)
        first, second = asyncio.create_task(use(aw)), asyncio.create_task(use(aw))
        await settle()
        first.cancel()
        await settle()
        assert first.cancelled()
        assert not second.done()
        calls.finish.set()
        assert await second is await aw

    run(main)
    assert calls.count == 1


def test_cancelling_a_waiter_of_a_coroutine_leaves_run_and_others_alone() -> None:
    async def main() -> None:
        calls = AsyncCalls()
        aw = awaitable(calls.call)
        first, second = asyncio.create_task(use(aw)), asyncio.create_task(use(aw))
        await settle()
        first.cancel()  # the one that began the run
        await settle()
        assert first.cancelled()
        assert not second.done()
        calls.finish.set()
        assert await second is await aw
        assert calls.count == 1

    run(main)


def test_a_run_goes_on_though_every_waiter_was_cancelled() -> None:
    calls = Calls()
    aw = awaitable(calls)

    async def main() -> None:
        waiting = asyncio.create_task(use(aw))
        assert await asyncio.to_thread(calls.started.wait, TIMEOUT_S)
        waiting.cancel()
        calls.finish.set()

    run(main)
    assert awaitable_wait(aw) is awaitable_wait(aw)
    assert calls.count == 1


def test_the_end_of_a_loop_leaves_a_coroutine_function_pending() -> None:
    started: list[int] = []

    async def produce() -> int:
        started.append(1)
        if len(started) == 1:
            await asyncio.Event().wait()
        return 5

    aw = awaitable(produce)

    async def leave() -> None:
        asyncio.create_task(use(aw))  # noqa: RUF006
        await settle()

    run(leave)
    assert not awaitable_done(aw)
    assert run(partial(use, aw)) == 5


def test_a_waiter_takes_over_from_a_loop_that_ends() -> None:
    needs.threads()
    began, joined = threading.Event(), threading.Event()
    started: list[int] = []

    async def produce() -> int:
        started.append(1)
        if len(started) == 1:
            began.set()
            await asyncio.Event().wait()
        return 5

    aw = awaitable(produce)

    async def leave() -> None:
        asyncio.create_task(use(aw))  # noqa: RUF006
        await asyncio.to_thread(joined.wait, TIMEOUT_S)

    async def join() -> object:
        await asyncio.to_thread(began.wait, TIMEOUT_S)
        waiting = asyncio.create_task(use(aw))
        await settle()
        joined.set()
        return await waiting

    with ThreadPoolExecutor(2) as executor:
        leaving, joining = executor.submit(run, leave), executor.submit(run, join)
        leaving.result(TIMEOUT_S)
        assert joining.result(TIMEOUT_S) == 5
    assert len(started) == 2


def test_a_cancellation_from_inside_reaches_the_waiters() -> None:
    async def main() -> None:
        calls = AsyncCalls()
        calls.failure = asyncio.CancelledError("from inside")
        calls.finish.set()
        waiting = asyncio.create_task(use(awaitable(calls.call)))
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        with pytest.raises(asyncio.CancelledError, match="from inside"):
            await waiting
        assert calls.count == 1

    run(main)


# Failure.


@pytest.mark.parametrize("kind", [Calls, AsyncCalls])
def test_failure_reaches_every_waiter_and_is_not_kept(kind: Callable[[], Any]) -> None:
    async def main() -> None:
        calls = kind()
        calls.failure = ValueError("from inside")
        aw: Any = awaitable(calls if kind is Calls else calls.call)
        tasks = [asyncio.create_task(use(aw)) for _ in range(3)]
        await settle()
        calls.finish.set()
        assert await asyncio.gather(*tasks, return_exceptions=True) == [calls.failure] * 3
        assert calls.count == 1
        assert not awaitable_done(aw)
        calls.failure = None
        assert await aw is await aw
        assert calls.count == 2

    run(main)


def test_failure_after_release_is_not_another_error_of_ours() -> None:
    async def produce() -> int:
        raise ValueError("from inside")

    async def main() -> None:
        aw = awaitable(produce)
        _ = awaitable_release(aw)
        with pytest.raises(ValueError, match="from inside"):
            await aw
        # There is no call left to repeat, so this is what Python says of the coroutine.
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await aw

    run(main)


def test_failure_that_nobody_waits_for_any_more_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    plain = Calls()
    plain.failure = ValueError("from inside")

    async def main() -> None:
        calls = AsyncCalls()
        calls.failure = plain.failure
        aws: list[Any] = [awaitable(plain), awaitable(calls.call)]
        tasks = [asyncio.create_task(use(aw)) for aw in aws]
        await settle()
        for task in tasks:
            task.cancel()
        await settle()
        plain.finish.set()
        calls.finish.set()
        while repr(aws[0]).startswith("<Await running"):
            await asyncio.sleep(0)
        await settle()

    with caplog.at_level(logging.DEBUG, "asyncio"):
        run(main)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def raise_stop_iteration() -> int:
    raise StopIteration("from inside")


def test_stop_iteration_arrives_as_an_await_error() -> None:
    async def main() -> None:
        with pytest.raises(AwaitError, match="raise_stop_iteration raised StopIteration") as caught:
            await awaitable(raise_stop_iteration)
        assert isinstance(caught.value.__cause__, StopIteration)

    run(main)


# Cycles.


@pytest.mark.parametrize("size", [1, 2, 3])
def test_coroutines_that_need_each_other_raise(size: int) -> None:
    closed = True

    async def need_the_next(position: int) -> int:
        await asyncio.sleep(0)
        return await aws[(position + 1) % size] if closed else position

    aws: list[Any] = [awaitable(need_the_next, position) for position in range(size)]

    async def main() -> None:
        nonlocal closed
        closed = True
        with pytest.raises(AwaitCycleError) as caught:
            await aws[0]
        assert str(caught.value).count("need_the_next") == size + 1
        failures = await asyncio.gather(*map(use, aws), return_exceptions=True)
        assert {type(failure) for failure in failures} == {AwaitCycleError}
        closed = False
        assert await asyncio.gather(*map(use, aws)) == list(range(size))

    run(main)


def test_a_plain_function_that_needs_itself_raises() -> None:
    def produce() -> int:
        return awaitable_wait(aw)

    aw = awaitable(produce)

    async def main() -> None:
        with pytest.raises(AwaitCycleError):
            await aw

    run(main)
    assert not awaitable_done(aw)


def test_tasks_that_wait_for_the_same_awaits_are_no_cycle() -> None:
    async def leaf() -> int:
        await asyncio.sleep(0)
        return 1

    async def add(*aws: Any) -> int:
        return sum([await aw for aw in aws])

    async def main() -> None:
        leaves = [awaitable(leaf) for _ in range(5)]
        forward, backward = awaitable(add, *leaves), awaitable(add, *leaves[::-1])
        both = awaitable(add, forward, backward)
        assert await asyncio.gather(*map(use, [forward, backward, both])) == [5, 5, 10]

    run(main)


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

    run(main)


# Without a loop: by a driver that sends None until the end.


@types.coroutine
def hand_out(item: object) -> Generator[object, Any, None]:
    yield item


def drive(aw: Any) -> tuple[list[object], object]:
    """Return what an awaitable hands out on the way, and its result."""
    steps: list[object] = []
    awaiting = aw.__await__()
    while True:
        try:
            steps.append(awaiting.send(None))
        except StopIteration as end:
            return steps, end.value


async def produce_in_steps() -> int:
    await hand_out("first")
    await hand_out("second")
    return 5


@types.coroutine
def produce_in_a_generator() -> Generator[object, Any, int]:
    yield "only"
    return 5


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda: awaitable(int, "5"), []),
        (lambda: awaitable_nowait(5), []),
        (lambda: awaitable_nowait(awaitable_nowait(5)), []),
        (lambda: awaitable(produce_in_steps), ["first", "second"]),
        (lambda: awaitable_nowait(produce_in_steps()), ["first", "second"]),
        (lambda: awaitable(partial(produce_in_steps)), ["first", "second"]),
        (lambda: awaitable(produce_in_a_generator), ["only"]),
    ],
)
def test_an_await_can_be_driven_by_hand(make: Callable[[], Any], steps: list[object]) -> None:
    aw = make()
    assert drive(aw) == (steps, 5)
    assert drive(aw) == ([], 5)
    assert run(partial(use, aw)) == 5


def test_a_failure_by_hand_is_not_kept() -> None:
    async def produce() -> int:
        await hand_out("step")
        if failures:
            raise failures.pop()
        return 5

    failures = [ValueError("from inside")]
    aw = awaitable(produce)
    with pytest.raises(ValueError, match="from inside"):
        drive(aw)
    assert not awaitable_done(aw)
    assert drive(aw) == (["step"], 5)


def test_two_drivers_of_one_await_do_not_work_on_it_at_once() -> None:
    aw: Any = awaitable(produce_in_steps)
    first = aw.__await__()
    assert first.send(None) == "first"
    with pytest.raises(AwaitError, match="another coroutine works on the result"):
        drive(aw)
    first.close()  # given up: the next one begins anew
    assert drive(aw) == (["first", "second"], 5)


# The other asynchronous protocols are W's.


STATES: dict[str, Callable[[Any], Any]] = {
    "pending": lambda value: awaitable(lambda: value),
    "done": awaitable_nowait,
    "nested": lambda value: awaitable_nowait(awaitable(lambda: value)),
}


class AsyncContext:
    def __init__(self) -> None:
        self.seen: list[object] = []

    async def __aenter__(self) -> str:
        await asyncio.sleep(0)
        return "entered"

    async def __aexit__(self, kind: object, error: object, traceback: object) -> bool:
        self.seen.append(error)
        return kind is KeyError


@pytest.mark.parametrize("lazy", STATES.values(), ids=STATES)
def test_async_with(lazy: Callable[[Any], Any]) -> None:
    context, errors = AsyncContext(), [None, KeyError("swallowed"), ValueError("not swallowed")]

    def raise_if(error: Exception | None) -> None:
        if error is not None:
            raise error

    async def main() -> None:
        for error in errors[:2]:
            async with lazy(context) as target:
                assert target == "entered"
                raise_if(error)
        with pytest.raises(ValueError, match="not swallowed"):
            async with lazy(context):
                raise_if(errors[2])
        with pytest.raises(TypeError, match="'int' object does not support the asynchronous context"):
            async with lazy(5):
                pass

    run(main)
    assert context.seen == errors


@pytest.mark.parametrize("lazy", STATES.values(), ids=STATES)
def test_async_for_and_anext(lazy: Callable[[Any], Any]) -> None:
    async def count() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    async def main() -> None:
        assert [number async for number in lazy(count())] == [0, 1, 2]
        numbers = lazy(count())
        assert [await anext(numbers), await anext(numbers), await anext(numbers)] == [0, 1, 2]
        assert await anext(numbers, "end") == "end"
        with pytest.raises(StopAsyncIteration):
            await anext(numbers)
        with pytest.raises(TypeError, match="'int' object is not an async iterable"):
            aiter(lazy(5))

    run(main)


@pytest.mark.parametrize("use_it", ["async with", "anext"])
def test_entering_and_the_next_item_do_not_block_the_loop(use_it: str) -> None:
    calls = Calls()

    class Entered(AsyncContext):
        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> str:
            return "entered"

    async def enter(aw: Any) -> object:
        if use_it == "anext":
            return await anext(aw)
        async with aw as target:
            return target

    async def main() -> None:
        waiting = asyncio.create_task(enter(awaitable(lambda: [calls(), Entered()][1])))
        assert await asyncio.to_thread(calls.started.wait, TIMEOUT_S)
        calls.finish.set()
        assert await waiting == "entered"

    run(main)


def raise_stop_async_iteration() -> Any:
    raise StopAsyncIteration("from inside")


def test_stop_async_iteration_of_the_function_does_not_look_like_the_end() -> None:
    async def main() -> None:
        with pytest.raises(AwaitError, match="raise_stop_async_iteration raised") as caught:
            await anext(awaitable(raise_stop_async_iteration), "end")
        assert isinstance(caught.value.__cause__, StopAsyncIteration)
        with pytest.raises(AwaitError, match="raise_stop_async_iteration raised"):
            await anext(awaitable(raise_stop_async_iteration))
        # Not a crash of Python: https://github.com/python/cpython/issues/131670
        number: Any = awaitable_nowait(5)
        with pytest.raises(TypeError, match="'int' object is not an async iterator"):
            await anext(number, "end")

    run(main)
