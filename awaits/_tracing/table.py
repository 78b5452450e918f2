"""The runs of a trace as a table: the texts of its cells, and the table that rich shows."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Final, TextIO

from awaits._tracing.runs import Site, TracedRun, TracedWait

# A number of an Await or of milliseconds is to the right.
COLUMNS: Final = {
    "#": "right",
    "function": "left",
    "gave": "left",
    "created": "left",
    "forced": "left",
    "by": "left",
    "in": "left",
    "started ms": "right",
    "took ms": "right",
    "others waited ms": "right",
}


def cells(run: TracedRun) -> tuple[str, ...]:
    """Return what the table says of a run, by its columns."""
    return (
        str(run.number),
        run.function,
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
    """Return a `rich.table.Table`."""
    rich_table, text = _rich("table"), _rich("text")
    result = rich_table.Table(caption=summary(runs), box=_rich("box").SIMPLE_HEAD, show_edge=False)
    for name, justify in COLUMNS.items():
        # What is too wide goes on below, but no number is torn apart.
        result.add_column(name, justify=justify, no_wrap=justify == "right", overflow="fold")
    for run in runs:
        style = "red" if run.error is not None else None
        result.add_row(*map(text.Text, cells(run)), style=style)
    return result


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
