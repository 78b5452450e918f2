"""What is an Await in the type of an expression, and which W it holds.

mypy calls the attribute hook once for each Await in a union, with the type of the whole union and no
word of which item it is about. So each call answers for all of them: the answers are united anyway,
and mypy drops an error that is reported twice at one place.
"""

from typing import TypeGuard

from mypy.nodes import TypeInfo
from mypy.types import (
    CallableType,
    Instance,
    LiteralType,
    ProperType,
    TupleType,
    Type,
    TypedDictType,
    TypeVarType,
    UnionType,
    get_proper_type,
)

from awaits_mypy._plugin.mypy_internals import type_of_value
from awaits_mypy._plugin.names import AWAIT, AWAITABLE


def is_await(receiver: ProperType, kind: str = AWAIT) -> TypeGuard[Instance]:
    """Say whether this is the type of an Await, of this kind."""
    return type(receiver) is Instance and receiver.type.fullname == kind


def is_awaitable(receiver: ProperType) -> TypeGuard[Instance]:
    """Say whether this is the type `Awaitable` itself, as mypy expects it of what is awaited."""
    return isinstance(receiver, Instance) and receiver.type.fullname == AWAITABLE


def has_await(receiver: Type) -> bool:
    """Say whether an expression of this type can be an Await."""
    return bool(awaits_in(receiver))


def awaits_in(receiver: Type, kind: str = AWAIT) -> list[Instance]:
    """Return every Await, of this kind, that an expression of this type can be."""
    receiver = get_proper_type(receiver)
    if is_await(receiver, kind):
        return [receiver]
    if isinstance(receiver, UnionType):
        return [found for item in receiver.items for found in awaits_in(item, kind)]
    if isinstance(receiver, TypeVarType):
        alternatives = receiver.values or [receiver.upper_bound]
        return [found for alternative in alternatives for found in awaits_in(alternative, kind)]
    return []


def is_mixed(receiver: Type) -> bool:
    """Say whether an expression of this type can be an Await, and can be something else."""
    return has_await(receiver) and not all(map(is_await, items_of(receiver)))


def awaited_types(receiver: Type, kind: str = AWAIT) -> list[Type]:
    """Return the W of every Await, of this kind, that an expression of this type can be."""
    return [type_of_value(await_type) for await_type in awaits_in(receiver, kind)]


def without_awaits(receiver: Type, kind: str = AWAIT) -> Type:
    """Return the type with each Await[W], of this kind, in it read as W.

    A W that is an alias stays one: mypy takes an Any in an alias otherwise than one written out.
    """
    receiver = get_proper_type(receiver)
    if is_await(receiver, kind):
        return type_of_value(receiver)
    if isinstance(receiver, UnionType):
        items = [without_awaits(item, kind) for item in receiver.items]
    elif isinstance(receiver, TypeVarType) and awaited_types(receiver, kind):
        items = [without_awaits(w, kind) for w in receiver.values or [receiver.upper_bound]]
    else:
        return receiver
    return UnionType.make_union(items)


def awaits_within(typ: Type) -> list[Instance]:
    """Return every Await that an expression of this type can be, or a tuple of this type can hold."""
    typ = get_proper_type(typ)
    if isinstance(typ, TupleType):
        return [found for item in typ.items for found in awaits_within(item)]
    return awaits_in(typ)


def values_within(typ: Type) -> Type:
    """Return the type with each Await[W] in it, or in the tuple that it is, read as W, however deep."""
    proper = get_proper_type(typ)
    if isinstance(proper, TupleType):
        return proper.copy_modified(items=[values_within(item) for item in proper.items])
    while has_await(proper):
        proper = get_proper_type(without_awaits(proper))
    return proper


def displayed(receiver: Type, kind: str = AWAIT) -> Type:
    """Return the type as a message should name it: as without Awaits, but a variable by its name."""
    receiver = get_proper_type(receiver)
    return receiver if isinstance(receiver, TypeVarType) else without_awaits(receiver, kind)


def named_of(receiver: Type) -> Type:
    """Return the type of which a message should name an item.

    As `displayed`, but `Await[str] | str` as it is: there is no item "str" of "str".
    """
    values = displayed(receiver)
    is_one = isinstance(get_proper_type(values), UnionType) and len(set(items_of(values))) == 1
    return receiver if is_one else values


def items_of(typ: Type) -> list[ProperType]:
    """Return the items of a union, of any depth; of another type, exactly that one."""
    typ = get_proper_type(typ)
    return (
        [found for item in typ.items for found in items_of(item)]
        if isinstance(typ, UnionType)
        else [typ]
    )


def class_of(typ: Type) -> TypeInfo | None:
    """Return the class whose members an object of this type has, if mypy knows one."""
    typ = get_proper_type(typ)
    if isinstance(typ, TypeVarType):
        typ = get_proper_type(typ.upper_bound)
    if isinstance(typ, (LiteralType, TypedDictType, CallableType)):
        typ = typ.fallback
    if isinstance(typ, TupleType):
        typ = typ.partial_fallback
    return typ.type if isinstance(typ, Instance) else None
