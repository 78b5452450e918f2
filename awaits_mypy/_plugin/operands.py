"""The operands and indexes of an expression that is asked of mypy again.

Where mypy is asked again, it looks for the type of each operand again, and for those in each operand:
the time would grow by a factor with each level. What mypy has found is handed on instead.
"""

from mypy.nodes import (
    CallExpr,
    ComparisonExpr,
    Expression,
    IndexExpr,
    IntExpr,
    MemberExpr,
    NameExpr,
    OpExpr,
    SliceExpr,
    StrExpr,
    TempNode,
    UnaryExpr,
)
from mypy.types import FunctionLike, Instance, LiteralType, ProperType, get_proper_type

from awaits_mypy._plugin.mypy_internals import AnyContext, type_of_expression
from awaits_mypy._plugin.receivers import has_await, items_of, without_awaits


def operand_on_values(ctx: AnyContext, operand: Expression) -> Expression:
    """Return the operand, with a W in the place of an Await."""
    typ = type_of_expression(ctx, operand)
    if has_await(typ):
        return TempNode(without_awaits(typ), context=ctx.context)
    return TempNode(typ, context=operand) if is_settled(ctx, operand) else operand


def known_index(ctx: AnyContext, index: Expression, *, literals_on_values: bool = False) -> Expression:
    """Return the index, of the type that mypy has found for it where that is settled.

    By a literal mypy knows which item of a tuple or a TypedDict is meant: an Await of one is read as it.
    """
    if isinstance(index, SliceExpr):
        bounds = (index.begin_index, index.end_index, index.stride)
        known = SliceExpr(
            *(
                bound and known_index(ctx, bound, literals_on_values=literals_on_values)
                for bound in bounds
            )
        )
        known.set_line(index)
        return known
    if literals_on_values:
        value = without_awaits(type_of_expression(ctx, index))
        if all(map(_is_literal, items_of(value))):
            return TempNode(value, context=index)
    return TempNode(type_of_expression(ctx, index), context=index) if is_settled(ctx, index) else index


def _is_literal(typ: ProperType) -> bool:
    return isinstance(typ, LiteralType) or (
        isinstance(typ, Instance) and typ.last_known_value is not None
    )


def is_generic(function: FunctionLike) -> bool:
    """Say whether a call of this has a type that may come from what is expected of it."""
    return any(item.variables for item in function.items)


def is_settled(ctx: AnyContext, expression: Expression) -> bool:
    """Say whether this has its type whatever mypy expects of it, and may hold other expressions.

    A display, a lambda or a call of a generic function may get another type from what is expected.
    """
    if isinstance(expression, OpExpr):
        return _is_indifferent(ctx, expression.left) and _is_indifferent(ctx, expression.right)
    if isinstance(expression, CallExpr):
        function = get_proper_type(without_awaits(type_of_expression(ctx, expression.callee)))
        return isinstance(function, FunctionLike) and not is_generic(function)
    if isinstance(expression, UnaryExpr):
        return not isinstance(expression.expr, IntExpr)  # -1 is a literal
    return isinstance(expression, (ComparisonExpr, IndexExpr, MemberExpr))


def _is_indifferent(ctx: AnyContext, operand: Expression) -> bool:
    return isinstance(operand, (NameExpr, IntExpr, StrExpr)) or is_settled(ctx, operand)
