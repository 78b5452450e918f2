"""What `await` asks of an event loop, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Future
from typing import Any, Protocol

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
