"""What the result of a call is declared to be, read without a run of anybody's code."""

from __future__ import annotations

import abc
import collections
import collections.abc
import contextlib
import functools
import inspect
import numbers
import pydoc
import sys
import typing
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, GeneratorType, ModuleType
from typing import Any

import pytest

from awaits import Await, awaitable, awaitable_all, awaitable_done, awaitable_nowait, delayed
from awaits._state.declared import UNKNOWN, Declared, declared


class C:
    """A class."""

    limit = 3

    class Inner:
        deep = 1

    def __init__(self) -> None:
        self.assigned = 1

    def method(self) -> list[int]:
        return []

    def me(self) -> typing.Self:
        return self

    @classmethod
    def make(cls) -> typing.Self:
        return cls()

    @staticmethod
    def static() -> str:
        return ""

    def __call__(self) -> bytes:
        return b""


class D(C):
    """A class below."""


@dataclass
class Fields:
    """A dataclass, whose fields have no defaults."""

    a: int
    b: str


class Abstract(abc.ABC):
    """It has an abstract method."""

    @abc.abstractmethod
    def run(self) -> None: ...


class Empty(abc.ABC):  # noqa: B024 - that is what it is for
    """It is abstract and says nothing."""


class Concrete(Abstract):
    """It is not abstract."""

    def run(self) -> None: ...


class Proto(typing.Protocol):
    """A protocol."""

    x: int


class Meta(type):
    """Its classes give anything when they are called."""

    def __call__(cls, *args: Any) -> Any:
        return 3


class Odd(metaclass=Meta):
    """A class whose calls give an int."""


class Color(Enum):
    """An enumeration."""

    RED = 1


class Record(typing.NamedTuple):
    """A named tuple."""

    x: int


class Movie(typing.TypedDict):
    """A typed dict."""

    name: str


UserId = typing.NewType("UserId", int)
Numbers = list[int]
T = typing.TypeVar("T")
module = ModuleType("module")
vars(module).update(C=C)


class Box(typing.Generic[T]):
    """A generic class."""


def returning(annotation: object) -> Callable[..., Any]:
    """Return a function with this annotation, an object or a text."""

    def function() -> Any: ...

    function.__annotations__ = {"return": annotation}
    return function


def closed(*classes: type) -> Declared:
    return Declared(classes, False)


def opened(*classes: type) -> Declared:
    return Declared(classes, True)


ANNOTATIONS: dict[str, Declared] = {
    "int": closed(int),
    "C": closed(C),
    "'C'": closed(C),
    "C.Inner": closed(C.Inner),
    "module.C": closed(C),
    "None": closed(type(None)),
    "list[int]": closed(list),
    "typing.List[int]": closed(list),
    "typing.List": closed(list),
    "typing.Dict[str, int]": closed(dict),
    "tuple[int, ...]": closed(tuple),
    "type[C]": closed(type),
    "Box[int]": closed(Box),
    "Numbers": closed(list),
    "collections.OrderedDict[str, int]": closed(collections.OrderedDict),
    "collections.UserDict[str, int]": closed(collections.UserDict),
    "int | None": closed(int, type(None)),
    "int | str | int": closed(int, str),
    "'C | None'": closed(C, type(None)),
    "typing.Optional[C]": closed(C, type(None)),
    "typing.Union[int, C]": closed(int, C),
    "int | Any": opened(int),
    "typing.Annotated[int, 'unit']": closed(int),
    "typing.Annotated[C | None, 1]": closed(C, type(None)),
    "typing.Literal[1, 'a', None]": closed(int, str, type(None)),
    "typing.LiteralString": closed(str),
    "typing.TypeGuard[int]": closed(bool),
    "UserId": closed(int),
    "Record": closed(Record),
    "Movie": closed(dict),
    "Color": closed(Color),
    "Odd": closed(Odd),
    "Concrete": closed(Concrete),
    "Path": closed(Path),
    "Await[int]": closed(Await),
    "Abstract": opened(Abstract),
    "Empty": opened(Empty),
    "Proto": opened(Proto),
    "numbers.Number": opened(numbers.Number),
    "Iterable[int]": opened(collections.abc.Iterable),
    "typing.Mapping[str, int]": opened(collections.abc.Mapping),
    "Callable[[int], str]": opened(collections.abc.Callable),  # type: ignore[arg-type]
    "Any": UNKNOWN,
    "object": UNKNOWN,
    "T": UNKNOWN,
    "typing.Never": UNKNOWN,
    "typing.Self": UNKNOWN,
    "'no such name'": UNKNOWN,
    "'no_such_name'": UNKNOWN,
    "'no_such_module.C'": UNKNOWN,
    "'C.nothing'": UNKNOWN,
    "'f()'": UNKNOWN,
    "'C()'": UNKNOWN,
    "3": UNKNOWN,
    "[int]": UNKNOWN,
}


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_an_annotation(annotation: str) -> None:
    assert declared(returning(eval(annotation))) == ANNOTATIONS[annotation]


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_an_annotation_as_text(annotation: str) -> None:
    assert declared(returning(annotation)) == ANNOTATIONS[annotation]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated at once")
@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_an_annotation_that_is_evaluated_later(annotation: str) -> None:
    names: dict[str, Any] = {}
    code = compile(f"def function() -> {annotation}: ...", "later", "exec", dont_inherit=True)
    exec(code, globals() | {"names": names}, names)
    assert declared(names["function"]) == ANNOTATIONS[annotation]


def function(n: int) -> C:
    return C()


def without() -> Any: ...


del without.__annotations__["return"]


def generator() -> Iterable[int]:
    yield 1


async def coroutine() -> int:
    return 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


@functools.cache
def cached() -> C:
    return C()


@functools.wraps(function)
def wrapper(n: int) -> Any: ...


@contextlib.contextmanager
def context() -> Iterator[int]:
    yield 1


@delayed
def later(n: int) -> C:
    return C()


@delayed
async def later_async() -> C:
    return C()


class Holder:
    """It has a delayed method."""

    @delayed
    def method(self) -> C:
        return C()


CALLABLES: dict[str, tuple[object, Declared]] = {
    "a class": (C, closed(C)),
    "a built-in class": (dict, closed(dict)),
    "the class of classes": (type, closed(type)),
    "object": (object, closed(object)),
    "an abstract class": (Concrete, closed(Concrete)),
    "a typed dict": (Movie, closed(dict)),
    "a generic class": (Box[int], closed(Box)),
    "a list of ints": (list[int], closed(list)),
    "a new type": (UserId, closed(int)),
    "a class of a metaclass that answers calls": (Odd, UNKNOWN),
    "a function": (function, closed(C)),
    "a lambda": (lambda: 1, UNKNOWN),
    "without annotation": (without, UNKNOWN),
    "a built-in function": (len, UNKNOWN),
    "a method": (C().method, closed(list)),
    "a method that gives the same class": (D().me, closed(D)),
    "a class method": (D.make, closed(D)),
    "a static method": (C.static, closed(str)),
    "a method from the class": (C.method, closed(list)),
    "an instance": (C(), closed(bytes)),
    "an instance that cannot be called": (Holder(), UNKNOWN),
    "a partial": (functools.partial(function, 1), closed(C)),
    "a partial of a class": (functools.partial(C), closed(C)),
    "a partial of a partial of a method": (
        functools.partial(functools.partial(C().method)),
        closed(list),
    ),
    "a generator function": (generator, closed(GeneratorType)),
    "a coroutine function": (coroutine, closed(CoroutineType)),
    "an async generator function": (async_generator, closed(AsyncGeneratorType)),
    "a cached function": (cached, closed(C)),
    "a wrapper, whose annotations are those of another": (wrapper, UNKNOWN),
    "a context manager": (context, UNKNOWN),
    "a delayed function itself": (later, UNKNOWN),
    "an Await": (awaitable(C), UNKNOWN),
}


@pytest.mark.parametrize(("call", "expected"), CALLABLES.values(), ids=CALLABLES)
def test_a_callable(call: object, expected: Declared) -> None:
    assert declared(call) == expected


AWAITS: dict[str, tuple[Await[Any], set[str]]] = {
    "a class": (awaitable(C), {"limit", "method", "__call__"}),
    "a function": (awaitable(function, 1), {"limit", "method"}),
    "keyword arguments": (awaitable(function, n=1), {"limit", "method"}),
    "a delayed call": (later(1), {"limit", "method"}),
    "a delayed method": (Holder().method(), {"limit", "method"}),
    "a delayed coroutine function": (later_async(), {"send", "throw", "close"}),
    "a list of parts": (awaitable_all([awaitable(C)]), {"append", "sort"}),
    "a union": (awaitable(returning("int | str")), {"real", "upper"}),
    "a dataclass": (awaitable(Fields, 1, "b"), {"a", "b"}),
    "a named tuple": (awaitable(Record, 1), {"x", "_asdict"}),
    "a protocol": (awaitable(returning("Proto")), {"x"}),
}


@pytest.mark.parametrize(("aw", "expected"), AWAITS.values(), ids=AWAITS)
def test_dir_offers_the_names_of_the_declared_w(aw: Await[Any], expected: set[str]) -> None:
    assert {*expected, "fn", "args", "is_nowait", "__class__", "__doc__"} <= {*dir(aw)}
    assert not awaitable_done(aw)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="classes do not know them")
def test_dir_offers_what_methods_assign_to_self() -> None:
    assert "assigned" in dir(awaitable(C))


@pytest.mark.parametrize("call", [lambda: 1, len, wrapper, returning("nothing")])
def test_dir_of_an_unknown_w_has_the_own_names_only(call: Callable[..., Any]) -> None:
    assert {*dir(awaitable(call))} == {"fn", "args", "is_nowait", *dir(object)}


def test_dir_of_a_complete_await_is_that_of_its_value() -> None:
    assert {*dir(awaitable_nowait([1]))} == {"fn", "args", "is_nowait", *dir([])}


class Spy:
    """Whatever is asked of it is the user's code."""

    asked: typing.ClassVar[list[str]] = []

    def __getattribute__(self, name: str) -> Any:
        Spy.asked.append(name)
        raise BaseException(name)

    def __hash__(self) -> int:
        Spy.asked.append("hash")
        raise BaseException("hash")

    def __eq__(self, other: object) -> bool:
        Spy.asked.append("==")
        raise BaseException("==")


class SpyingMeta(type):
    """A metaclass with code of its own."""

    def __getattribute__(cls, name: str) -> Any:
        Spy.asked.append(name)
        return super().__getattribute__(name)

    def __eq__(cls, other: object) -> bool:
        Spy.asked.append("==")
        return cls is other

    def __hash__(cls) -> int:
        Spy.asked.append("hash")
        return 1

    def __instancecheck__(cls, instance: object) -> bool:
        Spy.asked.append("instancecheck")
        return True


class Spied(metaclass=SpyingMeta):
    """A class of it."""

    x = 1

    def method(self) -> Spied:
        return self


class LazyModule(ModuleType):
    """A module that is imported when somebody asks."""

    def __getattribute__(self, name: str) -> Any:
        raise BaseException(name)


# Not in this module, whose names pytest looks at.
SPIES: dict[str, Any] = {
    "spy": Spy(),
    "lazy": LazyModule("lazy"),
    "an_await": awaitable(C),
    "Spied": Spied,
}
METHOD_OF_SPIED = vars(Spied)["method"]
SPYING = ["spy", "spy.x", "lazy.C", "an_await", "an_await.x", "Spied", "spy[1]", "spy | spy", "spy()"]


@pytest.mark.parametrize("annotation", SPYING)
def test_no_code_runs(annotation: str) -> None:
    Spy.asked.clear()
    exec("def f(): ...", SPIES)
    for what in (annotation, SPIES.get(annotation)):
        SPIES["f"].__annotations__ = {"return": what}
        declared(SPIES["f"])
    for call in (SPIES["spy"], Spied, METHOD_OF_SPIED, functools.partial(Spied)):
        declared(call)
    assert not Spy.asked
    assert not awaitable_done(SPIES["an_await"])


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated at once")
@pytest.mark.parametrize("annotation", SPYING)
def test_no_code_runs_for_an_annotation_that_is_evaluated_later(annotation: str) -> None:
    exec(compile(f"def f() -> {annotation}: ...", "later", "exec", dont_inherit=True), SPIES)
    Spy.asked.clear()
    declared(SPIES["f"])
    assert not Spy.asked


def test_a_name_of_the_functions_around_it() -> None:
    class Local:
        near = 1

    def gives() -> Local:
        return Local()

    gives.__annotations__ = {"return": Local}
    assert declared(gives) == closed(Local)


TYPE_STATEMENT = """
type Number = int | None
def number() -> Number: ...
def own[T](x: T) -> T: ...
def text[C](x: C) -> "C": ...
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no such statement")
def test_statements_of_types() -> None:
    names: dict[str, Any] = {"C": C}
    exec(compile(TYPE_STATEMENT, "types", "exec", dont_inherit=True), names)
    # Before Python 3.14 the value cannot be read without being evaluated.
    known = sys.version_info >= (3, 14)
    assert declared(names["number"]) == (closed(int, type(None)) if known else UNKNOWN)
    assert declared(names["own"]) == UNKNOWN
    assert declared(names["text"]) == UNKNOWN


@pytest.mark.parametrize("what", [Await, awaitable(C)], ids=["the class", "an Await"])
def test_help_shows_no_constructor(what: object) -> None:
    shown = pydoc.plain(pydoc.render_doc(what))
    assert "class Await(" in shown
    assert "|  Await(" not in shown
    assert str(inspect.signature(Await)) == "()"
