"""Each operation on Awaits does what it does on their Ws: same result, same error."""

import datetime as dt
import io
import itertools
import math
import operator
import os
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Generator, Sequence
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from awaits import Await, AwaitError, awaitable, awaitable_done, awaitable_nowait, awaitable_wait


def done(value: Any) -> Any:
    aw = awaitable(lambda: value)
    awaitable_wait(aw)
    return aw


# How the value of a test comes into an Await. Nothing in this file is about types, so all are Any.
STATES: dict[str, Callable[[Any], Any]] = {
    "pending": lambda value: awaitable(lambda: value),
    "done": done,
    "nested": lambda value: awaitable_nowait(awaitable(lambda: value)),
}


@pytest.fixture(params=STATES)
def lazy(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return STATES[request.param]


@pytest.fixture(params=["left", "right", "both"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def lazy_pair(lazy: Callable[[Any], Any], side: str, left: Any, right: Any) -> tuple[Any, Any]:
    return (left if side == "right" else lazy(left)), (right if side == "left" else lazy(right))


def outcome(operation: Callable[..., Any], *operands: Any) -> tuple[type, Any]:
    """Return what comes out and its type; of an error, the message."""
    try:
        result = operation(*operands)
    except Exception as error:
        return type(error), str(error)
    return type(result), result


def is_error(kind: type) -> bool:
    return issubclass(kind, Exception)


class Matrix:
    """Has every arithmetic operator, reflected and not, and shows which one was called."""

    def __init__(self, name: str) -> None:
        self.name = name


def shows(name: str) -> Callable[[Matrix, object], Any]:
    def method(self: Matrix, other: object) -> Any:
        return (name, self.name, other.name) if isinstance(other, Matrix) else NotImplemented

    return method


ARITHMETIC = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or"
for _name in ARITHMETIC.split():
    setattr(Matrix, f"__{_name}__", shows(_name))
    setattr(Matrix, f"__r{_name}__", shows("r" + _name))

PAIRS: list[tuple[Any, Any]] = [
    *[(7, 3), (7, 0), (7, -1), (True, 2), (True, False), (7, None), (None, 7), (object(), 7)],
    *[(7.5, 2), (2, 0.5), (7.5, "a"), (1 + 2j, 2), (2, 1j)],
    *[(Fraction(1, 2), Fraction(3, 4)), (Fraction(1, 2), 3), (3, Fraction(1, 2))],
    *[(Decimal("7.5"), Decimal(2)), (Decimal("7.5"), 3), (3, Decimal("7.5")), (Decimal(1), 0.5)],
    *[("ab", "b"), ("ab", 3), (3, "ab"), (b"ab", b"b"), (b"ab", "b"), (bytearray(b"a"), b"b")],
    *[([1], [2]), ([4], 3), (3, [4]), ([1], (2,)), ((1,), (2,)), ((1,), 2), (2, (1,))],
    *[({1, 2}, {2, 3}), ({1}, frozenset([1, 2])), (frozenset([1]), {1}), ({1}, [1])],
    *[({"a": 1}, {"a": 2, "b": 3}), ({"a": 1}, [("b", 2)]), (Counter("aab"), Counter("ab"))],
    *[(OrderedDict(a=1), {"b": 2}), (deque([1]), deque([2])), (deque([1]), 2)],
    *[(dt.datetime(2020, 1, 2), dt.timedelta(1)), (dt.timedelta(1), dt.datetime(2020, 1, 2))],
    *[(dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 1)), (dt.date(2020, 1, 2), dt.date(2020, 1, 1))],
    *[(dt.timedelta(1), 3), (3, dt.timedelta(1)), (dt.timedelta(3), dt.timedelta(2))],
    *[(Path("a"), "b"), ("a", Path("b")), (Path("a"), Path("b")), (Path("a"), 1)],
    *[(int, None), (int, str), (None, int), (Matrix("a"), Matrix("b")), (Matrix("a"), 1)],
]

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name, getattr(operator, name + "_", divmod)) for name in ARITHMETIC.split()
}


def asks_no_other(operation: Callable[[Any, Any], Any], left: Any) -> bool:
    """Say whether the method of the left operand takes any right one, so that an Await is not asked."""
    if operation is operator.mod:
        return isinstance(left, (str, bytes, bytearray))
    return operation is operator.pow and isinstance(left, Fraction)  # fixed in Python 3.13


@pytest.mark.parametrize("operation", BINARY.values(), ids=BINARY)
def test_arithmetic(operation: Callable[[Any, Any], Any], lazy: Callable[[Any], Any], side: str) -> None:
    for left, right in PAIRS:
        if not (side == "right" and asks_no_other(operation, left)):
            expected = outcome(operation, left, right)
            assert outcome(operation, *lazy_pair(lazy, side, left, right)) == expected, (left, right)


COMPARISONS: dict[Callable[[Any, Any], Any], Callable[[Any, Any], Any]] = {
    operator.eq: operator.eq,
    operator.ne: operator.ne,
    operator.lt: operator.gt,
    operator.gt: operator.lt,
    operator.le: operator.ge,
    operator.ge: operator.le,
}


@pytest.mark.parametrize("operation", COMPARISONS)
def test_comparison(operation: Callable[[Any, Any], Any], lazy: Callable[[Any], Any], side: str) -> None:
    for left, right in PAIRS:
        expected = outcome(operation, left, right)
        if side == "right" and expected[0] is TypeError:
            # Python does not tell `left < aw` from `aw > left`, which is what the message then names.
            expected = outcome(COMPARISONS[operation], right, left)
        assert outcome(operation, *lazy_pair(lazy, side, left, right)) == expected, (left, right)


ASK_W: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(operator, name) for name in ("neg", "pos", "abs", "invert", "not_", "truth")},
    **{f.__name__: f for f in (bool, int, float, complex, str, format, hash, len, bytes, round)},
    **{f.__name__: f for f in (math.trunc, math.floor, math.ceil, operator.index, os.fspath)},
    **{f.__name__: f for f in (list, tuple, set, sorted, sum, dict, next, operator.length_hint)},
    **{f.__name__: f for f in (bin, range)},
    "reversed": lambda value: list(reversed(value)),
    "round to digits": lambda value: round(value, 1),
    "round to tens": lambda value: round(value, -1),
    "format with spec": lambda value: f"{value:>5}",
    "percent s": lambda value: "%s" % (value,),  # noqa: UP031
}

# Code that is not W's looks for one of W's methods here, and says in its own words if there is none. All
# that an Await can do is to give the same result where there is one.
ASK_FOR_A_METHOD: dict[str, Callable[[Any], Any]] = {
    **{f.__name__: f for f in (math.sqrt, chr, bytearray().join)},
    "percent d": lambda value: "%d %.1f" % (value, value),  # noqa: UP031
    "index of a string": lambda value: "abcdefgh"[value],
    "bounds of a slice": lambda value: "abcdefgh"[value : value + 1],
    "unpack": lambda value: [*value],
    "unpack to arguments": lambda value: (lambda *args: args)(*value),
    "unpack to keywords": lambda value: (lambda **kwargs: kwargs)(**value),
    "update": lambda value: {"b": 2} | dict(value),
}

VALUES: list[Any] = [
    *[7, 0, -1, None, 27.5, 25, -2.5, 0.0, 1 + 2j, Fraction(7, 2), Decimal("7.25"), object],
    *["", "27", "ab", "\u0436", b"", b"ab", [], [3, 1], (3, 1), (), range(3), {3, 1}],
    *[{}, {"a": 1}, {1: "a"}, [("a", 1)], deque([3, 1]), OrderedDict(a=1), {"a": 1}.keys()],
    *[dt.timedelta(1), dt.date(2020, 1, 2), Path("a/b"), len, int, Matrix],
]


@pytest.mark.parametrize("operation", ASK_W.values(), ids=ASK_W)
def test_one_operand(operation: Callable[[Any], Any], lazy: Callable[[Any], Any]) -> None:
    for value in VALUES:
        assert outcome(operation, lazy(value)) == outcome(operation, value), value


@pytest.mark.parametrize("operation", ASK_FOR_A_METHOD.values(), ids=ASK_FOR_A_METHOD)
def test_one_operand_of_other_code(operation: Callable[[Any], Any], lazy: Callable[[Any], Any]) -> None:
    outcomes = [(value, outcome(operation, value)) for value in VALUES]
    successes = [(value, kind, result) for value, (kind, result) in outcomes if not is_error(kind)]
    assert successes
    for value, *expected in successes:
        assert outcome(operation, lazy(value)) == tuple(expected), value


# In place.

IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, "i" + name) for name in ARITHMETIC.split() if name != "divmod"
}


def innermost(value: Any) -> Any:
    while isinstance(value, Await):
        value = awaitable_wait(value)
    return value


@pytest.mark.parametrize("operation", IN_PLACE.values(), ids=IN_PLACE)
@pytest.mark.parametrize("side", ["left", "both"])
def test_in_place(operation: Callable[[Any, Any], Any], lazy: Callable[[Any], Any], side: str) -> None:
    for left, right in PAIRS:
        mine, yours = deepcopy(left), deepcopy(left)
        before = repr(yours)
        expected = outcome(operation, mine, right)
        operands = lazy_pair(lazy, side, yours, right)
        kind, result = outcome(operation, *operands)
        if is_error(expected[0]):
            assert (kind, result) == expected, (left, right)
            continue
        assert issubclass(kind, Await), (left, right)
        assert awaitable_done(result), (left, right)
        assert outcome(innermost, result) == expected, (left, right)
        if expected[1] is mine:  # changed in place
            assert result is operands[0], (left, right)
            assert innermost(result) is yours, (left, right)
        else:
            # Other names for the old Await see the old value, as with plain ints.
            assert result is not operands[0], (left, right)
            assert result.is_nowait(), (left, right)
            assert innermost(operands[0]) is yours, (left, right)
            assert repr(yours) == before, (left, right)


def test_in_place_statement_binds_the_name_to_an_await(lazy: Callable[[Any], Any]) -> None:
    number = old_number = lazy(1)
    number += 2
    assert (isinstance(number, Await), innermost(number), innermost(old_number)) == (True, 3, 1)
    numbers = old_numbers = lazy([1])
    numbers += (2,)
    assert numbers is old_numbers
    assert innermost(old_numbers) == [1, 2]


@pytest.mark.parametrize("operation", [operator.iadd, operator.imul])
def test_known_limit_a_function_in_place_on_a_plain_list_makes_a_new_one(
    operation: Callable[[Any, Any], Any],
) -> None:
    # Python asks the Await's reflected method first, which sees from the statement that it is to be in
    # place. From a call of `operator.iadd` it does not.
    plain = [1]
    right = awaitable_nowait([2] if operation is operator.iadd else 2)
    result = operation(plain, right)
    assert type(result) is list
    assert result is not plain
    assert plain == [1]


def test_known_limit_an_await_of_which_nothing_is_known_is_callable_and_has_an_index() -> None:
    # Python looks at the class, which has to offer all that W may have. What takes a path or the number
    # of an open file, as os.stat does, therefore takes such an Await for a number.
    path: Any = awaitable(lambda: Path("a"))
    assert callable(path)
    with pytest.raises(TypeError, match="object cannot be interpreted as an integer"):
        os.stat(path)  # noqa: PTH116


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought the buffer protocol")
def test_known_limit_an_await_of_which_nothing_is_known_has_a_buffer() -> None:
    numbers: Any = awaitable(lambda: [1, 2])
    assert bytes(numbers) == b"\1\2"
    # What takes either a buffer or an iterable decides by the class, and takes every Await for a buffer.
    for take in (bytearray, bytearray().extend):
        with pytest.raises(TypeError, match=r"bytes-like object is required|bytearray slice from Await"):
            take(numbers)


def test_an_integer_from_bytes(lazy: Callable[[Any], Any]) -> None:
    assert int.from_bytes(lazy(b"\1\2")) == int.from_bytes(lazy(bytearray(b"\1\2"))) == 0x0102
    numbers = lazy([1, 2])
    if sys.version_info < (3, 15) or not hasattr(type(numbers), "__buffer__"):
        assert int.from_bytes(numbers) == 0x0102
    else:
        # A known limit, as above, since https://github.com/python/cpython/issues/132108.
        with pytest.raises(TypeError, match="a bytes-like object is required, not 'list'"):
            int.from_bytes(numbers)


def test_known_limit_percent_takes_an_await_of_a_tuple_for_one_value() -> None:
    pair: Any = awaitable_nowait((1, 2))
    with pytest.raises(TypeError, match="not enough arguments"):
        "%s %s" % pair  # noqa: UP031


# Precedence and power.


class Base:
    def __add__(self, other: object) -> Any:
        return "Base.__add__" if isinstance(other, Base) else NotImplemented


class Derived(Base):
    def __radd__(self, other: object) -> Any:
        return "Derived.__radd__"


def test_the_reflected_method_of_a_subclass_goes_first(lazy: Callable[[Any], Any], side: str) -> None:
    assert Base() + Derived() == "Derived.__radd__"
    left, right = lazy_pair(lazy, side, Base(), Derived())
    assert left + right == "Derived.__radd__"
    left, right = lazy_pair(lazy, side, Derived(), Base())
    assert left + right == "Base.__add__"


def test_power_with_three_arguments(lazy: Callable[[Any], Any]) -> None:
    assert pow(lazy(7), 3, 5) == pow(lazy(7), lazy(3), lazy(5)) == pow(7, 3, 5)
    expected = outcome(pow, 7, 3, 0)
    assert outcome(pow, lazy(7), 3, 0) == outcome(pow, lazy(7), 3, lazy(0)) == expected
    assert outcome(pow, lazy("a"), 3, 5) == outcome(pow, "a", 3, 5)


def test_power_with_three_arguments_of_which_the_first_is_plain(lazy: Callable[[Any], Any]) -> None:
    if sys.version_info >= (3, 14):
        assert pow(7, lazy(3), 5) == pow(7, lazy(3), lazy(5)) == pow(7, 3, 5)
    else:
        # A known limit: such a Python never asks the reflected method.
        with pytest.raises(TypeError, match="unsupported operand type"):
            pow(7, lazy(3), 5)
    # A known limit everywhere: the class of the modulus is not asked.
    with pytest.raises(TypeError, match="unsupported operand type"):
        pow(7, 3, lazy(5))


# Conversions where Python looks at more than one method.


def test_a_path_opens_its_file(lazy: Callable[[Any], Any], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text", encoding="utf-8")
    for kind in (path, str(path), os.fsencode(path)):
        with open(lazy(kind), encoding="utf-8") as file:  # noqa: PTH123
            assert file.read() == "text"
    assert Path(lazy(tmp_path), lazy("file")).read_text(encoding="utf-8") == "text"


def test_length_hint(lazy: Callable[[Any], Any]) -> None:
    assert operator.length_hint(lazy(iter([1, 2])), 7) == 2
    assert operator.length_hint(lazy([1]), 7) == 1
    assert operator.length_hint(lazy(5), 7) == 7
    assert operator.length_hint(lazy(x for x in "ab"), 7) == 7


def fail_with(error: Exception) -> Any:
    raise error


def test_length_hint_of_a_failing_call_is_no_missing_hint() -> None:
    with pytest.raises(AwaitError, match="fail_with raised TypeError") as caught:
        operator.length_hint(awaitable(fail_with, TypeError("from inside")), 7)
    assert str(caught.value.__cause__) == "from inside"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought the buffer protocol")
def test_buffer(lazy: Callable[[Any], Any]) -> None:
    data = bytearray(b"ab")
    with memoryview(lazy(data)) as view:
        view[0] = ord("c")
    assert data == b"cb"
    data.clear()  # refused if the view were still held
    assert io.BytesIO(lazy(b"ab")).read() == b"".join([lazy(b"a"), b"b"]) == b"ab"
    with pytest.raises(TypeError, match="a bytes-like object is required, not 'int'"):
        memoryview(lazy(5))


# Containers.


def test_items(lazy: Callable[[Any], Any]) -> None:
    letters = lazy(list("abcde"))
    assert (letters[1], letters[-1], letters[lazy(2)]) == ("b", "e", "c")
    assert (letters[1:3], letters[::2], letters[:]) == (["b", "c"], ["a", "c", "e"], list("abcde"))
    letters[0] = "A"
    letters[1:3] = "xyz"
    del letters[-1]
    del letters[4:]
    letters[1] += "!"
    assert innermost(letters) == ["A", "x!", "y", "z"]
    assert outcome(operator.getitem, letters, 9) == (IndexError, "list index out of range")
    table = lazy({"a": 1})
    table[lazy("b")] = 2
    del table[lazy("a")]
    assert innermost(table) == {"b": 2}
    assert outcome(operator.getitem, table, "c") == (KeyError, "'c'")
    for operation in (operator.getitem, operator.delitem):
        assert outcome(operation, lazy(5), 0) == outcome(operation, 5, 0)
    assert outcome(operator.setitem, lazy("a"), 0, "b") == outcome(operator.setitem, "a", 0, "b")


@pytest.mark.parametrize(("container", "item"), [([1, 2], 1), ("abc", "b"), ({1: 2}, 1), (range(3), 9)])
def test_in(container: Any, item: Any, lazy: Callable[[Any], Any], side: str) -> None:
    expected = item in container
    if side == "right" and isinstance(container, str):
        pytest.skip("a plain str takes nothing but a str")
    held, looked_for = lazy_pair(lazy, side, container, item)
    assert (looked_for in held) is expected
    assert (looked_for not in held) is not expected
    assert outcome(operator.contains, lazy(5), 1) == outcome(operator.contains, 5, 1)


def test_an_await_is_found_where_its_w_is(lazy: Callable[[Any], Any]) -> None:
    assert {lazy(1): "a"}[1] == {1: "a"}[lazy(1)] == "a"
    assert {lazy(1), 1} == {1}
    assert [1, 2].index(lazy(2)) == 1
    assert outcome(hash, lazy([])) == (TypeError, "unhashable type: 'list'")


def test_iteration(lazy: Callable[[Any], Any]) -> None:
    assert [x * 2 for x in lazy([1, 2])] == [2, 4]
    assert list(zip(lazy("ab"), lazy({1: 2}), strict=False)) == [("a", 1)]
    assert ",".join(lazy(["a", "b"])) == "a,b"
    first, *rest = lazy((1, 2, 3))
    assert (first, rest) == (1, [2, 3])
    assert list(reversed(lazy({"a": 1, "b": 2}))) == ["b", "a"]
    with pytest.raises(TypeError, match="'int' object is not iterable"):
        iter(lazy(5))


def test_next_advances_the_one_iterator(lazy: Callable[[Any], Any]) -> None:
    numbers = lazy(iter([1, 2]))
    assert (next(numbers), next(numbers), next(numbers, "end")) == (1, 2, "end")
    with pytest.raises(StopIteration):
        next(numbers)


def test_the_value_of_a_generator_arrives_with_its_end(lazy: Callable[[Any], Any]) -> None:
    def generate() -> Generator[int, None, int]:
        yield 1
        return 5

    def delegate() -> Generator[int, None, Any]:
        return (yield from lazy(generate()))

    generator = delegate()
    assert next(generator) == 1
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert end.value.value == 5


@pytest.mark.parametrize(
    "use", [next, lambda aw: next(aw, 0), list, lambda aw: [*itertools.chain(aw, [1])]]
)
def test_stop_iteration_of_the_function_does_not_look_like_the_end(use: Callable[[Any], Any]) -> None:
    with pytest.raises(AwaitError, match="fail_with raised StopIteration") as caught:
        use(awaitable(fail_with, StopIteration("from inside")))
    assert isinstance(caught.value.__cause__, StopIteration)


def test_other_errors_of_the_function_come_unchanged() -> None:
    error = KeyError("from inside")
    for use in (list, len, bool, hash, str, next, operator.neg, operator.index, os.fspath):
        with pytest.raises(KeyError) as caught:
            use(awaitable(fail_with, error))
        assert caught.value is error


# Calls and contexts.


def test_call(lazy: Callable[[Any], Any]) -> None:
    def show(*args: object, **kwargs: object) -> tuple[object, object]:
        return args, kwargs

    assert lazy(show)(1, self=1, aw=2, args=3) == ((1,), {"self": 1, "aw": 2, "args": 3})
    assert lazy(int)("5") == 5
    assert list(map(lazy(str), [1, 2])) == ["1", "2"]
    assert outcome(lazy(5)) == (TypeError, "'int' object is not callable")


class Context:
    """Records what happens to it, and swallows a KeyError."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def __enter__(self) -> str:
        self.seen.append("enter")
        return "entered"

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        self.seen.append(error)
        return kind is KeyError


def test_with(lazy: Callable[[Any], Any]) -> None:
    context, error = Context(), KeyError("a")
    with lazy(context) as target:
        assert target == "entered"
    with lazy(context):
        fail_with(error)
    with pytest.raises(ValueError, match="not swallowed"), lazy(context):
        fail_with(ValueError("not swallowed"))
    assert context.seen[:4] == ["enter", None, "enter", error]


class NeverLeft:
    """A context that Python does not enter."""

    def __enter__(self) -> str:
        raise AssertionError("entered")


def enter(context: Any) -> None:
    with context:
        pass


def test_with_finds_the_methods_as_python_does(lazy: Callable[[Any], Any]) -> None:
    class Odd:
        __enter__ = staticmethod(lambda: "static")
        __exit__ = classmethod(lambda cls, kind, *_: (cls, kind) == (Odd, KeyError))

    with lazy(Odd()) as target:
        assert target == "static"
        fail_with(KeyError())

    mock = MagicMock()
    with lazy(mock) as target:
        assert target is mock.__enter__.return_value
    mock.__exit__.assert_called_once_with(None, None, None)

    instance: Any = Base()
    instance.__enter__ = instance.__exit__ = lambda *_: None
    assert outcome(enter, lazy(instance)) == outcome(enter, instance)
    assert outcome(enter, lazy(NeverLeft())) == outcome(enter, NeverLeft())


# A W that is a class.


def test_a_class(lazy: Callable[[Any], Any]) -> None:
    assert isinstance(True, lazy(int))
    assert not isinstance("", (lazy(int), list))
    assert issubclass(bool, lazy(int))
    assert not issubclass(str, lazy(int))
    assert isinstance(5, lazy(int | None))
    assert lazy(list)[int] == list[int]
    assert (lazy(int) | None) == (int | None)
    for check in (isinstance, issubclass):
        assert outcome(check, int, lazy(5)) == outcome(check, int, 5)


def test_a_base_class(lazy: Callable[[Any], Any]) -> None:
    base, alias = lazy(Base), lazy(list[int])

    class Child(base):  # type: ignore[misc, valid-type]
        pass

    class Numbers(alias):  # type: ignore[misc, valid-type]
        pass

    assert Child.__mro__ == (Child, Base, object)
    assert Numbers.__bases__ == (list,)
    assert Child() + Child() == "Base.__add__"


def test_the_key_of_an_item_may_be_an_await_too(lazy: Callable[[Any], Any]) -> None:
    letters, sizes = lazy(list("abcd")), lazy({"a": 1})
    assert letters[lazy(1)] == "b"
    assert letters[lazy(slice(1, 3))] == ["b", "c"]
    assert sizes[lazy("a")] == 1
    sizes[lazy("b")] = 2
    del sizes[lazy("a")], letters[lazy(slice(2))]
    assert awaitable_wait(sizes) == {"b": 2}
    assert type(next(iter(sizes))) is str
    assert awaitable_wait(letters) == ["c", "d"]


def test_both_sides_of_issubclass_may_be_awaits(lazy: Callable[[Any], Any]) -> None:
    assert issubclass(lazy(int), lazy(int))
    assert issubclass(lazy(list), lazy(Sequence))
    assert not issubclass(lazy(str), lazy(int))


def test_class_pattern_reads_attributes(lazy: Callable[[Any], Any]) -> None:
    context = lazy(Context())
    match context:
        case Await(seen=[]):
            pass
        case _:
            pytest.fail("the attribute is that of W")
    match context:
        case Await(absent=_):
            pytest.fail("W has no such attribute")


def test_known_limit_patterns_of_items_ask_for_the_class(lazy: Callable[[Any], Any]) -> None:
    for value in ([1, 2], {"a": 1}):
        match lazy(value):
            case [_, _] | {"a": _}:
                pytest.fail("Python looks at a flag of the class")
            case _:
                pass


class Replaceable:
    """What copy.replace of Python 3.13 asks."""

    def __replace__(self, /, **changes: int) -> dict[str, int]:
        return changes


def test_replace_is_that_of_w() -> None:
    kind: Any = Await  # copy.replace looks the method up on the class
    assert kind.__replace__(awaitable(Replaceable), x=1) == {"x": 1}
    with pytest.raises(TypeError, match="'int' object has no __replace__"):
        kind.__replace__(awaitable_nowait(1), x=1)
