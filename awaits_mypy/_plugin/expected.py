"""What mypy expects of a call that makes an Await, where something awaitable is expected.

For `x: int = await aw` mypy expects an `Awaitable[int]` of `aw`. An Await is one in two ways: its W is
an int, or its W awaits to one. mypy's inference knows only the first: it would take the expected type
for W, and then refuse the coroutine function in `await awaitable(fetch)`.
"""

from collections.abc import Callable
from typing import TypeVar

from mypy.nodes import CallExpr, Expression, MemberExpr, NameExpr
from mypy.plugin import FunctionSigContext, MethodSigContext
from mypy.types import (
    AnyType,
    FunctionLike,
    Instance,
    ProperType,
    Type,
    TypeVarType,
    UnionType,
    get_proper_type,
)

from awaits_mypy._plugin.mypy_internals import (
    is_subtype,
    type_expected_here,
    type_of_expression,
    type_variables_in,
)
from awaits_mypy._plugin.operands import is_generic, is_settled
from awaits_mypy._plugin.receivers import is_await, is_awaitable, items_of

Ctx = TypeVar("Ctx", FunctionSigContext, MethodSigContext)


def is_awaitable_expected_here() -> bool:
    """Say whether mypy expects something awaitable of the expression that it is about to check."""
    expected = type_expected_here()
    if expected is None:  # as of most calls, and mypy asks this of each
        return False
    if type(expected) is Instance:  # of most others
        return is_awaitable(expected)
    return any(map(is_awaitable, items_of(expected)))


def expecting_await(hook: Callable[[Ctx], FunctionLike] | None, ctx: Ctx, _: str) -> FunctionLike:
    """Answer as the hook does, if there is one, and let mypy expect an Await if the call makes one."""
    made = get_proper_type(ctx.default_signature.ret_type)
    if is_await(made) and isinstance(ctx.context, CallExpr):
        contexts = ctx.api.type_context
        contexts[-1] = _expected_of(ctx, ctx.context, contexts[-1], made)
    return ctx.default_signature if hook is None else hook(ctx)


def _expected_of(
    ctx: FunctionSigContext | MethodSigContext, call: CallExpr, awaitable: Type | None, made: Instance
) -> Type | None:
    """Return what to expect of this call, where mypy expects this awaitable.

    As of a coroutine function nothing, unless only that helps: `await awaitable_nowait([])`.
    """
    # mypy is asked only where it has to be: it looks at all arguments each time, and at those in them.
    if awaitable is None or _is_determined(ctx, made) or _has_variable_of_any(awaitable):
        return None
    either = UnionType.make_union([_as_await(item, made) for item in items_of(awaitable)])
    return either if _is_accepted(ctx, call, either, awaitable) else None


def _has_variable_of_any(typ: Type) -> bool:
    """Say whether a type variable bound by Any is in this, for which mypy finds Any in a union."""
    return any(
        isinstance(variable, TypeVarType) and isinstance(get_proper_type(variable.upper_bound), AnyType)
        for variable in type_variables_in(typ)
    )


def _is_determined(ctx: FunctionSigContext | MethodSigContext, made: Instance) -> bool:
    """Say whether the arguments alone determine the Await, whatever is expected of the call."""
    open_variables = type_variables_in(made)
    return all(
        _is_of_one_type(ctx, argument)
        for parameter, arguments in zip(ctx.default_signature.arg_types, ctx.args, strict=True)
        if open_variables & type_variables_in(parameter)
        for argument in arguments
    )


def _is_of_one_type(ctx: FunctionSigContext | MethodSigContext, argument: Expression) -> bool:
    if isinstance(argument, NameExpr | MemberExpr):
        typ = get_proper_type(type_of_expression(ctx, argument))
        return not (isinstance(typ, FunctionLike) and is_generic(typ))
    return is_settled(ctx, argument)


# What was found of the calls in a call, for as long as that is looked at.
_found: dict[tuple[CallExpr, str], bool] = {}
_asked: list[CallExpr] = []


def _is_accepted(
    ctx: FunctionSigContext | MethodSigContext, call: CallExpr, expected: Type, wanted: Type
) -> bool:
    """Say whether the call is right, and gives what is wanted, if this is expected of it.

    mypy looks at the call again afterwards, and at those in it: asked for each time anew, a call would
    be looked at twice as often with each level.
    """
    key = call, str(expected)
    if key in _found:
        return _found[key]
    _asked.append(call)
    try:
        with ctx.api.msg.filter_errors() as errors:
            result = ctx.api.get_expression_type(call, expected)
        _found[key] = not errors.has_new_errors() and is_subtype(result, wanted)
        return _found[key]
    finally:
        _asked.pop()
        if not _asked:
            _found.clear()


def _as_await(item: ProperType, made: Instance) -> Type:
    """Return the Await that is such an awaitable; anything else as it is."""
    if not is_awaitable(item):
        return item
    return made.copy_modified(args=[UnionType.make_union([item.args[0], item])])
