"""Which call of many is submitted when: each once all that it needs is there."""

from __future__ import annotations

import contextvars
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Future,
    ThreadPoolExecutor,
)
from contextlib import suppress
from functools import cache, partial
from itertools import chain
from math import inf
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self, TypeGuard

from awaits._await import Await
from awaits._running.awaitables import awaited
from awaits._running.calls import (
    is_ready,
    makes_a_coroutine,
    pending_arguments,
    run,
    value_of,
)
from awaits._running.claims import hold, is_running, remote_results
from awaits._running.failures import for_one_more
from awaits._state.held_call import forget_call, function_name
from awaits._state.slots import PENDING, get_function, get_value
from awaits._state.threads import holding
from awaits._tracing import recording

if TYPE_CHECKING:
    import asyncio

    from awaits._scheduling.remote import Workers

# An Await, unless only others need it, and the failure of its call.
Completion = tuple[Await[Any] | None, BaseException | None]
OnCompletion = Callable[[Await[Any], BaseException | None], object]


class Schedule:
    """The calls that are needed for some Awaits, each submitted once all that it needs is there."""

    def __init__(
        self,
        aws: list[Await[Any]],
        executor: Any,
        timeout_s: float | None,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        yields_each: bool,
        releases: bool,
    ) -> None:
        self.aws = aws
        self.wanted = set(map(id, aws))
        self.origin = recording.current_origin()
        self.context = contextvars.copy_context()  # the caller's, of which each call gets a copy
        self.loop = loop  # where coroutines run, if one is
        self.executor: Any = executor or ThreadPoolExecutor(processors() + 4)
        self.is_own = executor is None
        self.workers = workers_of(self.executor)  # unless these are threads of this process
        self.deadline = None if timeout_s is None else time.monotonic() + timeout_s
        # What has ended, with its failure; but only the last, if nobody is to hear of each.
        self.completions: SimpleQueue[Completion] = SimpleQueue()
        self.yields_each = yields_each
        self.releases = releases  # whether each call is dropped once it is complete
        self.lock = threading.Lock()  # for all that follows
        # What is not complete, by the Await's id.
        self.submitted: dict[int, tuple[Future[Any], Await[Any]]] = {}
        self.ready: deque[Await[Any]] = deque()
        self.is_submitting = False
        self.is_stopped = False
        # Threads that run a call go on with what is ready, as to submit takes longer than most else. One
        # more than there are threads is submitted, so that a call waits there for as long as some are
        # left. If the executor withdraws it, the others are withdrawn too.
        self.is_for_threads = self.workers is None and loop is None
        self.left_to_submit = (
            getattr(self.executor, "_max_workers", inf) + 1 if self.is_for_threads else inf
        )
        # By the id of an Await: how many it still needs, and those that need it.
        self.dependency_counts: dict[int, int] = {}
        self.dependents: dict[int, list[Await[Any]]] = {}
        self._plan(aws)
        if self.workers is not None:
            # Among the dependents is a call as often as it needs something.
            planned = chain(self.ready, *self.dependents.values())
            self.workers.check({id(aw): aw for aw in planned}.values())
        self.left = len(self.dependency_counts)

    def _plan(self, aws: list[Await[Any]]) -> None:
        takes_graphs = self.workers is not None and self.workers.takes_graphs
        todo = aws[::-1]
        while todo:
            aw = todo.pop()
            if id(aw) in self.dependency_counts or is_ready(aw):
                continue
            missing = {id(needed): needed for needed in (() if takes_graphs else pending_arguments(aw))}
            self.dependency_counts[id(aw)] = len(missing)
            if not missing:
                self.ready.append(aw)
                continue
            for key in missing:
                self.dependents.setdefault(key, []).append(aw)
            todo += reversed(missing.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.left:
            self._stop()
            self.completions.put((self.aws[0], CancelledError()))  # for a thread that waits for news
        if self.is_own:
            self.executor.shutdown(wait=False)

    def _stop(self) -> None:
        """Withdraw what has not started."""
        self.is_stopped = True  # first: who submits meanwhile looks at it afterwards
        for future, _ in list(self.submitted.values()):
            future.cancel()

    def __iter__(self) -> Iterator[Await[Any] | None]:
        """Run them all, and give each as it completes, or None for one that only others need.

        Give nothing if that is not told.
        """
        todo = len(self.dependency_counts)
        self._submit_ready()
        while todo:
            left = None if self.deadline is None else max(0, self.deadline - time.monotonic())
            try:
                aw, failure = self.completions.get(timeout=left)
            except Empty:
                raise TimeoutError(f"{self.left} Awaits were not complete in time") from None
            if failure is not None:
                raise self._annotated(failure, aw)
            if not self.yields_each:
                return
            todo -= 1
            yield aw

    def _annotated(self, failure: BaseException, aw: Await[Any] | None) -> BaseException:
        """Return the failure, with a note of what failed."""
        failure.add_note(f"while waiting for {aw!r}")
        if isinstance(failure, BrokenExecutor):  # which fails all that it had, whichever was the cause
            lost = [one for _, one in list(self.submitted.values()) if not is_ready(one)]
            names = sorted({function_name(get_function(one)) for one in lost})
            failure.add_note(f"not complete: {', '.join(names)}")
        with suppress(AttributeError):  # some exceptions have no place for it
            failure.aw = aw  # type: ignore[attr-defined]
        return failure

    def _submit_ready(self) -> None:
        """Submit what is ready. One at a time does, as this can end a call, which makes others ready."""
        while True:
            aw = holding(self.lock, self._next_ready)
            if aw is None:
                return
            try:
                future = self._start(aw)
            except Exception as failure:
                self._complete(aw, failure)
                return
            self._track(future, aw)
            self.is_submitting = False

    def _next_ready(self) -> Await[Any] | None:
        if self.is_submitting or self.is_stopped or not self.ready or not self.left_to_submit:
            return None
        self.is_submitting = True
        self.left_to_submit -= 1
        # The one more than there are threads is the last of them: it waits until the others are done.
        return self.ready.popleft() if self.left_to_submit else self.ready.pop()

    def _start(self, aw: Await[Any]) -> Future[Any]:
        """Submit the call, which is to end in `_complete`."""
        if self.loop is not None and makes_a_coroutine(aw):
            coroutine = recording.on_behalf_async(self.origin, awaited(aw))
            import asyncio  # only here: it is slow to import, and who has a loop has it

            in_loop = asyncio.run_coroutine_threadsafe
            future: Future[Any] = self.context.copy().run(in_loop, coroutine, self.loop)
            future.add_done_callback(partial(_complete_with, aw, self._complete))
            return future
        if self.workers is None:
            here: Future[Any] = self.executor.submit(
                recording.on_behalf(self.origin, self._run_here), aw
            )
            here.add_done_callback(partial(self._complete_if_lost, aw))
            return here
        submitted = None if is_running(aw) else self._submit_unless_begun(aw, self.workers)
        if submitted is None:  # somebody runs it, or has submitted it, for whom a thread is to wait
            return waiting_threads().submit(recording.on_behalf(self.origin, self._run_here), aw)
        submitted.add_done_callback(partial(_take_in, aw, self._complete))
        return submitted

    def _complete_if_lost(self, aw: Await[Any], future: Future[Any]) -> None:
        """Tell that no thread came to run the call: the executor was shut down, or cannot start any."""
        failure = _failure_of(future)
        if isinstance(failure, BrokenExecutor):
            self.submitted.clear()  # not to be withdrawn: it fails the others too
        if failure is not None:
            self._complete(aw, failure)

    def _run_here(self, aw: Await[Any] | None) -> None:
        """Run the call in this thread, and go on with what is ready."""
        # One that was submitted just when another failed is not to start any more.
        while aw is not None and not self.is_stopped:
            try:
                self.context.copy().run(value_of, aw)  # what it needs is there
            except BaseException as failure:
                self._complete(aw, failure)
                return
            aw = holding(self.lock, self._next_here, aw)
            if self.ready:
                self._submit_ready()

    def _next_here(self, completed: Await[Any]) -> Await[Any] | None:
        waiting = len(self.ready)
        self._note_completed(completed)
        # Where there is a loop, the next may be one of a coroutine function.
        if not self.is_for_threads or not self.ready or self.is_stopped:
            self.left_to_submit += 1
            return None
        # What has become ready by this goes first, so that fewer results are kept.
        return self.ready.pop() if len(self.ready) > waiting else self.ready.popleft()

    def _submit_unless_begun(self, aw: Await[Any], workers: Workers) -> Future[Any] | None:
        # Held, so that nobody begins to run it here meanwhile.
        submitted: Future[Any] | None = hold(aw, partial(self._submit_if_pending, workers))
        return submitted

    def _submit_if_pending(self, workers: Workers, aw: Await[Any]) -> Future[Any] | None:
        if id(aw) in remote_results or get_value(aw) is not PENDING:
            return None
        submitted, read = workers.submit(aw, self.ready)
        receive = partial(_receive, submitted, read)
        remote_results[id(aw)] = recording.submitted(aw, self.origin, receive, submitted.done)
        return submitted

    def _track(self, future: Future[Any], aw: Await[Any]) -> None:
        self.submitted[id(aw)] = future, aw
        if is_ready(aw):  # it came to its end before
            self.submitted.pop(id(aw), None)
        elif self.is_stopped:
            future.cancel()

    def _complete(self, aw: Await[Any], failure: BaseException | None) -> None:
        if failure is None:
            holding(self.lock, self._note_completed, aw)
            self._submit_ready()
        elif not self.is_stopped:  # else it was withdrawn, or comes after the first failure
            self._stop()
            self.completions.put((aw, failure))

    def _note_completed(self, aw: Await[Any]) -> None:
        """Tell of it, and then note what is ready now, which is not to end before."""
        self.left -= 1
        self.submitted.pop(id(aw), None)
        if self.releases:
            forget_call(aw)
        if self.yields_each or not self.left:
            # Those that only others need are not kept until somebody hears of them.
            self.completions.put((aw if id(aw) in self.wanted else None, None))
        for other in self.dependents.pop(id(aw), ()):
            self.dependency_counts[id(other)] -= 1
            if not self.dependency_counts[id(other)]:
                self.ready.append(other)


def workers_of(executor: Any) -> Workers | None:
    """Return how calls get to this executor; None if it has threads of this process."""
    if has_threads_here(executor):
        return None
    if hasattr(executor, "get_executor"):
        from awaits._scheduling.dask_cluster import Cluster  # only here: it needs dask

        return Cluster(executor)
    from awaits._scheduling.remote import Processes, Workers  # only here: threads do without

    is_of_processes = isinstance(executor, _class_of("process", "ProcessPoolExecutor"))
    return Processes(executor) if is_of_processes else Workers(executor)


def has_threads_here(executor: object) -> TypeGuard[ThreadPoolExecutor]:
    """Say whether the workers are threads of this process."""
    elsewhere = _class_of("interpreter", "InterpreterPoolExecutor")  # Python 3.14
    return isinstance(executor, ThreadPoolExecutor) and not isinstance(executor, elsewhere)


def _class_of(module: str, name: str) -> Any:
    """Return a class of executors, or none if it is not imported, so that there is no executor of it."""
    return getattr(sys.modules.get(f"concurrent.futures.{module}"), name, ())


def _complete_with(aw: Await[Any], on_completion: OnCompletion, future: Future[Any]) -> None:
    on_completion(aw, _failure_of(future))


def _failure_of(future: Future[Any]) -> BaseException | None:
    return CancelledError() if future.cancelled() else future.exception()


def _receive(sent: Future[Any], read: Callable[[Any], Any]) -> Any:
    try:
        failure = sent.exception()
    except CancelledError:
        return PENDING
    try:
        if failure is not None:
            raise for_one_more(failure, failure.__traceback__)  # as others may come for it too
        return read(sent.result())
    finally:
        del failure  # which would keep itself alive, as its traceback has this frame


def _take_in(aw: Await[Any], on_completion: OnCompletion, sent: Future[Any]) -> None:
    """Take the result in, unless somebody who waited for it did so already."""
    failure: BaseException | None = None
    try:
        if sent.cancelled():
            failure = CancelledError()
        else:
            run(aw)
    except BaseException as error:
        failure = error
    finally:
        remote_results.pop(id(aw), None)
    on_completion(aw, failure)


def processors() -> int:
    """Return how many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def waiting_threads() -> ThreadPoolExecutor:
    """Return the threads of this package's own, which run and wait on behalf of others."""
    return ThreadPoolExecutor(processors() + 4, thread_name_prefix="awaits")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=waiting_threads.cache_clear)
