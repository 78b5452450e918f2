"""The files that a trace writes: the page in a real Chromium, the file for Perfetto by its format."""

import io
import json
import re
import shutil
import subprocess
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from awaits import Trace, awaitable, awaitable_wait, trace
from awaits._tracing.table import COLUMNS, cells
from tests.runtime import needs
from tests.runtime.test_trace import wait_until_it_waits

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")


def work(number: int) -> int:
    """Take a little time."""
    return sum(range(number * 10))


def trace_of_threads(awaits: int = 200, threads: int = 8) -> Trace:
    """Trace a program in which all threads use one Await, and then each its share of the others."""
    needs.threads()

    def produce() -> int:
        for user in users:
            if user is not threading.current_thread():
                wait_until_it_waits(user)
        return 5

    shared = awaitable(produce)

    def use(first: int) -> None:
        awaitable_wait(shared)
        for number in range(first, awaits, threads):
            awaitable_wait(awaitable(work, number) if number else shared)

    users = [threading.Thread(target=use, args=(each,), name=f"user {each}") for each in range(threads)]
    with trace() as seen:
        for user in users:
            user.start()
        for user in users:
            user.join(30)
    return seen


class Page(HTMLParser):
    """What is in a page after its own JavaScript has run."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.bars: list[dict[str, str | None]] = []
        self.rows: list[list[str]] = []
        self.lanes: list[str] = []
        self.ids: set[str | None] = set()
        self.open: list[str] | None = None
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        classes = (attributes.get("class") or "").split()
        if "bar" in classes:
            self.bars.append(attributes)
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self.open = self.rows[-1]
        elif "name" in classes:
            self.lanes.append("")
            self.open = self.lanes

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "div"}:
            self.open = None

    def handle_data(self, data: str) -> None:
        if self.open is not None:
            self.open[-1] += data


def show(page: Path) -> tuple[Page, list[str]]:
    """Open a page in Chromium; return what is in it then, and what its console says."""
    assert CHROMIUM is not None
    options = "--headless --no-sandbox --disable-gpu --no-first-run --enable-logging=stderr --dump-dom"
    ran = subprocess.run(
        [CHROMIUM, *options.split(), f"--user-data-dir={page.parent / 'profile'}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return Page(ran.stdout), re.findall(r"CONSOLE.*", ran.stderr)


def printed_rows(seen: Trace) -> list[str]:
    """Return the words of each row of the table that is printed in a terminal."""
    pytest.importorskip("rich")
    output = io.StringIO()
    seen.print(output)
    lines = [" ".join(line.split()) for line in output.getvalue().splitlines()]
    return [line for line in lines if re.match(r"#|\d+ (?!runs)", line)]


@needs_chromium
def test_page_of_200_awaits_on_8_threads_opens_in_chromium_and_has_the_numbers_of_the_table(
    tmp_path: Path,
) -> None:
    seen = trace_of_threads()
    page = tmp_path / "page.html"
    seen.write_html(page)
    shown, console = show(page)
    assert console == []
    # The timeline.
    runs = [bar for bar in shown.bars if "run" in str(bar["class"]).split()]
    waits = [bar for bar in shown.bars if "wait" in str(bar["class"]).split()]
    assert len(runs) == len(seen.runs) == 200
    assert len(waits) == sum(len(run.waits) for run in seen.runs) == 7
    assert sorted(shown.lanes) == ["ms", *(f"user {number}" for number in range(8))]
    took = sorted(re.findall(r"took ms ([\d.]+)", " ".join(str(bar["aria-label"]) for bar in runs)))
    assert took == sorted(f"{run.duration_s * 1000:.3f}" for run in seen.runs)
    # The table, which is that of the terminal.
    assert [" ".join(" ".join(row).split()) for row in shown.rows] == printed_rows(seen)
    assert len(shown.rows) == 201


@needs_chromium
@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ("<script>undefined.nothing</script>", "Uncaught TypeError"),
        ("<script>console.warn('look here')</script>", "look here"),
        ("<img src='https://example.org/a.png'>", "Content Security Policy"),
        ("<script src='https://example.org/a.js'></script>", "Content Security Policy"),
    ],
)
def test_an_error_in_the_page_would_be_seen(tmp_path: Path, planted: str, message: str) -> None:
    page = tmp_path / "page.html"
    with trace() as seen:
        assert awaitable(int) == 0
    seen.write_html(page)
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{planted}</body>"))
    _, console = show(page)
    assert any(message in line for line in console), console


@needs_chromium
def test_names_with_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    name = "</script><!--<script><b id='planted'>&amp;\u2028"

    def function() -> int:
        return 5

    function.__qualname__ = name
    code = compile("from awaits import awaitable\naw = awaitable(function)\naw + 1", name, "exec")
    with trace() as seen:
        exec(code, {"function": function})
    page = tmp_path / "page.html"
    seen.write_html(page)
    shown, console = show(page)
    assert console == []
    assert "planted" not in shown.ids
    assert shown.rows[1][1] == f"{name}()"
    assert name in str(shown.bars[0]["aria-label"])


@needs_chromium
def test_empty_trace_has_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    with trace() as seen:
        pass
    seen.write_html(page)
    shown, console = show(page)
    assert (console, shown.bars, shown.rows) == ([], [], [list(COLUMNS)])


def test_page_needs_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    with trace() as seen:
        assert awaitable(int) == 0
    seen.write_html(page)
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert re.findall(r"""(?:src|href)=(?!["']?data:)|https?:|@import|url\(""", text) == []


def test_chrome_file_has_what_was_recorded(tmp_path: Path) -> None:
    seen = trace_of_threads(40, 4)
    file = tmp_path / "trace.json"
    seen.write_chrome(file)
    events = json.loads(file.read_text())["traceEvents"]
    runs = [event for event in events if event.get("cat") == "run"]
    assert [event["ph"] for event in runs] == ["X"] * 40
    spans = sorted((run.started_s * 1e6, run.duration_s * 1e6) for run in seen.runs)
    for event, span in zip(sorted(runs, key=lambda event: event["ts"]), spans, strict=True):
        assert (event["ts"], event["dur"]) == pytest.approx(span, abs=0.001)
    waits = [event for event in events if event.get("cat") == "wait"]
    assert len(waits) == sum(len(run.waits) for run in seen.runs)
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert sorted(names.values()) == [f"user {number}" for number in range(4)]
    assert {event["pid"] for event in events} == {events[0]["pid"]}
    for event in runs:
        assert event["args"]["thread"] == names[event["tid"]]


def test_chrome_file_nests_what_is_nested(tmp_path: Path) -> None:
    inner = awaitable(work, 5)
    with trace() as seen:
        assert awaitable(lambda: inner + 1) + 1 == work(5) + 2
    file = tmp_path / "trace.json"
    seen.write_chrome(file)
    events = json.loads(file.read_text())["traceEvents"]
    outside, inside = [event for event in events if event["ph"] == "X"]
    assert outside["tid"] == inside["tid"]
    assert outside["ts"] <= inside["ts"]
    assert inside["ts"] + inside["dur"] <= outside["ts"] + outside["dur"] + 0.001


def test_cells_are_in_the_columns() -> None:
    with trace() as seen:
        assert awaitable(int) == 0
    assert len(cells(seen.runs[0])) == len(COLUMNS)
