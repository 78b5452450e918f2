"""The examples are type-checked with the plugin, run on real files, and shown to be lazy."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, RunMypy

EXAMPLES = ROOT / "examples"
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.py") if path.name != "mistakes.py")


def run_example(name: str, *arguments: object, folder: Path | None = None) -> str:
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


BARE = {  # what each prints without arguments, in a folder that is empty
    "config.py": r"before the first use: not parsed yet\n.* needs .*\nafter it: parsed, once\n",
    "corpus.py": r"(.*\.md: <Await pending: read_corpus>\n)+",
    "corpus_client.py": r"README\.md: \d+ words\n( +\d+ \w+\n){3}read: README\.md\n",
    "database.py": r"\$ .* path\n.* is not created yet\n\$ .* add .*\n\d+ files\n\$ .* path\n.* exists\n"
    r"\$ .* longest 3\n( +\d+ .*\.py\n){3}",
    "logs.py": r"40,000 requests, 1,003,054,485 bytes, 2,045 failures\n( +\d+ /page/\d+\n){3}",
    "mistakes.py": r"These mistakes are for mypy .*\n",
    "overlap.py": r"overlapped, it takes \d\.\d\d of the time\n",
    "timeline.py": r"(?s)(\w+: 10\s*)+.*1 failed.*",
}
NEEDS = {
    "overlap.py": ([], "torch"),
    "logs.py": (["--on", "dask"], "distributed"),
    "timeline.py": ([], "rich"),
}


def test_all_examples_are_run_bare() -> None:
    assert sorted(BARE) == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", BARE)
def test_example_runs_without_arguments(name: str, tmp_path: Path) -> None:
    if name in NEEDS and name != "logs.py":
        pytest.importorskip(NEEDS[name][1])
    assert re.fullmatch(BARE[name], run_example(name, folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NEEDS)
def test_example_says_what_it_lacks(name: str) -> None:
    arguments, module = NEEDS[name]
    lacking = f"import runpy, sys; sys.modules[{module!r}] = None; sys.argv[:] = sys.argv[1:]"
    program = f"{lacking}; runpy.run_path(sys.argv[0], {{}}, '__main__')"
    result = subprocess.run(
        [sys.executable, "-c", program, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, "Traceback" in result.stderr) == (1, False), result.stderr
    assert "pip install" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", PROGRAMS)
def test_example_has_no_type_error(name: str, run_mypy: RunMypy) -> None:
    result = run_mypy(ROOT, f"examples/{name}")
    assert result.stdout == "Success: no issues found in 1 source file\n"


def test_mistakes_are_refused_in_the_words_beside_them(run_mypy: RunMypy) -> None:
    expected = []
    place = 0
    for number, line in enumerate((EXAMPLES / "mistakes.py").read_text().splitlines(), start=1):
        if message := re.match(r" +# ((error|note): .*)", line):
            expected.append(f"examples/mistakes.py:{place}: {message[1]}")
        else:
            place = number
    *said, summary = run_mypy(ROOT, "examples/mistakes.py").stdout.splitlines()
    assert said == expected
    assert re.match(r"Found \d+ errors in 1 file", summary)


def test_config_parses_its_file_once_and_late(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    project = {"name": "thing", "requires-python": ">=3.12", "dependencies": ["a", "b"]}
    file.write_text(json.dumps({"project": project}))
    assert run_example("config.py", file).splitlines() == [
        "before the first use: not parsed yet",
        "thing (Python >=3.12) needs a, b",
        "after it: parsed, once",
    ]
    assert "awaits (Python >=3.11) needs typing-extensions" in run_example("config.py")


def test_database_is_created_only_when_something_is_asked_of_it(tmp_path: Path) -> None:
    database = tmp_path / "index.sqlite3"
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "long.py").write_text("1\n" * 30)
    (folder / "short.py").write_text("1\n" * 3)
    assert run_example("database.py", database, "path") == f"{database} is not created yet\n"
    assert not database.exists()
    assert run_example("database.py", database, "add", folder) == "2 files\n"
    assert run_example("database.py", database, "longest", 1) == f"    30 {folder / 'long.py'}\n"
    assert run_example("database.py", database, "path") == f"{database} exists\n"


def test_logs_are_counted_the_same_on_threads_and_on_processes(tmp_path: Path) -> None:
    small = ("--files", 5, "--lines", 40)
    printed = [
        run_example("logs.py", tmp_path, "--on", kind, *small) for kind in ("threads", "processes")
    ]
    lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    sent = sum(int(line.split()[-1]) for line in lines)
    failures = sum(line.split()[-2] >= "400" for line in lines)
    assert printed[0].splitlines()[0] == f"{len(lines)} requests, {sent:,} bytes, {failures} failures"
    assert len(lines) == 200
    assert printed[0] == printed[1]


def test_timeline_shows_each_run_and_each_wait(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    printed = run_example("timeline.py", page).splitlines()
    assert len(printed) == 32
    text = page.read_text(encoding="utf-8")
    # Nine are shared; the first page jams, and is printed again.
    assert "42 runs of 41 Awaits in 8 threads or tasks, 1 failed" in text


def test_corpus_client_reads_only_the_text_that_it_uses(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("lazy values, lazy values: values that wait")
    (tmp_path / "two.md").write_bytes(b"\xff not a text: reading it would fail")
    assert run_example("corpus_client.py", tmp_path, "one.md").splitlines() == [
        "one.md: 7 words",
        "     3 values",
        "read: one.md",
    ]
