"""Two mistakes that mypy accepts, which ask an Await for what only its value has, and two that are none.

mypy takes `prefetch(aw)` as a statement for an Await that is dropped, and the Await in `isinstance(x,
aw | C)` for no class.
"""

from collections.abc import Sequence
from typing import Final

from mypy.nodes import Expression, IndexExpr, OpExpr, RefExpr, TypeInfo
from mypy.plugin import AttributeContext, FunctionContext
from mypy.types import (
    FunctionLike,
    Instance,
    NoneType,
    ProperType,
    Type,
    TypeType,
    get_proper_type,
)

from awaits_mypy._plugin.codes import AWAIT_HIDDEN, AWAIT_ISINSTANCE
from awaits_mypy._plugin.mypy_internals import (
    classes_asked_for,
    format_type,
    is_callee,
    is_in_module,
    is_protocol_probe,
    module_in,
    record_dependency,
    store_type,
    type_of_expression,
    type_of_member_if_any,
    union_of,
)
from awaits_mypy._plugin.names import AWAIT
from awaits_mypy._plugin.receivers import awaits_in, class_of, has_await, items_of, without_awaits
from awaits_mypy._plugin.statements import is_statement

# A class may decide by these what is an instance of it; those of the standard library decide by its
# bases, or by its members where it is a protocol.
_DECIDES: Final = ("__subclasshook__", "__instancecheck__", "__subclasscheck__")
_BY_BASES: Final = ("builtins.object", "builtins.type", "abc.ABCMeta")
_OF_AWAIT: Final = (AWAIT, "typing.Generic", "builtins.object")


def check_hidden(ctx: AttributeContext, name: str) -> Type:
    """Report `aw.fn`, `aw.args` and `aw.is_nowait` where W has a member of that name too.

    Answer with W's, which is most likely meant, so that nothing more is reported of the same mistake.
    """
    if is_protocol_probe(ctx):
        return ctx.default_attr_type
    hidden = [_check_hidden_of(ctx, await_type, name) for await_type in awaits_in(ctx.type)]
    meant = [member for member in hidden if member is not None]
    is_own = ctx.is_lvalue or is_callee(ctx) or AWAIT_HIDDEN in ctx.api.options.disabled_error_codes
    return ctx.default_attr_type if is_own or not meant else union_of(meant)


def _check_hidden_of(ctx: AttributeContext, await_type: Instance, name: str) -> Type | None:
    """Report that this Await hides a member of its W, and return the member's type."""
    w = await_type.args[0]
    record_dependency(ctx, w, name)
    hiding = next((item for item in items_of(w) if _declares(ctx, item, name)), None)
    if hiding is None:
        return None
    whole, value = format_type(ctx, await_type), format_type(ctx, hiding)
    ctx.api.fail(
        f'"{name}" of {whole} hides "{name}" of {value}: read that from the result of awaitable_wait()',
        ctx.context,
        code=AWAIT_HIDDEN,
    )
    return type_of_member_if_any(ctx, name, hiding)


def check_isinstance(ctx: FunctionContext, function: str) -> Type:
    """Report `isinstance(aw, C)` and `issubclass(type(aw), C)` which are False whatever W is."""
    if len(ctx.arg_types) == 2 and all(ctx.arg_types):
        _read_as_classes(ctx, ctx.args[1][0])
        asked = items_of(ctx.arg_types[0][0])
        # Of any other object, which is what most programs ask, nothing more is looked at.
        if any(_is_await(item, function) for item in asked):
            _check_classes(ctx, function, asked)
    return ctx.default_return_type


def _read_as_classes(ctx: FunctionContext, classes: Expression) -> None:
    """Let mypy narrow by the class of the Await in `aw | C`: it looks at each operand by itself."""
    if isinstance(classes, OpExpr) and classes.op == "|":
        for operand in (classes.left, classes.right):
            _read_as_classes(ctx, operand)
            typ = type_of_expression(ctx, operand)
            if has_await(typ):
                store_type(ctx, operand, without_awaits(typ))


def _check_classes(ctx: FunctionContext, function: str, asked: Sequence[ProperType]) -> None:
    classes = classes_asked_for(ctx, ctx.args[1][0])
    if not classes or any(map(_may_be_of_await, classes)):
        return
    if not any(isinstance(get_proper_type(cls), NoneType) for cls in classes):
        asked = [item for item in asked if not isinstance(item, NoneType)]
    if all(_is_await(item, function) for item in asked):
        ctx.api.fail(_never(ctx, function, asked, classes), ctx.context, code=AWAIT_ISINSTANCE)


def allow_prefetch(ctx: FunctionContext, _: str) -> Type:
    """Let `prefetch(aw)` be a statement: what it returns is not dropped, as something else holds it."""
    is_held = bool(ctx.args and ctx.args[0]) and isinstance(ctx.args[0][0], (RefExpr, IndexExpr))
    return NoneType() if is_held and is_statement(ctx) else ctx.default_return_type


def _is_await(asked: ProperType, function: str) -> bool:
    if function == "issubclass" and isinstance(asked, TypeType):
        return has_await(asked.item)
    return has_await(asked)


def _never(
    ctx: FunctionContext, function: str, asked: Sequence[ProperType], classes: Sequence[Type]
) -> str:
    whole = format_type(ctx, union_of(asked))
    wanted = format_type(ctx, union_of(classes))
    if function == "isinstance":
        never = f"{whole} is never an instance of {wanted}"
    elif has_await(asked[0]):
        never = f"{whole} is no class"
    else:
        never = f"{whole} is never a subclass of {wanted}"
    return f"{never}: check the result of awaitable_wait() instead"


def _may_be_of_await(asked_for: Type) -> bool:
    """Say whether an Await may be an instance of this: by its bases, its members, or for all we know."""
    asked_for = get_proper_type(asked_for)
    if isinstance(asked_for, NoneType):
        return False
    info = class_of(asked_for)
    if info is None or info.is_protocol or info.fullname in _OF_AWAIT:
        return True
    return _decides(info) or (info.metaclass_type is not None and _decides(info.metaclass_type.type))


def _decides(owner: TypeInfo) -> bool:
    """Say whether this class decides itself what is an instance of it."""
    deciding = [owner.get_containing_type_info(name) for name in _DECIDES]
    return any(cls is not None and cls.fullname not in _BY_BASES for cls in deciding)


def _declares(ctx: AttributeContext, typ: ProperType, name: str) -> bool:
    """Say whether the class of this declares the name: `__getattr__` answers for anything."""
    module = module_in(typ)
    if module is not None:
        return is_in_module(ctx, name, module)
    if isinstance(typ, TypeType):
        typ = get_proper_type(typ.item)
    if isinstance(typ, FunctionLike) and typ.is_type_obj():
        return typ.type_object().get(name) is not None
    info = class_of(typ)
    return info is not None and info.get(name) is not None
