"""The values whose Awaits mypy and Python are asked about.

Each is made anew for each statement, as statements change them.
"""

import array
import dataclasses
import enum
import functools
import io
import ipaddress
import re
import threading
import types
import uuid
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    NamedTuple,
    Protocol,
    Self,
    TypedDict,
    TypeVar,
    overload,
)

from awaits import awaitable

T = TypeVar("T")


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Number:
    """A data descriptor."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type, /) -> int: ...
    def __get__(self, instance: object, owner: type, /) -> Any:
        return self if instance is None else 1

    def __set__(self, instance: object, value: int, /) -> None:
        if not isinstance(value, int):
            raise TypeError(value)


class Plain:
    kind: ClassVar[str] = "plain"
    limit: Final = 3
    number = Number()

    def __init__(self) -> None:
        self.count = 1

    @property
    def name(self) -> str:
        return "name"

    @property
    def size(self) -> int:
        return self.count

    @size.setter
    def size(self, value: int) -> None:
        self.count = value

    @size.deleter
    def size(self) -> None:
        del self.count

    def method(self, number: int) -> str:
        return "s" * number

    @classmethod
    def build(cls) -> Self:
        return cls()

    @staticmethod
    def helper(text: str) -> str:
        return text.upper()


class Slotted:
    __slots__ = ("x",)

    def __init__(self) -> None:
        self.x = 1


class Dynamic:
    def __getattr__(self, name: str) -> int:
        return len(name)


class Box(Generic[T]):
    def __init__(self, item: T) -> None:
        self.item = item

    def get(self) -> T:
        return self.item


class Vector:
    """A class with operators of its own."""

    def __init__(self, *items: int) -> None:
        self.items = list(items)

    def __add__(self, other: "Vector | int") -> "Vector":
        return self if isinstance(other, (Vector, int)) else NotImplemented

    def __rsub__(self, other: int) -> "Vector":
        return self if isinstance(other, int) else NotImplemented

    def __matmul__(self, other: "Vector") -> int:
        return 0 if isinstance(other, Vector) else NotImplemented

    def __imul__(self, other: int) -> Self:
        return self if isinstance(other, int) else NotImplemented

    def __neg__(self) -> "Vector":
        return self

    def __lt__(self, other: "Vector") -> bool:
        return len(self) < len(other) if isinstance(other, Vector) else NotImplemented

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> int:
        return self.items[index]

    def __setitem__(self, index: int, value: int) -> None:
        self.items[index] = value

    def __contains__(self, item: int) -> bool:
        return item in self.items

    def __iter__(self) -> Iterator[int]:
        return iter(self.items)

    def __call__(self, number: int, key: str = "") -> str:
        return key * number


class Conversions:
    """A class with what Python's functions ask for, and no operator."""

    def __int__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __complex__(self) -> complex:
        return 1j

    def __index__(self) -> int:
        return 1

    def __bytes__(self) -> bytes:
        return b"1"

    def __fspath__(self) -> str:
        return "1"

    def __round__(self, ndigits: int = 0) -> int:
        return ndigits

    def __trunc__(self) -> int:
        return 1

    def __abs__(self) -> int:
        return 1

    def __reversed__(self) -> Iterator[int]:
        return iter([1])

    def __divmod__(self, other: int) -> int:
        return other if isinstance(other, int) else NotImplemented

    def __rdivmod__(self, other: int) -> int:
        return other if isinstance(other, int) else NotImplemented

    def __pow__(self, other: int, modulus: int | None = None) -> int:
        return other if isinstance(other, int) else NotImplemented


class Asynchronous:
    async def __aenter__(self) -> int:
        return 1

    async def __aexit__(self, *exc_info: object) -> None:
        return None

    def __aiter__(self) -> AsyncIterator[int]:
        return self

    async def __anext__(self) -> int:
        raise StopAsyncIteration

    def __await__(self) -> Generator[None, None, int]:
        yield from ()
        return 1


class Level(int):
    """A subclass, whose reflected operator comes first."""

    def __radd__(self, other: int) -> "Level":
        return self


@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: str = ""


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int
    y: str = ""


class Pair(NamedTuple):
    x: int
    y: str


class Movie(TypedDict, total=False):
    title: str
    year: int


class Color(enum.Enum):
    RED = 1
    BLUE = 2

    def shout(self) -> str:
        return self.name.upper()


def red() -> Color:
    member = object.__new__(Color)
    vars(member).update(vars(Color.RED))
    return member


def function() -> Callable[[int], int]:
    def double(number: int) -> int:
        return number * 2

    return double


def generator() -> Generator[int, str, None]:
    yield 1


async def asynchronous_generator() -> AsyncGenerator[int, str]:
    yield 1


async def coroutine() -> int:
    return 1


class Value(NamedTuple):
    """A type as a program writes it, and how such a value is made."""

    annotation: str
    make: Callable[[], Any]


VALUES = [
    Value("int", lambda: 5),
    Value("bool", lambda: True),
    Value("float", lambda: 2.5),
    Value("complex", lambda: 2j),
    Value("Decimal", lambda: Decimal("1.5")),
    Value("Fraction", lambda: Fraction(3, 2)),
    Value("str", lambda: "text"),
    Value("bytes", lambda: b"bytes"),
    Value("bytearray", lambda: bytearray(b"bytes")),
    Value("memoryview", lambda: memoryview(bytearray(b"bytes"))),
    Value("array.array[int]", lambda: array.array("i", [1, 2])),
    Value("list[int]", lambda: [1, 2, 3]),
    Value("tuple[int, str]", lambda: (1, "s")),
    Value("tuple[int, ...]", lambda: (1, 2)),
    Value("range", lambda: range(5)),
    Value("slice", lambda: slice(1, 2)),
    Value("set[int]", lambda: {1, 2}),
    Value("frozenset[int]", lambda: frozenset({1, 2})),
    Value("dict[str, int]", lambda: {"k": 1}),
    Value("Counter[str]", lambda: Counter("aab")),
    Value("OrderedDict[str, int]", lambda: OrderedDict(k=1)),
    Value("defaultdict[str, int]", lambda: defaultdict(int, k=1)),
    Value("ChainMap[str, int]", lambda: ChainMap({"k": 1})),
    Value("deque[int]", lambda: deque([1, 2])),
    Value("datetime", lambda: datetime(2024, 2, 29, 12, tzinfo=UTC)),
    Value("date", lambda: date(2024, 2, 29)),
    Value("timedelta", lambda: timedelta(days=2)),
    Value("PurePosixPath", lambda: PurePosixPath("folder/file.txt")),
    Value("io.StringIO", lambda: io.StringIO("line\nline")),
    Value("re.Pattern[str]", lambda: re.compile("(t)(?P<k>e)")),
    Value("re.Match[str]", lambda: re.match("(t)(?P<k>e)", "text")),
    Value("uuid.UUID", lambda: uuid.UUID(int=5)),
    Value("ipaddress.IPv4Address", lambda: ipaddress.IPv4Address(5)),
    Value("threading.Semaphore", threading.Semaphore),
    Value("ContextManager[int]", lambda: nullcontext(1)),
    Value("Iterator[int]", lambda: iter([1, 2])),
    Value("Generator[int, str, None]", generator),
    Value("AsyncGenerator[int, str]", asynchronous_generator),
    Value("Coroutine[Any, Any, int]", coroutine),
    Value("Callable[[int], int]", function),
    Value("functools.partial[int]", lambda: functools.partial(int, "5")),
    Value("type[Plain]", lambda: type("Plain", (Plain,), {})),
    Value("type[int]", lambda: int),
    Value("types.ModuleType", lambda: types.ModuleType("module")),
    Value("types.SimpleNamespace", lambda: types.SimpleNamespace(x=1)),
    Value("ValueError", lambda: ValueError("why")),
    Value("object", object),
    Value("None", lambda: None),
    Value("int | None", lambda: 5),
    Value("str | None", lambda: None),
    Value("int | str", lambda: "text"),
    Value("Literal[5]", lambda: 5),
    Value("Named", Plain),
    Value("Plain", Plain),
    Value("Slotted", Slotted),
    Value("Dynamic", Dynamic),
    Value("Box[int]", lambda: Box(1)),
    Value("Vector", lambda: Vector(1, 2)),
    Value("Conversions", Conversions),
    Value("Asynchronous", Asynchronous),
    Value("Level", lambda: Level(2)),
    Value("Point", lambda: Point(1)),
    Value("Frozen", lambda: Frozen(1)),
    Value("Pair", lambda: Pair(1, "s")),
    Value("Movie", lambda: Movie(title="t", year=1)),
    Value("Color", red),
    Value("Await[int]", lambda: awaitable(int, 5)),
]
