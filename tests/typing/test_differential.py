"""The differential measure finds what is planted for it, and nothing else."""

from pathlib import Path

import pytest

from .differential.__main__ import compare, table
from .differential.causes import ABSTRACT, AWAITED, HIDDEN, IS_NO_W, cause_of

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


@pytest.mark.parametrize(
    ("plain", "awaits", "cause"),
    [
        ("", 'Invalid index type "str" for "Mapping[str, int]"; expected type "str"', ABSTRACT),
        ("", 'No overload variant of "__getitem__" of "Sequence" matches argument type "int"', ABSTRACT),
        ("", 'Invalid index type "Any" for "dict[str, int]"; expected type "str"', IS_NO_W),
        ("", 'Invalid index type "str" for "Container"; expected type "Key | str"', IS_NO_W),
        ("", '(got "dict[Any, int]", expected "dict[str, int]")', IS_NO_W),
        ("", '(expression has type "str", variable has type "str")', IS_NO_W),
        ("", 'Value of type "Callable[[], tuple[Any, ...]]" is not indexable', HIDDEN),
        (
            'Incompatible types in "await" (actual type "None", expected type "Awaitable[Any]")',
            "",
            AWAITED,
        ),
        ("", '(got "dict[Any, int]", expected "dict[str, str]")', None),
        (
            "",
            'Invalid index type "int | slice[Any]" for "list[int]"; expected type "SupportsIndex"',
            None,
        ),
        ("", 'No overload variant of "__getitem__" of "list" matches argument type "int"', None),
        ('Call to untyped function "f" in typed context', "", None),
    ],
)
def test_a_cause_is_told_by_what_mypy_says(plain: str, awaits: str, cause: str | None) -> None:
    assert cause_of([plain][: len(plain)], [awaits][: len(awaits)]) == cause


def _toy(folder: Path) -> Path:
    toy = folder / "installed" / "toy"
    toy.mkdir(parents=True)
    (toy / "__init__.py").write_text(TOY)
    return toy
