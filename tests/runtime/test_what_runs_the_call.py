"""`docs/what_runs_the_call.md`, row by row."""

import contextlib
import copy
import gc
import pickle
import pydoc
import re
import weakref
from pathlib import Path
from typing import Any

import pytest

import awaits
from awaits import Await, awaitable, awaitable_done

PAGE = Path(__file__).parents[2] / "docs/what_runs_the_call.md"
ROW = re.compile(r"^\| `(?P<use>.+)` \| (?P<answer>yes|no) \|$", re.MULTILINE)
ROWS = [(row["use"], row["answer"] == "yes") for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


class C:
    """What the table calls C."""

    def __init__(self) -> None:
        self.x = 1

    def no(self, *args: object) -> int:
        raise TypeError("there is nothing here")

    __len__ = __iter__ = __getitem__ = __call__ = no


def test_the_table_is_found() -> None:
    assert {answer for _, answer in ROWS} == {True, False}
    assert len(ROWS) > 20


@pytest.mark.parametrize(("use", "runs"), ROWS)
def test_row_of_the_table(use: str, runs: bool) -> None:
    aw = awaitable(C)
    names: dict[str, Any] = {
        **vars(awaits),
        **({"joblib": pytest.importorskip("joblib")} if "joblib" in use else {}),
        **{module.__name__: module for module in (copy, gc, pickle, pydoc, weakref)},
        "aw": aw,
        "Await": Await,
        "C": C,
    }
    # It takes a run to know that it can do nothing.
    with contextlib.suppress(TypeError):
        exec(use, names)
    assert awaitable_done(aw) is runs
