"""Random programs, each run once on plain values and once on Awaits: nothing may differ.

A program is a list of Python statements over a few variables. In one world `pending`, `done`, `nowait`,
`released` and `nested` make Awaits, and `wait`, `ran` and `plain` take them apart; in the other they all
return what they are given. After each statement what was raised and every variable are compared.

    python -m tests.runtime.programs 10000 --seed 1
"""

from __future__ import annotations

import argparse
import collections
import copy
import dataclasses
import functools
import itertools
import math
import operator
import os
import pathlib
import pickle
import re
import string
import sys
import time
import types
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_release, awaitable_wait
from awaits._state.data_model import OWN
from tests.runtime import things

T = TypeVar("T")

np: Any
try:
    import numpy as np
except ImportError:  # the programs then have no arrays
    np = None

# The values of the programs, as expressions. Hypothesis shrinks towards the first ones.

VALUES: dict[str, list[str]] = {
    "numbers": [
        *["1", "2", "0", "3", "-1", "7", "2**64", "True", "False", "0.5", "2.0", "-0.0", "1e300"],
        *["float('inf')", "float('nan')", "1j", "Decimal('1.5')", "Decimal(2)", "Decimal('NaN')"],
        *["Fraction(1, 2)", "Fraction(3)", "Score(3)", "Number()", "Every()"],
    ],
    "sequences": [
        *["[1]", "[]", "[2, 1, 3]", "['b', 'a']", "[[1], [2]]", "(1,)", "()", "(2, 'a')", "range(3)"],
        *[
            "deque([1, 2])",
            "Stack([2, 1])",
            "Point(1, 2)",
            "Point('a', [])",
            "Vector(0, 'v')",
            "Pages()",
        ],
    ],
    "text": ["'a'", "''", "'ab'", "'12'", "'%s'", "'%d|%r'", "'{}'", "'\xe9 \u0436'", "'x'", "' b '"],
    "bytes": ["b'a'", "b''", "b'ab'", "b'%d'", "bytearray(b'ab')", "bytearray()", "memoryview(b'abc')"],
    "sets": ["{1}", "set()", "{1, 2, 'a'}", "frozenset([2, 3])", "{Slotted(1)}"],
    "dicts": [
        *["{'a': 1}", "{}", "{1: 'b', 'x': [1]}", "Table(a=1)", "Counter('aab')", "{'a': 1}.keys()"],
        *["defaultdict(list)", "types.MappingProxyType({1: 2})", "types.SimpleNamespace(x=1)"],
    ],
    "paths": ["PurePosixPath('a/b.txt')", "PurePosixPath('/')", "Path('a')", "'a/b'"],
    "arrays": [
        *["np.array([1, 2, 3])", "np.array([[1, 2], [3, 4]])", "np.array([0.5, 2.0])", "np.int64(3)"],
        *["np.array(['a', 'b'])", "np.array(5)", "np.float64(0.5)", "np.array([True, False])"],
    ],
    "objects": [
        *["Loose()", "Slotted(1)", "Slotted('a')", "Frozen()", "Frozen(2, [1])", "Described()"],
        *["Broken()", "Door()", "None", "NotImplemented", "slice(1, 3)", "ValueError('v', 1)", "..."],
    ],
    "callables": [
        *["int", "str", "list", "Point", "show", "fail", "len", "functools.partial(show, 1)"],
        *[
            "[].append",
            "Described.make",
            "str.upper",
            "list[int]",
            "int | None",
            "operator.itemgetter(0)",
        ],
    ],
    "iterators": ["iter([1, 2])", "generate('ab')", "iter({1: 2})", "enumerate('ab')", "zip('ab', [1])"],
}
GROUPS: list[tuple[str, Any]] = [
    ("numbers", (int, float, complex, Decimal, Fraction, things.Number, things.Every)),
    ("text", str),
    ("bytes", (bytes, bytearray, memoryview)),
    ("sequences", (list, tuple, range, deque, things.Point, things.Pages)),
    ("sets", (set, frozenset)),
    ("dicts", (dict, type({}.keys()), types.SimpleNamespace, types.MappingProxyType)),
    ("paths", pathlib.PurePath),
    ("iterators", Iterator),
    ("callables", Callable),
]
if np is None:
    del VALUES["arrays"]
else:
    GROUPS.insert(0, ("arrays", (np.ndarray, np.generic)))


def group_of(value: Any) -> str:
    return next((name for name, kinds in GROUPS if isinstance(value, kinds)), "objects")


# The two worlds.


def same(value: Any) -> Any:
    return value


def innermost(value: Any) -> Any:
    while isinstance(value, Await):
        value = awaitable_wait(value)
    return value


def ran(value: Any) -> Any:
    innermost(value)
    return value


def released(value: Any) -> Any:
    aw = awaitable(same, value)
    awaitable_release(aw)
    return aw


def unwrapped(value: Any) -> Any:
    """Take the Awaits out of a new container."""
    value = innermost(value)
    if type(value) in (list, tuple, set):
        return type(value)(map(unwrapped, value))
    if type(value) is dict:
        return {unwrapped(key): unwrapped(item) for key, item in value.items()}
    return value


LIBRARY: dict[str, Any] = {
    **{name: value for name, value in vars(things).items() if not name.startswith("_")},
    **{module.__name__: module for module in (copy, functools, itertools, math, operator)},
    **{module.__name__: module for module in (os, pickle, types)},
    **{kind.__name__: kind for kind in (Counter, Decimal, Fraction, collections.defaultdict, deque)},
    **{kind.__name__: kind for kind in (pathlib.Path, pathlib.PurePosixPath)},
    "np": np,
}
PLAIN_WORLD: dict[str, Any] = LIBRARY | {
    **dict.fromkeys(("nowait", "pending", "done", "released", "nested", "wait", "ran"), same),
    "plain": unwrapped,
}
LAZY_WORLD: dict[str, Any] = LIBRARY | {
    "nowait": awaitable_nowait,
    "pending": lambda value: awaitable(same, value),
    "done": lambda value: ran(awaitable(same, value)),
    "released": released,
    "nested": lambda value: awaitable_nowait(awaitable(same, value)),
    "wait": innermost,
    "ran": ran,
    "plain": unwrapped,
}
# How a value is held by a variable. Nothing around it leaves it plain.
STATES = ("nowait(%s)", "pending(%s)", "done(%s)", "released(%s)", "nested(%s)", "%s")

# The forms of statements. `$a` is a variable; `$b`, `$c` and `$e` are operands, variables or literals;
# `$p` and `$q` are arguments, plain values; `$i`, `$j` and `$k` index; `$n` is a name of $a and `$m` one
# of its methods; `$s` is a format; `$d` a small number; `$t` and `$u` are variables that are assigned.

SYMBOLS = {"+": "add", "-": "sub", "*": "mul", "@": "matmul", "/": "truediv", "//": "floordiv"}
SYMBOLS |= {"%": "mod", "**": "pow", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor"}
BINARY = [f"$b {symbol} $c" for symbol in SYMBOLS]
OPERATORS = [*BINARY, "divmod($b, $c)", "pow($b, $c)", "pow($b, $c, $e)"]
COMPARISONS = [f"$b {symbol} $c" for symbol in ("==", "!=", "<", "<=", ">", ">=")]
LIST_COMPARISONS = ["$a in [$b, 1]", "plain([$a, $b] == [$b, $a])"]
ORDERINGS = ["sorted($a)", "max($a)", "plain(min($a, $b))", "plain(sorted([$a, $b]))"]
IN_PLACE = [f"$a {symbol}= $b" for symbol in SYMBOLS]
MEMBERSHIPS = ["$b in $a", "$b not in $a"]
# Python asks W, which answers or refuses in its own words.
ASK_A_NUMBER = [
    *["round($a, $d)", "round($a)", "math.trunc($a)", "math.floor($a)", "math.ceil($a)", "int($a)"],
    *["float($a)", "complex($a)", "-$a", "+$a", "~$a", "abs($a)", "operator.index($a)", "hash($a)"],
]
ASK_W = [
    *ASK_A_NUMBER,
    *["not $a", "1 if $a else 2", "plain($a and $b)", "plain($a or $b)"],
    *["bool($a)", "str($a)", "bytes($a)", "len($a)"],
    *["format($a, '$s')", "f'{$a:$s}'", "f'{$a}'", "'%s' % ($a,)", "'{}|{:$s}'.format($a, $a)"],
    *["operator.length_hint($a, 7)", "os.fspath($a)", "bin($a)", "range($a)"],
    *["list($a)", "tuple($a)", "set($a)", "frozenset($a)", "sorted($a)", "sum($a)", "max($a)"],
    *["iter($a)", "next($a)", "next($a, 0)", "list(reversed($a))", "list(enumerate($a))", "any($a)"],
    *["list(zip($a, $a))", "list(map(str, $a))", "list(itertools.chain($a, $b))", "dict(enumerate($a))"],
    *["operator.itemgetter(0)($a)", "operator.attrgetter('$n')($a)", "vars($a)", "repr(wait($a))"],
    *["'{0.$n}'.format($a)", "'{0[0]}'.format($a)", "isinstance(1, $a)", "issubclass(bool, $a)"],
    *["functools.reduce(operator.add, $a)", "plain(min($a, $b))", "plain(sorted([$a, $b]))"],
    *["len({$a: 1})", "plain(sum([$a, $b]))", *LIST_COMPARISONS],
    *MEMBERSHIPS,
    "sum($a, wait($b))",
]
# Code that is not W's looks for one of W's methods, and says in its own words if there is none.
SLICES = ["'abcdef'[$a:]", "slice($a).indices(5)"]
ASK_FOR_A_METHOD = [
    *["{1: 2, 'a': 3}[$a]", "[*$a]", "show(*$a)", "show(**$a)", "{**$a}", "dict($a)", "''.join($a)"],
    *["math.sqrt($a)", "chr($a)", "bytearray($a)", "'abcdef'[$a]", "'%d' % ($a,)", *SLICES],
    *["int.from_bytes($a, 'big')", "b'a'.join($a)", "list(map($a, [1, 2]))"],
]
ITEMS = ["$a[$i]", "$a[$i:$j]", "$a[$i:$j:$k]"]
ATTRIBUTES = ["$a.$n", "getattr($a, '$n')", "getattr($a, '$n', 0)", "hasattr($a, '$n')"]
METHODS = ["$a.$m()", "$a.$m($p)", "$a.$m($p, $q)"]
CALLS = ["$a()", "$a($p)", "$a($p, $q)", "$a(self=$p)"]
TRAVEL = ["copy.copy(ran($a))", "copy.deepcopy($a)", "pickle.loads(pickle.dumps($a, $v))"]
WRITE_ITEMS = ["$a[$k] = $p", "$a[$k] += $p", "del $a[$i]", "$a[$i:$j] = $p", "del $a[$i:$j]"]
WRITE_ATTRIBUTES = [
    *["$a.$n = $p", "$a.$n += $p", "del $a.$n", "setattr($a, '$n', $p)", "delattr($a, '$n')"],
]
BLOCKS = [
    *["with $a as $t: pass", "with $a: raise KeyError('k')", "with $a: raise ValueError('v')"],
    *["$t, $u = $a", "$t, *$u = $a", "for $t in $a: pass", "match $a:\n    case object($n=$t): pass"],
    "match $a:\n    case 1: $t = 1\n    case 'a': $t = 'a'\n    case _: $t = None",
]
ALIAS = ["$t = $a"]
EXPRESSIONS = OPERATORS + COMPARISONS + ASK_W + ASK_FOR_A_METHOD + ITEMS + ATTRIBUTES + METHODS + CALLS
EXPRESSIONS += TRAVEL
# Each as often as it stands here.
FAMILIES = [
    *[METHODS, OPERATORS, IN_PLACE, ASK_W, ALIAS, COMPARISONS, ITEMS, WRITE_ITEMS, ATTRIBUTES],
    *[OPERATORS, WRITE_ATTRIBUTES, BLOCKS, CALLS, TRAVEL, ASK_FOR_A_METHOD, METHODS, IN_PLACE],
    *[ASK_W, ASK_W],
]

# Names that are not W's, or whose values tell of the process, the file or the memory.
HIDDEN = {
    *[*OWN, "__init_subclass__", "__subclasshook__", "__new__", "__sizeof__", "__setstate__"],
    *["__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__", "__repr__", "__dir__"],
    *["base", "ctypes", "data", "dump", "dumps", "flags", "getfield", "resize", "setfield", "setflags"],
    *["strides", "tofile", "newbyteorder", "nbytes", "byteswap"],
}


@functools.cache
def names_of(kind: type) -> list[str]:
    # A Path can do nothing to files here.
    shown = pathlib.PurePosixPath if issubclass(kind, pathlib.PurePath) else kind
    names = [
        name for name in dir(shown) if not (name in HIDDEN or re.match("__array|__dlpack|_[^_]", name))
    ]
    return sorted(names, key=lambda name: (name.startswith("_"), name))


@functools.cache
def methods_of(kind: type) -> list[str]:
    return [name for name in names_of(kind) if callable(getattr(kind, name, None))] or ["missing"]


GROUP_NAMES = ["any", *VALUES]
NAMES = "abcdef"


@dataclasses.dataclass(frozen=True)
class Statement:
    """A statement, the form that it was made from and what stands in the places of the form."""

    text: str
    form: str
    places: dict[str, str]


class Program(list[Statement]):
    """A list of statements that shows itself as Python."""

    def __repr__(self) -> str:
        return "\n" + "\n".join(statement.text for statement in self) + "\n"


class Writer:
    """Writes statements that may make sense, as it knows the values of the variables so far.

    Each is made from bytes of its own, one for each choice, so that what Hypothesis draws does not
    depend on what the programs do.
    """

    def __init__(self) -> None:
        self.bytes = iter(b"")
        self.world = PLAIN_WORLD.copy()
        self.again = PLAIN_WORLD.copy()

    def write(self, beginnings: list[bytes], statements: list[bytes]) -> Program:
        program = Program()
        for name, self.bytes in zip(NAMES, map(iter, beginnings), strict=False):
            state, value = self.choose(STATES), self.literal("any")
            program.append(Statement(f"{name} = {state % value}", "$b", {"t": name, "state": state}))
            self.perform(program[-1])
        for self.bytes in map(iter, statements):
            statement = self.statement()
            if self.is_too_much(statement):
                continue
            if not self.perform(statement):
                break
            program.append(statement)
        return program

    def choose(self, options: Sequence[T]) -> T:
        return options[next(self.bytes, 0) % len(options)]

    def flip(self) -> bool:
        return self.choose((False, True))

    def perform(self, statement: Statement) -> bool:
        """Run a statement twice; say whether it left the same values, and none too large."""
        expected, again = perform(statement.text, self.world), perform(statement.text, self.again)
        mine, yours = variables(self.world), variables(self.again)
        pairs: dict[int, int] = {}
        return (
            expected == again
            and not any(map(is_too_large, mine.values()))
            and all(alike(mine[name], yours[name], pairs) for name in mine)
        )

    def statement(self) -> Statement:
        receiver = self.variable()
        value = self.world[receiver]
        kind: Any = type(value)
        form = self.form(value)
        letters = dict.fromkeys(re.findall(r"\$([a-z])", form))
        places: dict[str, str] = {}
        variable = self.choose("bc") if "c" in letters else "b"
        for letter in letters:
            if letter == "a" or (letter == variable and "a" not in letters):
                places[letter] = receiver
            elif letter in "bce":
                places[letter] = self.operand(value)
            elif letter in "pq":
                places[letter] = self.argument(value)
            elif letter in "ijk":
                places[letter] = self.index(value, stored=letter == "k" or ":" in form)
            elif letter == "n":
                places[letter] = self.choose([*names_of(kind), "missing"])
            elif letter == "m":
                places[letter] = self.choose(methods_of(kind))
            elif letter == "s":
                places[letter] = self.choose(["", ">4", "<4", "d", ".1f", "x", "s", "zz"])
            elif letter == "d":
                places[letter] = self.choose(["1", "-1", "0", "None"])
            elif letter == "v":
                places[letter] = str(self.choose(range(pickle.HIGHEST_PROTOCOL + 1)))
            else:
                places[letter] = self.choose(NAMES)
        text = string.Template(form).substitute(places)
        if form in EXPRESSIONS:
            places["t"] = self.choose(NAMES)
            places["state"] = self.choose(STATES)
            text = f"{places['t']} = {places['state'].replace('%s', text)}"
        return Statement(text, form, places)

    def form(self, value: Any) -> str:
        family = self.choose(FAMILIES)
        if family in (OPERATORS, IN_PLACE) and self.flip():
            likely = [symbol for symbol in SYMBOLS if hasattr(type(value), f"__{SYMBOLS[symbol]}__")]
            family = [form for form in family if form.split()[1].rstrip("=") in likely] or family
        if family is ASK_W and group_of(value) in ("numbers", "arrays") and self.flip():
            family = ASK_A_NUMBER
        return self.choose(family)

    def variable(self) -> str:
        return self.choose(list(variables(self.world)))

    def literal(self, group: str) -> str:
        if group == "any":
            group = self.choose(list(VALUES))
        if group == "numbers" and self.flip():
            return str(self.choose(range(41)) - 20)
        return self.choose(VALUES.get(group, ["None"]))

    def operand(self, partner: Any) -> str:
        if self.flip():
            return self.literal(group_of(partner) if self.flip() else self.choose(GROUP_NAMES))
        group = group_of(partner)
        names = [name for name, value in variables(self.world).items() if group_of(value) == group]
        return self.choose(names) if self.flip() else self.variable()

    def argument(self, receiver: Any) -> str:
        operand = self.operand(receiver)
        return f"wait({operand})" if operand in NAMES else operand

    def index(self, receiver: Any, *, stored: bool) -> str:
        choice = self.choose(range(5))
        if choice == 0:
            operand = self.variable()
            # A plain dict stores the Await, if that is the key, and so does a class.
            stored = group_of(receiver) == "callables" or (stored and group_of(receiver) == "dicts")
            return f"wait({operand})" if stored else operand
        if choice == 1 and group_of(receiver) == "dicts":
            return self.choose(["1", "'a'", "'x'"])
        if choice == 2:
            return self.choose(["None", "'a'", "(0, 1)", "True", "1.0", "slice(1)", "()"])
        return str(self.choose([0, 1, 2, -1, -2, 3]))

    def is_too_much(self, statement: Statement) -> bool:
        """Say whether a statement would take long or leave something that is not the program's."""
        form, places = statement.form, statement.places
        values = {
            letter: self.evaluate(text)
            for letter, text in places.items()
            if letter in "abcepq" and f"${letter}" in form
        }
        if form in WRITE_ATTRIBUTES and group_of(values["a"]) == "callables":
            return True
        if form in METHODS and group_of(values["a"]) == "callables" and "attr__" in places["m"]:
            return True
        if form in TRAVEL and "pickle" in form and not can_be_pickled(values["a"]):
            return True
        if form in METHODS + IN_PLACE + WRITE_ITEMS:
            # A list that is extended by its own iterator never ends.
            arguments = [value for letter, value in values.items() if letter != "a"]
            if any(isinstance(value, Iterator) for value in arguments):
                return True
            if any(value is values["a"] for value in arguments) and form not in IN_PLACE:
                return True  # what contains itself
        if form == "pow($b, $c, $e)" and isinstance(values["e"], Decimal):
            return True  # crashes Python 3.13.0 if nothing else is a Decimal
        symbol = form.replace("=", "").split()[1] if form in IN_PLACE + OPERATORS and " " in form else ""
        left, right = list(values.values())[:2] if len(values) > 1 else (None, None)
        if symbol == "*" or form.startswith("sum"):
            return size(left) * size(right) > 10**5
        if symbol == "<<":
            return size(right) > 100
        if symbol == "**" or form.startswith("pow"):
            return size(left) > 2**70 or size(right) > 100
        return any(10**4 < size(value) < 2**64 for value in values.values())

    def evaluate(self, text: str) -> Any:
        return eval(compiled(text, "eval"), self.world)


WIDTH = 24  # the bytes of one statement
MOST_VARIABLES, MOST_STATEMENTS = 4, 15
LENGTH = 2 + WIDTH * (MOST_VARIABLES + MOST_STATEMENTS)


def written(choices: bytes) -> Program:
    """Return the program that these bytes stand for."""
    variables, statements = 1 + choices[0] % MOST_VARIABLES, 1 + choices[1] % MOST_STATEMENTS
    chunks = [choices[start : start + WIDTH] for start in range(2, LENGTH, WIDTH)]
    return Writer().write(chunks[:variables], chunks[variables : variables + statements])


# All in one draw: of several, Hypothesis copies one over others, for five programs of six.
PROGRAMS = st.binary(min_size=LENGTH, max_size=LENGTH).map(written)


def variables(world: dict[str, Any]) -> dict[str, Any]:
    return {name: world[name] for name in NAMES if name in world}


NUMBERS: Any = (int, float, Decimal, Fraction)


def size(value: Any) -> int:
    try:
        return int(abs(value)) if isinstance(value, NUMBERS) else len(value)
    except Exception:  # it has no size, or one that is infinite or no number
        return 1


def is_too_large(value: Any) -> bool:
    return size(value) > (2**2000 if isinstance(value, NUMBERS) else 300)


def can_be_pickled(value: Any) -> bool:
    try:
        pickle.loads(pickle.dumps(value))
    except Exception:
        return False
    return True


@functools.lru_cache(maxsize=10_000)
def compiled(text: str, mode: str = "exec") -> types.CodeType:
    return compile(text, "<program>", mode)


ADDRESS = re.compile("0x[0-9a-f]+")
Failure = tuple[str, str] | None


def perform(text: str, world: dict[str, Any]) -> Failure:
    """Run a statement; return the type and the message of what it raises."""
    try:
        exec(compiled(text), world)
    except RecursionError:
        return "RecursionError", ""  # which words it has depends on where the stack ends
    except Exception as error:
        return type(error).__name__, str(error)
    return None


# What is compared.


def alike(mine: Any, yours: Any, pairs: dict[int, int]) -> bool:
    """Say whether a value of the plain world is that of the other, running nothing.

    `pairs` maps the mutable objects that were met in one world to those of the other, so that two names
    for one object have to be two names for one object.
    """
    yours = peeked(yours)
    if type(mine) is not type(yours):
        return False
    if mine is yours:
        return True
    if type(mine) in (int, float, complex, str, bytes):
        return repr(mine) == repr(yours)
    if group_of(mine) != "arrays" and type(mine) not in (tuple, frozenset, Decimal, Fraction):
        if id(mine) in pairs or -id(yours) in pairs:
            return pairs.get(id(mine)) == id(yours) and pairs.get(-id(yours)) == id(mine)
        pairs[id(mine)], pairs[-id(yours)] = id(yours), id(mine)
    my_parts, your_parts = parts(mine), parts(yours)
    return len(my_parts) == len(your_parts) and all(
        alike(left, right, pairs) for left, right in zip(my_parts, your_parts, strict=True)
    )


def peeked(value: Any) -> Any:
    while isinstance(value, Await):
        value = awaitable_wait(value) if awaitable_done(value) else value.args()[0]
    return value


def parts(value: Any) -> list[Any]:
    """Return what a value is made of; of what is not made of anything, its text."""
    found: list[Any] = []
    if isinstance(value, (dict, types.MappingProxyType)):
        items = dict.items(value) if isinstance(value, dict) else value.items()
        found += [part for item in items for part in item]
    elif isinstance(value, (list, tuple, deque, type({}.keys()), type({}.values()), type({}.items()))):
        found += iter(value)
    elif isinstance(value, (set, frozenset)):
        found += sorted(value, key=shown)
    elif isinstance(value, functools.partial):
        found += [value.func, *value.args, value.keywords]
    elif isinstance(value, Iterator):
        found.append(operator.length_hint(value))
    elif np is not None and isinstance(value, (np.ndarray, np.generic)):
        found += [str(value.dtype), value.shape, ADDRESS.sub("", repr(value.tolist()))]
    elif isinstance(value, (types.BuiltinMethodType, types.MethodType, types.MethodWrapperType)):
        found += [value.__self__, value.__name__]
    elif isinstance(value, int):
        found.append(int.__repr__(value))
    elif type(value).__module__ != things.__name__:
        found.append(shown(value))
    found += attributes(value)
    return found


def shown(value: Any) -> str:
    try:
        return ADDRESS.sub("0x", repr(value))
    except Exception as error:  # of one that lost what it shows
        return f"{type(value).__name__}: {error!r}"


def attributes(value: Any) -> list[Any]:
    slots = [
        (name, object.__getattribute__(value, name))
        for kind in type(value).__mro__
        for name in vars(kind).get("__slots__", ())
        if kind.__module__ == things.__name__ and hasattr(value, name)
    ]
    held = getattr(value, "__dict__", None) if not isinstance(value, type) else None
    return [part for item in [*slots, *(held.items() if type(held) is dict else ())] for part in item]


# The differences that a contract or the interpreter makes unavoidable.


@dataclasses.dataclass(frozen=True)
class Step:
    """A statement that was run in both worlds, what the lazy one held before, and what was raised."""

    statement: Statement
    before: dict[str, Any]
    pending: set[str]
    expected: Failure
    found: Failure

    def depth(self, place: str) -> int:
        return depth(self.before.get(self.statement.places.get(place, "")))

    def is_lazy(self, place: str) -> bool:
        return self.depth(place) > 0

    def performed_as(self, form: str) -> Failure:
        """Run another form of the statement on the values; return what it raises."""
        world = PLAIN_WORLD | {place: self.value(place) for place in self.operands()}
        return perform(form.replace("$", ""), world)

    def lazy(self, places: str) -> list[str]:
        """Return those of the places in which an Await stood."""
        return [place for place in places if self.is_lazy(place)]

    def value(self, place: str) -> Any:
        """Return what stood in a place, without the Awaits around it."""
        return innermost(eval(self.statement.places[place], PLAIN_WORLD | self.before))

    def operands(self) -> list[str]:
        return [place for place in "abceijk" if f"${place}" in self.statement.form]


@dataclasses.dataclass(frozen=True)
class Limit:
    """A difference that has to be, why, and in which steps; told by a test of the step, narrowly."""

    name: str
    why: str
    allows: Callable[[Step], bool]


def depth(value: Any) -> int:
    """Return how many Awaits are around a value."""
    layers = 0
    while isinstance(value, Await):
        layers += 1
        value = awaitable_wait(value) if awaitable_done(value) else value.args()[0]
    return layers


def is_plain_left(step: Step, *forms: str) -> bool:
    """Say whether a plain operand comes to stand to the left of an Await, or is to contain one."""
    form, depths = step.statement.form, [step.depth(place) for place in step.operands()]
    return form in forms and depths[0] < max(depths[1:])


def errors(step: Step) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Return what was raised, if both worlds raise errors of the same type."""
    if step.expected and step.found and step.expected[0] == step.found[0]:
        return step.expected, step.found
    return None


def is_error_in_both(step: Step) -> bool:
    return step.expected is not None and step.found is not None


MIRROR = str.maketrans("bc<>", "cb><")


def sideless(message: str) -> Any:
    """Return the message of a comparison so that it is the same from either side."""
    found = re.fullmatch("'[<>]=?' not supported between instances of '(.*)' and '(.*)'", message)
    return sorted(found.groups()) if found else message


def keyless(message: str) -> str:
    return re.sub("^cannot use '.*' as a ", "", message)


def unpacked(message: str) -> str:
    return re.sub("^cannot unpack non-iterable (.*) object$", r"'\1' object is not iterable", message)


def in_any_class(message: str) -> str:
    """Return a pattern for the message with the name of whichever class instead of that of an Await."""
    return re.escape(unpacked(message)).replace("Await", r"[\w.-]+")


# What Python says of objects that lack a special method.
LACKING = re.compile(
    "not support item|not subscriptable|not reversible|has no len|not iterable|must be an iterable"
    "|not callable|not an iterator|context manager|not a container"
)


def unprefixed(message: str) -> str:
    return re.sub(r"^[\w-]+\.", "", message)


LIMITS: list[Limit] = [
    Limit(
        "what W lacks, in words",
        "the class of an Await lacks it too, and Python names that class",
        lambda step: (
            (both := errors(step)) is not None
            and (
                re.fullmatch(in_any_class(both[1][1]), unpacked(both[0][1]))
                or LACKING.search(both[0][1])
            )
            is not None
        ),
    ),
    Limit(
        "other side of a comparison",
        "Python does not tell `left < aw` from `aw > left`, which is what the message then names",
        lambda step: (
            (
                is_plain_left(step, *COMPARISONS)
                and step.expected is not None
                and step.found == step.performed_as(step.statement.form.translate(MIRROR))
            )
            or (
                (is_plain_left(step, *COMPARISONS) or step.statement.form in ORDERINGS)
                and (both := errors(step)) is not None
                and sideless(both[0][1]) == sideless(both[1][1])
            )
        ),
    ),
    Limit(
        "comparison of an array without dimensions",
        "numpy makes one of a scalar, to compare it, so that the two are not told apart",
        lambda step: (
            is_plain_left(step, *COMPARISONS)
            and getattr(step.value(step.operands()[0]), "shape", None) == ()
        ),
    ),
    Limit(
        "power with a modulus",
        "up to Python 3.13 it asks the first operand only, and never the modulus",
        lambda step: (
            is_plain_left(step, "pow($b, $c, $e)")
            and step.found is not None
            and "unsupported operand type(s) for ** or pow()" in step.found[1]
        ),
    ),
    Limit(
        "power of a plain Fraction",
        "up to Python 3.12 it takes every exponent for a number, and never asks the reflected method",
        lambda step: (
            is_plain_left(step, "$b ** $c", "pow($b, $c)", "$a **= $b")
            and type(step.value(step.operands()[0])) is Fraction
        ),
    ),
    Limit(
        "percent on a plain text",
        "a plain text takes every object for a value to show, and never asks the reflected method",
        lambda step: is_plain_left(step, "$b % $c", "$a %= $b"),
    ),
    Limit(
        "index of a plain container, in words",
        "an Await can have an __index__ without its W, and is in a message as itself",
        lambda step: is_plain_left(step, *ITEMS, *WRITE_ITEMS) and is_error_in_both(step),
    ),
    Limit(
        "key without a hash, in words",
        "from Python 3.14 on the message names the class of the key, by which an Await is an Await",
        lambda step: (both := errors(step)) is not None and keyless(both[0][1]) == keyless(both[1][1]),
    ),
    Limit(
        "item of an array, in words",
        "str.format asks for the item of a sequence, of which numpy says so in words of its own",
        lambda step: (
            step.statement.form == "'{0[0]}'.format($a)"
            and errors(step) is not None
            and group_of(step.value("a")) == "arrays"
        ),
    ),
    Limit(
        "index of a plain container",
        "it sees an object with an __index__, and not that this is a slice or an array of indices",
        lambda step: (
            (
                is_plain_left(step, *ITEMS, *WRITE_ITEMS)
                and not isinstance(step.value("a"), dict)
                and any(type(step.value(place)) is not int for place in step.lazy("ik"))
            )
            or (step.statement.form == "'abcdef'[$a]" and type(step.value("a")) is slice)
        ),
    ),
    Limit(
        "bound of a slice",
        "a slice takes an Await for a number where its W is not known, as it then has an __index__",
        lambda step: (
            step.statement.form in (*ITEMS[1:], *WRITE_ITEMS[3:], *SLICES)
            and (is_error_in_both(step) or any(step.value(place) is None for place in step.lazy("aijk")))
            and bool(step.lazy("aijk"))
        ),
    ),
    Limit(
        "item of a plain text",
        "a plain text takes nothing but a str, or a buffer, which Awaits have from Python 3.12 on",
        lambda step: (
            is_plain_left(step, *MEMBERSHIPS) and isinstance(step.value("a"), (str, bytes, bytearray))
        ),
    ),
    Limit(
        "set in a plain set",
        "a plain set looks for a set, which has no hash, as a frozenset, and knows one by its class",
        lambda step: is_plain_left(step, *MEMBERSHIPS) and isinstance(step.value("b"), set),
    ),
    Limit(
        "buffers",
        "what takes a buffer or an iterable decides by the class; on Python 3.11 Awaits have no buffer",
        lambda step: (
            (
                step.statement.form in ("bytearray($a)", "int.from_bytes($a, 'big')")
                and step.is_lazy("a")
                and not isinstance(step.value("a"), (bytes, bytearray))
            )
            or (
                step.statement.form in (*COMPARISONS, *ORDERINGS, *LIST_COMPARISONS)
                and any(
                    isinstance(step.value(place), (bytearray, memoryview)) for place in step.operands()
                )
                and any(group_of(step.value(place)) == "arrays" for place in step.operands())
            )
        ),
    ),
    Limit(
        "identity in a plain list",
        "a list looks first whether an item is the same object, and two Awaits of one are two objects",
        lambda step: step.statement.form in LIST_COMPARISONS and step.value("a") is step.value("b"),
    ),
    Limit(
        "in place on a plain value, in words",
        "the reflected method is not told that it is in place, and looks only where that can matter",
        lambda step: (
            is_plain_left(step, *IN_PLACE)
            and is_error_in_both(step)
            and step.found == step.performed_as(step.statement.form.replace("=", ""))
        ),
    ),
    Limit(
        "in place on a plain value",
        "it refuses an Await in place by the class, and then takes one where it is not in place",
        lambda step: is_plain_left(step, "$a @= $b") and isinstance(step.value("a"), things.Stack),
    ),
    Limit(
        "unpacking, in words",
        "Python has words of its own for what has no __iter__, which an Await can have without its W",
        lambda step: (
            step.statement.form in BLOCKS
            and (both := errors(step)) is not None
            and unpacked(both[0][1]) == both[1][1]
        ),
    ),
    Limit(
        "other code, in words",
        "code that is not W's finds the method it looks for on an Await, and hears of W's lack later",
        lambda step: (
            step.statement.form in ASK_FOR_A_METHOD and step.is_lazy("a") and is_error_in_both(step)
        ),
    ),
    Limit(
        "other code, in deed",
        "code that is not W's finds the method it looks for on an Await, and it works for this W too",
        lambda step: (
            step.statement.form.startswith(("'%d' % ($a,)", "int.from_bytes($a, 'big')", "math."))
            and step.is_lazy("a")
            and step.expected is not None
        ),
    ),
    Limit(
        "released memoryview",
        "iter() of one leaves an error set beside its result, which whoever is next stumbles over",
        lambda step: (
            step.found is not None
            and step.found[0] == "SystemError"
            and step.found[1].endswith("returned a result with an exception set")
        ),
    ),
    Limit(
        "an inherited method, in words",
        "Python names a method of a base class by the class, or by that of the object if it was bound",
        lambda step: (
            step.statement.form in METHODS
            and (both := errors(step)) is not None
            and unprefixed(both[0][1]) == unprefixed(both[1][1])
        ),
    ),
]


def difference(step: Step, plain: dict[str, Any], lazy: dict[str, Any]) -> str | None:
    """Say what a step did otherwise on Awaits than on plain values."""
    if step.found != step.expected:
        return f"raises {step.found} with Awaits, {step.expected} with plain values"
    mine, yours = variables(plain), variables(lazy)
    pairs: dict[int, int] = {}
    for name in mine.keys() | yours.keys():
        if name not in mine or name not in yours:
            return f"{name} is bound in one world only"
        if not alike(mine[name], yours[name], pairs):
            return f"{name} is {yours[name]!r} with Awaits, {mine[name]!r} with plain values"
    return laziness(step, yours)


def laziness(step: Step, after: dict[str, Any]) -> str | None:
    """Say which variable holds an Await, or none, or one that has run, without a cause."""
    form, places = step.statement.form, step.statement.places
    if form in IN_PLACE and step.is_lazy("a"):
        was, is_now = step.before[places["a"]], after[places["a"]]
        if not isinstance(is_now, Await):
            return f"{places['a']} is no Await any more"
        if (is_now is was) is not (innermost(is_now) is innermost(was)):
            return f"{places['a']} is {'the same' if is_now is was else 'another'} Await"
    elif form not in TRAVEL and places.get("state", "%s") == "%s":
        known = {id(value) for value in step.before.values()}
        for name, value in after.items():
            if isinstance(value, Await) and id(value) not in known:
                return f"{name} is a new Await"
    quiet = form in ALIAS + TRAVEL and "ran(" not in form
    used = (
        set()
        if quiet
        else {id(step.before.get(word)) for word in re.findall(r"\w+", step.statement.text)}
    )
    for name, value in step.before.items():
        if name in step.pending and id(value) not in used and not is_pending(value):
            return f"{name} has run"
    return None


def is_pending(value: Any) -> bool:
    while isinstance(value, Await):
        if not awaitable_done(value):
            return True
        value = awaitable_wait(value)
    return False


def run(program: Program) -> Iterator[tuple[Step, str | None, Limit | None]]:
    """Run a program in both worlds; give each step with the difference, and the limit that allows it."""
    plain, lazy = PLAIN_WORLD.copy(), LAZY_WORLD.copy()
    for statement in program:
        before = variables(lazy)
        pending = {name for name, value in before.items() if is_pending(value)}
        expected, found = perform(statement.text, plain), perform(statement.text, lazy)
        step = Step(statement, before, pending, expected, found)
        problem = difference(step, plain, lazy)
        limit = next((limit for limit in LIMITS if problem and limit.allows(step)), None)
        yield step, problem, limit
        if problem or is_plain_left(step, *IN_PLACE):
            return  # the worlds differ now, if only by the order of a set or the rest of an iterator


class DifferenceError(AssertionError):
    """A program does otherwise on Awaits than on plain values."""


def check(program: Program, counts: Counter[str] | None = None) -> None:
    """Run a program in both worlds; raise `DifferenceError` if they differ without a known reason."""
    done: list[str] = []
    for step, problem, limit in run(program):
        done.append(step.statement.text)
        if counts is not None:
            counts["statements"] += 1
            counts["errors"] += step.expected is not None
            if problem and limit:
                counts[limit.name] += 1
        if problem and not limit:
            raise DifferenceError("\n".join([problem, "in:", *done]))


def differs(program: Program) -> bool:
    return any(problem and not limit for _, problem, limit in run(program))


def smallest(program: Program) -> Program:
    """Return what is left of a program that differs if each statement goes that can."""
    for statement in reversed(program):
        shorter = Program(other for other in program if other is not statement)
        if differs(shorter):
            program = shorter
    return program


def run_programs(count: int, seed: int | None = None) -> tuple[Counter[str], str | None]:
    """Run random programs, the same ones for a seed; return what was met and the difference found.

    The program of the difference is the smallest one that Hypothesis finds, and then made smaller.
    """
    counts: Counter[str] = Counter()
    failing = Program()

    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.seed(seed)
    @hypothesis.given(PROGRAMS)
    def run_one(program: Program) -> None:
        nonlocal failing
        counts["programs"] += 1
        try:
            check(program, counts)
        except DifferenceError:
            failing = program
            raise

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's of overflow, say, which are once for each place
        try:
            run_one()
        except (DifferenceError, hypothesis.errors.Flaky):
            try:
                check(smallest(failing))
            except DifferenceError as error:
                return counts, str(error)
            raise
    return counts, None


def main() -> int:
    parser = argparse.ArgumentParser(description="Run random programs on plain values and on Awaits.")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    counts, found = run_programs(arguments.count, arguments.seed)
    for limit in LIMITS:
        print(f"{counts[limit.name]:6,} known: {limit.name} ({limit.why})")
    print(f"{counts['statements']:,} statements, of which {counts['errors']:,} raise")
    print(f"{counts['programs']:,} programs, {'1 difference' if found else '0 differences'}")
    if found:
        print(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
