"""Run many Awaits at once, on threads, processes or any other executor of `concurrent.futures`.

Each call runs once, even if other code uses its Await meanwhile, and after the delayed calls that it
needs. If a call fails, the results of others are kept, and you can wait for the failed one again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from awaits._await import Await
from awaits._running.calls import is_ready, run_for, value_of
from awaits._scheduling.progress import bar
from awaits._scheduling.schedule import Schedule, has_threads_here, waiting_threads
from awaits._state.making import is_await
from awaits._tracing import recording

if TYPE_CHECKING:
    import asyncio

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
    """The type of a `distributed.Client` of dask, which is given in place of an executor.

    Awaits that go to it run on its cluster, as one graph of dask.
    """

    def get_executor(self, **kwargs: Any) -> Any:
        """Return an executor for the cluster: by this method a client is told from an executor."""


def prefetch(aw: Await[W], executor: Executor | Cluster | None = None) -> Await[W]:
    """Start the call now, after the calls that it needs, and return the same Await at once.

    A use that comes while the call is running waits for that run. If the call fails, such a use raises
    the exception. The exception is not kept: a use that comes later runs the call again.

    Without an executor, a thread of `awaits` runs the call. Each call sees a copy of the caller's
    context variables. Raises `TypeError` if `aw` is not an Await.
    """
    _checked(aw, "prefetch")
    origin = recording.current_origin()
    if executor is None or has_threads_here(executor):
        run_it = recording.on_behalf(origin, run_for)
        (executor or waiting_threads()).submit(run_it, copy_context(), value_of, aw)
    else:
        waiting_threads().submit(recording.on_behalf(origin, wait_all), [aw], executor)
    return aw


@overload
def wait_all(
    aws: Iterable[Await[Coroutine[Any, Any, W]]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
    release: bool = False,
) -> list[W]: ...
@overload
def wait_all(
    aws: Iterable[Await[W]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
    release: bool = False,
) -> list[W]: ...
def wait_all(
    aws: Iterable[Await[Any]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
    release: bool = False,
) -> list[Any]:
    """Run these Awaits and the calls that they need, as many at once as the executor allows.

    Returns the results in the order of the Awaits. For an Await of a coroutine, that is what the
    coroutine returns. Without an executor, threads are started for this call.

    The first exception is raised at once, and no more calls are started. A note on the exception names
    the Await that failed, and its attribute `aw` is that Await. After `timeout_s` seconds,
    `TimeoutError` is raised. In both cases calls that are running go on, those that were not started
    stay pending, and results are kept. Call `wait_all` again to go on.

    Calls and values go to other processes by pickle, or by cloudpickle if that is installed.
    `AwaitError` names what cannot be pickled. Calls in this process see a copy of the caller's context
    variables.

    `progress` shows a progress bar on a terminal or in a notebook, and needs `typed-awaits[progress]`.
    `release` drops the function and the arguments of each call once it is complete, as
    `awaitable_release` does. Intermediate results that nothing else holds are then freed while the rest
    runs.
    """
    wanted = [_checked(aw, "wait_all") for aw in aws]
    with Schedule(wanted, executor, timeout_s, yields_each=progress, releases=release) as schedule:
        return _results(wanted, schedule, progress=progress)


def as_completed(
    aws: Iterable[Await[W]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    release: bool = False,
) -> Iterator[Await[W]]:
    """Run these Awaits and the calls that they need, and give each Await once, when it is complete.

    Nothing runs before the first is asked for. The parameters, and what happens after a failure or
    `timeout_s` seconds, are those of `wait_all`. If the iterator is closed, calls that were not started
    stay pending.
    """
    wanted = {id(aw): aw for aw in aws if _checked(aw, "as_completed") is aw}

    def each() -> Iterator[Await[W]]:
        with Schedule(
            [*wanted.values()], executor, timeout_s, yields_each=True, releases=release
        ) as schedule:
            yield from _each_completed(wanted, schedule)

    return each()


def prefetch_async(aw: Await[W], executor: Executor | Cluster | None = None) -> Await[W]:
    """Do as `prefetch` in the running loop of asyncio, in which coroutine functions then run."""
    import asyncio  # in this function and the next two: threads do without, and it is slow to import

    waiting = wait_all_async([_checked(aw, "prefetch_async")], executor)
    task = asyncio.ensure_future(recording.on_behalf_async(recording.current_origin(), waiting))
    _prefetching.add(task)
    task.add_done_callback(_look_at_failure)
    return aw


@overload
async def wait_all_async(
    aws: Iterable[Await[Coroutine[Any, Any, W]]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
    release: bool = False,
) -> list[W]: ...
@overload
async def wait_all_async(
    aws: Iterable[Await[W]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
    release: bool = False,
) -> list[W]: ...
async def wait_all_async(
    aws: Iterable[Await[Any]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    progress: bool = False,
    release: bool = False,
) -> list[Any]:
    """Do as `wait_all` without blocking the running loop of asyncio, in which coroutine functions run.

    If the task is cancelled, calls that were not started stay pending.
    """
    import asyncio

    wanted = [_checked(aw, "wait_all_async") for aw in aws]
    loop = asyncio.get_running_loop()
    with Schedule(wanted, executor, timeout_s, loop, yields_each=progress, releases=release) as schedule:
        return await asyncio.to_thread(_results, wanted, schedule, progress=progress)


async def as_completed_async(
    aws: Iterable[Await[W]],
    executor: Executor | Cluster | None = None,
    timeout_s: float | None = None,
    release: bool = False,
) -> AsyncIterator[Await[W]]:
    """Do as `as_completed` without blocking the running loop of asyncio, for `async for`.

    Coroutine functions run in that loop.
    """
    import asyncio

    wanted = {id(aw): aw for aw in aws if _checked(aw, "as_completed_async") is aw}
    loop = asyncio.get_running_loop()
    completed: asyncio.Queue[Await[W] | None] = asyncio.Queue()

    def report_each() -> None:
        with suppress(RuntimeError):  # the loop is closed
            try:
                for aw in _each_completed(wanted, schedule):
                    loop.call_soon_threadsafe(completed.put_nowait, aw)
            finally:
                loop.call_soon_threadsafe(completed.put_nowait, None)

    with Schedule(
        [*wanted.values()], executor, timeout_s, loop, yields_each=True, releases=release
    ) as schedule:
        reporting = asyncio.ensure_future(asyncio.to_thread(report_each))
        reporting.add_done_callback(_look_at_failure)
        while (aw := await completed.get()) is not None:
            yield aw
        await reporting


def _results(wanted: list[Await[W]], schedule: Schedule, *, progress: bool) -> list[W]:
    with bar(schedule.left, shown=progress) as count:
        for _ in schedule:
            count()
    return [value_of(aw) for aw in wanted]


def _each_completed(wanted: dict[int, Await[W]], schedule: Schedule) -> Iterator[Await[W]]:
    """Give what is there, and then each as it completes, here or by others."""
    for key in [key for key, aw in wanted.items() if is_ready(aw)]:
        yield wanted.pop(key)
    for aw in schedule:
        if aw is not None and id(aw) in wanted:
            yield wanted.pop(id(aw))
    yield from wanted.values()


# The tasks of what is prefetched in a loop, which holds them weakly.
_prefetching: set[asyncio.Future[Any]] = set()


def _look_at_failure(task: asyncio.Future[Any]) -> None:
    """Keep asyncio from complaining that nobody did."""
    _prefetching.discard(task)
    if not task.cancelled():
        task.exception()


def _checked(aw: Await[W], caller: str) -> Await[W]:
    if not is_await(aw):
        raise TypeError(f"{caller}() needs Awaits, not {type(aw).__name__!r}")
    return aw
