"""The differential measure finds what is planted for it, and nothing else."""

from pathlib import Path

import pytest

from .differential.__main__ import compare, differences_between, in_one_order, table
from .differential.causes import (
    ABSTRACT,
    AWAITED,
    EMPTY,
    HIDDEN,
    IS_NO_W,
    OF_ANY,
    UNASKED,
    cause_of,
)
from .differential.checking import Checked, Message, Typed
from .differential.consequences import lines_that_follow
from .differential.rewriting import Span

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
        return -shelf[key]  # type: ignore[index]  # the rest stays
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
        return -_wrap(_wrap(shelf)[_wrap(key)])  #  # the rest stays
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
            IS_NO_W,
        ),
        ("", 'Invalid index type "float" for "list[int]"; expected type "SupportsIndex"', None),
        ("", '(got "dict[str | Any, int]", expected "Mapping[str, int]")', IS_NO_W),
        ("OpExpr at 4: Any | bool", "OpExpr at 4: str | bool", OF_ANY),
        ("OpExpr at 4: Any | bool", "OpExpr at 4: bool", OF_ANY),
        ("OpExpr at 4: bool", "OpExpr at 4: Any | bool", None),
        ("OpExpr at 4: str", "OpExpr at 4: Any", None),
        ("", "NameExpr at 4: def () -> tuple[Any, ...]", HIDDEN),
        ("", 'Need type annotation for "d" (hint: "d: dict[<type>, <type>] = ...")', EMPTY),
        ("", 'No overload variant of "__getitem__" of "list" matches argument type "int"', None),
        ('Call to untyped function "f" in typed context', "", None),
        ('Call to untyped function "__copy__" in typed context', "", HIDDEN),
        ("", 'Too few arguments for "__deepcopy__" of "Await"', HIDDEN),
        ("", 'incompatible type "Callable[[], Callable[..., Any]]"; expected "C"', HIDDEN),
        ("", 'Unsupported operand types for in ("Any" and "str")', IS_NO_W),
        ("", 'Unsupported operand types for in ("Any" and "bytes")', None),
        ("", 'Unsupported operand types for in ("str" and "Iterator[str]")', UNASKED),
        ("", 'TypedDict key must be a string literal; expected one of ("a")', UNASKED),
        ("", 'Invalid index type "istr" for "CIMultiDict[str]"; expected type "str"', IS_NO_W),
        ("", 'Invalid index type "istr" for "list[str]"; expected type "int"', None),
        ("", 'Argument 1 to "__delitem__" of "MultiDict" has incompatible type "istr"', IS_NO_W),
        ("", 'Argument 1 to "__ior__" of "OrderedSet" has incompatible type "set[int]"', IS_NO_W),
        ("", 'Argument 1 to "__ior__" of "set" has incompatible type "set[int]"', None),
        ("", 'No overload variant of "__delitem__" of "MutableSequence" matches "int"', ABSTRACT),
        ("", 'incompatible type "tuple[str, int]"; expected "tuple[Any, ...]"', IS_NO_W),
        ("", 'incompatible type "str"; expected "tuple[Any, ...]"', None),
        ("OpExpr at 4: Literal[True] | Any", "OpExpr at 4: bool", OF_ANY),
        ("NameExpr at 4: type[C]", "NameExpr at 4: type[_T]", UNASKED),
        ("NameExpr at 4: _T", "NameExpr at 4: list[_T]", None),
    ],
)
def test_a_cause_is_told_by_what_mypy_says(plain: str, awaits: str, cause: str | None) -> None:
    assert cause_of([plain][: len(plain)], [awaits][: len(awaits)]) == cause


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("dict[str, b | a] | None", "None | dict[str, a | b]"),
        ('type "b | list[c | b]"; expected "x | a"', 'type "list[b | c] | b"; expected "a | x"'),
        (
            "def (a: int | str, *, b: str | int =) -> x | y",
            "def (a: str | int, *, b: int | str =) -> y | x",
        ),
        ("tuple[b | a, c]", "tuple[a | b, c]"),
    ],
)
def test_unions_are_compared_without_their_order(text: str, same: str) -> None:
    assert in_one_order(text) == in_one_order(same)
    assert in_one_order("tuple[b, a]") != in_one_order("tuple[a, b]")


def test_a_line_follows_from_another_by_a_statement_or_a_name() -> None:
    source = """\
def get(rows, at):
    row = rows[_wrap(at)]
    cell = (
        row.cell
    )
    other = cell.other
    for part in other.parts:
        print(part)
    rest = rows[0]
    rest.cell
def row(row):
    row.cell
"""
    assert lines_that_follow(source, {2}, {3, 4, 6, 8, 10, 12}) == {3, 4, 6}
    assert lines_that_follow(source, {2}, {4, 6, 7, 8, 10, 12}) == {4, 6, 7, 8}
    assert lines_that_follow(source, {4}, {2, 3, 6}) == {3, 6}


def test_an_await_differs_only_if_it_agrees_with_neither_the_control_nor_the_package() -> None:
    """What is expected of a value is not handed on by the control's function in the same way."""
    span = Span(1, 4, 1, 5)
    plain, awaits, before = (
        Checked([], {"f.py": [Typed(span, "NameExpr", text, is_value=True, lasts=True)]})
        for text in ("float", "int", "int")
    )
    assert not list(differences_between(plain, awaits, before))
    assert [each.awaits for each in differences_between(plain, awaits, plain)] == [
        ["NameExpr at 4: int"]
    ]
    noted = Checked([Message("f.py", 1, "note: x")], {})
    assert not list(differences_between(noted, Checked([], {}), noted))
    said = Checked([Message("f.py", 1, "error: x")], {})
    silent = Checked([], {})
    assert not list(differences_between(said, silent, silent))
    assert [each.plain for each in differences_between(said, silent, said)] == [["error: x"]]


def test_the_types_of_an_expression_are_counted_and_those_after_an_error_left_out() -> None:
    """A function of a type variable with values is checked once for each of these."""
    span = Span(1, 4, 1, 5)
    plain, awaits, fewer = (
        Checked(
            [], {"f.py": [Typed(span, "NameExpr", text, is_value=True, lasts=True) for text in types]}
        )
        for types in (("str", "bytes"), ("AnyStr", "AnyStr"), ("AnyStr",))
    )
    assert not list(differences_between(plain, awaits, awaits))
    assert [each.plain for each in differences_between(plain, fewer, awaits)] == [
        ["NameExpr at 4: str", "NameExpr at 4: bytes"]
    ]
    refused = [Message("f.py", 1, "error: x")]
    assert not list(
        differences_between(plain._replace(messages=refused), fewer._replace(messages=refused), awaits)
    )


def _toy(folder: Path) -> Path:
    toy = folder / "installed" / "toy"
    toy.mkdir(parents=True)
    (toy / "__init__.py").write_text(TOY)
    return toy
