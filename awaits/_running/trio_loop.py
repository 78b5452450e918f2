"""The event loop of trio, through anyio (https://anyio.readthedocs.io/en/stable/threads.html)."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from threading import get_ident
from typing import Any

import anyio.from_thread
import anyio.to_thread
import trio
from anyio.lowlevel import EventLoopToken, current_token

from awaits._running.event_loop import Finish, InterruptedWorkError, SharedFuture, Work, run_work_item


class TrioLoop:
    """The loop of a trio task."""

    def __init__(self) -> None:
        self._token = current_token()
        self._thread = get_ident()
        self.identity = trio.lowlevel.current_trio_token()
        self.task = anyio.get_current_task().id

    def is_closed(self) -> bool:
        """Ask trio itself: anyio has no question that does not wait for the loop."""
        try:
            self.identity.run_sync_soon(int)
        except trio.RunFinishedError:
            return True
        return False

    async def call_in_thread(self, run: Future[Any], function: Callable[[], Any]) -> None:
        """Use anyio's threads, within its limit; raise if cancelled, maybe before a thread has begun."""
        await anyio.to_thread.run_sync(run_work_item, [run, function], abandon_on_cancel=True)

    def drive(self, work: Work, finish: Finish) -> None:
        """Run it in a system task, which only another thread can have made through anyio."""
        target = contextvars.copy_context().run
        threading.Thread(target=target, args=(_shepherd, work, finish, self._token), daemon=True).start()

    async def join(self, future: SharedFuture) -> Any:
        """Wait for an event of this loop."""
        woken = anyio.Event()
        future.add_done_callback(partial(self._wake, woken))
        try:
            await woken.wait()
            return future.result()
        finally:
            del future  # or its exception, whose traceback has this frame, would keep itself alive

    def _wake(self, woken: anyio.Event, future: Future[Any]) -> None:
        if get_ident() == self._thread:
            woken.set()
            return
        # Not by anyio, which refuses the thread of any loop of trio: another one's for one.
        with suppress(trio.RunFinishedError):
            self.identity.run_sync_soon(woken.set)


def _shepherd(work: Work, finish: Finish, token: EventLoopToken) -> None:
    with suppress(trio.Cancelled, anyio.RunFinishedError):
        anyio.from_thread.run(_finish_in_loop, work, finish, token=token)
    finish(InterruptedWorkError())  # unless it is finished


async def _finish_in_loop(work: Work, finish: Finish) -> None:
    """Work, and hand on what it gives while the loop is still open, so that nobody takes it over."""
    try:
        result = await work()
    except trio.Cancelled:
        raise
    except BaseException as failure:
        finish(failure)
    else:
        finish(None, result)
    finally:
        del work, finish  # or the exception, whose traceback has this frame, would keep itself alive
