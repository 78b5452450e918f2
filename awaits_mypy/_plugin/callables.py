"""The callables that a hook answers with, where mypy expects a method."""

from collections.abc import Sequence

from mypy.nodes import ARG_POS, ARG_STAR, ARG_STAR2
from mypy.plugin import AttributeContext, FunctionSigContext, MethodSigContext
from mypy.types import CallableType, Type


def function_returning(
    ctx: AttributeContext, result: Type, arguments: Sequence[Type] | None = None
) -> CallableType:
    """Return the type of a function of these positional arguments; of one of any type, if None."""
    arguments = [_anything(ctx)] if arguments is None else arguments
    return CallableType(
        arguments,
        [ARG_POS] * len(arguments),
        [None] * len(arguments),
        result,
        ctx.api.named_generic_type("builtins.function", []),
    )


def anything_returning(ctx: FunctionSigContext | MethodSigContext, result: Type) -> CallableType:
    """Return the type of a function of any arguments."""
    anything = _anything(ctx)
    function = ctx.api.named_generic_type("builtins.function", [])
    kinds = [ARG_STAR, ARG_STAR2]
    return CallableType([anything, anything], kinds, [None, None], result, function)


def _anything(ctx: AttributeContext | FunctionSigContext | MethodSigContext) -> Type:
    """Return what takes any argument, and expects nothing of it.

    Any would be expected: of a call of a generic function, which then makes an Await of Any.
    """
    return ctx.api.named_generic_type("builtins.object", [])
