"""The event loop of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from awaits._running.event_loop import Finish, InterruptedWorkError, SharedFuture, Work, run_work_item


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
        ended = self.identity.run_in_executor(None, run_work_item, [run, function])
        ended.add_done_callback(partial(_give_up, run))

    def drive(self, work: Work, finish: Finish) -> None:
        """Make it a task of its own."""
        self.identity.create_task(work()).add_done_callback(partial(_report, finish))

    async def join(self, future: SharedFuture) -> Any:
        """Wait for an event of this loop, which is one for all its tasks: the loop is woken once."""
        woken = future.events.get(self.identity)
        if woken is None:
            woken = future.events[self.identity] = asyncio.Event()
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
