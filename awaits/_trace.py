"""`trace`: which Await ran, where it was created and used, for how long, and who waited for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import perf_counter
from typing import Any, NamedTuple, Self, TextIO

from awaits import _recording


class Site(NamedTuple):
    """A place in the code."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        name = os.path.basename(self.file)  # noqa: PTH119 - without loading pathlib
        return f"{name}:{self.line} {self.function}".removesuffix(" <module>")


class TracedWait(NamedTuple):
    """How long one thread or task waited for a run that another made. Times are in seconds."""

    thread: str
    task: str | None
    lane: int
    started_s: float
    duration_s: float


class TracedRun(NamedTuple):
    """One run of the call of an Await. A call that failed and was tried again has two.

    Times are in seconds, `started_s` since the trace began. A coroutine function runs from when its
    coroutine begins until that ends.
    """

    number: int
    """The number of the Await, in the order in which they first ran."""
    function: str
    """The qualified name of the function."""
    result: str | None
    """The name of the class of what it returned; None if it failed."""
    error: str | None
    """The name of the class of what it raised; None if it did not. Interrupted work is
    `InterruptedWorkError`: another took it up."""
    created: Site | None
    """Where the Await was created; None if no trace was on then."""
    forced: Site | None
    """Where it was used, outside of this package; None if Python itself called, as for a thread."""
    operation: str
    """What used it: `wait`, `await`, `release`, `wait_all` and the like, `.x` for an attribute x, or a
    special method as `__len__`. Empty if that was before the trace."""
    thread: str | None
    """The name of the thread that it ran in; None if it ran elsewhere, as in another process."""
    task: str | None
    """The name of the task that it ran in, of asyncio or trio; None if it ran in none."""
    lane: int
    """A number for the thread or task, as names need not be unique. All that ran elsewhere has one."""
    started_s: float
    duration_s: float
    """For a call that was sent elsewhere, from when it was sent until its result was taken in."""
    waits: tuple[TracedWait, ...]
    """The waits of other threads and tasks for this run; not that of a task for the worker thread that
    it has started itself."""

    @property
    def waited_s(self) -> float:
        """The sum of the waits of others."""
        return sum(wait.duration_s for wait in self.waits)


class Trace:
    """What `trace` gives: a context manager, for one use, and the runs that ended while it was on.

    It holds names, places and times, and none of the objects they are about.
    """

    def __init__(self) -> None:
        self._heard: _recording.Sink = []
        self._began: float | None = None
        # What there was when the trace ended.
        self._runs: list[TracedRun] | None = None

    def __enter__(self) -> Self:
        if self._began is not None:
            raise RuntimeError("a trace is for one use: call trace() for another")
        self._began = perf_counter()
        _recording.start(self._heard)
        return self

    def __exit__(self, *error: object) -> None:
        _recording.stop(self._heard)
        self._runs = self.runs
        self._heard.clear()

    @property
    def runs(self) -> list[TracedRun]:
        """The runs that have ended, in the order in which they began."""
        return list(_runs(self._heard, self._began or 0)) if self._runs is None else self._runs[:]

    def table(self) -> Any:
        """Return the runs as a `rich.table.Table`. Needs `awaits[trace]`: `ImportError` says so."""
        from awaits import _table  # only here: it needs rich

        return _table.table(self.runs)

    def print(self, file: TextIO | None = None) -> None:
        """Print the table, to the standard output unless said. Needs `awaits[trace]`, as `table`."""
        from awaits import _table

        _table.print_table(self.runs, file)

    def write_chrome(self, path: str | os.PathLike[str]) -> None:
        """Write a file for https://ui.perfetto.dev or chrome://tracing, in the Trace Event Format."""
        from awaits import _timeline

        _timeline.write_chrome(self.runs, path)

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write one HTML file with the timeline and the table, which needs nothing else to be shown."""
        from awaits import _timeline

        _timeline.write_html(self.runs, path)


def trace() -> Trace:
    """Return a context manager that records which Awaits run in the whole process while it is on.

    `with trace() as seen: ...`, then `seen.runs`, `seen.print()`, `seen.write_html(path)` or
    `seen.write_chrome(path)`. It runs no call. Traces may nest, and be on in several threads at once.
    While one is on, the error of a call that fails has a note of where its Await was created.
    """
    return Trace()


def _runs(heard: _recording.Sink, began: float) -> Iterator[TracedRun]:
    """Put together what was heard."""
    events = sorted(heard.copy(), key=lambda event: event.started)
    runs = [event for event in events if isinstance(event, _recording.Run) and not event.is_replaced]
    lanes: dict[object, int] = {}
    numbers: dict[_recording.Made, int] = {}
    waits = _waits_for(runs, events)
    lane_of = {id(event): lanes.setdefault(_lane(event), len(lanes)) for event in events}
    for run in runs:
        assert run.ended is not None  # noqa: S101 - it was heard of because it has ended
        operation, forced = run.asked
        yield TracedRun(
            number=numbers.setdefault(run.made, len(numbers) + 1),
            function=run.name,
            result=run.result,
            error=run.error,
            created=_site(run.made.place),
            forced=_site(forced),
            operation=operation,
            thread=None if run.is_elsewhere else run.where.thread,
            task=None if run.is_elsewhere else run.where.task,
            lane=lane_of[id(run)],
            started_s=run.started - began,
            duration_s=run.ended - run.started,
            waits=tuple(
                TracedWait(
                    wait.where.thread,
                    wait.where.task,
                    lane_of[id(wait)],
                    wait.started - began,
                    wait.ended - wait.started,
                )
                for wait in waits.get(id(run), ())
            ),
        )


def _waits_for(runs: list[_recording.Run], events: _recording.Sink) -> dict[int, list[_recording.Wait]]:
    """Return the waits by the ids of the runs: of an Await's, which do not overlap, the first after."""
    runs_of: dict[_recording.Made, list[_recording.Run]] = {}
    for run in runs:
        runs_of.setdefault(run.made, []).append(run)
    waits: dict[int, list[_recording.Wait]] = {}
    for event in events:
        if isinstance(event, _recording.Wait):
            for run in runs_of.get(event.made, ()):
                if run.ended is not None and event.started < run.ended and run.started < event.ended:
                    waits.setdefault(id(run), []).append(event)
                    break
    return waits


def _lane(event: _recording.Run | _recording.Wait) -> object:
    if isinstance(event, _recording.Run) and event.is_elsewhere:
        return "elsewhere"
    return event.where.ids, event.where.thread, event.where.task


def _site(place: _recording.Place | None) -> Site | None:
    if place is None:
        return None
    code, line = place
    return Site(code.co_filename, line, code.co_qualname)
