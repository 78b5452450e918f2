"""torch's own Await: the attributes of W, but no operators and no keyword arguments."""

from mypy.errorcodes import CALL_ARG
from mypy.nodes import CallExpr
from mypy.plugin import AttributeContext, FunctionSigContext
from mypy.types import FunctionLike, Type

from awaits_mypy._plugin.mypy_internals import (
    is_protocol_probe,
    replace_receiver,
    type_of_member,
    union_of,
)
from awaits_mypy._plugin.names import TORCH_AWAIT
from awaits_mypy._plugin.protocols import member_for_protocol, missing_member
from awaits_mypy._plugin.receivers import awaited_types, displayed


def analyze_torch_attribute(ctx: AttributeContext, name: str) -> Type:
    """Answer for what `__getattr__` of torch's Await provides."""
    if name in ctx.api.named_generic_type("builtins.object", []).type.names:
        return ctx.default_attr_type  # torch's Await has it itself
    if is_protocol_probe(ctx):
        # Python looks special methods up on the class, which has none of W's.
        is_special = name.startswith("__")
        return missing_member(ctx) if is_special else member_for_protocol(ctx, name, TORCH_AWAIT)
    receiver = displayed(ctx.type, TORCH_AWAIT)
    replace_receiver(ctx, receiver)
    return union_of(
        [type_of_member(ctx, name, w, receiver) for w in awaited_types(ctx.type, TORCH_AWAIT)]
    )


def refuse_keywords(ctx: FunctionSigContext, _: str) -> FunctionLike:
    """Answer for a call of torch's `awaitable`, which types its keyword arguments but drops them."""
    if isinstance(ctx.context, CallExpr):
        for kind, name in zip(ctx.context.arg_kinds, ctx.context.arg_names, strict=True):
            if kind.is_named(star=True):
                argument = f'"{name}"' if name else "behind **"
                message = f'Keyword argument {argument} for "awaitable" would be dropped by torch'
                ctx.api.fail(f"{message}: use functools.partial", ctx.context, code=CALL_ARG)
    return ctx.default_signature
