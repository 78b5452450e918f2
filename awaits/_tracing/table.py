"""The runs of a trace as a table: the texts of its cells, and the table that rich shows."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, Final, NamedTuple, TextIO

from awaits._tracing.runs import Site, TracedRun, TracedWait


class Column(NamedTuple):
    """A column: numbers of an Await and of milliseconds are to the right."""

    side: str = "left"
    least_width: int = 0
    """How wide it is to be at least, if what is in it is that wide. Numbers are never cut."""


COLUMNS: Final = {
    "#": Column("right"),
    "call": Column(least_width=24),
    "gave": Column(least_width=12),
    "created": Column(least_width=18),
    "forced": Column(least_width=18),
    "by": Column(least_width=11),
    "in": Column(least_width=10),
    "started ms": Column("right"),
    "took ms": Column("right"),
    "others waited ms": Column("right"),
}
# What a narrow table has, and then a wider one.
_BY_IMPORTANCE: Final = (
    *("call", "took ms", "#", "forced", "others waited ms", "gave", "created", "in", "by"),
    "started ms",
)


def cells(run: TracedRun) -> tuple[str, ...]:
    """Return what the table says of a run, by its columns."""
    return (
        str(run.number),
        # Without the functions that it is in: the details on the page have these.
        f"{run.function.rpartition('<locals>.')[2]}({run.arguments})",
        gave(run),
        _site(run.created),
        _site(run.forced),
        run.operation or "?",
        where(run),
        milliseconds(run.started_s),
        milliseconds(run.duration_s),
        f"{milliseconds(run.waited_s)} ({len(run.waits)})" if run.waits else "",
    )


def summary(runs: Sequence[TracedRun]) -> str:
    """Return the sums, in one line."""
    awaits, lanes = len({run.number for run in runs}), len({run.lane for run in runs})
    failed = sum(run.error is not None for run in runs)
    took, waited = (sum(run.duration_s for run in runs), sum(run.waited_s for run in runs))
    return (
        f"{len(runs)} runs of {awaits} Awaits in {lanes} threads or tasks, {failed} failed;"
        f" they took {milliseconds(took)} ms, others waited {milliseconds(waited)} ms"
    )


def milliseconds(seconds: float) -> str:
    """Return the milliseconds, to the microsecond."""
    return f"{seconds * 1000:.3f}"


def gave(run: TracedRun) -> str:
    """Return the class of the result, or that of the error with a mark."""
    return f"! {run.error}" if run.error is not None else run.result or ""


def where(what: TracedRun | TracedWait) -> str:
    """Return the name of the task or the thread."""
    return what.task or what.thread or "elsewhere"


def _site(site: Site | None) -> str:
    return "?" if site is None else str(site)


def table(runs: Sequence[TracedRun]) -> Any:
    """Return a `rich.table.Table` that leaves out what does not fit into the width it is given."""
    rich_table, text = _rich("table"), _rich("text")

    class Table(rich_table.Table):  # type: ignore[misc,name-defined] # rich is not always there
        def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
            shown = copy(self)
            widths = _fitting(
                {column.header: _width(column) for column in self.columns}, options.max_width
            )
            shown.columns = [copy(column) for column in self.columns if column.header in widths]
            for column in shown.columns:
                column.width = widths[column.header]
            yield from rich_table.Table.__rich_console__(shown, console, options)

    result = Table(caption=summary(runs), box=_rich("box").SIMPLE_HEAD, show_edge=False)
    for name, column in COLUMNS.items():
        result.add_column(name, justify=column.side, no_wrap=True, overflow="ellipsis")
    for run in runs:
        style = "red" if run.error is not None else None
        result.add_row(*map(text.Text, cells(run)), style=style)
    return result


def _width(column: Any) -> int:
    """Return how wide a column of rich's needs to be; 0 if nothing is in it."""
    width = max((cell.cell_len for cell in column.cells), default=0)
    return width and max(len(column.header), width)


def _fitting(full: dict[str, int], width: int) -> dict[str, int]:
    """Return the columns for which there is room, and how wide each is, by their names.

    What is more important comes in first, and then gets first what room is left.
    """
    order = sorted(_BY_IMPORTANCE, key=lambda name: not full[name])  # what is empty is of least use
    full = {name: needed or len(name) for name, needed in full.items()}
    widths: dict[str, int] = {}
    room = width + 1  # each column has a blank on both sides, and one to the next
    for name in order:
        least = min(full[name], COLUMNS[name].least_width or full[name])
        if widths and least + 3 > room:
            break
        widths[name] = max(1, min(least, room - 3))
        room -= least + 3
    for name in widths:
        more = max(0, min(full[name] - widths[name], room))
        widths[name] += more
        room -= more
    return widths


def print_table(runs: Sequence[TracedRun], file: TextIO | None) -> None:
    """Print it; as wide as it needs to be, where that is no terminal."""
    console = _rich("console").Console(file=file)
    shown = table(runs)
    if not console.is_terminal:
        console.width = max(
            80, console.measure(shown, options=console.options.update(width=10_000)).maximum
        )
    console.print(shown)


def _rich(module: str) -> Any:
    # By its name, or every user's mypy would check all of rich.
    try:
        return importlib.import_module(f"rich.{module}")
    except ImportError as error:
        raise ImportError(
            "the table of a trace needs rich: pip install 'typed-awaits[trace]'"
        ) from error
