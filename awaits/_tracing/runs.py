"""What a trace records: the runs of Awaits, and the waits of others for them."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from awaits._tracing.recording import Creation, Place, Run, Sink, Wait

# Annotations are not postponed here: a NamedTuple compiles each one that is, at every start.


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

    Places such as `created` are named tuples with `file`, `line` and `function`. Times are in seconds.
    """

    number: int
    """The number of the Await: 1 for the one that ran first, and so on."""
    function: str
    """The qualified name of the function."""
    arguments: str
    """A short form of the first argument, with `…` if there are more. It is the `repr` of a str, bytes
    or number, cut after 30 characters, and of any other object the class or name. No code of it runs."""
    result: str | None
    """The name of the class of what it returned; None if it failed."""
    error: str | None
    """The name of the class of the exception; None if it did not fail. It is `InterruptedWorkError` if
    the run was interrupted, and another thread or task ran the call again."""
    created: Site | None
    """The place where the Await was created; None if no trace was on then."""
    forced: Site | None
    """The place outside of `awaits` that used the Await, so that its call ran; None if there is none, as
    where a thread begins with the Await."""
    operation: str
    """What that place did: `wait`, `await`, `release`, `wait_all` and the like, `.x` for an attribute x,
    or a special method such as `__len__`. Empty if that was before the trace."""
    thread: str | None
    """The name of the thread that it ran in; None if it ran elsewhere, as in another process."""
    task: str | None
    """The name of the task that it ran in, of asyncio or trio; None if it ran in none."""
    lane: int
    """The number of the thread or task, because names need not be unique. All runs in other processes
    have the same number."""
    started_s: float
    """When the run began, in seconds since the trace began. For a coroutine function that is when its
    coroutine began."""
    duration_s: float
    """How long the run took, in seconds. For a call that was sent to another process, the time from
    sending it to receiving its result."""
    waits: tuple[TracedWait, ...]
    """The waits of other threads and tasks for this run, as named tuples with `thread`, `task`, `lane`,
    `started_s` and `duration_s`. The wait of a task for a worker thread that it started itself is not
    among them."""

    @property
    def call(self) -> str:
        """The function with the short form of its arguments."""
        return f"{self.function}({self.arguments})"

    @property
    def waited_s(self) -> float:
        """The sum of the times in `waits`, in seconds."""
        return sum(wait.duration_s for wait in self.waits)


TracedRun.__module__ = "awaits"  # its public name


def traced_runs(heard: Sink, began: float) -> Iterator[TracedRun]:
    """Put together what was heard."""
    events = sorted(heard.copy(), key=lambda event: event.started)
    runs = [event for event in events if isinstance(event, Run) and not event.is_replaced]
    lanes: dict[object, int] = {}
    numbers: dict[Creation, int] = {}
    waits = _waits_for(runs, events)
    lane_of = {id(event): lanes.setdefault(_lane(event), len(lanes)) for event in events}
    for run in runs:
        assert run.ended is not None  # noqa: S101 - it was heard of because it has ended
        operation, forced = run.origin
        yield TracedRun(
            number=numbers.setdefault(run.creation, len(numbers) + 1),
            function=run.name,
            arguments=run.arguments,
            result=run.result,
            error=run.error,
            created=_site(run.creation.place),
            forced=_site(forced),
            operation=operation,
            thread=None if run.is_remote else run.context.thread,
            task=None if run.is_remote else run.context.task,
            lane=lane_of[id(run)],
            started_s=run.started - began,
            duration_s=run.ended - run.started,
            waits=tuple(
                TracedWait(
                    wait.context.thread,
                    wait.context.task,
                    lane_of[id(wait)],
                    wait.started - began,
                    wait.ended - wait.started,
                )
                for wait in waits.get(id(run), ())
            ),
        )


def _waits_for(runs: list[Run], events: Sink) -> dict[int, list[Wait]]:
    """Return the waits by the ids of the runs: of an Await's, which do not overlap, the first after."""
    runs_of: dict[Creation, list[Run]] = {}
    for run in runs:
        runs_of.setdefault(run.creation, []).append(run)
    waits: dict[int, list[Wait]] = {}
    for event in events:
        if isinstance(event, Wait):
            for run in runs_of.get(event.creation, ()):
                if run.ended is not None and event.started < run.ended and run.started < event.ended:
                    waits.setdefault(id(run), []).append(event)
                    break
    return waits


def _lane(event: Run | Wait) -> object:
    if isinstance(event, Run) and event.is_remote:
        return "elsewhere"
    return event.context.ids, event.context.thread, event.context.task


def _site(place: Place | None) -> Site | None:
    if place is None:
        return None
    code, line = place
    return Site(code.co_filename, line, code.co_qualname)
