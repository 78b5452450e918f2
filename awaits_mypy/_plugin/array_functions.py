"""Functions of numpy and torch, which take an Await among their arguments for the value in it.

At run time the protocols for arrays see to that (`awaits/_forwarding/arrays.py`). Here the call is
checked again, with a value in the place of each Await.
"""

from typing import Final, NamedTuple

from mypy.nodes import (
    ARG_POS,
    CallExpr,
    ComparisonExpr,
    Expression,
    IntExpr,
    LambdaExpr,
    ListExpr,
    MemberExpr,
    OperatorAssignmentStmt,
    OpExpr,
    RefExpr,
    StrExpr,
    TempNode,
    TupleExpr,
)
from mypy.plugin import MethodSigContext
from mypy.types import (
    AnyType,
    Instance,
    TupleType,
    Type,
    TypeVarType,
    UnionType,
    get_proper_type,
)

from awaits_mypy._plugin.calls_on_values import OnValues, SigContext
from awaits_mypy._plugin.implicit import is_on, report_wait
from awaits_mypy._plugin.mypy_internals import is_checked_in, type_of_expression
from awaits_mypy._plugin.receivers import awaited_types, awaits_in, without_awaits


class _Taken(NamedTuple):
    """The class whose Awaits a function takes for their values, and the protocol by which it asks."""

    cls: str
    protocol: str


# By how the name of the function begins. What else is handed to it goes through no protocol for arrays,
# or not always.
_TAKEN: Final = {
    "numpy._typing._ufunc.": _Taken("builtins.object", "__array_ufunc__"),
    "numpy.ndarray.": None,
    "numpy.": _Taken("numpy.ndarray", "__array_function__"),
    "torch.": _Taken("torch._tensor.Tensor", "__torch_function__"),
}
_CONTAINERS: Final = ("builtins.list", "typing.Sequence")


def takes_values(function: str) -> bool:
    """Say whether the function of this name takes Awaits, of some class, for their values."""
    return _taken_by(function) is not None


def _taken_by(function: str) -> _Taken | None:
    if not function.startswith(("numpy.", "torch.")):
        return None
    return next(taken for prefix, taken in _TAKEN.items() if function.startswith(prefix))


def values_for_arrays(ctx: SigContext, function: str) -> OnValues | None:
    """Return the call of this function with values in it, where it takes an Await for its value."""
    call, taken = _call_of(ctx, function), _taken_by(function)
    is_class = ctx.default_signature.is_type_obj()
    if call is None or taken is None or is_class or is_checked_in(ctx, ("numpy", "torch")):
        return None
    arguments = [_value_of(ctx, argument, taken.cls) for argument in call.args]
    if is_on(ctx):
        for argument, value in zip(call.args, arguments, strict=True):
            _report_waits(ctx, argument, value, taken.protocol)
    return OnValues(call, arguments)


def _call_of(ctx: SigContext, function: str) -> CallExpr | None:
    """Return the call in the program, or what `tensor += aw` calls; other operators ask the Await."""
    statement = ctx.context
    if isinstance(statement, OperatorAssignmentStmt) and isinstance(ctx, MethodSigContext):
        method = MemberExpr(TempNode(ctx.type, context=statement), function.rpartition(".")[2])
        method.set_line(statement)
        return CallExpr(method, [statement.rvalue], [ARG_POS], [None])
    return statement if isinstance(statement, CallExpr) else None


def _value_of(ctx: SigContext, argument: Expression, taken: str) -> Expression:
    """Return the argument with each Await of such a class in it replaced by a value."""
    if isinstance(argument, (ListExpr, TupleExpr)):
        items = [_value_of(ctx, item, taken) for item in argument.items]
        if all(value is item for value, item in zip(items, argument.items, strict=True)):
            return argument
        display = type(argument)(items)
        display.set_line(argument)
        return display
    if _is_seen_to_be_none(argument):
        return argument
    typ = type_of_expression(ctx, argument)
    value = _value_type(typ, taken)
    return argument if value is typ else TempNode(value, context=argument)


def _report_waits(ctx: SigContext, argument: Expression, value: Expression, protocol: str) -> None:
    if value is argument:
        return
    if isinstance(argument, (ListExpr, TupleExpr)) and isinstance(value, (ListExpr, TupleExpr)):
        for item, item_value in zip(argument.items, value.items, strict=True):
            _report_waits(ctx, item, item_value, protocol)
    else:
        report_wait(ctx, _awaits_within(type_of_expression(ctx, argument)), protocol, argument)


def _awaits_within(typ: Type) -> list[Instance]:
    typ = get_proper_type(typ)
    if isinstance(typ, TupleType):
        return [found for item in typ.items for found in _awaits_within(item)]
    if isinstance(typ, Instance) and typ.type.fullname in _CONTAINERS:
        return [found for arg in typ.args for found in _awaits_within(arg)]
    return awaits_in(typ)


def _is_seen_to_be_none(argument: Expression) -> bool:
    """Say whether this is no Await by the look of it, so that mypy need not be asked for its type."""
    if isinstance(argument, CallExpr):
        function = argument.callee
        return isinstance(function, RefExpr) and takes_values(function.fullname)
    if isinstance(argument, OpExpr):
        return argument.op not in ("and", "or")  # others give one only if some class has it so
    return isinstance(argument, (LambdaExpr, IntExpr, StrExpr, ComparisonExpr))


def _value_type(typ: Type, taken: str) -> Type:
    """Return the type with each Await of such a class in it read as its W; the same one if none is."""
    proper = get_proper_type(typ)
    if isinstance(proper, TupleType):
        items = [_value_type(item, taken) for item in proper.items]
        if any(value is not item for value, item in zip(items, proper.items, strict=True)):
            return proper.copy_modified(items=items)
    elif isinstance(proper, Instance) and proper.type.fullname in _CONTAINERS:
        args = [_value_type(arg, taken) for arg in proper.args]
        if any(value is not arg for value, arg in zip(args, proper.args, strict=True)):
            return proper.copy_modified(args=args)
    elif any(_is_of(w, taken) for w in awaited_types(proper)):
        return without_awaits(proper)
    return typ


def _is_of(w: Type, taken: str) -> bool:
    w = get_proper_type(w)
    if isinstance(w, Instance):
        return w.type.has_base(taken) or any(_is_of(inner, taken) for inner in awaited_types(w))
    if isinstance(w, UnionType):
        return any(_is_of(item, taken) for item in w.items)
    if isinstance(w, TypeVarType):
        return any(_is_of(item, taken) for item in w.values or [w.upper_bound])
    return isinstance(w, AnyType) or taken == "builtins.object"
