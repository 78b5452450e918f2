"""A failure inside the plugin is an ordinary error at its line, and never mypy's INTERNAL ERROR."""

from pathlib import Path

import pytest

from .conftest import RunMypy

BROKEN_PLUGIN = """\
from awaits_mypy import plugin
from awaits_mypy._plugin import plugin as dispatcher

def fail(ctx, name):
    raise KeyError("injected")

dispatcher.analyze_attribute = dispatcher.read_attribute = fail
dispatcher.analyze_element = fail
dispatcher._CALLBACKS = dict.fromkeys({names!r}, fail)
"""

PROGRAM = """\
from awaits import Await
class C:
    x: int
def use(aw: Await[C], n: Await[int]) -> None:
    {statement}
    "after".missing
"""


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("reveal_type(aw.x)", "x"),
        ("aw.x = 1", "__setattr__"),
        ("n + 1", "__add__"),
        ("n += 1", "__iadd__"),
        ("n == 1", "__eq__"),
        ("n < 1", "__lt__"),
        ("n[0]", "__getitem__"),
        ("n()", "__call__"),
        ("[item for item in n]", "__iter__"),
        ("n in [1]", "__contains__"),
        ("len(n)", "__len__"),
    ],
)
def test_injected_failure_becomes_an_error_at_its_line(
    statement: str, name: str, tmp_path: Path, run_mypy: RunMypy
) -> None:
    (tmp_path / "broken.py").write_text(BROKEN_PLUGIN.replace("{names!r}", repr([name])))
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = broken.py\n")
    (tmp_path / "main.py").write_text(PROGRAM.replace("{statement}", statement))
    result = run_mypy(tmp_path, "main.py")
    said = result.stdout + result.stderr
    assert "INTERNAL ERROR" not in said
    assert "Traceback" not in said
    # The rest of the program is checked.
    assert 'main.py:6: error: "str" has no attribute "missing"  [attr-defined]' in said
    # mypy does not tell the place of a question about a protocol.
    place = "main.py" if name == "__len__" else "main.py:5"
    assert f"{place}: error: awaits_mypy failed on \"{name}\" (KeyError: 'injected')" in said
    assert "Please report this line to the awaits project" in said
    assert "[await-plugin]" in said


def test_type_falls_back_to_the_declared_one(tmp_path: Path, run_mypy: RunMypy) -> None:
    (tmp_path / "broken.py").write_text(BROKEN_PLUGIN.replace("{names!r}", "[]"))
    (tmp_path / "mypy.ini").write_text(
        "[mypy]\nplugins = broken.py\ndisable_error_code = await-plugin\n"
    )
    (tmp_path / "main.py").write_text(PROGRAM.replace("{statement}", "reveal_type(aw.x)"))
    assert 'main.py:5: note: Revealed type is "Any"' in run_mypy(tmp_path, "main.py").stdout


def test_traceback_is_shown_when_asked_for(tmp_path: Path, run_mypy: RunMypy) -> None:
    (tmp_path / "broken.py").write_text(BROKEN_PLUGIN.replace("{names!r}", "[]"))
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = broken.py\n")
    (tmp_path / "main.py").write_text(PROGRAM.replace("{statement}", "aw.x"))
    result = run_mypy(tmp_path, "main.py", "--show-traceback")
    assert "KeyError: 'injected'" in result.stderr


# What a hook of the plugin answers for, called with no argument, too many, by keyword and with stars.
CALLED = (
    "delayed",
    "later",
    "later.__get__",
    "later.__call__",
    "isinstance",
    "issubclass",
    "aw.__getattribute__",
    "aw.__setattr__",
    "aw.__eq__",
    "aw.__add__",
    "aw.__radd__",
    "aw.__iadd__",
    "aw.__call__",
    "aw.__await__",
    "aw.__len__",
    "xs.__contains__",
    "xs.__getitem__",
    "xs.__setitem__",
    "[1].__contains__",
    "aw.fn",
    "aw.args",
    "awaitable",
    "awaitable_nowait",
    "Pool().submit",
    "np.add",
    "np.concatenate",
    "np.zeros(3).dot",
)
ARGUMENTS = (
    "",
    "aw",
    "aw, aw, aw, aw, aw",
    "x=aw",
    "func=make, pure=True",
    "*anything",
    "aw, *anything",
    "*(aw, aw)",
    "**keywords",
    "aw, **keywords",
    "*anything, **keywords",
)
CALLS = """\
from typing import Any, Callable, TypeVar
import numpy as np
from awaits import Await, awaitable, awaitable_nowait, delayed
T = TypeVar("T")
class Pool:
    def submit(self, f: Callable[[], T]) -> Await[T]: ...
def make(x: int) -> int: ...
@delayed
def later(x: int) -> int: ...
async def use(
    aw: Await[int], xs: Await[list[int]], anything: list[Any], keywords: dict[str, Any]
) -> None:
    expected: int
"""


def test_no_call_makes_the_plugin_fail(tmp_path: Path, run_mypy: RunMypy) -> None:
    calls = [f"{called}({arguments})" for called in CALLED for arguments in ARGUMENTS]
    lines = [f"    {call}\n    expected = await {call}\n" for call in calls]
    (tmp_path / "mypy.ini").write_text(
        "[mypy]\nplugins = awaits_mypy\nenable_error_code = await-implicit\n"
    )
    (tmp_path / "main.py").write_text(CALLS + "".join(lines))
    result = run_mypy(tmp_path, "main.py")
    assert "Found" in result.stdout, result.stdout + result.stderr
    assert "[await-plugin]" not in result.stdout
    assert "INTERNAL ERROR" not in result.stdout + result.stderr
