"""`await aw`: one run for any number of tasks and threads, none of which it blocks.

Imported by the first `await` of an Await that is not simply there, so that `import awaits` does not
load asyncio. What is asked of the event loop is in `_loops.py`.
"""

from __future__ import annotations

import contextvars
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import CancelledError, Future
from functools import partial
from types import GeneratorType
from typing import Any, cast

from awaits import _turns
from awaits._await import (
    PENDING,
    Await,
    entering_async,
    forget_value,
    get_function,
    get_outcome,
    get_value,
    is_awaitable,
    set_outcome,
    swallowed,
    wait_despite,
)
from awaits._errors import AwaitCycleError, AwaitError
from awaits._loops import InterruptedWorkError, Loop, running_loop

# Reentrant, as a finalizer that uses an Await can run wherever memory is asked for.
_mutex = threading.RLock()
# The run of each pending plain function that some task waits for, by the Await's id and the loop.
_runs: dict[tuple[int, Hashable], Future[Any]] = {}
# What each task waits for, and the task and the function that work on it.
_waiting: dict[Hashable, Future[Any]] = {}
_workers: dict[Future[Any], tuple[Hashable, Callable[..., Any]]] = {}


async def result_of(aw: Await[Any]) -> Any:
    """Return W, or what W awaits to, without blocking the event loop."""
    value = await value_of(aw)
    if isinstance(value, Await):
        return await value
    if is_awaitable(value):
        return await _shared(aw, value)
    return value


async def value_of(aw: Await[Any]) -> Any:
    """Return W, without blocking the event loop."""
    value = get_value(aw)
    if value is not PENDING:
        return value
    loop = running_loop()
    if loop is None or _only_makes_a_coroutine(get_function(aw)):
        return _run_here(aw)
    return await _run_in_thread(aw, loop)


async def enter(aw: Await[Any]) -> Any:
    """Enter W as an asynchronous context, without blocking the event loop."""
    return await entering_async(await value_of(aw))()


async def next_of(aw: Await[Any]) -> Any:
    """Return the next item of W, an asynchronous iterator, without blocking the event loop."""
    try:
        value = await value_of(aw)
    except StopAsyncIteration as error:  # Python would take it for the end
        raise swallowed(aw, error) from error
    return await anext(value)


def _only_makes_a_coroutine(function: Any) -> bool:
    # A function that is an Await itself is not asked, as that would run its call here.
    return not isinstance(function, Await) and inspect.iscoroutinefunction(function)


def _run_here(aw: Await[Any]) -> Any:
    # No coroutine can raise StopIteration: Python would make it a RuntimeError.
    return wait_despite(aw, StopIteration)


async def _run_in_thread(aw: Await[Any], loop: Loop) -> Any:
    """Run the call in one worker thread, for all tasks of this loop."""
    key = (id(aw), loop.identity)
    begins = key not in _runs
    run = _runs.setdefault(key, Future())
    try:
        if begins:
            run.add_done_callback(partial(_forget_run, aw, key))
            await _begin(run, aw, loop)
        return await loop.join(run)
    except CancelledError:
        if not run.cancelled():
            raise  # by the call itself
    finally:
        del run  # or a failure, whose traceback has this frame, would keep itself alive
    return await value_of(aw)


async def _begin(run: Future[Any], aw: Await[Any], loop: Loop) -> None:
    try:
        await loop.call_in_thread(run, partial(contextvars.copy_context().run, _run_here, aw))
    except BaseException:
        run.cancel()  # so that another task begins anew, unless a thread has begun
        raise


async def _shared(aw: Await[Any], value: Awaitable[Any]) -> Any:
    """Return the result of an awaitable W, which may be one that can be awaited only once."""
    loop = running_loop()
    outcome, begins = _take_outcome(aw, value)
    try:
        if outcome is None:
            pass
        elif loop is None:
            return await _by_hand(aw, value, outcome) if begins else _result_without_a_loop(outcome)
        else:
            if begins:
                _drive(aw, value, outcome, loop)
            return outcome.result() if outcome.done() else await _join(outcome, loop)
    except InterruptedWorkError:
        pass
    finally:
        del outcome  # or a failure, whose traceback has this frame, would keep itself alive
    # Since this value was read, the work on it failed or was stopped.
    return await result_of(aw)


def _take_outcome(aw: Await[Any], value: Awaitable[Any]) -> tuple[Future[Any] | None, bool]:
    """Return what the result will be in, and whether the caller is the one to work on it."""
    with _mutex:
        outcome: Future[Any] | None = get_outcome(aw)
        begins = outcome is None and get_value(aw) is value
        if begins:
            outcome = Future()
            set_outcome(aw, outcome)
        return outcome, begins


def _drive(aw: Await[Any], value: Awaitable[Any], outcome: Future[Any], loop: Loop) -> None:
    finish = partial(_finish, aw, value, outcome)
    try:
        loop.drive(partial(_work, get_function(aw), value, outcome), finish)
    except BaseException:
        finish(InterruptedWorkError())
        raise


async def _work(function: Callable[..., Any], value: Awaitable[Any], outcome: Future[Any]) -> Any:
    task = cast("Loop", running_loop()).task
    with _mutex:
        _workers[outcome] = task, function
    del outcome  # or a failure, whose traceback has this frame, would keep itself alive
    return await value


async def _by_hand(aw: Await[Any], value: Awaitable[Any], outcome: Future[Any]) -> Any:
    """Work in the coroutine that awaits, where there is no event loop that could do it."""
    try:
        result = await value
    except GeneratorExit:  # whoever drove the coroutine gave it up
        _finish(aw, value, outcome, InterruptedWorkError())
        raise
    except BaseException as failure:
        _finish(aw, value, outcome, failure)
        raise
    else:
        _finish(aw, value, outcome, None, result)
        return result
    finally:
        del outcome  # or a failure, whose traceback has this frame, would keep itself alive


def _result_without_a_loop(outcome: Future[Any]) -> Any:
    if not outcome.done():
        raise AwaitError(
            "another coroutine works on the result of this Await, and there is no event loop in which"
            " to wait for it: await it in asyncio or trio"
        )
    return outcome.result()


def _finish(
    aw: Await[Any],
    value: Awaitable[Any],
    outcome: Future[Any],
    failure: BaseException | None,
    result: Any = None,
) -> None:
    """Hand the result on; after a failure, make the Await one that can be awaited again."""
    with _mutex:
        _workers.pop(outcome, None)
        if failure is not None:
            set_outcome(aw, None)
            if isinstance(value, (Coroutine, GeneratorType)):  # which run once only
                forget_value(aw)
    if failure is None:
        outcome.set_result(result)
    else:
        outcome.set_exception(failure)


async def _join(outcome: Future[Any], loop: Loop) -> Any:
    """Wait for what another task works on; refuse if that task waits, however indirectly, for this."""
    me = loop.task
    try:
        with _mutex:
            _refuse_cycle(outcome, me)
            _waiting[me] = outcome
        return await loop.join(outcome)
    finally:
        del outcome  # or a failure, whose traceback has this frame, would keep itself alive
        with _mutex:
            _waiting.pop(me, None)


def _refuse_cycle(wanted: Future[Any], me: Hashable) -> None:
    functions = []
    outcome: Future[Any] | None = wanted
    while outcome is not None and outcome in _workers:
        worker, function = _workers[outcome]
        functions.append(function)
        if worker == me:
            names = " -> ".join(map(_turns.function_name, [*functions, functions[0]]))
            raise AwaitCycleError(f"an Await needs its own result: {names}")
        outcome = _waiting.get(worker)


def _forget_run(aw: Await[Any], key: tuple[int, Hashable], run: Future[Any]) -> None:
    # The Await is kept alive until here, so that its id is no other Await's.
    del _runs[key]


def _forget_other_threads() -> None:
    """Free, in a forked child, what the parent's loops and tasks were about."""
    global _mutex
    _mutex = threading.RLock()
    for table in (_runs, _waiting, _workers):
        cast("dict[Any, Any]", table).clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
