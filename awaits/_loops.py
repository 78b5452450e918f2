"""What `await` asks of the event loop that runs it: asyncio's here, trio's in `_trio.py`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from awaits._errors import AwaitError

Work = Callable[[], Coroutine[Any, Any, Any]]


class Finish(Protocol):
    """To be called when work has ended, with its failure or its result."""

    def __call__(self, failure: BaseException | None, result: Any = None, /) -> None:
        """Take the failure, or None and the result."""


class Loop(Protocol):
    """The event loop as the running task sees it."""

    @property
    def identity(self) -> Hashable:
        """What tells one running loop from another."""

    @property
    def task(self) -> Hashable:
        """What tells the running task from another."""

    def is_closed(self) -> bool:
        """Say whether the loop will run nothing any more; from any thread."""

    async def call_in_thread(self, run: Future[Any], function: Callable[[], Any]) -> None:
        """Have a worker thread fill `run`. After an exception `run.cancel()` says if none has begun."""

    def drive(self, work: Work, finish: Finish) -> None:
        """Run a coroutine to its end, whatever becomes of the running task."""

    async def join(self, future: Future[Any]) -> Any:
        """Wait for a result that any thread may set; cancelling this leaves the future alone."""


class InterruptedWorkError(Exception):
    """Whoever worked on a result was stopped, by the end of its loop for one. Another may work on it."""


def running_loop() -> Loop | None:
    """Return the loop that runs the calling task, or None where a coroutine is driven by hand."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is not None:
        return AsyncioLoop(task)
    trio = sys.modules.get("trio")
    if trio is None or not trio.lowlevel.in_trio_task():
        return None
    try:
        from awaits import _trio
    except ImportError as error:
        raise AwaitError(
            "await on an Await under trio needs anyio 4.11 or newer: pip install 'awaits[trio]'"
        ) from error
    return _trio.TrioLoop()


def fill(job: list[Any]) -> None:
    """Call the function of a job `[future, function]` for that future, unless it was cancelled.

    Empties the job: the frames below this one hold it, and would keep a failure alive with the future.
    """
    function, run = job.pop(), job.pop()
    if not run.set_running_or_notify_cancel():
        return
    try:
        run.set_result(function())
    except BaseException as error:
        run.set_exception(error)
    finally:
        del run, function  # or a failure, whose traceback has this frame, would keep itself alive


class AsyncioLoop:
    """The loop of an asyncio task."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        # No reference, or a failure of the task, whose traceback has frames with this, would keep itself
        # alive.
        self.task = id(task)
        self.identity = task.get_loop()

    def is_closed(self) -> bool:
        """Ask the loop."""
        return self.identity.is_closed()

    async def call_in_thread(self, run: Future[Any], function: Callable[[], Any]) -> None:
        """Use the loop's own executor, which begins every call that it was given."""
        ended = self.identity.run_in_executor(None, fill, [run, function])
        ended.add_done_callback(partial(_give_up, run))

    def drive(self, work: Work, finish: Finish) -> None:
        """Make it a task of its own."""
        self.identity.create_task(work()).add_done_callback(partial(_report, finish))

    async def join(self, future: Future[Any]) -> Any:
        """Wait for an event of this loop."""
        woken = asyncio.Event()
        future.add_done_callback(partial(_wake, self.identity, woken))
        try:
            await woken.wait()
            return future.result()
        finally:
            del future  # or its exception, whose traceback has this frame, would keep itself alive


def _give_up(run: Future[Any], ended: asyncio.Future[None]) -> None:
    """Let those who wait go on, where an interrupt kept the thread from filling the future."""
    if not run.cancel() and not run.done():
        run.set_exception(InterruptedWorkError())
    if not ended.cancelled():
        ended.exception()  # looked at, or asyncio would log it


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event, future: Future[Any]) -> None:
    with suppress(RuntimeError):  # the loop is closed, so that nobody waits
        loop.call_soon_threadsafe(woken.set)


def _report(finish: Finish, worker: asyncio.Task[Any]) -> None:
    if worker.cancelled():
        finish(InterruptedWorkError() if worker.cancelling() else _cancellation_of(worker))
    elif (failure := worker.exception()) is not None:
        finish(failure)
    else:
        finish(None, worker.result())


def _cancellation_of(worker: asyncio.Task[Any]) -> BaseException:
    """Return the cancellation of a task that nobody asked to stop: it is from what it worked on."""
    try:
        worker.result()
    except asyncio.CancelledError as cancellation:
        # Without the frames of this module, which have the task, and would keep it alive.
        return cancellation.with_traceback(None)
    raise AssertionError
