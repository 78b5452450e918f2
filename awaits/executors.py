"""Many Awaits at once, on threads, processes or any other executor of PEP 3148 (`concurrent.futures`).

Each call runs once, whoever else uses its Await meanwhile, after the delayed calls that it needs. What
was computed stays computed, whatever fails, and what failed can be waited for again.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import pickle
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import chain
from queue import Empty, SimpleQueue
from typing import Any, Protocol, Self, TypeGuard, TypeVar, overload

from awaits import _recording, _travel, _turns
from awaits._await import Await, get_call, run
from awaits._delayed import Call, is_there, makes_a_coroutine, missing_arguments, value_of
from awaits._errors import AwaitError
from awaits._slots import PENDING, get_function, get_value

__all__ = [
    "Cluster",
    "as_completed",
    "as_completed_async",
    "prefetch",
    "prefetch_async",
    "wait_all",
    "wait_all_async",
]

W = TypeVar("W")


class Cluster(Protocol):
    """A `distributed.Client` of dask: see `awaits.dask`."""

    def get_executor(self, **kwargs: Any) -> Any:
        """Return an executor, which this is not."""


# An Await, and the failure of its call.
Ended = tuple[Await[Any], BaseException | None]
End = Callable[[Await[Any], BaseException | None], object]


def prefetch(aw: Await[W], executor: Executor | Cluster | None = None) -> Await[W]:
    """Start the run now, after what it needs, and return the same Await. A later use joins the run.

    Without an executor a thread of this module's own does it. A failure is not kept: a use that joined
    the run raises it, and one that comes later runs the call again.
    """
    _checked(aw, "prefetch")
    asked = _recording.asked_here()
    if executor is None or _has_threads_here(executor):
        (executor or _threads_of_prefetch()).submit(_recording.on_behalf(asked, value_of), aw)
    else:
        _threads_of_prefetch().submit(_recording.on_behalf(asked, wait_all), [aw], executor)
    return aw


@overload
def wait_all(
    aws: Iterable[Await[Coroutine[Any, Any, W]]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
) -> list[W]: ...
@overload
def wait_all(
    aws: Iterable[Await[W]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
) -> list[W]: ...
def wait_all(
    aws: Iterable[Await[Any]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
) -> list[Any]:
    """Run these and all that they need, as many at once as the executor allows; return all results.

    They are in the order of the Awaits; that of a coroutine is what it returns. Without an executor
    threads do it, for this call. The first failure stops what has not started, and is raised, with a
    note that names the Await, which is also its attribute `aw`. After `timeout_s` seconds `TimeoutError`
    is raised, and the rest stays pending. To another process calls and values travel by pickle, or by
    cloudpickle where that is installed; `AwaitError` names what cannot travel. `progress` shows a bar on
    a terminal or in a notebook; it needs `awaits[progress]`.
    """
    wanted = [_checked(aw, "wait_all") for aw in aws]
    with _Schedule(wanted, executor, timeout_s, tells_each=progress) as schedule:
        return _results(wanted, schedule, progress=progress)


def as_completed(
    aws: Iterable[Await[W]], executor: Executor | Cluster | None = None, timeout_s: float | None = None
) -> Iterator[Await[W]]:
    """Run these and all that they need, and give each of these once, as it completes.

    For the rest as `wait_all`. What has not started stays pending when the iterator is closed.
    """
    wanted = {id(aw): aw for aw in aws if _checked(aw, "as_completed") is aw}

    def each() -> Iterator[Await[W]]:
        with _Schedule([*wanted.values()], executor, timeout_s, tells_each=True) as schedule:
            yield from _in_turn(wanted, schedule)

    return each()


def prefetch_async(aw: Await[W], executor: Executor | Cluster | None = None) -> Await[W]:
    """Do as `prefetch` in the running loop of asyncio, where coroutine functions run."""
    waiting = wait_all_async([_checked(aw, "prefetch_async")], executor)
    task = asyncio.ensure_future(_recording.on_behalf_async(_recording.asked_here(), waiting))
    _prefetching.add(task)
    task.add_done_callback(_look_at_failure)
    return aw


@overload
async def wait_all_async(
    aws: Iterable[Await[Coroutine[Any, Any, W]]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
) -> list[W]: ...
@overload
async def wait_all_async(
    aws: Iterable[Await[W]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
) -> list[W]: ...
async def wait_all_async(
    aws: Iterable[Await[Any]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
) -> list[Any]:
    """Do as `wait_all` without blocking the running loop of asyncio, where coroutine functions run.

    If the task is cancelled, what has not started stays pending.
    """
    wanted = [_checked(aw, "wait_all_async") for aw in aws]
    loop = asyncio.get_running_loop()
    with _Schedule(wanted, executor, timeout_s, loop, tells_each=progress) as schedule:
        return await asyncio.to_thread(_results, wanted, schedule, progress=progress)


async def as_completed_async(
    aws: Iterable[Await[W]], executor: Executor | Cluster | None = None, timeout_s: float | None = None
) -> AsyncIterator[Await[W]]:
    """Do as `as_completed` in the running loop of asyncio, where coroutine functions run."""
    wanted = {id(aw): aw for aw in aws if _checked(aw, "as_completed_async") is aw}
    loop = asyncio.get_running_loop()
    news: asyncio.Queue[Await[W] | None] = asyncio.Queue()

    def tell_each() -> None:
        with suppress(RuntimeError):  # the loop is closed
            try:
                for aw in _in_turn(wanted, schedule):
                    loop.call_soon_threadsafe(news.put_nowait, aw)
            finally:
                loop.call_soon_threadsafe(news.put_nowait, None)

    with _Schedule([*wanted.values()], executor, timeout_s, loop, tells_each=True) as schedule:
        telling = asyncio.ensure_future(asyncio.to_thread(tell_each))
        telling.add_done_callback(_look_at_failure)
        while (aw := await news.get()) is not None:
            yield aw
        await telling


def _results(wanted: list[Await[W]], schedule: _Schedule, *, progress: bool) -> list[W]:
    with _bar(schedule.left, shown=progress) as count:
        for _ in schedule:
            count()
    return [value_of(aw) for aw in wanted]


def _in_turn(wanted: dict[int, Await[W]], schedule: _Schedule) -> Iterator[Await[W]]:
    """Give what is there, and then each as it completes, here or by others."""
    for key in [key for key, aw in wanted.items() if is_there(aw)]:
        yield wanted.pop(key)
    for aw in schedule:
        if id(aw) in wanted:
            yield wanted.pop(id(aw))
    yield from wanted.values()


# The tasks of what is prefetched in a loop, which holds them weakly.
_prefetching: set[asyncio.Future[Any]] = set()


def _look_at_failure(task: asyncio.Future[Any]) -> None:
    """Keep asyncio from complaining that nobody did."""
    _prefetching.discard(task)
    if not task.cancelled():
        task.exception()


class _Schedule:
    """The calls that are needed for some Awaits, each submitted once all that it needs is there."""

    def __init__(
        self,
        aws: list[Await[Any]],
        executor: Executor | Cluster | None,
        timeout_s: float | None,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        tells_each: bool,
    ) -> None:
        self.aws = aws
        self.asked = _recording.asked_here()
        self.loop = loop  # where coroutines run, if one is
        self.executor: Any = executor or ThreadPoolExecutor(_processors() + 4)
        self.is_own = executor is None
        self.deadline = None if timeout_s is None else time.monotonic() + timeout_s
        # What has ended, with its failure; without any if all that is asked for is when all have.
        self.news: SimpleQueue[Ended] = SimpleQueue()
        self.tells_each = tells_each
        self.lock = threading.Lock()  # for all that follows
        self.submitted: dict[Future[Any], Await[Any]] = {}
        self.ready: deque[Await[Any]] = deque()
        self.is_submitting = False
        self.is_stopped = False
        # What functions are to another process, by their ids: it is the same for many calls.
        self.sent_functions: dict[int, bytes] = {}
        # By the id of an Await: how many it still needs, and those that need it.
        self.needs: dict[int, int] = {}
        self.needed_by: dict[int, list[Await[Any]]] = {}
        # dask's futures, by the ids of their Awaits: a cluster gets the whole graph at once.
        self.on_cluster: dict[int, Any] | None = None
        if is_cluster(executor):
            self.ready.extend({id(aw): aw for aw in aws if not is_there(aw)}.values())
            self.needs = {id(aw): 0 for aw in self.ready}
        else:
            self._plan(aws)
            if isinstance(executor, ProcessPoolExecutor):
                self._check_that_all_can_travel()
        self.left = len(self.needs)

    def _plan(self, aws: list[Await[Any]]) -> None:
        todo = aws[::-1]
        while todo:
            aw = todo.pop()
            if id(aw) in self.needs or is_there(aw):
                continue
            missing = {id(needed): needed for needed in missing_arguments(aw)}
            self.needs[id(aw)] = len(missing)
            if not missing:
                self.ready.append(aw)
                continue
            for key in missing:
                self.needed_by.setdefault(key, []).append(aw)
            todo += reversed(missing.values())

    def _check_that_all_can_travel(self) -> None:
        """Refuse what cannot, before anything is sent. Values that are still to come are seen later."""
        planned = chain(self.ready, *self.needed_by.values())  # a call as often as it needs something
        for aw in {id(aw): aw for aw in planned}.values():
            function, args, kwargs = get_call(aw)
            self._pickled_function(function, aw)
            for name, argument in [*enumerate(args), *kwargs.items()]:
                if type(argument) is not Await and _travel.why_not(argument) is not None:
                    _pickled(argument, aw, f"argument {name!r}")  # cloudpickle carries more

    def _pickled_function(self, function: Callable[..., Any], aw: Await[Any]) -> bytes:
        if id(function) not in self.sent_functions:
            self.sent_functions[id(function)] = _pickled(function, aw, "the function")
        return self.sent_functions[id(function)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.left:
            self._stop()
            self.news.put((self.aws[0], CancelledError()))  # for a thread that waits for news
        if self.is_own:
            self.executor.shutdown(wait=False)

    def _stop(self) -> None:
        """Withdraw what has not started."""
        self.is_stopped = True  # first: who submits meanwhile looks at it afterwards
        for future in list(self.submitted):
            future.cancel()

    def __iter__(self) -> Iterator[Await[Any]]:
        """Run them all, and give each as it completes; or nothing, if that is not told."""
        todo = len(self.needs)
        self._submit_ready()
        while todo:
            left = None if self.deadline is None else max(0, self.deadline - time.monotonic())
            try:
                aw, failure = self.news.get(timeout=left)
            except Empty:
                raise TimeoutError(f"{self.left} Awaits were not complete in time") from None
            if failure is not None:
                raise self._named(failure, aw)
            if not self.tells_each:
                return
            todo -= 1
            yield aw

    def _named(self, failure: BaseException, aw: Await[Any]) -> BaseException:
        """Return the failure, with a note of what failed."""
        failure.add_note(f"while waiting for {aw!r}")
        if isinstance(failure, BrokenExecutor):  # which fails all that it had, whichever was the cause
            lost = {_name(one) for one in list(self.submitted.values()) if not is_there(one)}
            failure.add_note(f"not complete: {', '.join(sorted(lost))}")
        with suppress(AttributeError):  # some exceptions have no place for it
            failure.aw = aw  # type: ignore[attr-defined]
        return failure

    def _submit_ready(self) -> None:
        """Submit what is ready. One at a time does, as this can end a call, which makes others ready."""
        while True:
            with self.lock:
                if self.is_submitting or self.is_stopped or not self.ready:
                    return
                self.is_submitting = True
                aw = self.ready.popleft()
            try:
                future = self._start(aw)
            except Exception as failure:
                self._end(aw, failure)
                return
            self._keep(future, aw)
            with self.lock:
                self.is_submitting = False

    def _start(self, aw: Await[Any]) -> Future[Any]:
        """Submit the call, which is to end in `_end`."""
        if self.loop is not None and makes_a_coroutine(aw):
            awaited = _recording.on_behalf_async(self.asked, _awaited(aw))
            future = asyncio.run_coroutine_threadsafe(awaited, self.loop)
            future.add_done_callback(partial(_end_with, aw, self._end))
            return future
        run_here = _recording.on_behalf(self.asked, _run_here)
        if _has_threads_here(self.executor):
            here = self.executor.submit(run_here, aw, self._end)
            here.add_done_callback(partial(_end_if_cancelled, aw, self._end))
            return here
        sent = None if _turns.is_running(id(aw)) else self._send_unless_begun(aw)
        if sent is None:  # somebody runs it, or has sent it, for whom a thread is to wait
            return _threads_of_prefetch().submit(run_here, aw, self._end)
        sent.add_done_callback(partial(_complete, aw, self._end))
        return sent

    def _send_unless_begun(self, aw: Await[Any]) -> Future[Any] | None:
        turn = _turns.Turn(aw)
        with turn.lock:  # so that nobody begins to run it here meanwhile
            try:
                turn.begin()
                if id(aw) in _turns.elsewhere or get_value(aw) is not PENDING:
                    return None
                sent, read = self._send(aw)
                receive = partial(_receive, sent, read)
                _turns.elsewhere[id(aw)] = _recording.sent(aw, self.asked, receive, sent.done)
            finally:
                turn.end()
        return sent

    def _send(self, aw: Await[Any]) -> tuple[Future[Any], Callable[[Any], Any]]:
        """Submit the call to wherever the executor is, and return how to read its result."""
        if is_cluster(self.executor):
            if self.on_cluster is None:
                from awaits import dask  # only here: it needs dask

                self.on_cluster = dask.compute(self.executor, [aw, *self.ready])
            return self.on_cluster[id(aw)], lambda result: result
        function, args, kwargs = get_call(aw)
        if isinstance(function, Call):
            args = tuple(map(value_of, args))
            kwargs = {name: value_of(item) for name, item in kwargs.items()}
        if not isinstance(self.executor, ProcessPoolExecutor):
            return self.executor.submit(call_there, function, args, kwargs), lambda result: result
        sent_function = self._pickled_function(function, aw)
        arguments = _pickled((args, kwargs), aw, "an argument")
        return self.executor.submit(_call_pickled, sent_function, arguments), pickle.loads

    def _keep(self, future: Future[Any], aw: Await[Any]) -> None:
        self.submitted[future] = aw
        if self.is_stopped:
            future.cancel()

    def _end(self, aw: Await[Any], failure: BaseException | None) -> None:
        if failure is None:
            with self.lock:
                self.left -= 1
                is_last = not self.left
                for other in self.needed_by.get(id(aw), ()):
                    self.needs[id(other)] -= 1
                    if not self.needs[id(other)]:
                        self.ready.append(other)
            self._submit_ready()
            if not self.tells_each and not is_last:
                return
        elif self.is_stopped:
            return  # it was withdrawn, or comes after the first failure
        else:
            self._stop()
        self.news.put((aw, failure))


def is_cluster(executor: object) -> TypeGuard[Cluster]:
    """Say whether whole graphs are to be sent there."""
    return hasattr(executor, "get_executor")


def _has_threads_here(executor: object) -> TypeGuard[ThreadPoolExecutor]:
    elsewhere: Any = getattr(concurrent.futures, "InterpreterPoolExecutor", ())  # Python 3.14
    return isinstance(executor, ThreadPoolExecutor) and not isinstance(executor, elsewhere)


def _end_with(aw: Await[Any], ended: End, future: Future[Any]) -> None:
    ended(aw, CancelledError() if future.cancelled() else future.exception())


def _end_if_cancelled(aw: Await[Any], ended: End, future: Future[Any]) -> None:
    if future.cancelled():
        ended(aw, CancelledError())


def _run_here(aw: Await[Any], ended: End) -> None:
    try:
        value_of(aw)
    except BaseException as failure:
        ended(aw, failure)
    else:
        ended(aw, None)


def _receive(sent: Future[Any], read: Callable[[Any], Any]) -> Any:
    try:
        return read(sent.result())
    except CancelledError:
        if sent.cancelled():
            return PENDING
        raise  # by the call itself


def _complete(aw: Await[Any], ended: End, sent: Future[Any]) -> None:
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
        _turns.elsewhere.pop(id(aw), None)
    ended(aw, failure)


def call_there(function: Callable[..., Any], args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
    """Call a function where it was sent to; of a coroutine function, run the coroutine to its end."""
    result = function(*args, **kwargs)
    return asyncio.run(_awaited(result)) if isinstance(result, Coroutine) else result


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _call_pickled(function: bytes, arguments: bytes) -> bytes:
    called = pickle.loads(function)
    result = call_there(called, *pickle.loads(arguments))
    try:
        return _dumps()(result)
    except Exception as error:
        name = _turns.function_name(called)
        raise AwaitError(
            f"the result of {name} cannot come back from another process: {error}"
        ) from error


def _pickled(part: object, aw: Await[Any], name: str) -> bytes:
    try:
        return _dumps()(part)
    except Exception as error:
        raise AwaitError(f"{name} of {_name(aw)} cannot be sent to another process: {error}") from error


def _name(aw: Await[Any]) -> str:
    return _turns.function_name(get_function(aw))


@cache
def _dumps() -> Callable[[object], bytes]:
    try:
        import cloudpickle
    except ImportError:
        return pickle.dumps
    dumps: Callable[[object], bytes] = cloudpickle.dumps
    return dumps


@contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Callable[[], object]]:
    """Count up a bar, if one is to be shown, in a notebook or on a terminal."""
    if not shown:
        yield lambda: None
        return
    try:
        from tqdm.auto import tqdm
        from tqdm.autonotebook import tqdm as in_place
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install 'awaits[progress]'") from error
    is_notebook = in_place.__module__ == "tqdm.notebook"
    with tqdm(total=total, disable=False if is_notebook else None) as bar:
        yield bar.update


def _checked(aw: Await[W], caller: str) -> Await[W]:
    if type(aw) is not Await:
        raise TypeError(f"{caller}() needs Awaits, not {type(aw).__name__!r}")
    return aw


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _threads_of_prefetch() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_processors() + 4, thread_name_prefix="awaits")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads_of_prefetch.cache_clear)
