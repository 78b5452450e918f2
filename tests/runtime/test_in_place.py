"""`plain += aw` does to `plain` what `plain += w` does, wherever the statement stands."""

import array
import asyncio
import copy
from collections import Counter, OrderedDict, UserList, deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from awaits import Await, awaitable, awaitable_nowait, awaitable_wait

OPERATORS = ["+=", "-=", "*=", "@=", "/=", "//=", "%=", "**=", "<<=", ">>=", "&=", "^=", "|="]


class Choosy:
    """One that knows only its own class, and leaves everything else to the other side."""

    def __init__(self, items: list[int]) -> None:
        self.items = items

    def __copy__(self) -> "Choosy":
        return Choosy(self.items[:])

    def __repr__(self) -> str:
        return f"Choosy({self.items})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Choosy) and other.items == self.items

    __hash__ = None  # type: ignore[assignment]

    def __iadd__(self, other: object) -> Any:
        if not isinstance(other, Choosy):
            return NotImplemented
        self.items += other.items
        return self

    def __ipow__(self, other: object) -> Any:
        return self.__iadd__(other)


class Elsewhere(list[int]):
    """One whose operator in place gives another object."""

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return ("elsewhere", *self, *other) if isinstance(other, tuple) else NotImplemented


LEFT: list[Any] = [
    *([1, 2], [[1], "a"], {1, 2}, {"a": 1}, deque([1]), deque([1, 2], 3), bytearray(b"ab")),
    *(
        array.array("i", [1]),
        Counter("ab"),
        OrderedDict(a=1),
        UserList([1]),
        Choosy([1]),
        Elsewhere([1]),
    ),
    *((1, 2), "ab", b"ab", 5, 2.5, True, frozenset({1}), Fraction(1, 2), Decimal(3), Path("a"), None),
    {1: 2}.keys(),
]
RIGHT: list[Any] = [
    *([3], (3, 4), "cd", range(2), {1, 7}, frozenset({2}), {"a": 3, "b": 4}, [("a", 1)], deque([5])),
    *(b"cd", bytearray(b"e"), array.array("i", [9]), Counter("b"), Choosy([2]), UserList([8])),
    *(2, 0, -1, True, 1.5, None, Fraction(1, 3), Decimal(2), "c", [], {1: 2}.items()),
    iter([1, 2]),
]
BY_CLASS = {("%=", str), ("%=", bytes), ("%=", bytearray), ("**=", Fraction)}
FORMS = {
    "in a function": """\
def statement(plain, other):
    plain {operator} other
    return plain
""",
    "in a module": """\
plain {operator} other
result = plain
""",
    "of an attribute": """\
def statement(plain, other):
    class Place: pass
    Place.plain = plain
    Place.plain {operator} other
    return Place.plain
""",
    "of an item": """\
def statement(plain, other):
    place = [plain]
    place[0] {operator} other
    return place[0]
""",
    "in a generator": """\
def statement(plain, other):
    def steps():
        nonlocal plain
        yield 1
        plain {operator} other
    list(steps())
    return plain
""",
    "in a class": """\
def statement(given, other):
    class Body:
        plain = given
        plain {operator} other
    return Body.plain
""",
    "after many constants": """\
def statement(plain, other):
    x = [{many}]
    plain {operator} other
    return plain
""",
}


def statement_of(form: str, operator: str) -> Callable[[Any, Any], Any]:
    many = ", ".join(f"{n}.5" for n in range(300))
    code = compile(FORMS[form].replace("{operator}", operator).replace("{many}", many), form, "exec")

    def run(plain: Any, other: Any) -> Any:
        names: dict[str, Any] = {"plain": plain, "other": other}
        exec(code, names)
        return names["statement"](plain, other) if "statement" in names else names["result"]

    return run


def fresh(value: Any) -> Any:
    """Return a copy, or what cannot be copied itself."""
    try:
        return copy.copy(value)
    except TypeError:
        return value


def outcome(statement: Callable[[Any, Any], Any], plain: Any, other: Any) -> tuple[Any, ...]:
    """Return what the name is bound to, whether that is the old object, and what became of that."""
    try:
        result = statement(plain, other)
    except Exception as error:
        return type(error), shown(plain)
    return type(result), shown(result), result is plain, shown(plain)


def shown(value: Any) -> str:
    """Return what it is shown as, with the items of a set in one order."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}({sorted(map(repr, value))})"
    return repr(value)


@pytest.mark.parametrize("state", ["pending", "complete"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_it_is_as_with_the_value_itself(operator: str, state: str) -> None:
    statement = statement_of("in a function", operator)
    changed = 0
    for left in LEFT:
        # These decide by the class of the right side, with an operator that is not in place too.
        if (operator, type(left)) in BY_CLASS:
            continue
        for right in RIGHT:
            mine, yours = fresh(right), fresh(right)
            aw: Any = awaitable_nowait(yours) if state == "complete" else awaitable([yours].pop)
            expected = outcome(statement, fresh(left), mine)
            found = outcome(statement, fresh(left), aw)
            assert found == expected, f"{left!r} {operator} {right!r}"
            changed += len(found) == 4 and found[2]
    assert changed or operator in {
        "@=",
        "/=",
        "//=",
        "%=",
        "<<=",
        ">>=",
    }  # of which none here is in place


@pytest.mark.parametrize("form", FORMS)
def test_it_is_so_wherever_the_statement_stands(form: str) -> None:
    for operator, left, right in [("+=", [1], (2, 3)), ("*=", [1], 2), ("|=", {1}, {2}), ("+=", 1, 2)]:
        statement = statement_of(form, operator)
        expected = outcome(statement, fresh(left), right)
        assert outcome(statement, fresh(left), awaitable_nowait(right)) == expected


def test_other_names_see_the_change() -> None:
    found: list[int] = []
    into = found
    into += awaitable(list, (1, 2))
    assert into is found
    assert found == [1, 2]


def test_an_operator_that_is_not_in_place_makes_a_new_object() -> None:
    numbers, chosen = [1], {1}
    aw: Any = awaitable_nowait([2])
    total = numbers + aw
    both = chosen | awaitable_nowait({2})
    assert (numbers, total, chosen, both) == ([1], [1, 2], {1}, {1, 2})
    with pytest.raises(TypeError):
        numbers + awaitable_nowait((2,))  # type: ignore[operator]
    numbers += [0]
    assert [total + awaitable_nowait([3]) for _ in range(2)] == [[1, 2, 3]] * 2
    assert numbers == [1, 0]


def test_it_is_so_in_a_coroutine() -> None:
    async def extend(plain: list[int], other: Any) -> list[int]:
        await asyncio.sleep(0)
        plain += other
        return plain

    plain = [1]
    assert asyncio.run(extend(plain, awaitable(tuple, "ab"))) is plain
    assert plain == [1, "a", "b"]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("is_left_an_await", [False, True])
def test_an_await_of_an_await_is_that_of_its_value(operator: str, is_left_an_await: bool) -> None:
    statement = statement_of("in a function", operator)

    def value_after(plain: Any, other: Any) -> Any:
        result = statement(awaitable_nowait(plain) if is_left_an_await else plain, other)
        return awaitable_wait(result) if isinstance(result, Await) else result

    for left in LEFT:
        if (operator, type(left)) in BY_CLASS and not is_left_an_await:
            continue
        for right in RIGHT:
            expected = outcome(statement, fresh(left), fresh(right))
            found = outcome(value_after, fresh(left), awaitable_nowait(awaitable_nowait(fresh(right))))
            assert found == expected, f"{left!r} {operator} {right!r}"


def test_an_await_on_the_left_stays_one() -> None:
    left: Any = awaitable(list, "a")
    old = left
    left += awaitable(list, "b")
    assert isinstance(left, Await)
    assert left is old
    assert awaitable_wait(left) == ["a", "b"]
