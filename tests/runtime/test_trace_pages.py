"""The files that a trace writes: the page in a real Chromium, the file for Perfetto by its format."""

import html
import io
import json
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from awaits import Trace, TracedRun, awaitable, awaitable_wait, trace
from awaits._tracing.runs import Site
from awaits._tracing.table import COLUMNS, cells
from awaits._tracing.timeline import write_html
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


# Of the table there are only the rows in sight, so that all come by only where somebody scrolls.
ALL_ROWS = """(() => {
  const found = new Map();
  for (scroll.scrollTop = 0; ; scroll.scrollTop += scroll.clientHeight / 2) {
    showRows();
    for (const row of body.rows)
      if (row.ariaRowIndex) found.set(row.ariaRowIndex, [...row.cells].map((cell) => cell.textContent));
    if (scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight) return [...found.values()];
  }
})()"""
HEADS = '[...document.querySelectorAll("th button")].map((head) => head.textContent)'


def ask(page: Path, question: str, width: int = 1280) -> tuple[Any, list[str]]:
    """Open a page in Chromium; return what its JavaScript answers, and what its console says."""
    assert CHROMIUM is not None
    source = page.read_text(encoding="utf-8")
    answer = f"add(document.body, 'pre', {{ id: 'answer' }}, JSON.stringify({question}))"
    asking = page.with_name("asking.html")
    asking.write_text(source.replace("</body>", f"<script>{answer}</script></body>"), encoding="utf-8")
    options = "--headless --no-sandbox --disable-gpu --no-first-run --enable-logging=stderr --dump-dom"
    ran = subprocess.run(
        [
            *(CHROMIUM, *options.split(), f"--window-size={width},900"),
            *(f"--user-data-dir={page.parent / 'profile'}", asking.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r'<pre id="answer">(.*?)</pre>', ran.stdout, re.DOTALL)
    return found and json.loads(html.unescape(found[1])), re.findall(r"CONSOLE.*", ran.stderr)


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
    question = """{
        lanes: lanes.map((lane) => lane.name),
        runs: bars.filter((bar) => !bar.wait).map((bar) => Object.fromEntries(bar.run.full)),
        waits: bars.filter((bar) => bar.wait).length,
    """
    shown, console = ask(page, f"{question} heads: {HEADS}, rows: {ALL_ROWS} }}")
    assert console == []
    # The timeline.
    assert len(shown["runs"]) == len(seen.runs) == 200
    assert shown["waits"] == sum(len(run.waits) for run in seen.runs) == 7
    assert sorted(shown["lanes"]) == [f"user {number}" for number in range(8)]
    took = sorted(run["took ms"] for run in shown["runs"])
    assert took == sorted(f"{run.duration_s * 1000:.3f}" for run in seen.runs)
    # The table, which is that of the terminal.
    table = [" ".join(" ".join(row).split()) for row in (shown["heads"], *shown["rows"])]
    assert table == printed_rows(seen)
    assert len(table) == 201


def many_runs(count: int, lanes: int = 8) -> list[TracedRun]:
    """Return runs of a millisecond each, side by side; one in a hundred fails."""
    site = Site("/home/ada/program.py", 5, "main")
    return [
        TracedRun(
            number=number,
            function=f"function_{number % 10}",
            arguments=str(number),
            result=None if number % 100 == 0 else "int",
            error="KeyError" if number % 100 == 0 else None,
            created=site,
            forced=site,
            operation="wait",
            thread=f"thread {number % lanes}",
            task=None,
            lane=number % lanes,
            started_s=number // lanes * 0.001,
            duration_s=0.001,
            waits=(),
        )
        for number in range(1, count + 1)
    ]


DRAWING = """(() => {
  let count = 0;
  const fill = pen.fillRect.bind(pen);
  pen.fillRect = (...place) => { count++; fill(...place); };
  const counts = [1, 2, 16, 256, view.most].map((zoom) => {
    count = 0;
    setZoom(zoom, view.width);
    return count;
  });
  return { counts, elements: document.querySelectorAll("*").length, pixels: view.width * lanes.length };
})()"""


@needs_chromium
def test_page_of_20000_runs_makes_no_more_elements_than_one_of_2000_and_draws_what_can_be_seen(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    answers = []
    for count in (2_000, 20_000):
        write_html(many_runs(count), page)
        answer, console = ask(page, DRAWING)
        assert console == []
        answers.append(answer)
    few, many = answers
    assert many["elements"] == few["elements"] < 1_000
    # Half of these are drawn twice, each zoom once for its width and once for its place.
    assert max(many["counts"]) < 3 * many["pixels"]
    assert many["counts"][-1] < 200


@needs_chromium
def test_page_of_20000_lanes_draws_those_in_sight(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_html(many_runs(20_000, lanes=20_000), page)
    answer, console = ask(page, DRAWING)
    assert console == []
    assert answer["elements"] < 1_000
    assert max(answer["counts"]) < 1_000


def after(actions: str, answer: str) -> str:
    return f"(() => {{ {actions} return {answer}; }})()"


CALL, GAVE, IN, STARTED = (list(COLUMNS).index(name) for name in ("call", "gave", "in", "started ms"))
# What is written over the columns, and the numbers of the rows that are left.
FILTERED: dict[str, tuple[dict[int, str], list[int]]] = {
    "not": ({}, [*range(1, 251)]),
    "by a part": ({CALL: "function_3"}, [*range(3, 251, 10)]),
    "by other letters": ({CALL: "FUNCTION_3(13)"}, [13]),
    "by failure": ({GAVE: "!"}, [100, 200]),
    "by two columns": ({GAVE: "! key", IN: "thread 4"}, [100]),
    "by a number and more": ({STARTED: "> 29.5"}, [*range(240, 251)]),
    "by less than a number": ({STARTED: "<1"}, [*range(1, 8)]),
    "by nothing there": ({CALL: "nothing"}, []),
    "by no pattern": ({CALL: "(.*"}, []),
}
# The columns whose heads are clicked, the first three rows, and the order that the last head names.
SORTED: dict[str, tuple[list[int], list[int], str | None]] = {
    "not": ([], [1, 2, 3], None),
    "by number, falling": ([0, 0], [250, 249, 248], "descending"),
    "by time": ([STARTED], [1, 2, 3], "ascending"),
    "by text": ([CALL], [10, 20, 30], "ascending"),
    "by text, falling": ([CALL, CALL], [249, 239, 229], "descending"),
    "by failure": ([GAVE], [100, 200, 1], "ascending"),
    "by another": ([CALL, GAVE, GAVE], [1, 2, 3], "descending"),
}
CHOOSING = """(() => {
  const inputs = document.querySelectorAll("th input");
  const heads = [...document.querySelectorAll("th")];
  const filtered = FILTERS.map((filters) => {
    inputs.forEach((input, column) => { input.value = filters[column] ?? ""; });
    inputs[0].dispatchEvent(new Event("input"));
    const dim = runs.filter((run) => run.hidden).length;
    return { numbers: numbers(), dim, count: find("#count").textContent };
  });
  inputs.forEach((input) => { input.value = ""; });
  const sorted = CLICKS.map((columns) => {
    sorting.column = null;
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    choose();
    for (const column of columns) heads[column].querySelector("button").click();
    return { numbers: numbers(), orders: heads.map((head) => head.ariaSort).filter((order) => order) };
  });
  function numbers() { return ALL_ROWS.map((cells) => +cells[0]); }
  return { filtered, sorted };
})()"""


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return what the page shows of 250 runs as they are filtered and sorted."""
    page = tmp_path_factory.mktemp("chosen") / "page.html"
    write_html(many_runs(250), page)
    question = CHOOSING.replace("ALL_ROWS", ALL_ROWS)
    question = question.replace("FILTERS", json.dumps([filters for filters, _ in FILTERED.values()]))
    question = question.replace("CLICKS", json.dumps([columns for columns, *_ in SORTED.values()]))
    answer, console = ask(page, question)
    assert console == []
    return {
        kind: dict(zip(cases, answer[kind], strict=True))
        for kind, cases in (("filtered", FILTERED), ("sorted", SORTED))
    }


@needs_chromium
@pytest.mark.parametrize("name", FILTERED)
def test_table_is_filtered_by_column(chosen: dict[str, dict[str, Any]], name: str) -> None:
    filters, numbers = FILTERED[name]
    count = f"{len(numbers)} of 250 runs" if filters else ""
    expected = {"numbers": numbers, "dim": 250 - len(numbers), "count": count}
    assert chosen["filtered"][name] == expected


@needs_chromium
@pytest.mark.parametrize("name", SORTED)
def test_table_is_sorted_by_column(chosen: dict[str, dict[str, Any]], name: str) -> None:
    _, first, order = SORTED[name]
    assert chosen["sorted"][name]["numbers"][:3] == first
    assert len(chosen["sorted"][name]["numbers"]) == 250
    assert chosen["sorted"][name]["orders"] == [order] * bool(order)


@needs_chromium
def test_bars_are_found_by_mouse_and_keyboard(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_html(many_runs(80), page)
    actions = """
      const tip = () => find("#tip").hidden ? "" : find("#tip").textContent;
      const key = (name) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
      const tips = [];
      for (const name of ["ArrowRight", "ArrowRight", "+", "ArrowRight", "ArrowLeft", "Escape"]) {
        key(name);
        tips.push(tip());
      }
      setZoom(1);
      const found = bars.map((bar) => barAt(placeOf(bar.start) + 3, topOf(bar) + 9) === bar);
      const bar = bars[41];
      const at = canvas.getBoundingClientRect();
      const place = { clientX: at.left + placeOf(bar.start) + 3, clientY: at.top + topOf(bar) + 9 };
      canvas.dispatchEvent(new MouseEvent("mousemove", place));
      tips.push(tip());
      const same = [...document.querySelectorAll("tr.same")].map((row) => row.cells[0].textContent);
    """
    shown, console = ask(page, after(actions, "{ tips, found, same, zoom: view.zoom }"))
    assert console == []
    calls = [re.search(r"Await#(\d+)", tip) for tip in shown["tips"]]
    assert [found and found[1] for found in calls] == ["1", "2", "2", "3", "2", None, "42"]
    assert shown["found"] == [True] * 80
    assert shown["same"] == ["42"]


@needs_chromium
@pytest.mark.parametrize(("width", "most"), [(500, 0.25), (1280, 0.16)])
def test_names_of_lanes_leave_room(tmp_path: Path, width: int, most: float) -> None:
    page = tmp_path / "page.html"
    write_html(many_runs(8), page)
    drawn = """(() => {
      const texts = [];
      pen.fillText = (text) => texts.push(text);
      for (const lane of lanes) lane.name = "a thread of a long name, " + lane.name;
      draw();
      return { part: view.names / view.width, texts };
    })()"""
    shown, console = ask(page, drawn, width)
    assert console == []
    assert shown["part"] <= most
    names = [text for text in shown["texts"] if text.startswith("a ")]
    assert len(names) == 8
    assert all(name.endswith("\u2026") for name in names)


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
    _, console = ask(page, "null")
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
    planted = "document.getElementById('planted')"
    shown, console = ask(page, f"{{ planted: {planted}, rows: {ALL_ROWS}, full: runs[0].full }}")
    assert console == []
    assert shown["planted"] is None
    assert shown["rows"][0][1] == f"{name}()"
    assert ["Await", f"#1 {name}()"] in shown["full"]


@needs_chromium
def test_empty_trace_has_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    with trace() as seen:
        pass
    seen.write_html(page)
    shown, console = ask(page, f"{{ bars, heads: {HEADS}, rows: {ALL_ROWS} }}")
    assert console == []
    assert shown == {"bars": [], "heads": list(COLUMNS), "rows": []}


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
