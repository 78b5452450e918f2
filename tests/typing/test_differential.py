"""The differential measure finds what is planted for it, and nothing else."""

from pathlib import Path

from .differential.__main__ import compare, table
from .differential.causes import IS_NO_W

TOY = '''\
"""A package."""

class Key:
    name: str

class Shelf:
    def __getitem__(self, key: Key) -> int:
        return int(key.name)

def total(shelf: Shelf, key: Key) -> int:
    shown = key.name
    print(shown)
    if key.name and not isinstance(shelf, Key):
        return -shelf[key]
    return 0
'''
REWRITTEN = '''\
"""A package."""

from _wrapper import _wrap
class Key:
    name: str

class Shelf:
    def __getitem__(self, key: Key) -> int:
        return int(_wrap(key).name)

def total(shelf: Shelf, key: Key) -> int:
    shown = _wrap(key).name
    _wrap(print)(shown)
    if key.name and not isinstance(shelf, Key):
        return -_wrap(_wrap(shelf)[_wrap(key)])
    return 0
'''
LINE_OF_INDEX = 15


def test_an_await_differs_where_a_class_is_wanted(tmp_path: Path) -> None:
    compared = compare(_toy(tmp_path), "1.0", tmp_path)
    assert (tmp_path / "toy/__init__.py").read_text() == REWRITTEN
    assert [(each.line, each.cause) for each in compared.differences] == [(LINE_OF_INDEX, IS_NO_W)]
    assert table([compared]).splitlines() == [
        "| package | places | lines that differ | an Await is no W | for no documented cause |",
        "| --- | --- | --- | --- | --- |",
        "| toy 1.0 | 6 | 1 | 1 | 0 |",
        "| all | 6 | 1 | 1 | 0 |",
    ]


def test_a_lost_type_is_found_by_what_mypy_says_and_by_the_types(tmp_path: Path) -> None:
    """Here the function gives Any."""
    compared = compare(_toy(tmp_path), "1.0", tmp_path, result="Any")
    assert [(each.line, each.plain) for each in compared.undocumented()] == [
        (LINE_OF_INDEX, []),  # it returns Any
        (9, ["MemberExpr at 19: str"]),
        (12, ["NameExpr at 4: str", "MemberExpr at 12: str"]),
        (13, ["NameExpr at 17: str"]),
    ]


def _toy(folder: Path) -> Path:
    toy = folder / "installed" / "toy"
    toy.mkdir(parents=True)
    (toy / "__init__.py").write_text(TOY)
    return toy
