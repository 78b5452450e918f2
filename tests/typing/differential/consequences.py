"""Which lines differ only because another does: by the names that get their types there."""

import ast
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.typing.differential.rewriting import WRAP

_BLOCKS: Final = ("body", "orelse", "finalbody", "handlers", "cases")


class _Part(NamedTuple):
    """A statement without the statements in it: its lines, and the names that it binds and uses."""

    lines: set[int]
    bound: set[str]
    used: set[str]


def lines_that_follow(source: str, causes: set[int], others: set[int]) -> set[int]:
    """Return those of the other lines that differ because of a line that is a cause.

    Either the line stands in one statement with it. Or it has a name in it to which such a statement of
    the same function gives a value, or one that differs because of it.
    """
    found: set[int] = set()
    for function in _functions(ast.parse(source)):
        parts = list(_parts(function))
        reached: list[_Part] = [part for part in parts if part.lines & causes]
        for part in reached:  # which grows meanwhile
            found |= part.lines & others
            reached += [
                each
                for each in parts
                if each not in reached and each.lines & others and (each.bound | each.used) & part.bound
            ]
    return found


def _functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield each function that is in no other one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child
        else:
            yield from _functions(child)


def _parts(function: ast.AST) -> Iterator[_Part]:
    for statement in ast.walk(function):
        if isinstance(statement, ast.stmt):
            nodes = list(_header(statement))
            lines = [node.lineno for node in nodes if isinstance(node, (ast.stmt, ast.expr))]
            ends = [node.end_lineno or 0 for node in nodes if isinstance(node, ast.expr)]
            named = [node for node in nodes if isinstance(node, (ast.Name, ast.Attribute))]
            bound = {_name(node) for node in named if isinstance(node.ctx, ast.Store)}
            used = {_name(node) for node in named if isinstance(node.ctx, ast.Load)}
            if isinstance(statement, ast.AugAssign):
                used |= bound
            yield _Part(set(range(min(lines), max([*lines, *ends]) + 1)), bound, used)


def _name(node: ast.expr) -> str:
    return re.sub(rf"{WRAP}\(([^()]*)\)", r"\1", ast.unparse(node))


def _header(node: ast.AST) -> Iterator[ast.AST]:
    """Yield this and what is in it, without the statements in it."""
    yield node
    for name, value in ast.iter_fields(node):
        if not (isinstance(node, ast.stmt) and name in _BLOCKS):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _header(child)
