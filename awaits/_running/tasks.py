"""`await aw`: one run for any number of tasks and threads, none of which it blocks.

Imported by the first `await` of an Await that is not simply there, so that `import awaits` does not
load asyncio. What is asked of the event loop is in `event_loop.py`.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import nullcontext, suppress
from functools import partial
from types import GeneratorType
from typing import Any, cast

from awaits._running.awaitables import is_awaitable
from awaits._running.calls import dependencies, makes_a_coroutine, run_for
from awaits._running.event_loop import InterruptedWorkError, Loop, SharedFuture
from awaits._running.failures import copy_of, without_package
from awaits._running.implicit import wait_despite
from awaits._running.running_loop import running_loop
from awaits._state.errors import AwaitCycleError, AwaitError
from awaits._state.held_call import forget_value, function_name
from awaits._state.making import is_await
from awaits._state.slots import PENDING, AwaitBase, get_function, get_outcome, get_value, set_outcome
from awaits._state.threads import RLock, holding
from awaits._tracing import recording

# Reentrant, as a finalizer that uses an Await can run wherever memory is asked for.
_mutex = RLock()
# The run of each pending plain function that some task waits for, by the Await's id and the loop.
_runs: dict[tuple[int, Hashable], SharedFuture] = {}
# What each task waits for, and the task and the function that work on it.
_waiting: dict[Hashable, Future[Any]] = {}
_workers: dict[Future[Any], tuple[Hashable, Callable[..., Any]]] = {}


async def result_of(aw: AwaitBase) -> Any:
    """Return W, or what W awaits to, without blocking the event loop.

    A failure has none of the frames between whoever awaits and the function: they would be most of what
    each of many tasks logs.
    """
    try:
        value = await value_of(aw)
        if is_await(value):
            return await value
        if is_awaitable(value):
            return await _await_shared(aw, value)
        return value
    except Exception as failure:
        failure.__traceback__ = without_package(failure.__traceback__)
        raise


async def value_of(aw: AwaitBase) -> Any:
    """Return W, without blocking the event loop."""
    value = get_value(aw)
    if value is not PENDING:
        return value
    loop = running_loop()
    if loop is None:
        return _run_here(aw)
    for needed, whose in dependencies(aw):
        # The others run in the thread of the call that they are for.
        if makes_a_coroutine(needed) or makes_a_coroutine(whose):
            await result_of(needed)
    if makes_a_coroutine(aw):
        return _run_here(aw)
    return await _run_in_thread(aw, loop)


def _run_here(aw: AwaitBase) -> Any:
    # No coroutine can raise StopIteration: Python would make it a RuntimeError.
    return wait_despite(aw, StopIteration)


async def _run_in_thread(aw: AwaitBase, loop: Loop) -> Any:
    """Run the call in one worker thread, for all tasks of this loop."""
    key = (id(aw), loop.identity)
    # One look: the thread that ends the run takes it out meanwhile, and only this loop puts one in.
    run = _runs.get(key)
    begins = run is None
    if run is None:
        run = _runs[key] = SharedFuture()
    try:
        if begins:
            run.add_done_callback(partial(_forget_run, aw, key))
            await _begin(run, aw, loop)
            return await loop.join(run)
        with recording.waiting(aw):
            return await loop.join(run)
    except InterruptedWorkError:
        pass
    except CancelledError:
        if not run.cancelled():
            raise  # by the call itself
    finally:
        del run  # or a failure, whose traceback has this frame, would keep itself alive
    return await value_of(aw)


async def _begin(run: SharedFuture, aw: AwaitBase, loop: Loop) -> None:
    try:
        run_it = recording.on_behalf(recording.current_origin(), run_for)
        await loop.call_in_thread(run, partial(run_it, contextvars.copy_context(), _run_here, aw))
    except BaseException:
        run.cancel()  # so that another task begins anew, unless a thread has begun
        raise


async def _await_shared(aw: AwaitBase, value: Awaitable[Any]) -> Any:
    """Return the result of an awaitable W, which may be one that can be awaited only once."""
    loop = running_loop()
    work, outcome = holding(_mutex, _claim_work, aw, value, loop)
    try:
        if outcome is None:
            pass
        elif loop is None:
            return await _by_hand(work) if work else _result_without_a_loop(outcome)
        else:
            wait = nullcontext() if work else recording.waiting(aw)
            if work:
                # Outside of the mutex, as a loop with eager tasks begins the work at once.
                loop.drive(partial(_in_a_task, work), work.finish)
            work = None  # whoever drives it has it, or it is given up
            if outcome.done():
                return outcome.result()
            with wait:
                return await _join(outcome, loop)
    except InterruptedWorkError:
        pass
    finally:
        del work, outcome  # or a failure, whose traceback has this frame, would keep itself alive
    # Since this value was read, the work on it failed or was stopped.
    return await result_of(aw)


class _Outcome(SharedFuture):
    """What an awaitable W gives, worked on in this loop, or by hand."""

    def __init__(self, loop: Loop | None) -> None:
        super().__init__()
        self._loop = loop

    def is_abandoned(self) -> bool:
        """Say whether nobody will come to set it any more, as the loop of the work is closed."""
        # In this order: a loop can set it and be closed between two looks.
        return self._loop is not None and self._loop.is_closed() and not self.done()


class _Work:
    """The work on an awaitable W. Whoever has it is to finish it; if all drop it, it is given up."""

    __slots__ = ("aw", "outcome", "recorded", "value")

    def __init__(self, aw: AwaitBase, value: Awaitable[Any], outcome: _Outcome) -> None:
        self.outcome = outcome
        self.value = value
        self.recorded = recording.work_on(aw)
        self.aw = aw

    def finish(self, failure: BaseException | None, result: Any = None) -> None:
        """Hand the result on; after a failure, make the Await one that can be awaited again.

        Nothing is done if another came first, as one who found that it was given up.
        """
        if self.outcome.done():
            return
        if self.recorded is not None:
            self.recorded.end(failure, result)
        with suppress(InvalidStateError):  # the other may come just here
            if failure is None:
                self.outcome.set_result(result)
            else:
                holding(_mutex, _forget, self.aw, self.value, self.outcome)
                self.outcome.set_exception(failure)
        _workers.pop(self.outcome, None)

    def __del__(self) -> None:
        # An interrupt can have struck anywhere, and those who wait are to go on.
        if hasattr(self, "aw"):
            self.finish(InterruptedWorkError())


def _forget(aw: AwaitBase, value: Awaitable[Any], outcome: _Outcome) -> None:
    """Make the Await one that can be awaited again. To be done with the mutex."""
    if get_outcome(aw) is outcome:
        if isinstance(value, (Coroutine, GeneratorType)):  # which run once only
            forget_value(aw)
        set_outcome(aw, None)


def _claim_work(
    aw: AwaitBase, value: Awaitable[Any], loop: Loop | None
) -> tuple[_Work | None, _Outcome | None]:
    """Return the work, if it is the caller's to do, and what the result will be in.

    To be done with the mutex.
    """
    outcome: _Outcome | None = get_outcome(aw)
    if outcome is not None and outcome.is_abandoned():
        _Work(aw, value, outcome).finish(InterruptedWorkError())
        outcome = None
    if outcome is not None or get_value(aw) is not value:
        return None, outcome
    outcome = _Outcome(loop)
    work = _Work(aw, value, outcome)
    if isinstance(value, asyncio.Task):  # that is who works on it, and it may wait for this
        _workers[outcome] = id(value), get_function(aw)
    set_outcome(aw, outcome)
    return work, outcome


async def _in_a_task(work: _Work) -> Any:
    task = cast("Loop", running_loop()).task
    holding(_mutex, _workers.setdefault, work.outcome, (task, get_function(work.aw)))
    if work.recorded is not None:
        work.recorded.run.begin()
    value = work.value
    del work  # or a failure, whose traceback has this frame, would keep itself alive
    return await value


async def _by_hand(work: _Work) -> Any:
    """Work in the coroutine that awaits, where there is no event loop that could do it."""
    try:
        result = await work.value
    except GeneratorExit:  # whoever drove the coroutine gave it up
        work.finish(InterruptedWorkError())
        raise
    except BaseException as failure:
        work.finish(copy_of(failure).with_traceback(failure.__traceback__))
        raise
    else:
        work.finish(None, result)
        return result
    finally:
        del work  # or a failure, whose traceback has this frame, would keep itself alive


def _result_without_a_loop(outcome: Future[Any]) -> Any:
    if not outcome.done():
        raise AwaitError(
            "another coroutine works on the result of this Await, and there is no event loop in which"
            " to wait for it: await it in asyncio or trio"
        )
    return outcome.result()


async def _join(outcome: _Outcome, loop: Loop) -> Any:
    """Wait for what another task works on; refuse if that task waits, however indirectly, for this."""
    me = loop.task
    try:
        cycle = holding(_mutex, _begin_to_wait, outcome, me)
        if cycle:
            raise AwaitCycleError(f"an Await needs its own result: {cycle}")
        return await loop.join(outcome)
    finally:
        del outcome  # or a failure, whose traceback has this frame, would keep itself alive
        _waiting.pop(me, None)


def _begin_to_wait(outcome: Future[Any], me: Hashable) -> str:
    """Note that this task waits, unless that is a cycle, whose functions are named then."""
    cycle = _cycle(outcome, me)
    if not cycle:
        _waiting[me] = outcome
    return cycle


def _cycle(wanted: Future[Any], me: Hashable) -> str:
    """Name the functions from what is wanted on to the calling task, or none if that is no cycle."""
    functions = []
    outcome: Future[Any] | None = wanted
    while outcome is not None and (known := _workers.get(outcome)) is not None:
        worker, function = known
        functions.append(function)
        if worker == me:
            return " -> ".join(map(function_name, [*functions, functions[0]]))
        outcome = _waiting.get(worker)
    return ""


def _forget_run(aw: AwaitBase, key: tuple[int, Hashable], run: Future[Any]) -> None:
    # The Await is kept alive until here, so that its id is no other Await's.
    del _runs[key]


def _forget_other_threads() -> None:
    """Free, in a forked child, what the parent's loops and tasks were about."""
    global _mutex
    _mutex = RLock()
    for table in (_runs, _waiting, _workers):
        cast("dict[Any, Any]", table).clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
