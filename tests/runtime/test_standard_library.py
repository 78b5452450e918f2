"""What the standard library does with an Await: `docs/standard_library.md`, row by row, and more."""

import ast
import csv
import doctest
import importlib
import inspect
import io
import logging
import re
import rlcompleter
import sys
import traceback
import types
import unittest
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, singledispatch, singledispatchmethod
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable
from unittest import mock

import pytest

import awaits
from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_wait

from . import needs

PAGE = Path(__file__).parents[2] / "docs" / "standard_library.md"
SETUP = re.compile(r"^`aw = (?P<call>.+)`$")
ROW = re.compile(
    r"^\| (?P<uses>`.+`)(?: \((?:to 3\.(?P<last>\d+)|3\.(?P<first>\d+)\+)\))?"
    r" \| (?P<runs>yes|no) \| (?P<how>raises |an? |)`(?P<result>.+)` \|$"
)


class C:
    """What the tables call C."""

    def __init__(self) -> None:
        self.x = 1


@dataclass
class D:
    """What the tables call D."""

    a: Any = 1


@runtime_checkable
class HasX(Protocol):
    """What the tables call HasX."""

    x: int


def twice(n: int) -> int:
    return 2 * n


class Row(NamedTuple):
    """A use in a row of a table, with the Await that the table is about."""

    call: str
    use: str
    runs: bool
    how: str
    result: str
    here: bool  # whether it is about the running Python


def rows() -> list[Row]:
    found = []
    call = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if setup := SETUP.match(line):
            call = setup["call"]
        elif row := ROW.match(line):
            here = int(row["first"] or 0) <= sys.version_info.minor <= int(row["last"] or 1000)
            runs, how = row["runs"] == "yes", row["how"].strip()
            uses = row["uses"].strip("`").split("`, `")
            found += [Row(call, use, runs, how, row["result"], here) for use in uses]
        else:
            assert not line.startswith("| `"), f"a row that this test does not understand: {line}"
    return found


def names_for(code: str) -> dict[str, Any]:
    """Return what the code of a row can name; the modules are those that it does name."""
    names = {name: getattr(awaits, name) for name in awaits.__all__}
    names |= {"C": C, "D": D, "HasX": HasX, "twice": twice, "__name__": __name__}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and node.id in sys.stdlib_module_names:
            names[node.id] = pytest.importorskip(node.id)  # sqlite3 is not everywhere
        if isinstance(node, ast.Attribute):
            with suppress(ImportError):
                importlib.import_module(ast.unparse(node))
    return names


def perform(use: str, names: dict[str, Any]) -> Any:
    """Return the value of an expression; execute a statement."""
    try:
        expression = compile(use, "use", "eval")
    except SyntaxError:
        exec(use, names)
        return None
    return eval(expression, names)


def test_the_tables_are_found() -> None:
    assert {(row.runs, row.how) for row in rows()} >= {(True, "raises"), (False, "an"), (True, "")}
    assert len(rows()) > 100


@pytest.mark.parametrize("row", [row for row in rows() if row.here], ids=lambda row: row.use)
def test_row_of_a_table(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "subprocess." in row.use:
        needs.processes()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins._", None, raising=False)  # sys.displayhook leaves its argument there
    names = names_for(f"{row.call}\n{row.use}\n{row.result}")
    aw = names["aw"] = eval(row.call, names)
    expected = partial(eval, row.result, names)
    if row.how == "raises":
        with pytest.raises(expected()):
            perform(row.use, names)
        assert awaitable_done(aw) is row.runs
        return
    result = perform(row.use, names)
    assert awaitable_done(aw) is row.runs
    if row.how:
        assert isinstance(result, expected())
    elif row.result == "aw":
        assert result is aw
    elif is_statement(row.use):
        assert expected()
    else:
        assert type(result) is type(expected())
        assert result == expected()


def is_statement(use: str) -> bool:
    return not isinstance(ast.parse(use).body[-1], ast.Expr)


def pending() -> Await[C]:
    """Return an Await that must not run."""
    return awaitable(C)


def test_a_traceback_shows_local_variables_by_their_repr() -> None:
    aw = pending()
    frame = inspect.currentframe()
    assert frame is not None
    summary = traceback.StackSummary.extract([(frame, frame.f_lineno)].__iter__(), capture_locals=True)
    assert (summary[0].locals or {})["aw"] == repr(aw) == "<Await pending: C>"
    assert not awaitable_done(aw)


def test_for_the_percent_operator_an_await_of_a_tuple_is_one_argument() -> None:
    aw = awaitable(tuple, "ab")
    assert "%s" % aw == "('a', 'b')"  # noqa: UP031 - it is what is tested
    with pytest.raises(TypeError, match="not enough arguments"):
        "%s %s" % aw  # noqa: UP031


def test_csv_takes_an_await_for_a_number() -> None:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerow([awaitable(str, "a"), "a"])
    csv.writer(file).writerow([awaitable_nowait(None), None])
    assert file.getvalue() == 'a,"a"\r\nNone,\r\n'


def always(answer: str) -> Callable[..., str]:
    def give(*args: object) -> str:
        return answer

    return give


def test_singledispatch_takes_an_await_by_its_class() -> None:
    kind = singledispatch(always("other"))
    method = singledispatchmethod(always("other"))
    holder = type("Holder", (), {"kind": method})()
    kind.register(C, always("C"))
    method.register(C, always("C"))
    aw = pending()
    assert kind(aw) == holder.kind(aw) == "other"  # type: ignore[await-by-class]
    kind.register(Await, always("Await"))
    method.register(Await, always("Await"))
    assert kind(aw) == holder.kind(aw) == "Await"  # type: ignore[await-by-class]
    assert not awaitable_done(aw)
    assert kind(awaitable_wait(aw)) == holder.kind(awaitable_wait(aw)) == "C"


def test_open_runs_a_call_that_failed_again() -> None:
    calls: list[int] = []

    def path() -> str:
        calls.append(1)
        raise KeyError

    def path_or_number() -> Any:
        return path()

    with pytest.raises(KeyError):
        open(awaitable(path))  # type: ignore[arg-type]  # noqa: PTH123, SIM115
    assert len(calls) == 1
    calls.clear()
    with pytest.raises(KeyError):
        open(awaitable(path_or_number))  # noqa: PTH123, SIM115
    # It takes the Await for a file descriptor, drops whatever that raises, and takes it for a path.
    assert len(calls) == 2


def test_python_exits_with_an_await_as_with_a_message() -> None:
    needs.processes()
    import subprocess

    program = "import awaits, sys; sys.exit(awaits.awaitable(int))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (1, "0")


def module_of(aw: object) -> types.ModuleType:
    """Return a module with an Await wherever a test collector looks."""
    module = types.ModuleType("collected", ">>> 1\n1")
    vars(module).update(aw=aw, test_aw=aw)
    for kind in (unittest.TestCase, object):
        body = {"aw": aw, "__module__": module.__name__, "__doc__": ">>> 2\n2"}
        setattr(module, f"Test{kind.__name__}", type(f"Test{kind.__name__}", (kind,), body))
    return module


def by_doctest(module: types.ModuleType) -> int:
    return len(doctest.DocTestFinder().find(module))


def by_unittest(module: types.ModuleType) -> int:
    return unittest.defaultTestLoader.loadTestsFromModule(module).countTestCases()


def by_getmembers(module: types.ModuleType) -> int:
    return len(inspect.getmembers(module, inspect.isfunction))


@pytest.mark.parametrize(("collect", "count"), [(by_doctest, 3), (by_unittest, 0), (by_getmembers, 0)])
def test_collecting_a_module_runs_no_await_in_it(
    collect: Callable[[types.ModuleType], int], count: int
) -> None:
    aw = pending()
    assert collect(module_of(aw)) == count
    assert not awaitable_done(aw)


def holder_of(aw: object) -> type:
    return type("Holder", (), {"aw": aw})


LOOKS: dict[str, Callable[[Any], object]] = {
    "completing a name": lambda aw: rlcompleter.Completer({"aw": aw}).complete("aw", 0),
    "completing a special method": lambda aw: rlcompleter.Completer({"aw": aw}).complete("aw.__", 0),
    "a mock of a class that holds it": lambda aw: mock.Mock(spec=holder_of(aw)),
    "an autospec of a class that holds it": lambda aw: mock.create_autospec(holder_of(aw)),
    "iscoroutinefunction": inspect.iscoroutinefunction,
    "isgeneratorfunction": inspect.isgeneratorfunction,
    "isasyncgenfunction": inspect.isasyncgenfunction,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_look_runs_nothing(look: Callable[[Any], object]) -> None:
    aw = pending()
    look(aw)
    assert not awaitable_done(aw)


def test_classifying_the_attributes_of_a_class_runs_nothing() -> None:
    aw = pending()
    inspect.classify_class_attrs(holder_of(aw))
    assert not awaitable_done(aw)


class Method:
    def method(self, n: int) -> str:
        return str(n)

    def __call__(self, n: int) -> str:
        return str(n)


CALLABLES: dict[str, Callable[..., Any]] = {
    "a class": D,
    "a bound method": Method().method,
    "an instance with __call__": Method(),
    "a partial": partial(twice, 1),
}


@pytest.mark.parametrize("make", [lambda w: awaitable(lambda: w), awaitable_nowait])
@pytest.mark.parametrize("w", CALLABLES.values(), ids=CALLABLES)
def test_signature_is_that_of_the_value(
    w: Callable[..., Any], make: Callable[[Any], Await[Callable[..., Any]]]
) -> None:
    assert inspect.signature(make(w)) == inspect.signature(w)


COLLECTED = '''
"""
>>> 1
1
"""
import pytest
from awaits import awaitable

def run():
    raise BaseException("collecting the tests ran the call")

aw = awaitable(run)

@pytest.fixture(params=[aw])
def parameter(request): ...

@pytest.mark.parametrize("one", [aw])
def test_two(one, parameter): ...

class TestAw:
    aw = aw

def test_one():
    """
    >>> 2
    2
    """
'''


def test_pytest_collects_a_module_without_running_an_await_in_it(tmp_path: Path) -> None:
    needs.processes()
    import subprocess

    (tmp_path / "test_collected.py").write_text(COLLECTED)
    options = "-q --collect-only --doctest-modules -p no:cacheprovider"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options.split(), f"--rootdir={tmp_path}", "."],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "4 tests collected" in done.stdout, done.stdout


LOGGED: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "names": ("%(a)s and %(b)d", (awaitable(dict, a=1, b=2),), "1 and 2"),
    "names of a complete one": ("%(a)s", (awaitable_nowait({"a": 1}),), "1"),
    "names of a dict with an Await": ("%(a)s", ({"a": awaitable(int, "3")},), "3"),
    "one value that is a dict": ("%s", (awaitable(dict, a=1),), "{'a': 1}"),
    "two values": ("%s %s", (awaitable(dict, a=1), 2), "{'a': 1} 2"),
}


@pytest.mark.parametrize(("text", "args", "expected"), LOGGED.values(), ids=LOGGED)
def test_a_log_record_is_formatted_as_with_the_value(
    text: str, args: tuple[Any, ...], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("test").error(text, *args)
    assert caplog.messages == [expected]


class Fails:
    def __call__(self) -> dict[str, int]:
        raise KeyError("no")


def test_a_log_record_that_nobody_formats_runs_nothing() -> None:
    aw = awaitable(dict, a=1)
    logging.LogRecord("test", logging.ERROR, "here", 1, "%(a)s", (aw,), None)
    assert not awaitable_done(aw)


def test_a_failing_call_does_not_leave_the_logger(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler())
    logger.error("%(a)s", awaitable(Fails()))
    assert "KeyError: 'no'" in capsys.readouterr().err


def test_the_class_is_await_to_all_others() -> None:
    msg = "%(a)s"
    aw: Any = awaitable(dict, a=1)
    assert (aw.__class__, isinstance(aw, Mapping), msg) == (Await, False, "%(a)s")
    assert not awaitable_done(aw)
