"""Find, in the program, the statement around an expression, which mypy does not tell a hook."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from mypy.nodes import (
    Argument,
    AssignmentStmt,
    Block,
    ClassDef,
    Context,
    Decorator,
    DictionaryComprehension,
    Expression,
    ExpressionStmt,
    ForStmt,
    FuncDef,
    GeneratorExpr,
    IfStmt,
    LambdaExpr,
    ListExpr,
    MatchStmt,
    MypyFile,
    Node,
    OperatorAssignmentStmt,
    OverloadedFuncDef,
    StarExpr,
    Statement,
    TempNode,
    TryStmt,
    TupleExpr,
    WhileStmt,
    WithStmt,
)
from mypy.plugin import AttributeContext, FunctionContext

from awaits_mypy._plugin.mypy_internals import AnyContext, enclosing_scope

# Where the statements are that have others in them.
_BLOCKS: Final[dict[type[Node], tuple[str, ...]]] = {
    Block: ("body",),
    ClassDef: ("defs",),
    Decorator: ("func",),
    ForStmt: ("body", "else_body"),
    FuncDef: ("body",),
    IfStmt: ("body", "else_body"),
    LambdaExpr: ("body",),
    MatchStmt: ("bodies",),
    MypyFile: ("defs",),
    OverloadedFuncDef: ("items", "impl"),
    TryStmt: ("body", "handlers", "else_body", "finally_body"),
    WhileStmt: ("body", "else_body"),
    WithStmt: ("body",),
}

# What is in a node of mypy's is what it can be matched with, and this.
_NOT_MATCHED: Final = ("rvalue", "defs", "items", "impl", "initializer")

# Where the nodes of a class have others, found when the first one is met.
_PLACES: Final[dict[type[Node], tuple[str, ...]]] = {}


def value_assigned_to(ctx: AttributeContext, target: Expression) -> Expression | None:
    """Return the right side of the assignment whose target this is; None in any other statement.

    An overloaded `__set__` gives a type by the value that is assigned.
    """
    for node in _statements_around(target.line, enclosing_scope(ctx)):
        if isinstance(node, AssignmentStmt) and any(item is target for item in node.lvalues):
            return node.rvalue
    return None


def is_operated_on_in_place(ctx: AnyContext, target: Context) -> bool:
    """Say whether this is the left side of a statement such as `target += value`."""
    return any(
        isinstance(node, OperatorAssignmentStmt) and node.lvalue is target
        for node in _statements_around(target.line, enclosing_scope(ctx))
    )


def is_statement(ctx: FunctionContext) -> bool:
    """Say whether the call is a statement of its own, so that nothing takes what it returns."""
    return any(
        isinstance(node, ExpressionStmt) and node.expr is ctx.context
        for node in _statements_around(ctx.context.line, enclosing_scope(ctx))
    )


def targets_of_unpacking(ctx: AttributeContext) -> list[list[Expression]]:
    """Return the lists of targets into which a value may be unpacked here; none if it is used otherwise.

    mypy asks at the right side of an assignment. Elsewhere (in `for`, `with`, comprehensions, what is
    unpacked itself) it asks at a place of its own making, which has no more than the line in common with
    the program.
    """
    place, scope = ctx.context, enclosing_scope(ctx)
    if isinstance(place, TempNode) or any(
        place is value for node in _statements_around(place.line, scope) for value in _values(node)
    ):
        around = _nodes_around(place.line, scope)
        return [targets for node in around for target in _targets(node) for targets in _lists_in(target)]
    return []


def targets_of_value_at(ctx: AttributeContext) -> list[Expression]:
    """Return the targets into which the value is unpacked that mypy says is here; none if in doubt."""
    place = ctx.context
    lists = [
        targets
        for node in _nodes_around(place.line, enclosing_scope(ctx))
        for value, target in _unpacked(node)
        if (value.line, value.column) == (place.line, place.column)
        for targets in _lists_in(target)
    ]
    return lists[0] if len(lists) == 1 else []


def _unpacked(node: Node) -> Iterator[tuple[Node, Expression | None]]:
    """Yield where mypy says that there is what is unpacked into which target."""
    if isinstance(node, WithStmt):
        yield from zip(node.expr, node.target, strict=True)
    else:
        place = node.rvalue if isinstance(node, AssignmentStmt) else node
        yield from ((place, target) for target in _targets(node))


def _values(node: Node) -> Iterator[Expression]:
    """Yield what this assigns; of a display, its items, which mypy assigns one by one."""
    if isinstance(node, AssignmentStmt):
        yield from _items_of_display(node.rvalue)


def _items_of_display(value: Expression) -> Iterator[Expression]:
    if isinstance(value, StarExpr):
        value = value.expr
    if isinstance(value, (TupleExpr, ListExpr)):
        for item in value.items:
            yield from _items_of_display(item)
    else:
        yield value


def _targets(node: Node) -> Sequence[Expression | None]:
    if isinstance(node, AssignmentStmt):
        return node.lvalues
    if isinstance(node, ForStmt):
        return [node.index]
    if isinstance(node, WithStmt):
        return node.target
    if isinstance(node, (GeneratorExpr, DictionaryComprehension)):
        return node.indices
    return []


def _lists_in(target: Expression | None) -> Iterator[list[Expression]]:
    if isinstance(target, StarExpr):
        target = target.expr
    if isinstance(target, (TupleExpr, ListExpr)):
        yield target.items
        for item in target.items:
            yield from _lists_in(item)


def _statements_around(line: int, node: Node) -> Iterator[Node]:
    """Yield this, and the statements in it that reach over the line."""
    yield node
    for name in _BLOCKS.get(type(node), ()):
        inner = getattr(node, name)
        for statement in _near(inner, line) if isinstance(inner, list) else [inner]:
            if statement is not None and statement.line <= line <= (statement.end_line or line):
                yield from _statements_around(line, statement)


def _nodes_around(line: int, node: Node) -> Iterator[Node]:
    """Yield this, and the statements and expressions in it that reach over the line.

    (mypy's own visitors are compiled, and a class that is not cannot inherit from them.)
    """
    yield node
    for inner in _nodes_below(node, line):
        if inner.line <= line <= (inner.end_line or line):
            yield from _nodes_around(line, inner)


def nodes_in(node: Node) -> Iterator[Node]:
    """Yield this, and the statements and expressions in it that mypy takes for reachable."""
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if not (isinstance(node, Block) and node.is_unreachable):
            yield node
            nodes.extend(_nodes_below(node))


def _nodes_below(node: Node, line: int | None = None) -> Iterator[Node]:
    for name in _PLACES.get(type(node)) or _places_in(node):
        yield from _nodes_in(getattr(node, name, None), line)


def _places_in(node: Node) -> tuple[str, ...]:
    matched = [name for name in getattr(node, "__match_args__", ()) if name != "node"]  # of a name
    places = tuple(name for name in dict.fromkeys((*matched, *_NOT_MATCHED)) if hasattr(node, name))
    _PLACES[type(node)] = places
    return places


def _nodes_in(value: object, line: int | None) -> Iterator[Node]:
    if isinstance(value, (Expression, Statement, Argument)):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value if line is None else _near(value, line):
            yield from _nodes_in(item, line)


def _near(nodes: Sequence[Node], line: int) -> Sequence[Node]:
    """Return those of these that can reach over the line: of the statements of a block only a few.

    A function may have thousands of statements, and mypy asks at many of them.
    """
    if not nodes or not isinstance(nodes[0], Statement) or isinstance(nodes[0], Block):
        return nodes
    end = start = bisect_right(nodes, line, key=_line_of)
    while start and nodes[start - 1].line == line:
        start -= 1
    return nodes[max(start - 1, 0) : end]


def _line_of(node: Node) -> int:
    return node.line
