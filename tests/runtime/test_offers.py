"""The class of an Await offers what that of its W does, to those who ask a class and not the object."""

import collections
import collections.abc
import contextlib
import copy
import ctypes
import datetime
import enum
import functools
import gc
import os
import pickle
import re
import sys
import types
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Optional, Protocol, Self, TypeVar

import pytest

from awaits import (
    BUILD,
    Await,
    awaitable,
    awaitable_all,
    awaitable_done,
    awaitable_nowait,
    awaitable_wait,
    delayed,
    lazy_import,
)

T = TypeVar("T")


@dataclass
class D:
    """A dataclass."""

    a: int = 1

    def me(self) -> Self:
        return self

    @classmethod
    def number(cls) -> int:
        return 7


class Manager:
    """What can be entered in both ways."""

    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...
    async def __aenter__(self) -> None: ...
    async def __aexit__(self, *error: object) -> None: ...


class NotEntered(Manager):
    """What takes back what its base class can."""

    __enter__ = None  # type: ignore[assignment]


class NotIterated:
    """What has items, which cannot be gone through."""

    __iter__ = None
    __contains__ = None

    def __getitem__(self, place: int) -> int:
        return 5


class Called(D):
    """A D that can be called."""

    def __call__(self) -> int:
        return 5


class OldSequence:
    """What has items, and no more."""

    def __getitem__(self, place: int) -> int:
        return (1, 2)[place]


class Abstract(Protocol):
    """What says next to nothing of a W."""

    a: int


class Color(enum.Enum):
    RED = 1


def count() -> Iterator[int]:
    yield 1


async def count_slowly() -> AsyncIterator[int]:
    yield 1


# A W, and how a function says that it returns one.
VALUES: dict[str, tuple[Callable[[], Any], Any]] = {
    "int": (lambda: 3, int),
    "bool": (lambda: True, bool),
    "float": (lambda: 3.5, float),
    "complex": (lambda: 3j, complex),
    "str": (lambda: "a", str),
    "bytes": (lambda: b"a", bytes),
    "list": (lambda: [1], list[int]),
    "dict": (lambda: {1: 2}, dict[int, int]),
    "tuple": (lambda: (1,), tuple[int, ...]),
    "set": (lambda: {1}, set[int]),
    "range": (lambda: range(3), range),
    "Path": (lambda: Path("a"), Path),
    "datetime": (lambda: datetime.datetime(2026, 1, 1), datetime.datetime),
    "function": (lambda: count, types.FunctionType),
    "class": (lambda: D, type),
    "module": (lambda: os, types.ModuleType),
    "iterator": (lambda: iter([1]), type(iter([1]))),
    "generator": (count, types.GeneratorType),
    "asynchronous generator": (count_slowly, types.AsyncGeneratorType),
    "dataclass": (D, D),
    "manager": (Manager, Manager),
    "not entered": (NotEntered, NotEntered),
    "not reversed": (collections.ChainMap, collections.ChainMap),
    "not iterated": (NotIterated, NotIterated),
    "memoryview": (lambda: memoryview(b"a"), memoryview),
    "bytearray": (lambda: bytearray(b"a"), bytearray),
    "mapping proxy": (lambda: types.MappingProxyType({}), types.MappingProxyType),
    "values of a dict": (lambda: {}.values(), type({}.values())),
    "match": (lambda: re.match("a", "a"), re.Match),
    "class that is gone through": (lambda: Color, enum.EnumMeta),
    "None": (lambda: None, None),
}
if find_spec("numpy"):
    import numpy as np

    VALUES["ndarray"] = (lambda: np.arange(3), np.ndarray)
    VALUES["number of numpy"] = (lambda: np.float64(3), np.float64)
if find_spec("pandas"):  # nox -s libraries
    pd: Any = import_module("pandas")  # mypy may not have its types
    VALUES["DataFrame"] = (lambda: pd.DataFrame({"a": [1]}), pd.DataFrame)
    VALUES["Series"] = (lambda: pd.Series([1]), pd.Series)

PROTOCOLS = [
    *(collections.abc.Callable, collections.abc.Iterable, collections.abc.Iterator),
    *(collections.abc.Reversible, collections.abc.Sized, collections.abc.Container),
    *(collections.abc.Collection, collections.abc.AsyncIterable, collections.abc.AsyncIterator),
    *(contextlib.AbstractContextManager, contextlib.AbstractAsyncContextManager, os.PathLike),
    *(getattr(collections.abc, name) for name in ("Buffer",) if hasattr(collections.abc, name)),
]


def in_c(name: str) -> Callable[[Any], bool]:
    function = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object)((name, ctypes.pythonapi))
    return lambda value: bool(function(value))


CONVERSIONS = ["__int__", "__float__", "__complex__", "__index__", "__round__", "__trunc__", "__ceil__"]
CHECKS_IN_C = ["PyMapping_Check", "PyNumber_Check", "PyIndex_Check", "PyCallable_Check"]
if BUILD == "compiled":  # a class made in Python that has items is a sequence, also that of a dict
    CHECKS_IN_C.append("PySequence_Check")
QUESTIONS: dict[str, Callable[[Any], bool]] = {
    "callable": callable,
    **{
        name: functools.partial(lambda name, value: hasattr(type(value), name), name)
        for name in CONVERSIONS
    },
    **{
        cls.__name__: functools.partial(lambda cls, value: isinstance(value, cls), cls)
        for cls in PROTOCOLS
    },
    **{name: in_c(name) for name in CHECKS_IN_C},
    **({"PyObject_CheckBuffer": in_c("PyObject_CheckBuffer")} if sys.version_info >= (3, 12) else {}),
}
# Where Python asks others for a special method, it knows these classes.
CONVERTED = {"__int__", "__float__", "__complex__", "__ceil__", "PyNumber_Check"}
KNOWN_TO_PYTHON = {
    "str": {*CONVERTED, "PathLike", "Reversible"},
    "bytes": {*CONVERTED, "PathLike"},
    "memoryview": CONVERTED,
    "bytearray": CONVERTED,
    "class": {"PyMapping_Check", "Iterable"},  # list[int]
    "complex": {"PyNumber_Check"},
}


def declared(result: Any, make: Callable[[], Any]) -> Callable[[], Any]:
    def function() -> Any:
        return make()

    function.__annotations__ = {"return": result}
    return function


def answers(value: Any) -> dict[str, bool]:
    return {name: ask(value) for name, ask in QUESTIONS.items()}


def differences(aw: Any, value: Any, kind: str) -> dict[str, bool]:
    """Return what an Await answers otherwise than its W, but for what is known of it."""
    of_w, known = answers(value), KNOWN_TO_PYTHON.get(kind, set())
    return {
        name: answer
        for name, answer in answers(aw).items()
        if answer is not of_w[name] and name not in known
    }


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("how", ["declared", "waited for", "nowait"])
def test_an_await_answers_as_its_w(kind: str, how: str) -> None:
    make, result = VALUES[kind]
    value = make()
    aw: Any = awaitable_nowait(value) if how == "nowait" else awaitable(declared(result, lambda: value))
    if how == "waited for":
        awaitable_wait(aw)
    assert differences(aw, value, kind) == {}
    assert awaitable_done(aw) is (how != "declared")
    assert isinstance(aw, Await)
    assert aw.__class__ is Await


@pytest.mark.parametrize("kind", ["int", "list", "dict", "dataclass", "manager"])
def test_it_does_so_after_a_copy_and_in_another_process(kind: str) -> None:
    make, result = VALUES[kind]
    value = make()
    for aw in (awaitable_nowait(value), awaitable(declared(result, lambda: value))):
        assert differences(copy.copy(aw), value, kind) == {}
    assert differences(pickle.loads(pickle.dumps(awaitable_nowait(value))), value, kind) == {}
    assert differences(pickle.loads(pickle.dumps(awaitable(D))), D(), "dataclass") == {}


@delayed
def delayed_list(n: int) -> list[int]:
    return [n]


MADE: dict[str, tuple[Callable[[], Any], Any]] = {
    "a class that is called": (lambda: awaitable(D), D()),
    "a built-in class": (lambda: awaitable(dict, a=1), {}),
    "a method": (lambda: awaitable(D.number), 7),
    "a bound method": (lambda: awaitable(D().number), 7),
    "a partial": (lambda: awaitable(functools.partial(declared(int, int))), 7),
    "delayed": (lambda: delayed_list(1), [1]),
    "Optional": (lambda: awaitable(declared(Optional[int], int)), 7),  # noqa: UP045
    "a union": (lambda: awaitable(declared(int | None, int)), 7),
    "a text": (lambda: awaitable(declared("list[int]", list)), []),
    "Literal": (lambda: awaitable(declared(Literal[1, 2], int)), 1),
    "all": (lambda: awaitable_all([awaitable(int)]), []),
    "a lazy import": (lambda: lazy_import("json"), os),
    "a copied lazy import": (lambda: copy.copy(lazy_import("json")), os),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_declared_is_found(name: str) -> None:
    make, like = MADE[name]
    assert differences(make(), like, type(like).__name__) == {}


async def fetch() -> list[int]:
    return [1]


def test_an_await_of_a_coroutine_is_none_of_what_that_gives() -> None:
    aw = awaitable(fetch)
    assert [question for question, answer in answers(aw).items() if answer] == []


UNKNOWN: dict[str, Callable[[], Any]] = {
    "no annotation": lambda: awaitable(lambda: 3),
    "Any": lambda: awaitable(declared(Any, int)),
    "object": lambda: awaitable(declared(object, int)),
    "a protocol": lambda: awaitable(declared(Abstract, D)),
    "an abstract class": lambda: awaitable(declared(collections.abc.Sequence, list)),
    "a type variable": lambda: awaitable(declared(T, int)),
    "a name that is not there": lambda: awaitable(declared("NotThere", int)),
    "a union with one": lambda: awaitable(declared(int | Abstract, int)),
    "a built-in function": lambda: awaitable(abs, 3),
    "a lazy attribute": lambda: lazy_import("json:dumps"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_await_of_which_nothing_is_known_offers_everything(name: str) -> None:
    aw = UNKNOWN[name]()
    assert [question for question, answer in answers(aw).items() if not answer] == [
        name
        for name in ("PyObject_CheckBuffer",)
        if name in QUESTIONS and not hasattr(type(aw), "__buffer__")
    ]


def test_a_complete_await_offers_no_less_than_its_value() -> None:
    aw: Any = awaitable(declared(D, Called))
    assert not callable(aw)
    assert aw.a == 1
    assert callable(aw)
    assert aw() == 5
    assert isinstance(aw, Await)


def test_a_class_in_the_place_of_another_is_not_taken_for_it() -> None:
    for number in range(200):
        cls: Any = type("Made", (), {"__len__" if number % 2 else "__call__": lambda _: 3})
        pending, done = awaitable(cls), awaitable_nowait(cls())
        for aw in (pending, done):
            assert (hasattr(type(aw), "__len__"), callable(aw)) == (number % 2 == 1, number % 2 == 0)
        awaitable_wait(pending)
        del pending, done, aw, cls
        if number % 3 == 0:
            gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nor_is_it_where_nothing_could_be_called_when_the_other_went() -> None:
    def let_go_where_no_call_is_left(held: list[Any]) -> None:
        try:
            let_go_where_no_call_is_left(held)
        finally:
            held.clear()

    for number in range(200):
        made = eval("lambda: 0")
        made.__annotations__ = {"return": list if number % 2 else int}
        aw = awaitable(made)
        assert hasattr(type(aw), "__len__") == (number % 2 == 1)
        held = [made, aw]
        del made, aw
        with pytest.raises(RecursionError):
            let_go_where_no_call_is_left(held)


def closures(result: Any, *made: Any) -> list[Any]:
    """Return Awaits of functions that the same `def` makes."""

    def of(value: Any) -> Any:
        def function() -> Any:
            return value

        function.__annotations__ = {"return": result(value)}
        return function

    return [awaitable(of(value)) for value in made]


@pytest.mark.parametrize("result", [type, lambda value: type(value).__name__], ids=["class", "text"])
def test_functions_of_the_same_def_can_be_declared_otherwise(result: Any) -> None:
    for _ in range(2):
        number, items, called = closures(result, 3, [1], Called())
        assert [callable(aw) for aw in (number, items, called)] == [False, False, True]
        assert [hasattr(type(aw), "__len__") for aw in (number, items, called)] == [False, True, False]


def test_functions_of_the_same_def_can_be_declared_by_a_variable() -> None:
    def of(result: Any, value: Any) -> Any:
        def function() -> result:
            return value

        return awaitable(function)

    for number in range(200):
        made: Any = type("Made", (), {"__len__" if number % 2 else "__call__": lambda _: 3})
        for result, value in (
            (int, 3),
            (list, [1]),
            (list[int], [1]),
            (Called, Called()),
            (made, made()),
        ):
            aw = of(result, value)
            assert callable(aw) == callable(value)
            assert hasattr(type(aw), "__len__") == hasattr(type(value), "__len__")


def test_functions_of_the_same_def_may_be_changed() -> None:
    def of(change: Callable[[Any], object]) -> Any:
        def function() -> int:
            return 3

        change(function)
        return awaitable(function)

    changes: list[Callable[[Any], object]] = [
        lambda function: setattr(function, "__annotations__", {"return": list}),
        lambda function: setattr(function, "__wrapped__", declared(list, list)),
        lambda function: setattr(function, "__code__", (lambda: (yield)).__code__),
    ]
    for change in changes * 2:
        assert not hasattr(type(of(id)), "__iter__")
        assert hasattr(type(of(change)), "__iter__")


def test_an_annotation_can_name_what_is_around_a_function() -> None:
    def declared_by(cls: type) -> Any:
        def function() -> "cls":  # type: ignore[valid-type]
            return cls()  # type: ignore[no-any-return]

        return awaitable(function)

    def also_by(cls: type) -> Any:
        def function() -> "cls":  # type: ignore[valid-type]
            value: Any = cls() if cls else None
            return value  # type: ignore[no-any-return]

        return awaitable(function)

    for make in (declared_by, also_by):
        number, called = make(int), make(Called)
        assert (callable(number), callable(called)) == (False, True)


def test_what_stands_in_an_annotation_is_not_asked() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            raise AssertionError(f"asked for {name}")

    class Asked(metaclass=Meta):
        def __len__(self) -> int:
            return 3

    aw: Any = awaitable(declared(Asked, lambda: object.__new__(Asked)))
    assert hasattr(type(aw), "__len__")
    assert not callable(aw)


def test_what_has_items_is_gone_through_as_w_is() -> None:
    aws: list[Any] = [awaitable_nowait(OldSequence()), awaitable(OldSequence)]
    for aw in aws:
        assert [*aw] == [*iter(aw)] == [1, 2]
    uses: list[Callable[[Any], object]] = [iter, reversed, lambda aw: 5 in aw]
    for going_through in uses:
        for taken_back in (awaitable_nowait(NotIterated()), awaitable(NotIterated)):
            with pytest.raises(TypeError):
                going_through(taken_back)
    numpy = pytest.importorskip("numpy")
    refusing: list[Any] = [awaitable_nowait(numpy.int64(3)), awaitable_nowait(list)]
    for aw in refusing:
        with pytest.raises(TypeError):
            iter(aw)


def test_a_tool_may_change_how_the_class_reads_attributes() -> None:
    aw: Any = awaitable(D)
    cls: Any = type(aw)
    read = cls.__getattribute__
    cls.__getattribute__ = object.__getattribute__  # bpython does it, to run nothing
    try:
        assert isinstance(aw, Await)
        assert "a" in dir(aw)
        assert not awaitable_done(aw)
    finally:
        cls.__getattribute__ = read
    assert aw.a == 1
