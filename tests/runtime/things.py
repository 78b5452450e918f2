"""Classes and functions that the programs of `programs.py` use: what a W may do, rightly and wrongly."""

from __future__ import annotations

import dataclasses
import functools
import reprlib
from collections.abc import Iterable, Iterator
from typing import Any


class Point:
    """Mutable, with properties, operators, reflected operators and NotImplemented."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, x: Any = 1, y: Any = 2) -> None:
        self.x = x
        self.y = y

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.x!r}, {self.y!r})"

    @property
    def total(self) -> Any:
        return self.x + self.y

    @property
    def first(self) -> Any:
        return self.x

    @first.setter
    def first(self, value: Any) -> None:
        self.x = value

    @first.deleter
    def first(self) -> None:
        del self.x

    def __eq__(self, other: object) -> Any:
        return (self.x, self.y) == (other.x, other.y) if isinstance(other, Point) else NotImplemented

    def __lt__(self, other: object) -> Any:
        return self.x < other.x if isinstance(other, Point) else NotImplemented

    def __add__(self, other: object) -> Any:
        if isinstance(other, Point):
            return Point(self.x + other.x, self.y + other.y)
        return Point(self.x + other, self.y) if isinstance(other, int) else NotImplemented

    def __radd__(self, other: object) -> Any:
        return ("Point.__radd__", other) if isinstance(other, (int, str)) else NotImplemented

    def __iadd__(self, other: object) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        self.x += other
        return self

    def __isub__(self, other: object) -> Any:
        return Point(self.x, other)

    def __neg__(self) -> Point:
        return Point(-self.x, -self.y)

    def __bool__(self) -> bool:
        return bool(self.x)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.x, self.y))

    def __len__(self) -> int:
        return 2

    def __getitem__(self, key: Any) -> Any:
        return (self.x, self.y)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        setattr(self, "xy"[key], value)

    def __delitem__(self, key: Any) -> None:
        delattr(self, "xy"[key])

    def __format__(self, spec: str) -> str:
        return f"<{self.x:{spec}}>"

    def move(self, dx: Any = 1) -> None:
        self.x += dx

    def fail(self, *args: Any) -> Any:
        raise LookupError("failed", args)


class Vector(Point):
    """A subclass whose reflected methods go first."""

    def __radd__(self, other: object) -> Any:
        return ("Vector.__radd__", other)

    def __rsub__(self, other: object) -> Any:
        return ("Vector.__rsub__", other)

    def __gt__(self, other: object) -> Any:
        return "Vector.__gt__"


@functools.total_ordering
class Slotted:
    """Has slots, one of which may be empty, and can be an item of a set."""

    __slots__ = ("left", "right")

    def __init__(self, left: Any) -> None:
        self.left = left

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"Slotted({self.left!r})"

    def __eq__(self, other: object) -> Any:
        return self.left == other.left if isinstance(other, Slotted) else NotImplemented

    def __lt__(self, other: object) -> Any:
        return self.left < other.left if isinstance(other, Slotted) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.left)


@dataclasses.dataclass(frozen=True, order=True)
class Frozen:
    """Refuses writes in the words of dataclasses."""

    x: Any = 1
    names: Any = ()


class Loose:
    """Answers every attribute that does not begin with an underscore or an m, and records writes."""

    def __init__(self) -> None:
        object.__setattr__(self, "log", [])

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"<Loose {self.log}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_", "m")):
            raise AttributeError(f"Loose knows no {name}")
        return [name]

    def __setattr__(self, name: str, value: Any) -> None:
        self.log.append((name, value))

    def __delattr__(self, name: str) -> None:
        if name == "x":
            raise AttributeError("x stays")
        self.log.append(name)


class Even:
    """A descriptor that takes even numbers, and knows its name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = "_" + name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else getattr(instance, self.name, 0)

    def __set__(self, instance: Any, value: Any) -> None:
        if value % 2:
            raise ValueError(f"{value} is odd")
        setattr(instance, self.name, value)


class Described:
    """Has descriptors, class and static methods, and a class variable."""

    even = Even()
    shared = "class"

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"<Described {vars(self)}>"

    @functools.cached_property
    def cached(self) -> Any:
        return [self.even]

    @classmethod
    def make(cls, *args: Any) -> Any:
        return cls.__name__, args

    @staticmethod
    def join(*args: Any) -> Any:
        return args


class Number:
    """Has every conversion, each with an answer of its own."""

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return "Number()"

    def __int__(self) -> int:
        return 4

    def __float__(self) -> float:
        return 4.5

    def __complex__(self) -> complex:
        return 4j

    def __index__(self) -> int:
        return 2

    def __bytes__(self) -> bytes:
        return b"number"

    def __fspath__(self) -> str:
        return "number"

    def __str__(self) -> str:
        return "a number"

    def __trunc__(self) -> Any:
        return "trunc"

    def __floor__(self) -> Any:
        return "floor"

    def __ceil__(self) -> Any:
        return "ceil"

    def __round__(self, ndigits: Any = "none") -> Any:
        return "round", ndigits

    def __abs__(self) -> Any:
        return "abs"

    def __divmod__(self, other: object) -> Any:
        return ("divmod", other) if isinstance(other, int) else NotImplemented

    def __rdivmod__(self, other: object) -> Any:
        return "rdivmod", type(other).__name__

    def __pow__(self, other: object, modulus: object = "none") -> Any:
        return ("pow", other, type(modulus).__name__) if isinstance(other, int) else NotImplemented

    def __length_hint__(self) -> int:
        return 9

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args, kwargs

    def __instancecheck__(self, instance: Any) -> Any:
        return type(instance).__name__

    def __reversed__(self) -> Any:
        return iter("reversed")


class Broken:
    """Answers each protocol wrongly, or raises."""

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return "Broken()"

    def __bool__(self) -> Any:
        return 2

    def __len__(self) -> Any:
        return -1

    def __index__(self) -> Any:
        return "1"

    def __float__(self) -> Any:
        return 1

    def __complex__(self) -> Any:
        raise OverflowError("no complex")

    def __str__(self) -> Any:
        return b""

    def __bytes__(self) -> Any:
        return ""

    def __format__(self, spec: str) -> Any:
        return 1

    def __hash__(self) -> Any:
        return "hash"

    def __fspath__(self) -> Any:
        return 1

    def __iter__(self) -> Any:
        return 1

    def __contains__(self, item: object) -> Any:
        raise KeyError(item)

    def __getitem__(self, key: object) -> Any:
        raise IndexError("no item", key)

    def __length_hint__(self) -> Any:
        return -1

    def __eq__(self, other: object) -> Any:
        raise ZeroDivisionError("no comparison")

    def __add__(self, other: object) -> Any:
        raise AttributeError("no sum")

    def __enter__(self) -> Any:
        raise StopIteration("no entry")

    def __exit__(self, *args: object) -> Any:
        return False

    def __reversed__(self) -> Any:
        return 5

    def __call__(self) -> Any:
        raise StopIteration("no call")


class Door:
    """A context that records what happens to it, and swallows a KeyError."""

    def __init__(self) -> None:
        self.log: list[Any] = []

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"<Door {self.log}>"

    def __enter__(self) -> Any:
        self.log.append("enter")
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> Any:
        self.log.append(repr(error))
        return kind is KeyError


class Pages:
    """Can be iterated over, in both directions, by its items alone."""

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return "Pages()"

    def __len__(self) -> int:
        return 3

    def __getitem__(self, key: Any) -> Any:
        if key >= 3:
            raise IndexError(key)
        return key * 2


class Table(dict[Any, Any]):
    """A dict that makes what is missing."""

    def __missing__(self, key: Any) -> Any:
        return ["missing", key]


class Stack(list[Any]):
    """A list with attributes and an operator of its own."""

    def __matmul__(self, other: object) -> Any:
        return "matmul", len(self)

    def __imatmul__(self, other: object) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        self.append(other)
        return self


class Score(int):
    """An int whose own reflected operator goes before that of int."""

    def __radd__(self, other: object) -> Any:
        return "Score.__radd__"

    def __eq__(self, other: object) -> Any:
        return NotImplemented

    __hash__ = int.__hash__


class Every:
    """Has every operator in all three forms; those in place change it for every second one."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self.log: list[Any] = []

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"<Every {self.log}>"


ARITHMETIC = ["add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"]
ARITHMETIC += ["lshift", "rshift", "and", "xor", "or"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]


def _shows(name: str) -> Any:
    def method(self: Every, other: Any) -> Any:
        return (name, other) if isinstance(other, (int, float, Every)) else NotImplemented

    return method


def _changes(name: str) -> Any:
    def method(self: Every, other: Any) -> Any:
        if not isinstance(other, (int, str, list)):
            return NotImplemented
        self.log.append((name, other))
        return self

    return method


for _number, _name in enumerate(ARITHMETIC):
    setattr(Every, f"__{_name}__", _shows(_name))
    setattr(Every, f"__r{_name}__", _shows("r" + _name))
    if _name != "divmod":
        setattr(Every, f"__i{_name}__", (_shows if _number % 2 else _changes)("i" + _name))
for _name in COMPARISONS:
    setattr(Every, f"__{_name}__", _shows(_name))


def show(*args: Any, **kwargs: Any) -> Any:
    return args, kwargs


def fail(*args: Any) -> Any:
    raise LookupError("failed", *args)


def generate(items: Iterable[Any]) -> Any:
    return (item for item in items)
