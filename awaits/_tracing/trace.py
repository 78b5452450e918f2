"""`trace`: which Await ran, where it was created and used, for how long, and who waited for it."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, TextIO

from awaits._tracing import recording

if TYPE_CHECKING:
    from awaits._tracing.runs import TracedRun


class Trace:
    """A context manager for one `with` statement, made by `trace`, and the runs that it recorded.

    It keeps names, places, times and short forms of arguments. It keeps none of the objects themselves
    alive. A second `with` raises `RuntimeError`.
    """

    def __init__(self) -> None:
        self._heard: recording.Sink = []
        self._began: float | None = None
        # What there was when the trace ended.
        self._runs: list[TracedRun] | None = None

    def __enter__(self) -> Self:
        if self._began is not None:
            raise RuntimeError("a trace is for one use: call trace() for another")
        self._began = perf_counter()
        recording.start(self._heard)
        return self

    def __exit__(self, *error: object) -> None:
        recording.stop(self._heard)
        self._runs = self.runs
        self._heard.clear()

    @property
    def runs(self) -> list[TracedRun]:
        """The runs that have ended so far, in the order in which they began."""
        if self._runs is not None:
            return self._runs[:]
        from awaits._tracing import runs  # only here: its named tuples take long to make

        return list(runs.traced_runs(self._heard, self._began or 0))

    def table(self) -> Any:
        """Return the runs as a `rich.table.Table`. Needs rich, as in `typed-awaits[trace]`."""
        from awaits._tracing import table  # only here: it needs rich

        return table.table(self.runs)

    def print(self, file: TextIO | None = None) -> None:
        """Print the table to `file`, or else to the standard output. Needs rich too."""
        from awaits._tracing import table

        table.print_table(self.runs, file)

    def write_chrome(self, path: str | os.PathLike[str]) -> None:
        """Write a file for https://ui.perfetto.dev or chrome://tracing, in the Trace Event Format."""
        from awaits._tracing import timeline

        timeline.write_chrome(self.runs, path)

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write an HTML file with the timeline and the table. It needs no network and no other file."""
        from awaits._tracing import timeline

        timeline.write_html(self.runs, path)


def trace() -> Trace:
    """Return a context manager that records which Awaits run in the whole process while it is on.

    Write `with trace() as seen:`, and then use `seen.runs`, `seen.print()`, `seen.write_html(path)` or
    `seen.write_chrome(path)`. A trace runs no call itself. Traces may nest, and be on in several threads
    at once. While one is on, the exception of a call that fails gets a note that says where its Await
    was created.
    """
    return Trace()
