"""The callables that a hook answers with, where mypy expects a method."""

from collections.abc import Sequence

from mypy.nodes import ARG_POS, ARG_STAR, ARG_STAR2
from mypy.plugin import AttributeContext, FunctionSigContext, MethodSigContext
from mypy.types import AnyType, CallableType, Type, TypeOfAny


def function_returning(
    ctx: AttributeContext, result: Type, arguments: Sequence[Type] | None = None
) -> CallableType:
    """Return the type of a function of these positional arguments; of one of any type, if None."""
    arguments = [AnyType(TypeOfAny.special_form)] if arguments is None else arguments
    return CallableType(
        arguments,
        [ARG_POS] * len(arguments),
        [None] * len(arguments),
        result,
        ctx.api.named_generic_type("builtins.function", []),
    )


def anything_returning(ctx: FunctionSigContext | MethodSigContext, result: Type) -> CallableType:
    """Return the type of a function of any arguments."""
    any_type = AnyType(TypeOfAny.special_form)
    function = ctx.api.named_generic_type("builtins.function", [])
    kinds = [ARG_STAR, ARG_STAR2]
    return CallableType(
        [any_type, any_type], kinds, [None, None], result, function, is_ellipsis_args=True
    )
