"""The table of a trace, in terminals of any width, and what it says of the arguments of a call."""

import io
import itertools
import math
import re
import sys
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from awaits import Await, Trace, awaitable, awaitable_done, delayed, trace
from awaits._tracing.table import COLUMNS, cells
from tests.runtime import needs
from tests.runtime.test_trace import fail, only, wait_for_another_thread


def test_table_has_a_row_for_each_run() -> None:
    pytest.importorskip("rich")
    with trace() as seen:
        with suppress(ValueError):
            str(awaitable(fail))
        str(awaitable(int))
    output = io.StringIO()
    seen.print(output)
    heads, *rows = [line.split() for line in output.getvalue().splitlines() if line.strip(" ─")]
    assert " ".join(heads) == "# call gave created forced by in started ms took ms others waited ms"
    assert rows[0][:4] == ["1", "fail()", "!", "ValueError"]
    assert rows[1][:3] == ["2", "int()", "int"]
    (took,) = {f"{seen.runs[1].duration_s * 1000:.3f}"}
    assert rows[1][-1] == took
    assert " ".join(rows[2]).startswith("2 runs of 2 Awaits in 1 threads or tasks, 1 failed; they took ")
    assert seen.table().row_count == 2


def shown_at(width: int, seen: Trace) -> list[str]:
    """Return the lines of the table in a terminal of this width."""
    console = pytest.importorskip("rich.console").Console(
        width=width, force_terminal=True, color_system=None, file=io.StringIO(), legacy_windows=False
    )
    console.print(seen.table())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


class TwoWaits:
    """A W of whose runs others wait, in a function with a long name."""

    def and_a_method_of_a_name_that_is_longer_than_any_column(self, text: str) -> str:
        return text


@pytest.mark.parametrize("width", [12, 20, 40, 60, 80, 100, 120, 160, 200])
def test_table_of_any_width_has_one_line_for_each_run_and_breaks_no_word(width: int) -> None:
    needs.threads()
    with trace() as seen:
        for text in ("a", "b" * 100):
            awaitable(TwoWaits().and_a_method_of_a_name_that_is_longer_than_any_column, text).upper()
        with suppress(ValueError):
            str(awaitable(fail))
        wait_for_another_thread()
    lines = shown_at(width, seen)
    assert max(map(len, lines)) <= width
    head, _, *rest = lines
    rows = rest[: len(seen.runs)]
    assert " ".join(rest[len(rows) :]).split()[:4] == ["4", "runs", "of", "4"]
    # What stands in a cell is what there is to say, or how it begins.
    said = [dict(zip(COLUMNS, cells(run), strict=True)) for run in seen.runs]
    places = {name: head.find(f" {name}") + 1 for name in COLUMNS if f" {name} " in f"{head} "}
    assert "call" in places
    for (name, place), (row, texts) in itertools.product(places.items(), zip(rows, said, strict=True)):
        if COLUMNS[name].side == "left":
            shown = re.split(r"  ", row[place:])[0].strip()
            assert shown == texts[name] or (shown[-1] == "…" and texts[name].startswith(shown[:-1]))
        else:
            assert f" {texts[name]} " in f"{row} "


def test_wider_table_has_the_columns_of_the_narrower() -> None:
    with trace() as seen:
        assert awaitable(int, "5") == 5
    columns = [
        {name for name in COLUMNS if name in shown_at(width, seen)[0]} for width in range(12, 160)
    ]
    assert columns[0] == {"call"}
    assert columns[-1] == set(COLUMNS)
    assert all(narrow <= wide for narrow, wide in itertools.pairwise(columns))


# The short form of the arguments.


class Slow:
    """An argument that nobody is to look at closely."""

    def refuse(self, *args: object) -> Any:
        raise AssertionError("asked")

    __repr__ = __str__ = __len__ = __bool__ = __hash__ = __eq__ = __getattr__ = refuse


class Meta(type):
    """A metaclass that answers for its classes."""

    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError("asked")


class Odd(metaclass=Meta): ...


class OddText(str):
    __slots__ = ()
    __repr__ = __getitem__ = __len__ = Slow.refuse


SHORT_FORMS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    ((), {}, ""),
    (("json",), {}, "'json'"),
    (("a\n'b'",), {}, "\"a\\n'b'\""),
    (("x" * 30,), {}, f"'{'x' * 30}'"),
    (("x" * 10_000_000,), {}, f"'{'x' * 30}…'"),
    ((b"x" * 31,), {}, f"b'{'x' * 30}…'"),
    (("\ud800",), {}, "'\\ud800'"),
    ((5, 6), {}, "5, …"),
    ((5,), {"name": 6}, "5, …"),
    ((), {"name": "a"}, "name='a'"),
    ((), {"name": "a", "other": "b"}, "name='a', …"),
    ((), {"n" * 40: 1}, f"{'n' * 29}…=1"),
    ((10**10_000,), {}, "int"),
    ((-1.5,), {}, "-1.5"),
    ((1j,), {}, "1j"),
    ((None,), {}, "None"),
    ((True,), {}, "True"),
    ((...,), {}, "Ellipsis"),
    (([1, 2],), {}, "list of 2"),
    (({"a": Slow()},), {}, "dict of 1"),
    (((),), {}, "tuple of 0"),
    ((Slow(),), {}, "Slow"),
    ((Slow,), {}, "Slow"),
    ((Odd,), {}, "Odd"),
    ((Odd(),), {}, "Odd"),
    ((OddText("a"),), {}, "OddText"),
    ((fail,), {}, "fail"),
    ((len,), {}, "len"),
    (
        (TwoWaits().and_a_method_of_a_name_that_is_longer_than_any_column,),
        {},
        "TwoWaits.and_a_method_of_a_na…",
    ),
    ((math,), {}, "module"),
    ((awaitable(fail),), {}, "Await of fail"),
    ((awaitable(int),), {}, "Await of int"),
]


@pytest.mark.parametrize(("args", "kwargs", "shown"), SHORT_FORMS, ids=range(len(SHORT_FORMS)))
@pytest.mark.parametrize("held", ["by the call", "by a partial"])
def test_short_form_of_the_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any], shown: str, held: str
) -> None:
    def function(*args: Any, **kwargs: Any) -> int:
        return 5

    with trace() as seen:
        aw = (
            awaitable(function, *args, **kwargs)
            if held == "by the call"
            else awaitable(partial(partial(function, *args[:1]), *args[1:], **kwargs))
        )
        assert aw == 5
    assert only(seen).arguments == shown
    assert only(seen).call == f"{only(seen).function}({shown})"
    assert not any(awaitable_done(arg) for arg in args if issubclass(type(arg), Await))


def test_short_form_of_a_node_of_a_graph_names_the_node_before() -> None:
    @delayed
    def load(name: str) -> str:
        return name

    @delayed
    def both(one: str, other: str) -> str:
        return one + other

    with trace() as seen:
        assert both(load("a"), load("b")) == "ab"
    name = "test_short_form_of_a_node_of_a"
    assert [run.arguments for run in seen.runs] == ["'a'", "'b'", f"Await of {name[:29]}…, …"]


def test_table_without_rich_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.table", None)
    with pytest.raises(ImportError, match=r"needs rich: pip install 'typed-awaits\[trace\]'$"):
        trace().table()
