"""The runs of a trace as a timeline: one HTML page, and a file for Perfetto."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from awaits._tracing.runs import Site, TracedRun, TracedWait
from awaits._tracing.table import COLUMNS, cells, gave, milliseconds, summary, where


class Bar(NamedTuple):
    """A run, or a wait for it, in the lane of a thread or a task, and in a row there."""

    run: TracedRun
    wait: TracedWait | None
    lane: int
    row: int

    @property
    def span(self) -> TracedRun | TracedWait:
        """What the bar shows."""
        return self.wait or self.run


def bars(runs: Sequence[TracedRun]) -> list[Bar]:
    """Return all bars, each in the first row of its lane that is free: what nests is below."""
    all_bars = [Bar(run, wait, (wait or run).lane, 0) for run in runs for wait in (None, *run.waits)]
    all_bars.sort(key=lambda bar: (bar.span.started_s, -bar.span.duration_s))
    free_from: dict[int, list[float]] = {}
    placed = []
    for bar in all_bars:
        rows = free_from.setdefault(bar.lane, [])
        row = next((row for row, free in enumerate(rows) if free <= bar.span.started_s), len(rows))
        rows[row : row + 1] = [bar.span.started_s + bar.span.duration_s]
        placed.append(bar._replace(row=row))
    return placed


def write_html(runs: Sequence[TracedRun], path: str | os.PathLike[str]) -> None:
    """Write the page."""
    # No text of the data can end the element that it stands in, or begin another.
    data = json.dumps(_page_data(runs)).replace("<", "\\u003c")
    page = files(__package__).joinpath("timeline.html").read_text(encoding="utf-8")
    Path(path).write_text(page.replace("{{data}}", data), encoding="utf-8")


def _page_data(runs: Sequence[TracedRun]) -> dict[str, Any]:
    """Return what the page shows. Texts are named by their places in one list: most come often."""
    placed = bars(runs)
    took: dict[str, float] = {}
    for run in runs:
        took[run.function] = took.get(run.function, 0) + run.duration_s
    functions = sorted(took, key=lambda name: -took[name])
    texts: dict[str, int] = {}

    def text(content: str) -> int:
        return texts.setdefault(content, len(texts))

    def pairs(details: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
        return [(text(name), text(value)) for name, value in details]

    places = {name: place for place, name in enumerate(functions)}
    index_of = {id(run): index for index, run in enumerate(runs)}
    lanes = _lanes(placed)
    lane_places = {lane: place for place, lane in enumerate(lanes)}
    return {
        "summary": summary(runs),
        "columns": [(name, column.side) for name, column in COLUMNS.items()],
        "functions": functions,
        "lanes": list(lanes.values()),
        "runs": [
            (
                run.number,
                places[run.function],
                run.error is not None,
                list(map(text, cells(run))),
                pairs(_details(run).items()),
            )
            for run in runs
        ],
        "bars": [
            (
                index_of[id(bar.run)],
                lane_places[bar.lane],
                bar.row,
                bar.span.started_s * 1000,
                bar.span.duration_s * 1000,
                *([pairs(_waited(bar.run, bar.wait))] if bar.wait else []),
            )
            for bar in placed
        ],
        "texts": list(texts),
    }


def _lanes(placed: Sequence[Bar]) -> dict[int, tuple[str, int]]:
    """Return the names of the lanes and how many rows they have, in the order in which they begin."""
    lanes: dict[int, tuple[str, int]] = {}
    for bar in placed:
        name, rows = lanes.get(bar.lane, (where(bar.span), 0))
        lanes[bar.lane] = name, max(rows, bar.row + 1)
    return lanes


def _details(run: TracedRun) -> dict[str, str]:
    """Return what is known of a run, in full."""
    return {
        "Await": f"#{run.number} {run.call}",
        "raised" if run.error else "gave": gave(run).removeprefix("! "),
        "created": _full(run.created),
        "forced": _full(run.forced),
        "by": run.operation or "?",
        "thread": run.thread or "elsewhere",
        **({"task": run.task} if run.task else {}),
        "started ms": milliseconds(run.started_s),
        "took ms": milliseconds(run.duration_s),
        **{
            f"waited ms, {where(wait)}{f' ({number})' if number > 1 else ''}": milliseconds(
                wait.duration_s
            )
            for number, wait in enumerate(run.waits, start=1)
        },
    }


def _waited(run: TracedRun, wait: TracedWait) -> list[tuple[str, str]]:
    return [
        ("waited for", f"#{run.number} {run.call}"),
        ("thread", wait.thread),
        *([("task", wait.task)] if wait.task else []),
        ("started ms", milliseconds(wait.started_s)),
        ("waited ms", milliseconds(wait.duration_s)),
    ]


def _full(site: Site | None) -> str:
    return "?" if site is None else f"{site.file}:{site.line} {site.function}"


def write_chrome(runs: Sequence[TracedRun], path: str | os.PathLike[str]) -> None:
    """Write the Trace Event Format, as JSON.

    https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU/preview
    """
    with Path(path).open("w", encoding="utf-8") as file:
        json.dump({"traceEvents": list(_chrome_events(runs)), "displayTimeUnit": "ms"}, file)


def _chrome_events(runs: Sequence[TracedRun]) -> Iterator[dict[str, Any]]:
    """Give complete events, in microseconds, and the names of their threads.

    What overlaps in one of the format's threads must nest. What a thread or a task does, does; calls
    that were sent away do not, so that each row of those is a thread of its own.
    """
    process = {"pid": os.getpid()}
    threads: dict[tuple[int, int], int] = {}
    for bar in bars(runs):
        key = bar.lane, bar.row if bar.wait is None and bar.run.thread is None else 0
        if key not in threads:
            threads[key] = len(threads) + 1
            named = {**process, "tid": threads[key], "ph": "M"}
            yield {**named, "name": "thread_name", "args": {"name": where(bar.span)}}
            yield {**named, "name": "thread_sort_index", "args": {"sort_index": threads[key]}}
        yield {
            **process,
            "tid": threads[key],
            "ph": "X",
            "name": f"wait for {bar.run.function}" if bar.wait else bar.run.function,
            "cat": "wait" if bar.wait else "run",
            "ts": round(bar.span.started_s * 1e6, 3),
            "dur": round(bar.span.duration_s * 1e6, 3),
            "args": dict(_waited(bar.run, bar.wait)) if bar.wait else _details(bar.run),
        }
