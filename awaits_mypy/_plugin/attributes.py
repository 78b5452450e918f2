"""Attributes: `aw.name` on an `Await[W]` has the type, and the errors, of `w.name` on a W.

Special methods that mypy looks up by name alone (`len`, iteration, contexts, protocols) come through
here as well; those that need more of the expression are in `operators.py`.
"""

from typing import TypeGuard

from mypy.nodes import Context, MemberExpr
from mypy.plugin import AttributeContext, MethodSigContext
from mypy.types import FunctionLike, Type, get_proper_type

from awaits_mypy._plugin.callables import function_returning
from awaits_mypy._plugin.implicit import reporting_attribute
from awaits_mypy._plugin.mypy_internals import (
    check_slots_of,
    is_protocol_probe,
    replace_receiver,
    retract_refusals_of_await,
    type_of_attribute,
    type_of_member,
    union_of,
)
from awaits_mypy._plugin.protocols import member_for_protocol
from awaits_mypy._plugin.receivers import awaited_types, displayed, is_await, named_of
from awaits_mypy._plugin.statements import value_assigned_to


def is_named(place: Context, name: str) -> TypeGuard[MemberExpr]:
    """Say whether the program names the attribute here, and no operator or statement implies it."""
    return isinstance(place, MemberExpr) and place.name == name


def read_attribute(ctx: AttributeContext, name: str) -> Type:
    """Answer for an attribute that is not special: mostly what `analyze_attribute` does, in fewer calls.

    Most of what mypy asks is this.
    """
    typ, _, is_lvalue, place, api = ctx
    if (
        type(place) is MemberExpr
        and place.name == name
        and not is_lvalue
        and is_await(typ)
        and not api.options.enabled_error_codes
    ):
        return type_of_attribute(ctx, name, typ, place, api)
    return reporting_attribute(analyze_attribute, ctx, name)


def analyze_attribute(ctx: AttributeContext, name: str) -> Type:
    """Answer with mypy's own verdict on the same attribute of the W inside."""
    typ, _, is_lvalue, place, api = ctx
    if is_named(place, name):
        if not is_lvalue and is_await(typ):
            return type_of_attribute(ctx, name, typ, place, api)
        replace_receiver(ctx, displayed(typ))
        if is_lvalue:
            retract_refusals_of_await(ctx, name)
            return assignable(ctx, place)
        is_operator = False
    elif is_protocol_probe(ctx):
        return member_for_protocol(ctx, name)
    else:
        # mypy does not look for the method of `w[index] = value` as for that of an operator.
        is_operator = name != "__setitem__"
    receiver = named_of(typ)
    return union_of(
        [type_of_member(ctx, name, w, receiver, is_operator=is_operator) for w in awaited_types(typ)]
    )


def analyze_lookup(ctx: MethodSigContext, name: str) -> FunctionLike:
    """Answer for a call of `__getattribute__` by its name, with the signature that W has."""
    methods = [type_of_member(ctx, name, w, w) for w in awaited_types(ctx.type)]
    signature = get_proper_type(union_of(methods))
    return signature if isinstance(signature, FunctionLike) else ctx.default_signature


def analyze_assignment(ctx: AttributeContext, name: str) -> Type:
    """Answer for `__setattr__`, of which mypy takes the last argument for what may be assigned."""
    target = ctx.context
    if not isinstance(target, MemberExpr) or is_named(target, name):
        return analyze_attribute(ctx, name)
    return function_returning(ctx, ctx.default_attr_type, [assignable(ctx, target)])


def assignable(ctx: AttributeContext, target: MemberExpr) -> Type:
    """Return what may be assigned to this attribute; refuse it if `__slots__` of W leave no place."""
    rvalue = value_assigned_to(ctx, target)
    receiver = named_of(ctx.type)
    awaited = awaited_types(ctx.type)
    for w in awaited:
        check_slots_of(ctx, w, target.name)
    return union_of(
        [type_of_member(ctx, target.name, w, receiver, is_lvalue=True, rvalue=rvalue) for w in awaited]
    )
