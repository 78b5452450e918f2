"""Find, in the program, the statement around an expression, which mypy does not tell a hook."""

from collections.abc import Iterator
from typing import Final

from mypy.nodes import AssignmentStmt, Block, Expression, Statement
from mypy.plugin import AttributeContext

from awaits_mypy._plugin.mypy_internals import enclosing_scope

# Where the compound statements keep their blocks. (mypy's own visitors are compiled, and a class that
# is not cannot inherit from them.)
_BLOCKS: Final = ("body", "else_body", "finally_body", "handlers", "bodies", "defs")


def value_assigned_to(ctx: AttributeContext, target: Expression) -> Expression | None:
    """Return the right side of the assignment whose target this is; None in any other statement.

    An overloaded `__set__` gives a type by the value that is assigned.
    """
    for statement in _statements_in(enclosing_scope(ctx)):
        if isinstance(statement, AssignmentStmt) and any(item is target for item in statement.lvalues):
            return statement.rvalue
    return None


def _statements_in(node: object) -> Iterator[Statement]:
    if isinstance(node, list):
        for item in node:
            yield from _statements_in(item)
        return
    if isinstance(node, Statement):
        yield node
    for name in _BLOCKS:
        inner = getattr(node, name, None)
        if isinstance(inner, (list, Block)):
            yield from _statements_in(inner)
