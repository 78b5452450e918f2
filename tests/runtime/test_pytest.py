"""What pytest says of a failure with Awaits in it, by the entry point of this distribution."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.runtime import needs

# What is compared: the left side, the operator and the right side.
COMPARED = {
    "list": ("[1, 2, 3]", "==", "[1, 2, 4]"),
    "list that is shorter": ("[1, 2]", "==", "[1, 2, 4]"),
    "list of which a part is shown": ("list(range(50))", "==", "list(range(1, 51))"),
    "tuple": ("(1, 2)", "==", "(1, 3)"),
    "dict": ("{'a': 1, 'b': 2}", "==", "{'a': 1, 'c': 3}"),
    "str": ("'first\\nsecond\\n'", "==", "'first\\nother\\n'"),
    "str of one line": ("'some text'", "==", "'some test'"),
    "str with a format in it": ("'100%s'", "==", "'100%d'"),
    "bytes": ("b'first'", "==", "b'other'"),
    "set": ("{1, 2}", "==", "{2, 3}"),
    "set that is not to be equal": ("{1, 2}", "!=", "{1, 2}"),
    "set that is not less": ("{1, 2}", "<", "{1, 2}"),
    "set that is not within": ("{1, 2}", "<=", "{1, 3}"),
    "set that is not more": ("{1, 2}", ">", "{1, 2}"),
    "frozenset": ("frozenset({1, 2})", "==", "frozenset({2, 3})"),
    "dataclass": ("Data(1, [2])", "==", "Data(1, [3])"),
    "attrs": ("Attrs(1, 2)", "==", "Attrs(1, 3)"),
    "namedtuple": ("Named(1, 2)", "==", "Named(1, 3)"),
    "what nests": ("{'a': [1, {2, 3}]}", "==", "{'a': [1, {2, 4}]}"),
    "deque": ("deque([1, 2])", "==", "deque([1, 3])"),
    "array": ("array('i', [1, 2])", "==", "array('i', [1, 3])"),
    "range": ("range(3)", "==", "range(4)"),
    "approx": ("[1.0, 2.0]", "==", "pytest.approx([1.0, 3.0])"),
    "two types": ("[1, 2]", "==", "(1, 2)"),
    "what a conftest explains": ("Explained()", "==", "Explained()"),
    "int": ("1", "==", "2"),
    "in": ("1", "in", "[2, 3]"),
    "less": ("2", "<", "1"),
    "is": ("[1]", "is", "[1]"),
}
# How the two sides become Awaits, and beside which two without.
WAYS = {
    "left": ("lazy", "plain"),
    "right": ("plain", "lazy"),
    "both": ("lazy", "lazy"),
    "twice": ("twice", "plain"),
    "in a list": ("in_list", "plain_in_list"),
    "in what nests": ("in_nest", "plain_in_nest"),
}
WITHOUT = {
    "without": ("plain", "plain"),
    "without in a list": ("plain_in_list", "plain_in_list"),
    "without in what nests": ("plain_in_nest", "plain_in_nest"),
}
MODULE = """\
from array import array
from collections import deque, namedtuple
from dataclasses import dataclass
import pytest
from awaits import awaitable, awaitable_nowait, awaitable_wait

@dataclass
class Data:
    one: object
    two: object
try:
    import attrs
    Attrs = attrs.make_class("Attrs", ["one", "two"])
except ImportError:
    Attrs = Data
Named = namedtuple("Named", "one two")
class Explained:
    __eq__ = lambda self, other: False
    __repr__ = lambda self: "Explained()"

def lazy(value):
    aw = awaitable(lambda: value)
    awaitable_wait(aw)
    return aw
plain = lambda value: value
twice = lambda value: awaitable_nowait(lazy(value))
plain_in_list = lambda value: [value]
in_list = lambda value: [lazy(value)]
plain_in_nest = lambda value: {"a": (1, [value, value]), "b": 2}
in_nest = lambda value: lazy({"a": lazy((1, [lazy(value), value])), "b": lazy(2)})
"""
# Notes the messages of the failures, and explains a comparison itself.
CONFTEST = """\
import json

def pytest_assertrepr_compare(op, left, right):
    if type(left).__name__ == type(right).__name__ == "Explained":
        return ["explained by a conftest"]

messages = {}

def pytest_runtest_logreport(report):
    if report.failed:
        messages[report.nodeid.partition("::")[2]] = report.longrepr.reprcrash.message

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        with open("messages.json", "w") as file:
            json.dump(messages, file)
"""


def run_pytest(folder: Path, module: str, *options: str, by: str = "-m pytest") -> str:
    """Run pytest on this module as a user does; return what it prints."""
    needs.processes()
    (folder / "test_it.py").write_text(module)
    checkout = str(Path(__file__).parents[2])
    path = os.pathsep.join([checkout, os.environ.get("PYTHONPATH", "")])
    always = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={folder}", "test_it.py"]
    ran = subprocess.run(
        [sys.executable, *by.split(), *always, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "100", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stderr == "" or " trace " in by
    return ran.stdout


def messages_of(folder: Path, module: str, *options: str) -> dict[str, str]:
    """Return the messages of the tests that fail, by their names."""
    (folder / "conftest.py").write_text(CONFTEST)
    run_pytest(folder, module, *options)
    messages: dict[str, str] = json.loads((folder / "messages.json").read_text())
    return messages


def all_comparisons() -> str:
    """Return a module with a test of each case in each way."""
    tests = [
        f"def test_{name} {way}".replace(" ", "_").replace("def_", "def ") + "():\n"
        f"    left, right = {of_left}({left}), {of_right}({right})\n"
        f"    assert left {operator} right\n"
        for name, (left, operator, right) in COMPARED.items()
        for way, (of_left, of_right) in {**WAYS, **WITHOUT}.items()
    ]
    return "\n".join([MODULE, *tests])


def message(messages: dict[str, str], name: str, way: str) -> str:
    return messages[f"test_{name} {way}".replace(" ", "_")]


@pytest.fixture(scope="module", params=["-v", "-vv"], ids=["short", "in full"])
def messages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return messages_of(tmp_path_factory.mktemp("it"), all_comparisons(), request.param)


# In a list there is nothing but equality.
@pytest.mark.parametrize(
    ("name", "way"),
    [
        (name, way)
        for name, (_, operator, _) in COMPARED.items()
        for way in WAYS
        if operator == "==" or not way.startswith("in ")
    ],
)
def test_difference_is_that_of_the_values(messages: dict[str, str], name: str, way: str) -> None:
    of_values = message(messages, name, f"without {way}" if way.startswith("in ") else "without")
    of_awaits = message(messages, name, way)
    if "\n" in of_values or name == "what a conftest explains":
        assert of_awaits == of_values
    else:  # pytest shows the two sides and no more, and an Await as what it is
        assert "<Await done: " in of_awaits


def test_pytest_explains_what_is_compared(messages: dict[str, str]) -> None:
    explained = {name for name in COMPARED if "\n" in message(messages, name, "without")}
    assert {"list", "dict", "str", "bytes", "set", "dataclass", "namedtuple"} <= explained
    assert not {"in", "less", "is"} & explained


def test_str_that_is_not_to_be_in_an_await(tmp_path: Path) -> None:
    # The other way round is a TypeError of Python.
    module = MODULE + (
        "def test_await():\n    aw = lazy('a part')\n    assert 'part' not in aw\n"
        "def test_value():\n    value = 'a part'\n    assert 'part' not in value\n"
    )
    messages = messages_of(tmp_path, module)
    assert messages["test_await"] == messages["test_value"]
    assert "is contained here" in messages["test_value"]


COMPARING_CONTAINERS = """\
pending = awaitable(list)

class Never:
    __eq__ = lambda self, other: False
    __iter__ = lambda self: iter("ab")

def test_pending():
    assert [1, pending, lazy(2)] == [2]

def test_pending_that_could_be_iterated_over():
    assert Never() == pending

def test_pending_that_is_the_same():
    assert pending is None

def test_nothing_ran():
    assert repr(pending) == "<Await pending: list>"

def test_in_itself():
    left, right = [lazy(1)], [2]
    left.append(left)
    right.append(right)
    assert left == right

def test_containers_are_as_they_were():
    inner = [lazy(1)]
    left = {"a": inner}
    try:
        assert left == {"a": [2]}
    except AssertionError:
        assert left["a"] is inner and isinstance(inner[0], Await)
        raise
"""


def test_comparison_changes_and_runs_nothing(tmp_path: Path) -> None:
    messages = messages_of(tmp_path, "from awaits import Await\n" + MODULE + COMPARING_CONTAINERS)
    assert "assert [1, <Await pending: list>, 2] == [2]" in messages["test_pending"]
    assert "test_nothing_ran" not in messages
    assert "At index 0 diff: 1 != 2" in messages["test_in_itself"]
    assert "assert {'a': [1]} == {'a': [2]}" in messages["test_containers_are_as_they_were"]


FAILING = """\
import asyncio
from awaits import awaitable, delayed
from awaits.executors import wait_all

def fail():
    raise ValueError("inside")

def test_attribute():
    awaitable(fail).x

def test_operator():
    awaitable(fail) + 1

def test_graph():
    delayed(len)(delayed(fail)()) + 1

def test_wait_all():
    wait_all([awaitable(fail)])

def test_await():
    async def main():
        await awaitable(fail)
    asyncio.run(main())

def test_hidden_error():
    awaitable(lambda: [].missing).x

def test_own_error():
    awaitable(5)
"""


def files_of(output: str) -> dict[str, set[str]]:
    """Return the files whose frames are shown, by the tests."""
    by_test = re.split(r"^_+ (test_\w+) _+$", output, flags=re.MULTILINE)[1:]
    return {
        name: set(re.findall(r"^(\S+):\d+: ", shown, re.MULTILINE))
        for name, shown in zip(by_test[::2], by_test[1::2], strict=True)
    }


def is_ours(file: str) -> bool:
    return "awaits" in Path(file).parts


def test_frames_of_this_package_are_hidden_unless_all_are_shown(tmp_path: Path) -> None:
    hidden = files_of(run_pytest(tmp_path, FAILING, "--tb=short"))
    assert len(hidden) == FAILING.count("def test_")
    assert [file for files in hidden.values() for file in files if is_ours(file)] == []
    assert all("test_it.py" in files for files in hidden.values())
    shown = files_of(run_pytest(tmp_path, FAILING, "--tb=short", "--full-trace"))
    # What is in C has no frames.
    assert {"test_graph", "test_wait_all"} <= {name for name in shown if any(map(is_ours, shown[name]))}


ONE_FAILURE = MODULE + "def test_it():\n    assert lazy([1, 2, 3]) == [1, 2, 4]\n"


@pytest.mark.parametrize(
    ("options", "is_explained"),
    [
        ("--tb=native", True),
        ("-n 2", True),
        ("-p no:awaits", False),
        ("--assert=plain", False),
    ],
)
def test_options(tmp_path: Path, options: str, is_explained: bool) -> None:
    if options == "-n 2" and find_spec("xdist") is None:
        pytest.skip("no pytest-xdist")
    messages = messages_of(tmp_path, ONE_FAILURE, *options.split())
    assert ("At index 2 diff: 3 != 4" in messages["test_it"]) is is_explained


WITHOUT_AWAITS = """\
import sys

def test_it():
    assert [1, 2, 3] == [1, 2, 4]

def test_that_nothing_was_imported():
    assert [name for name in sys.modules if name.partition(".")[0] == "awaits"] == []
"""


def test_nothing_is_imported_where_no_test_does(tmp_path: Path) -> None:
    assert "1 failed, 1 passed" in run_pytest(tmp_path, WITHOUT_AWAITS)


def test_pytest_under_a_trace_has_nothing_to_warn_of(tmp_path: Path) -> None:
    by = f"-m awaits trace --html {tmp_path / 'page.html'} -m pytest"
    passing = "from awaits import awaitable\ndef test_it():\n    assert awaitable(int) == 0\n"
    assert "1 passed" in run_pytest(tmp_path, passing, "-W", "error", by=by)
