"""`delayed`: a call of a delayed function is checked as one of the function, with values for Awaits."""

from typing import Final, cast

from mypy.nodes import CallExpr, Expression, LambdaExpr, TempNode
from mypy.plugin import FunctionContext, FunctionSigContext, MethodContext, MethodSigContext
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    NoneType,
    ProperType,
    TupleType,
    Type,
    TypeOfAny,
    callable_with_ellipsis,
    get_proper_type,
)

from awaits_mypy._plugin.callables import anything_returning
from awaits_mypy._plugin.mypy_internals import (
    awaited_type,
    bound_to,
    is_subtype,
    type_of_call,
    type_of_expression,
    union_of,
)
from awaits_mypy._plugin.receivers import (
    awaited_types,
    is_await,
    is_awaitable,
    items_of,
    without_awaits,
)

_COROUTINES: Final = ("typing.Coroutine", "types.CoroutineType")


def take_any_function(ctx: FunctionSigContext, _: str) -> FunctionLike:
    """Answer for `delayed(func)`, from which mypy would infer less than the function's type."""
    signature = ctx.default_signature
    result = _instance(signature.ret_type)
    any_type = AnyType(TypeOfAny.special_form)
    fallback = ctx.api.named_generic_type("builtins.function", [])
    return signature.copy_modified(
        arg_types=[callable_with_ellipsis(any_type, any_type, fallback)],
        ret_type=result.copy_modified(args=[any_type, any_type]),
        variables=[],
    )


def keep_function(ctx: FunctionContext, _: str) -> Type:
    """Answer for the result of `delayed(func)`, which keeps the type of the function."""
    result, function = _instance(ctx.default_return_type), _argument(ctx, 0)
    if function is None:
        return result
    returned = function.ret_type if isinstance(function, CallableType) else result.args[1]
    return result.copy_modified(args=[function, returned])


def bind_function(ctx: MethodContext, _: str) -> Type:
    """Answer for a delayed function that is read as a method, from an object or from its class."""
    result, function = _instance(ctx.default_return_type), _function_in(ctx.type)
    instance, owner = _argument(ctx, 0), _argument(ctx, 1)
    if isinstance(function, FunctionLike) and instance is not None and owner is not None:
        function = bound_to(function, None if isinstance(instance, NoneType) else instance, owner)
    return result.copy_modified(args=[function, result.args[1]])


def _argument(ctx: FunctionContext | MethodContext, parameter: int) -> ProperType | None:
    """Return the type of the argument for this parameter; None for none, several, or a starred one.

    mypy asks of wrong calls too, whose errors it reports by itself.
    """
    types, kinds = ctx.arg_types[parameter], ctx.arg_kinds[parameter]
    return get_proper_type(types[0]) if len(types) == 1 and not kinds[0].is_star() else None


def analyze_delayed_call(ctx: MethodSigContext, _: str) -> FunctionLike:
    """Answer for a call of a delayed function: an Await of what the function gives for the values."""
    call, result = ctx.context, _instance(ctx.default_signature.ret_type)
    if not isinstance(call, CallExpr):
        return ctx.default_signature
    arguments = [
        _value_of(ctx, argument, is_starred=kind.is_star())
        for argument, kind in zip(call.args, call.arg_kinds, strict=True)
    ]
    function = TempNode(_function_in(ctx.type), context=call)
    on_values = CallExpr(function, arguments, call.arg_kinds, call.arg_names)
    on_values.set_line(call)
    returned = get_proper_type(_type_as_expected(ctx, on_values))
    if isinstance(returned, Instance):
        returned = returned.copy_modified(last_known_value=None)  # an int, of a lambda that gives 1
    return anything_returning(ctx, result.copy_modified(args=[returned]))


def _type_as_expected(ctx: MethodSigContext, call: CallExpr) -> Type:
    """Return the type of the call, of which mypy expects what it expects to be in the Await."""
    expected = ctx.api.type_context[-1]
    items = [] if expected is None else items_of(expected)
    values = [item.args[0] for item in items if is_await(item)]
    if values:
        return type_of_call(ctx, call, union_of(values))
    # What `await` expects is the value, or else what the value awaits to.
    for awaitable in filter(is_awaitable, items):
        for guessed in (awaitable.args[0], awaitable):
            with ctx.api.msg.filter_errors() as errors:
                typ = type_of_call(ctx, call, guessed)
            if not errors.has_new_errors() and is_subtype(typ, guessed):
                return typ
    return type_of_call(ctx, call)


def _function_in(delayed: Type) -> Type:
    return get_proper_type(_instance(delayed).args[0])


def _instance(typ: Type) -> Instance:
    return cast(Instance, get_proper_type(typ))


def _value_of(ctx: MethodSigContext, argument: Expression, *, is_starred: bool) -> Expression:
    """Return the argument, or the value of the Await that it is; of starred ones, of each."""
    if isinstance(argument, LambdaExpr):
        return argument
    typ = type_of_expression(ctx, argument)
    value = _values_in(ctx, typ) if is_starred else _value_type(ctx, typ)
    return argument if value is typ else TempNode(value, context=argument)


def _values_in(ctx: MethodSigContext, typ: Type) -> Type:
    proper = get_proper_type(typ)
    if isinstance(proper, TupleType):
        return proper.copy_modified(items=[_value_type(ctx, item) for item in proper.items])
    if isinstance(proper, Instance):
        return proper.copy_modified(args=[_value_type(ctx, arg) for arg in proper.args])
    return typ


def _value_type(ctx: MethodSigContext, typ: Type) -> Type:
    if not awaited_types(typ):
        return typ
    value = get_proper_type(without_awaits(typ))
    if isinstance(value, Instance) and value.type.fullname in _COROUTINES:
        return awaited_type(ctx, value) or value
    return value
