"""What `await` asks of an event loop, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Protocol

from awaits._running.failures import copy_of, left_function

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

    async def join(self, future: SharedFuture) -> Any:
        """Wait for a result that any thread may set; cancelling this leaves the future alone."""


class SharedFuture(Future[Any]):
    """A future that gives each who waits a failure for itself: the first the error, others a copy."""

    def __init__(self) -> None:
        super().__init__()
        self._left_function: TracebackType | None = None
        self._not_raised: list[BaseException] = []
        # What wakes those who wait in each loop, where that has one event for all of them.
        self.events: dict[Hashable, Any] = {}

    def set_exception(self, exception: BaseException | None) -> None:
        """Keep the traceback as it is now."""
        if exception is not None:
            self._left_function = left_function(exception.__traceback__)
            self._not_raised.append(exception)
        super().set_exception(exception)

    def result(self, timeout: float | None = None) -> Any:
        """Return the result, or raise the exception that was set; `timeout` is in seconds."""
        error = self.exception(timeout)
        if error is None:
            return super().result()
        try:
            raise self._own(error).with_traceback(self._left_function)
        finally:
            del self, error  # or the failure, whose traceback has this frame, would keep itself alive

    def _own(self, error: BaseException) -> Any:
        try:
            return self._not_raised.pop()
        except IndexError:
            return copy_of(error)


class InterruptedWorkError(Exception):
    """Whoever worked on a result was stopped, by the end of its loop for one. Another may work on it."""


def run_work_item(job: list[Any]) -> None:
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
