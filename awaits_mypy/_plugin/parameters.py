"""What is handed to which parameter in a call, and what the parameters take."""

from collections.abc import Sequence
from typing import NamedTuple

from mypy.nodes import CallExpr, Expression, FuncDef, RefExpr
from mypy.plugin import FunctionContext, MethodContext
from mypy.types import (
    CallableType,
    FunctionLike,
    Instance,
    Type,
    TypeVarType,
    UnionType,
    get_proper_type,
)

from awaits_mypy._plugin.mypy_internals import (
    erase_typevars,
    is_subtype,
    type_of_expression,
    type_of_member_if_any,
)
from awaits_mypy._plugin.names import SINGLE_DISPATCH
from awaits_mypy._plugin.receivers import items_of

CallContext = FunctionContext | MethodContext


class Argument(NamedTuple):
    """What stands in the call, its type, and the parameter that it is for."""

    parameter: int  # its position
    name: str | None  # where it is given by keyword
    expression: Expression
    typ: Type


def arguments_of(ctx: CallContext) -> list[Argument]:
    """Return the arguments of the call but the starred ones, which are for any number of parameters."""
    return [
        Argument(parameter, name, actual, typ)
        for parameter, (names, actuals, types, kinds) in enumerate(
            zip(ctx.arg_names, ctx.args, ctx.arg_types, ctx.arg_kinds, strict=True)
        )
        for name, actual, typ, kind in zip(names, actuals, types, kinds, strict=True)
        if not kind.is_star()
    ]


def types_of_parameters(
    ctx: CallContext, arguments: Sequence[Argument], function: str
) -> list[Type] | None:
    """Return the types of the parameters; of an overloaded function, those of the one that is called."""
    overloads = _overloads(_callee(ctx, function))
    for overload in overloads:
        if overload.arg_names == ctx.callee_arg_names:
            wanted = [_erased(typ) for typ in overload.arg_types]
            if len(overloads) == 1 or _take(wanted, arguments):
                return wanted
    return None


def _take(wanted: Sequence[Type], arguments: Sequence[Argument]) -> bool:
    return all(is_subtype(argument.typ, wanted[argument.parameter]) for argument in arguments)


def _callee(ctx: CallContext, function: str) -> Type | None:
    if function == SINGLE_DISPATCH and isinstance(ctx, MethodContext):
        return _undispatched(ctx.type)
    if isinstance(ctx.context, CallExpr):
        return _declared_generic(ctx.context.callee) or type_of_expression(ctx, ctx.context.callee)
    if isinstance(ctx, MethodContext):  # an operator, an index
        return type_of_member_if_any(ctx, function.rpartition(".")[2], ctx.type)
    return None


def _declared_generic(callee: Expression) -> Type | None:
    """Return the declared type of a generic function.

    In the type of the callee mypy has put by now what the variables stand for.
    """
    node = callee.node if isinstance(callee, RefExpr) else None
    declared = node.type if isinstance(node, FuncDef) else None
    return declared if isinstance(declared, CallableType) and declared.variables else None


def _undispatched(dispatching: Type) -> Type | None:
    """Return the function that `singledispatch` decorates; mypy's own plugin checks calls as of this."""
    dispatching = get_proper_type(dispatching)
    if isinstance(dispatching, Instance) and len(dispatching.args) == 2:
        return dispatching.args[1]
    return None


def _overloads(callee: Type | None) -> list[CallableType]:
    functions = [] if callee is None else items_of(callee)
    return [
        overload.with_unpacked_kwargs()
        for function in functions
        if isinstance(function, FunctionLike)
        for overload in function.items
    ]


def _erased(parameter: Type) -> Type:
    """Return what this parameter takes, whatever its type variables stand for."""
    parameter = get_proper_type(parameter)
    if isinstance(parameter, TypeVarType):
        parameter = UnionType.make_union(parameter.values or [parameter.upper_bound])
    return erase_typevars(parameter)
