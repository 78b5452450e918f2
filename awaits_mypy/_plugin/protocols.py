"""Protocols: an `Await[W]` offers a protocol the members that a W offers, with their types."""

from typing import Final

from mypy.plugin import AttributeContext
from mypy.types import (
    AnyType,
    Instance,
    TupleType,
    Type,
    TypeOfAny,
    TypeVarId,
    TypeVarType,
    UnionType,
    UnpackType,
    get_proper_type,
)

from awaits_mypy._plugin.callables import function_returning
from awaits_mypy._plugin.mypy_internals import (
    find_member,
    is_subtype,
    join_type_list,
    map_instance_to_supertype,
    module_in,
    record_dependency,
    type_of_member_if_any,
    union_of,
)
from awaits_mypy._plugin.names import AWAIT
from awaits_mypy._plugin.receivers import awaited_types

_DRIVEN: Final = ("typing.Coroutine", "typing.Generator")


def member_for_protocol(ctx: AttributeContext, name: str, kind: str = AWAIT) -> Type:
    """Answer for a protocol that asks for this member."""
    if name == "throw" and any(_is_driven(ctx, w) for w in awaited_types(ctx.type, kind)):
        return missing_member(ctx)
    members = [_member(ctx, name, w) for w in awaited_types(ctx.type, kind)]
    present = [member for member in members if member is not None]
    return union_of(present) if len(present) == len(members) else missing_member(ctx)


def _is_driven(ctx: AttributeContext, w: Type) -> bool:
    """Say whether this is a coroutine or a generator, to the interpreter a class of its own.

    To mypy it is a protocol, for which the Await would have the members. The interpreter and asyncio
    drive nothing but the class, so an Await lacks the member by which both are known.
    """
    any_type = AnyType(TypeOfAny.special_form)
    return any(is_subtype(w, ctx.api.named_generic_type(driven, [any_type] * 3)) for driven in _DRIVEN)


def missing_member(ctx: AttributeContext) -> Type:
    """Answer for a protocol that asks for a member which is not there.

    mypy takes any type for a member that is there. This one is compatible with nothing that a protocol
    can ask for (but a read-only `object`): a type variable of no one.
    """
    nothing: Type = ctx.api.named_generic_type("builtins.object", [])
    return TypeVarType("missing", "missing", TypeVarId(-1), [], nothing, nothing)


def _member(ctx: AttributeContext, name: str, owner: Type) -> Type | None:
    owner = get_proper_type(owner)
    if isinstance(owner, Instance) and module_in(owner) is None:
        return _member_of_instance(ctx, name, owner)
    if isinstance(owner, TupleType) and name == "__iter__" and _is_joined(owner):
        # A protocol gets the items of a tuple one by one, and joins them if none is a union.
        iterator = ctx.api.named_generic_type("typing.Iterator", [join_type_list(owner.items)])
        return function_returning(ctx, iterator, [])
    return type_of_member_if_any(ctx, name, owner)


def _member_of_instance(ctx: AttributeContext, name: str, owner: Instance) -> Type | None:
    record_dependency(ctx, owner, name)
    member = find_member(name, owner, owner, is_operator=name == "__call__")
    if member is None or owner.type.is_protocol:
        # A protocol has the members that it declares, and not those of every object.
        return member if name in owner.type.protocol_members or not owner.type.is_protocol else None
    for base in owner.type.mro:
        if base.is_protocol and name in base.protocol_members:
            # A class is what it declares to be: `str` is a `Container`, though its `__contains__` is
            # narrower.
            declared = find_member(name, map_instance_to_supertype(owner, base), owner)
            if declared is not None and not is_subtype(member, declared):
                return declared
    return member


def _is_joined(owner: TupleType) -> bool:
    return not any(isinstance(get_proper_type(item), (UnionType, UnpackType)) for item in owner.items)
