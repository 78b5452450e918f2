"""What mypy accepts of an Await works, and what works mypy accepts, as far as it is so of the W.

Each statement is checked by mypy and executed, on a W and on an Await of it. Python refuses with a
TypeError or an AttributeError. Of a plain W too mypy and Python disagree here and there, as the types of
the standard library are no more exact than that: there an Await has to disagree alike.
"""

import __future__

import asyncio
import inspect
import os
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mypy.operators import op_methods, reverse_op_methods

from awaits import Await, awaitable, awaitable_nowait, awaitable_wait
from awaits._state.data_model import OWN

from .agreement import VALUES, Value
from .conftest import ROOT
from .parity.__main__ import Holder, Statement, verdicts
from .parity.statements import BINARY, BLOCKS, USES

# In a statement w is the W, or the Await of it; p is another W; q is another W, or an Await of it.
IMPORT = "from tests.typing.agreement import *\n"
PLAIN = Holder("plain", "{0}, p: {0}, q: {0}", "awaits_mypy", IMPORT)
AWAIT = Holder("awaits", "Await[{0}], p: {0}, q: Await[{0}]", "awaits_mypy", IMPORT)

# What comes with these codes is a warning of what works.
FLAGS = ["--disable-error-code=str-bytes-safe", "--disable-error-code=truthy-function"]

MORE_USES = """\
int(w)
float(w)
complex(w)
bytes(w)
format(w, '>9')
math.ceil(w)
divmod(w, p)
divmod(p, w)
pow(w, 2)
pow(2, w)
p in w
w in [w]
w if w else p
w < p < w
{w: 1}
w[p]
w['title']
w[1, 2]
w('s')
w(p)
w(1, 2)
next(iter(w))
min(w)
list(zip(w))
list(map(str, w))
operator.add(w, p)
operator.length_hint(w)
isinstance(w, int)
hasattr(w, 'is_not_there') and w.is_not_there
aiter(w)
await anext(w)
[x async for x in w]
""".splitlines()

MORE_BLOCKS = """\
w[0] = 's'
w['year'] = 1
w[0:1] = p
del w[0:1]
for x in w: x += 1
""".splitlines()

# The Await stands here where a function, or a class, wants a W. It is not a W, and may be refused.
ARGUMENTS = """\
return w in p
return w(q)
return w[w]
return [1, 2][w]
return 'abc'[w:]
return filter(w, [1])
return os.fspath(w)
return memoryview(w)
return str(w, 'utf-8')
return int(w, 16)
return pow(w, 2, 3)
return pow(2, w, 3)
return round(1.5, w)
return math.sqrt(w)
return chr(w)
return ord(w)
return ''.join([w, w])
return b''.join([w, w])
return isinstance(1, w)
return issubclass(int, w)
return '%s' % w
return '%d' % w
return b'%s' % w
return dict(w)
return {**w}
raise w
raise ValueError from w
w[0] = q
w[0:1] = q
""".splitlines()

MISSING = ["is_not_there", "_is_not_there", "__is_not_there__"]


def operator_statements(value: Any) -> Iterator[tuple[str, str]]:
    """Yield each operator, with every operand if the class has it."""
    names = {name for base in type(value).__mro__ if base is not object for name in vars(base)}
    for operator in [*BINARY, "==", "<", ">="]:
        method = op_methods[operator]
        has_it = not names.isdisjoint({method, reverse_op_methods[method]})
        for operand in ["1", "'s'", "None", "timedelta(1)", "p"] if has_it else ["p"]:
            yield "operator", f"return w {operator} {operand}"
            yield "operator", f"return {operand} {operator} w"
        yield "operator", f"return w {operator} q"
        if operator in BINARY:
            for operand in ["1", "p", "q"] if has_it else ["1"]:
                yield "in place", f"w {operator}= {operand}; return w"
            yield "argument", f"p {operator}= w; return p"


def attribute_statements(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the statements about each attribute, of the private ones only that it is read."""
    for name in [*dir(value), *MISSING]:
        if name in OWN or hasattr(object, name):
            continue
        yield "read", f"return w.{name}"
        if name.startswith("_") and name not in MISSING:
            continue
        yield "write", f"w.{name} = p.{name}"
        yield "call", f"return w.{name}()"
        if callable(getattr(value, name, None)):
            for arguments in ["1", "'s'", "p", "1, 1"]:
                yield "call", f"return w.{name}({arguments})"
            yield "argument", f"return w.{name}(q)"
        else:  # that a method cannot be deleted mypy does not say
            yield "write", f"w.{name} = None"
            yield "delete", f"del w.{name}"


def statements_about(value: Value) -> Iterator[Statement]:
    """Yield every statement about a value."""
    made = value.make()
    about = [*operator_statements(made), *attribute_statements(made)]
    about += [("use", f"return {use}") for use in [*USES, *MORE_USES]]
    about += [("use", block) for block in [*BLOCKS, *MORE_BLOCKS]]
    about += [("argument", text) for text in ARGUMENTS]
    about += [("await", "return await w")]
    # Of two kinds with one statement the last counts.
    for text, kind in {text: kind for kind, text in about}.items():
        yield Statement(value.annotation, kind, text)


KINDS = ["argument", "await", "call", "delete", "in place", "operator", "read", "use", "write"]


class Verdict(NamedTuple):
    accepted: bool  # by mypy
    works: bool  # in Python


class Judged(NamedTuple):
    """One statement, as it is of a W, of a pending Await and of a complete one."""

    statement: Statement
    plain: Verdict
    pending: Verdict
    complete: Verdict
    messages: list[str]
    outcomes: list[str]

    @property
    def awaits(self) -> set[Verdict]:
        return {self.pending, self.complete}

    def __str__(self) -> str:
        """Return all that there is to say of the statement, in one line."""
        return f"{self.statement.cls}: {self.statement.text}  # {self.outcomes} {self.messages}"


def execute(function: Callable[..., Any], *arguments: Any) -> tuple[bool, str]:
    """Return whether Python accepts the statement, and the type of what comes out."""
    try:
        result = function(*arguments)
        if inspect.iscoroutinefunction(function):
            result = asyncio.run(result)
        elif inspect.isgeneratorfunction(function):
            result = list(result)
    except Exception as error:
        return not isinstance(error, (TypeError, AttributeError)), type(error).__name__
    while isinstance(result, Await):  # what an operator in place leaves
        result = awaitable_wait(result)
    return True, type(result).__name__


HOLDERS: list[Callable[[Callable[[], Any]], Any]] = [
    lambda make: make(),
    lambda make: awaitable(make),
    lambda make: awaitable_nowait(make()),
]


def judge(folder: Path) -> Iterator[Judged]:
    """Ask mypy and Python about every statement."""
    statements = [statement for value in VALUES for statement in statements_about(value)]
    of_plain = verdicts(folder, "typing", statements, PLAIN, FLAGS)
    of_await = verdicts(folder, "typing", statements, AWAIT, FLAGS)
    assert len(of_plain) == len(of_await) == len(statements)
    # Not every annotation can be evaluated: `array.array[int]` cannot on Python 3.11.
    flag = __future__.annotations.compiler_flag
    program: dict[str, Any] = {}
    exec(compile((folder / "awaits_typing.py").read_text(), "awaits_typing.py", "exec", flag), program)
    program["reveal_type"] = lambda value: value
    makers = {value.annotation: value.make for value in VALUES}
    for position, statement in enumerate(statements):
        make = makers[statement.cls]
        executed = [execute(program[f"f{position}"], hold(make), make(), hold(make)) for hold in HOLDERS]
        messages = [of_plain[position], of_await[position], of_await[position]]
        plain, pending, complete = (
            Verdict(not any(message.startswith("error:") for message in said), works)
            for said, (works, _) in zip(messages, executed, strict=True)
        )
        outcomes = [outcome for _, outcome in executed]
        yield Judged(statement, plain, pending, complete, messages[0] + messages[1], outcomes)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    """Return every statement with its verdicts."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("MYPYPATH", os.fspath(ROOT))
        warnings.simplefilter("ignore")
        return list(judge(tmp_path_factory.mktemp("agreement")))


class Pin(NamedTuple):
    """Statements of which the verdicts on an Await are others than on its W, and why."""

    why: str
    classes: Sequence[str]
    statement: str  # a regular expression

    def covers(self, judged: Judged) -> bool:
        return judged.statement.cls in self.classes and bool(
            re.fullmatch(self.statement, judged.statement.text)
        )


EVERY_CLASS = [value.annotation for value in VALUES]
TUPLES = ["tuple[int, str]", "Pair"]

PINS = [
    Pin(
        "Python formats what has a __getitem__ as a mapping, which may have items that nothing asks for",
        EVERY_CLASS,
        r"return ('s'|p) % w",
    ),
    Pin(
        "bytes are formatted by __bytes__, which every Await has",
        ["str", "str | None", "int | str", *TUPLES],
        r"return b'%s' % w",
    ),
    Pin(
        "a set is looked for in a set as the frozenset that it equals, and an Await is not a set",
        ["set[int]"],
        r"return (w in p|w\.discard\(q\))",
    ),
    Pin(
        "an Await does not lie about its class, and mypy is told so (await-isinstance)",
        EVERY_CLASS,
        r"return isinstance\(w, int\)",
    ),
    Pin(
        "Python assigns no number to a slice of bytes, and takes for one what may convert to one",
        ["bytearray"],
        r"w\[0:1\] = q",
    ),
]
if sys.version_info < (3, 12):
    PINS.append(
        Pin(
            "before Python 3.12 no class says that its objects are buffers, which int() reads",
            ["array.array[int]"],
            r"return (int|float)\(w\)",
        )
    )
    PINS.append(
        Pin(
            "before Python 3.12 only what is written in C is a buffer, and the plugin does not say so",
            ["bytes", "bytearray", "memoryview", "array.array[int]"],
            r"return (w in p|memoryview\(w\)|str\(w, .*\)|b''\.join\(.*\)|w\.\w+\(q\))|w\[0:1\] = q",
        )
    )


def is_pinned(judged: Judged) -> bool:
    return any(pin.covers(judged) for pin in PINS)


def is_as_plain(judged: Judged) -> bool:
    """Say whether an Await is accepted and works where its W does; as an argument it may be refused."""
    if judged.statement.kind == "await":
        return judged.awaits == {Verdict(accepted=True, works=True)}
    if judged.statement.kind == "argument":
        refused = not judged.pending.accepted
        return refused or judged.awaits in ({judged.plain}, {Verdict(accepted=True, works=True)})
    return judged.awaits == {judged.plain}


def is_accepted_in_vain(*verdicts: Verdict) -> bool:
    return any(verdict.accepted and not verdict.works for verdict in verdicts)


def is_refused_in_vain(*verdicts: Verdict) -> bool:
    return any(verdict.works and not verdict.accepted for verdict in verdicts)


@pytest.mark.parametrize("kind", KINDS)
def test_an_await_is_accepted_and_works_where_its_w_does(kind: str, judged: list[Judged]) -> None:
    of_kind = [each for each in judged if each.statement.kind == kind]
    assert of_kind
    assert [str(each) for each in of_kind if not is_as_plain(each) and not is_pinned(each)] == []


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"argument", "await"}))
def test_a_pending_and_a_complete_await_give_what_the_w_gives(kind: str, judged: list[Judged]) -> None:
    """By the type of the result or of the exception."""
    of_kind = [each for each in judged if each.statement.kind == kind and not is_pinned(each)]
    assert [str(each) for each in of_kind if len({*each.outcomes}) > 1] == []


def test_what_mypy_accepts_of_an_await_works_unless_it_does_not_of_the_w(judged: list[Judged]) -> None:
    assert [
        str(each)
        for each in judged
        if is_accepted_in_vain(*each.awaits)
        and not is_accepted_in_vain(each.plain)
        and not is_pinned(each)
    ] == []


def test_what_works_of_an_await_is_accepted_unless_it_is_not_of_the_w(judged: list[Judged]) -> None:
    assert [
        str(each)
        for each in judged
        if is_refused_in_vain(*each.awaits)
        and not is_refused_in_vain(each.plain)
        and not is_pinned(each)
        and each.statement.kind != "argument"
    ] == []


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.statement)
def test_each_pin_is_still_of_use(pin: Pin, judged: list[Judged]) -> None:
    assert any(pin.covers(each) and not is_as_plain(each) for each in judged)


def test_mypy_and_python_agree_on_most_statements_about_a_plain_w(judged: list[Judged]) -> None:
    """The others, on which the Awaits are not measured, are listed with `pytest -rP`."""
    apart = [each for each in judged if each.plain.accepted != each.plain.works]
    number = Counter(each.statement.kind for each in judged)
    for kind, count in sorted(Counter(each.statement.kind for each in apart).items()):
        print(f"{kind}: mypy and Python disagree on {count} of {number[kind]} statements about a W")
    for each in apart:
        print(each.plain, each.statement.cls, each.statement.text)
    assert len(apart) < len(judged) / 10
