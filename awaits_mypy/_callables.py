"""The callables that a hook answers with, where mypy expects a method."""

from collections.abc import Sequence

from mypy.nodes import ARG_POS
from mypy.plugin import AttributeContext
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
