"""Run mypy on a package, and return what it says and the type of each expression."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from mypy.build import build
from mypy.errors import CompileError
from mypy.main import process_options
from mypy.nodes import (
    AwaitExpr,
    CallExpr,
    ComparisonExpr,
    Expression,
    IndexExpr,
    MemberExpr,
    MypyFile,
    NameExpr,
    Node,
    OpExpr,
    Statement,
    UnaryExpr,
)
from mypy.patterns import Pattern
from mypy.types import (
    AnyType,
    FunctionLike,
    Instance,
    LiteralType,
    NoneType,
    TupleType,
    Type,
    TypedDictType,
    TypeVarType,
    UnionType,
    get_proper_type,
)

from tests.typing.differential.rewriting import Span

ROOT: Final = Path(__file__).parents[3]

# What is no value to mypy, or one that it treats in its own way.
_SPECIAL = ("builtins.type", "types.ModuleType", "typing._SpecialForm")

# What a program goes on with. The type of an argument or operand is often by what is expected there, and
# mypy looks at one again for what the plugin answers, where anything is expected.
_LASTING = (AwaitExpr, ComparisonExpr, IndexExpr, MemberExpr, NameExpr, OpExpr, UnaryExpr)

# Attributes of a node that lead to definitions elsewhere, or fail.
_NOT_BELOW = ("info", "node", "setter")


class Message(NamedTuple):
    """What mypy reports at a line of a file."""

    file: str
    line: int
    text: str


class Typed(NamedTuple):
    """The type of an expression, whether it is one of values, and whether it is gone on with."""

    span: Span
    kind: str
    text: str
    is_value: bool
    lasts: bool


class Checked(NamedTuple):
    """What mypy says of a package: its messages, and the types of the expressions in each file."""

    messages: list[Message]
    types: dict[str, list[Typed]]

    def moved(self, to: dict[str, Callable[[int], int]]) -> "Checked":
        """Return the same with other lines: where the files' functions say that each of these stands."""
        messages = [
            each._replace(line=to[each.file](each.line)) if each.file in to else each
            for each in self.messages
        ]
        types = {
            file: [
                each._replace(span=each.span._replace(line=to[file](each.span.line)))
                for each in all_typed
            ]
            for file, all_typed in self.types.items()
            if file in to
        }
        return Checked(messages, types)


def check(folder: Path, variant: Path, package: str, flags: Sequence[str]) -> Checked:
    """Run mypy on the package in this folder, and on a module and with a cache of this variant.

    Once a process, as mypy keeps much about a run. Every file of the package differs from what is in the
    cache, which has no types of expressions.
    """
    os.chdir(folder)
    os.environ["MYPYPATH"] = f"{folder}:{variant}:{ROOT}"
    sources, options = process_options(["-p", package, "-m", "_wrapper", *flags])
    options.cache_dir = f"{variant}/cache"
    options.export_types = options.preserve_asts = True
    try:
        result = build(sources, options)
    except CompileError as error:
        raise RuntimeError("\n".join(error.messages)) from None
    messages = []
    for line in result.errors:
        match = re.match(r"(.*?):(\d+): (.*)", line)
        if match:
            messages.append(Message(match[1], int(match[2]), match[3]))
    types = {}
    for tree in result.files.values():
        file = Path(tree.path).absolute()
        if file.is_relative_to(folder / package):
            types[str(file.relative_to(folder))] = list(_typed(tree, result.types))
    return Checked(messages, types)


def _typed(tree: MypyFile, types: dict[Expression, Type]) -> Iterator[Typed]:
    """Yield the expressions of the program; mypy has the types of others too, which plugins made."""
    found: dict[Node, None] = {}
    _collect(tree.defs, found)
    called = {node.callee for node in found if isinstance(node, CallExpr)}
    for node in found:
        if isinstance(node, Expression) and node in types:
            span = Span(node.line, node.column, node.end_line or 0, node.end_column or 0)
            lasts = isinstance(node, _LASTING) and node not in called
            yield Typed(span, type(node).__name__, str(types[node]), _is_value(types[node]), lasts)


def _collect(value: object, found: dict[Node, None]) -> None:
    """Add what stands below this in the program. (mypy's own visitors cannot be inherited from.)"""
    if isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, found)
    elif isinstance(value, (Expression, Statement, Pattern)) and value not in found:
        found[value] = None
        cls: Any = type(value)
        for name in _fields(cls):
            _collect(getattr(value, name, None), found)


@cache
def _fields(cls: type[object]) -> list[str]:
    """Return the attributes of such nodes, but those that refer to definitions elsewhere."""
    return [name for name in dir(cls) if not name.startswith("_") and name not in _NOT_BELOW]


def _is_value(typ: Type) -> bool:
    typ = get_proper_type(typ)
    if isinstance(typ, UnionType):
        items = [get_proper_type(item) for item in typ.items]
        return all(isinstance(item, NoneType) or _is_value(item) for item in items)
    if isinstance(typ, FunctionLike):
        return not typ.is_type_obj()
    if isinstance(typ, Instance):
        return typ.type.fullname not in _SPECIAL
    return isinstance(typ, (AnyType, LiteralType, TupleType, TypedDictType, TypeVarType))
