"""`await aw` gives W, or what W awaits to: with one run, and without blocking the event loop.

Each test that needs a loop runs on asyncio and on trio.
"""

import contextvars
import threading
import types
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

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
from tests.runtime.calls import AsyncCalls, Calls, Once
from tests.runtime.loops import LOOPS, TIMEOUT_S, AsyncioLoop, Loop, outcomes, use


@pytest.fixture(params=LOOPS)
def loop(request: pytest.FixtureRequest) -> Loop:
    return LOOPS[request.param]()


@pytest.fixture(params=LOOPS)
def other_loop(request: pytest.FixtureRequest) -> Loop:
    return LOOPS[request.param]()


@pytest.fixture(params=["plain", "coroutine"])
def calls(request: pytest.FixtureRequest, loop: Loop) -> Calls | AsyncCalls:
    return Calls() if request.param == "plain" else AsyncCalls(loop)


# Where the call runs.


def test_a_plain_function_runs_in_a_thread_with_the_callers_context(loop: Loop) -> None:
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

    loop.run(main)


def test_a_coroutine_function_runs_on_the_loop_with_the_callers_context(loop: Loop) -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    async def produce(*args: int, **kwargs: int) -> tuple[int, str, Any]:
        await loop.pause()
        return threading.get_ident(), variable.get(), (args, kwargs)

    async def main() -> None:
        variable.set("set by the caller")
        aw = awaitable(produce, 1, self=2)
        expected = (threading.get_ident(), "set by the caller", ((1,), {"self": 2}))
        assert [await aw, await aw] == [expected, expected]

    loop.run(main)


def test_a_function_that_is_an_await_itself_does_not_block_the_loop(loop: Loop) -> None:
    calls = Calls()

    async def main() -> None:
        function: Any = awaitable(lambda: [calls.call(), lambda: 5][1])
        waiting = loop.start(awaitable(function))
        await loop.until(calls.started.is_set)
        calls.finish.set()
        assert await waiting == 5

    loop.run(main)


# One run.


def test_tasks_share_one_run_that_does_not_block_the_loop(loop: Loop, calls: Calls | AsyncCalls) -> None:
    aw = awaitable(calls.call)

    async def main() -> None:
        tasks = [loop.start(aw) for _ in range(50)]
        await loop.until(calls.started.is_set)
        await loop.settle()
        # Only this task, which the loop still runs, lets the call end.
        assert not any(task.done() for task in tasks)
        calls.finish.set()
        first, *others = await outcomes(tasks)
        assert type(first) is object
        assert all(other is first for other in others)
        assert await aw is first

    loop.run(main)
    assert calls.count == 1


@pytest.mark.parametrize(
    ("make", "w"),
    [
        (lambda loop: awaitable(Once, loop), Once),
        (lambda loop: awaitable_nowait(Once(loop)), Once),
        (lambda loop: awaitable_nowait(awaitable(Once, loop)), Await),
    ],
)
def test_an_awaitable_w_gives_its_result_to_every_task(
    loop: Loop, make: Callable[[Loop], Any], w: type
) -> None:
    async def main() -> None:
        aw = make(loop)
        first, *others = await loop.in_tasks([aw] * 50)
        assert type(first) is object
        assert all(other is first for other in others)
        assert await aw is first
        assert isinstance(awaitable_wait(aw), w)

    loop.run(main)


@pytest.mark.parametrize("depth", [1, 3])
def test_nested_awaits_give_the_innermost(loop: Loop, depth: int) -> None:
    async def produce() -> int:
        return 5

    async def main() -> None:
        for innermost in (awaitable(int, "5"), awaitable(produce), awaitable_nowait(5)):
            aw: Any = innermost
            for _ in range(depth):
                aw = awaitable_nowait(aw)
            assert await aw == 5
            assert await aw == 5

    loop.run(main)


def test_threads_and_a_task_share_one_run(loop: Loop) -> None:
    calls = Calls()
    aw: Any = awaitable(calls.call)

    async def main() -> None:
        tasks = [loop.start(loop.in_thread(awaitable_wait, aw))]
        await loop.until(calls.started.is_set)
        tasks += [loop.start(aw), loop.start(loop.in_thread(awaitable_wait, aw))]
        await loop.settle()
        calls.finish.set()
        first, *others = await outcomes(tasks)
        assert all(other is first for other in others)
        assert await aw is awaitable_wait(aw) is first

    loop.run(main)
    assert calls.count == 1


def test_two_loops_share_one_run(loop: Loop, other_loop: Loop) -> None:
    needs.threads()
    began, both_wait = threading.Event(), threading.Barrier(2)
    results: list[object] = []
    count = 0

    async def produce() -> object:
        nonlocal count
        count += 1
        began.set()
        await loop.in_thread(both_wait.wait, TIMEOUT_S)
        await loop.pause()
        return object()

    aw = awaitable(produce)

    async def first() -> None:
        results.append(await aw)

    async def second() -> None:
        await other_loop.in_thread(began.wait, TIMEOUT_S)
        waiting = other_loop.start(aw)
        await other_loop.settle()
        await other_loop.in_thread(both_wait.wait, TIMEOUT_S)
        results.append(await waiting)

    with ThreadPoolExecutor(2) as executor:
        for future in [executor.submit(loop.run, first), executor.submit(other_loop.run, second)]:
            future.result(TIMEOUT_S)
    assert count == 1
    assert results[0] is results[1]


# Cancellation.


def test_cancelling_a_waiter_leaves_the_run_and_the_others_alone(
    loop: Loop, calls: Calls | AsyncCalls
) -> None:
    aw: Any = awaitable(calls.call)

    async def main() -> None:
        first = loop.start(aw)
        await loop.until(calls.started.is_set)
        second = loop.start(aw)
        await loop.settle()
        first.cancel()  # the one that began the run
        await loop.settle()
        assert first.cancelled()
        assert not second.done()
        calls.finish.set()
        assert await second is await aw

    loop.run(main)
    assert calls.count == 1


def test_a_run_goes_on_though_every_waiter_was_cancelled(loop: Loop) -> None:
    calls = Calls()
    aw: Any = awaitable(calls.call)

    async def main() -> None:
        waiting = loop.start(aw)
        await loop.until(calls.started.is_set)
        waiting.cancel()
        await loop.settle()
        assert waiting.cancelled()
        calls.finish.set()

    loop.run(main)
    assert awaitable_wait(aw) is awaitable_wait(aw)
    assert calls.count == 1


def test_the_end_of_a_loop_leaves_a_coroutine_function_pending(loop: Loop) -> None:
    started: list[int] = []

    async def produce() -> int:
        started.append(1)
        if len(started) == 1:
            await loop.event().wait()
        return 5

    aw = awaitable(produce)

    async def leave() -> None:
        loop.start(aw)
        await loop.until(lambda: bool(started))
        await loop.settle()

    loop.run(leave)
    if isinstance(loop, AsyncioLoop):  # under trio a thread sees to that, soon after
        assert not awaitable_done(aw)
    assert loop.run(partial(use, aw)) == 5


def test_a_waiter_takes_over_from_a_loop_that_ends(loop: Loop, other_loop: Loop) -> None:
    needs.threads()
    began, joined = threading.Event(), threading.Event()
    started: list[int] = []

    async def produce() -> int:
        started.append(1)
        if len(started) == 1:
            began.set()
            await loop.event().wait()
        return 5

    aw = awaitable(produce)

    async def leave() -> None:
        loop.start(aw)
        await loop.in_thread(joined.wait, TIMEOUT_S)

    async def join() -> object:
        await other_loop.in_thread(began.wait, TIMEOUT_S)
        waiting = other_loop.start(aw)
        await other_loop.settle()
        joined.set()
        return await waiting

    with ThreadPoolExecutor(2) as executor:
        leaving, joining = executor.submit(loop.run, leave), executor.submit(other_loop.run, join)
        leaving.result(TIMEOUT_S)
        assert joining.result(TIMEOUT_S) == 5
    assert len(started) == 2


# Failure.


def test_failure_reaches_every_waiter_and_is_not_kept(loop: Loop, calls: Calls | AsyncCalls) -> None:
    aw: Any = awaitable(calls.call)
    calls.failure = ValueError("from inside")

    async def main() -> None:
        tasks = [loop.start(aw) for _ in range(3)]
        await loop.until(calls.started.is_set)
        await loop.settle()
        calls.finish.set()
        failures = await outcomes(tasks)
        assert [type(failure) for failure in failures] == [ValueError] * 3
        assert len({id(failure) for failure in failures}) == 3
        assert calls.failure in failures
        assert calls.count == 1
        assert not awaitable_done(aw)
        calls.failure = None
        assert await aw is await aw
        assert calls.count == 2

    loop.run(main)


def test_failure_after_release_is_not_another_error_of_ours(loop: Loop) -> None:
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

    loop.run(main)


def raise_stop_iteration() -> int:
    raise StopIteration("from inside")


def test_stop_iteration_arrives_as_an_await_error(loop: Loop) -> None:
    async def main() -> None:
        with pytest.raises(AwaitError, match="raise_stop_iteration raised StopIteration") as caught:
            await awaitable(raise_stop_iteration)
        assert isinstance(caught.value.__cause__, StopIteration)

    loop.run(main)


# Cycles.


@pytest.mark.parametrize("size", [1, 2, 3])
def test_coroutines_that_need_each_other_raise(loop: Loop, size: int) -> None:
    closed = True

    async def need_the_next(position: int) -> int:
        await loop.pause()
        return await aws[(position + 1) % size] if closed else position

    aws: list[Any] = [awaitable(need_the_next, position) for position in range(size)]

    async def main() -> None:
        nonlocal closed
        with pytest.raises(AwaitCycleError) as caught:
            await aws[0]
        assert str(caught.value).count("need_the_next") == size + 1
        assert {type(failure) for failure in await loop.in_tasks(aws)} == {AwaitCycleError}
        closed = False
        assert await loop.in_tasks(aws) == list(range(size))

    loop.run(main)


def test_a_plain_function_that_needs_itself_raises(loop: Loop) -> None:
    def produce() -> int:
        return awaitable_wait(aw)

    aw = awaitable(produce)

    async def main() -> None:
        with pytest.raises(AwaitCycleError):
            await aw

    loop.run(main)
    assert not awaitable_done(aw)


def test_tasks_that_wait_for_the_same_awaits_are_no_cycle(loop: Loop) -> None:
    async def leaf() -> int:
        await loop.pause()
        return 1

    async def add(*aws: Any) -> int:
        return sum([await aw for aw in aws])

    async def main() -> None:
        leaves = [awaitable(leaf) for _ in range(5)]
        forward, backward = awaitable(add, *leaves), awaitable(add, *leaves[::-1])
        both = awaitable(add, forward, backward)
        assert await loop.in_tasks([forward, backward, both]) == [5, 5, 10]

    loop.run(main)


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
def test_an_await_can_be_driven_by_hand(
    loop: Loop, make: Callable[[], Any], steps: list[object]
) -> None:
    aw = make()
    assert drive(aw) == (steps, 5)
    assert drive(aw) == ([], 5)
    assert loop.run(partial(use, aw)) == 5


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
    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.seen: list[object] = []

    async def __aenter__(self) -> str:
        await self.loop.pause()
        return "entered"

    async def __aexit__(self, kind: object, error: object, traceback: object) -> bool:
        self.seen.append(error)
        return kind is KeyError


@pytest.mark.parametrize("lazy", STATES.values(), ids=STATES)
def test_async_with(loop: Loop, lazy: Callable[[Any], Any]) -> None:
    context, errors = AsyncContext(loop), [None, KeyError("swallowed"), ValueError("not swallowed")]

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
        with pytest.raises(TypeError, match="object does not support the asynchronous context"):
            async with lazy(5):
                pass

    loop.run(main)
    assert context.seen == errors


@pytest.mark.parametrize("lazy", STATES.values(), ids=STATES)
def test_async_for_and_anext(loop: Loop, lazy: Callable[[Any], Any]) -> None:
    async def count() -> AsyncIterator[int]:
        for number in range(3):
            await loop.pause()
            yield number

    async def main() -> None:
        assert [number async for number in lazy(count())] == [0, 1, 2]
        numbers = lazy(count())
        assert [await anext(numbers), await anext(numbers), await anext(numbers)] == [0, 1, 2]
        assert await anext(numbers, "end") == "end"
        with pytest.raises(StopAsyncIteration):
            await anext(numbers)
        with pytest.raises(TypeError, match="object is not an async iterable"):
            aiter(lazy(5))

    loop.run(main)


@pytest.mark.parametrize("use_it", ["async with", "anext"])
def test_entering_and_the_next_item_do_not_block_the_loop(loop: Loop, use_it: str) -> None:
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
        waiting = loop.start(enter(awaitable(lambda: [calls.call(), Entered(loop)][1])))
        await loop.until(calls.started.is_set)
        calls.finish.set()
        assert await waiting == "entered"

    loop.run(main)


def raise_stop_async_iteration() -> Any:
    raise StopAsyncIteration("from inside")


def test_stop_async_iteration_of_the_function_does_not_look_like_the_end(loop: Loop) -> None:
    async def main() -> None:
        with pytest.raises(AwaitError, match="raise_stop_async_iteration raised") as caught:
            await anext(awaitable(raise_stop_async_iteration), "end")
        assert isinstance(caught.value.__cause__, StopAsyncIteration)
        with pytest.raises(AwaitError, match="raise_stop_async_iteration raised"):
            await anext(awaitable(raise_stop_async_iteration))
        # Not a crash of Python: https://github.com/python/cpython/issues/131670
        number: Any = awaitable_nowait(5)
        with pytest.raises(TypeError, match="object is not an async iterator"):
            await anext(number, "end")

    loop.run(main)
