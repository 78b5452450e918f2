"""`await aw` in asyncio: one run for any number of tasks and threads, none of which it blocks.

Imported by the first `await` of an Await that is not simply there, so that `import awaits` does not
load asyncio.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import inspect
import os
import threading
from collections.abc import Awaitable, Coroutine
from functools import partial
from typing import Any, cast

from awaits import _turns
from awaits._await import (
    PENDING,
    Await,
    get_function,
    get_outcome,
    get_value,
    nowait_function,
    released_function,
    set_outcome,
    set_value,
    wait_despite,
)
from awaits._errors import AwaitCycleError, AwaitError

_mutex = threading.Lock()
# The run of each pending Await that some task waits for, by the Await's id and the loop.
_runs: dict[tuple[int, asyncio.AbstractEventLoop], asyncio.Future[Any]] = {}
# What each task waits for, and the task that works on it.
_waiting: dict[asyncio.Task[Any], concurrent.futures.Future[Any]] = {}
_workers: dict[concurrent.futures.Future[Any], asyncio.Task[Any]] = {}


async def result_of(aw: Await[Any]) -> Any:
    """Return W, or what W awaits to, without blocking the event loop."""
    value = get_value(aw)
    if value is PENDING:
        value = await _run(aw)
    if isinstance(value, Await):
        return await value
    if isinstance(value, Awaitable):
        return await _shared(aw, value)
    return value


async def _run(aw: Await[Any]) -> Any:
    """Run the call: a coroutine function here, as it only makes a coroutine, any other in a thread."""
    loop = _running_loop("await on a pending Await", "use awaitable_wait first")
    function = get_function(aw)
    # A function that is an Await itself is not asked, as that would run its call here.
    if not isinstance(function, Await) and inspect.iscoroutinefunction(function):
        return _value_of(aw)
    key = (id(aw), loop)
    run = _runs.get(key)
    if run is None:
        context = contextvars.copy_context()
        run = _runs[key] = loop.run_in_executor(None, partial(context.run, _value_of, aw))
        run.add_done_callback(partial(_forget_run, aw, key))
    # Shielded: a task that is cancelled stops waiting, and the run goes on for the others.
    return await asyncio.shield(run)


def _running_loop(use: str, advice: str) -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise AwaitError(f"{use} needs a running asyncio event loop: {advice}") from None


def _value_of(aw: Await[Any]) -> Any:
    # No coroutine can raise StopIteration: Python would make it a RuntimeError.
    return wait_despite(aw, StopIteration)


class _InterruptedError(Exception):
    """The task that worked on an awaitable W was cancelled, by the end of its loop for one."""


async def _shared(aw: Await[Any], value: Awaitable[Any]) -> Any:
    """Return the result of an awaitable W, which may be one that can be awaited only once."""
    with _mutex:
        outcome: concurrent.futures.Future[Any] | None = get_outcome(aw)
        begins = outcome is None and get_value(aw) is value
        if begins:
            loop = _running_loop("await on an Await of an awaitable", "await it in a coroutine")
            outcome = concurrent.futures.Future()
            outcome.set_running_or_notify_cancel()  # so that cancelling a waiter cannot cancel it
            set_outcome(aw, outcome)
    if outcome is None:  # since this value was read, the work on it failed in another thread
        return await result_of(aw)
    if begins:
        # Outside of the mutex, as a loop with eager tasks begins the work at once.
        worker = loop.create_task(_work(value, outcome))
        worker.add_done_callback(partial(_finish, aw, value, outcome))
    try:
        return outcome.result() if outcome.done() else await _join(aw, outcome)
    except _InterruptedError:
        return await result_of(aw)


async def _work(value: Awaitable[Any], outcome: concurrent.futures.Future[Any]) -> Any:
    with _mutex:
        _workers[outcome] = cast("asyncio.Task[Any]", asyncio.current_task())
    return await value


def _finish(
    aw: Await[Any],
    value: Awaitable[Any],
    outcome: concurrent.futures.Future[Any],
    worker: asyncio.Task[Any],
) -> None:
    """Hand the result on; after a failure, make the Await one that can be awaited again."""
    with _mutex:
        _workers.pop(outcome, None)
    failure: BaseException | None
    if worker.cancelled():
        failure = _InterruptedError() if worker.cancelling() else asyncio.CancelledError()
    else:
        failure = worker.exception()
    if failure is None:
        outcome.set_result(worker.result())
        return
    function = get_function(aw)
    with _mutex:
        set_outcome(aw, None)
        if isinstance(value, Coroutine) and not (
            function is nowait_function or function is released_function
        ):
            set_value(aw, PENDING)
    outcome.set_exception(failure)


async def _join(aw: Await[Any], outcome: concurrent.futures.Future[Any]) -> Any:
    """Wait for what another task works on; refuse if that task waits, however indirectly, for this."""
    me = cast("asyncio.Task[Any]", asyncio.current_task())
    with _mutex:
        worker = _workers.get(outcome)
        while worker is not None:
            if worker is me:
                name = _turns.function_name(get_function(aw))
                raise AwaitCycleError(f"an Await needs its own result: {name} -> ... -> {name}")
            worker = _workers.get(_waiting[worker]) if worker in _waiting else None
        _waiting[me] = outcome
    try:
        return await asyncio.wrap_future(outcome)
    finally:
        with _mutex:
            del _waiting[me]


def _forget_other_threads() -> None:
    """Free, in a forked child, what the parent's loops and tasks were about."""
    global _mutex
    _mutex = threading.Lock()
    for table in (_runs, _waiting, _workers):
        cast("dict[Any, Any]", table).clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)


def _forget_run(
    aw: Await[Any],  # kept alive until here, so that its id is no other Await's
    key: tuple[int, asyncio.AbstractEventLoop],
    run: asyncio.Future[Any],
) -> None:
    del _runs[key]
    if not run.cancelled():
        run.exception()  # looked at, as asyncio would log it if every waiter was cancelled
