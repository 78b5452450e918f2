"""Functions of builtins whose types name classes, and which take an Await for its value all the same.

They ask it for a special method, by which an Await does what its W does.
"""

from collections.abc import Sequence
from typing import Final

from mypy.nodes import (
    CallExpr,
    Expression,
    IntExpr,
    LambdaExpr,
    ListExpr,
    RefExpr,
    StarExpr,
    StrExpr,
    TempNode,
    TupleExpr,
)
from mypy.types import Instance, TupleType, Type, UnionType, get_proper_type

from awaits_mypy._plugin.calls_on_values import OnValues, SigContext
from awaits_mypy._plugin.implicit import is_on, report_wait
from awaits_mypy._plugin.mypy_internals import item_type_of, type_of_expression, union_of
from awaits_mypy._plugin.receivers import awaits_in, has_await, without_awaits

# What each function asks its first argument for, and the others.
_ASKED: Final = {
    "builtins.complex": ("__complex__",),
    "builtins.divmod": ("__divmod__", "__rdivmod__"),
    "builtins.float": ("__float__",),
    "builtins.int": ("__int__",),
    "builtins.max": ("__gt__", "__gt__"),
    "builtins.min": ("__lt__", "__lt__"),
    "builtins.pow": ("__pow__", "__rpow__"),
    "builtins.round": ("__round__",),
    "builtins.sorted": ("__iter__",),
    "builtins.sum": ("__iter__",),
}
# What mypy looks at besides.
_LOOKED_AT: Final = ("__add__", "__radd__", "__lt__", "__gt__", "__index__", "__trunc__", "__float__")
_CLASSES: Final = ("builtins.complex", "builtins.float", "builtins.int")
_EXTREMES: Final = ("builtins.max", "builtins.min")


def takes_values_of_builtins(function: str) -> bool:
    """Say whether the function of this name takes Awaits for their values."""
    return function in _ASKED


def values_for_builtins(ctx: SigContext, function: str) -> OnValues | None:
    """Return the call of this function with values in it, where it takes an Await for its value."""
    call = ctx.context
    if not isinstance(call, CallExpr) or any(kind.is_star() for kind in call.arg_kinds):
        return None
    if not isinstance(call.callee, RefExpr) or call.callee.fullname != function or not call.args:
        return None
    if function in _EXTREMES:
        return _values_for_extreme(ctx, call, function)
    number = _number_asked(ctx, call, function)
    _report_waits(ctx, call.args[:number], _ASKED[function])
    value_of = _values_in if function == "builtins.sum" else _value_of
    values = [value_of(ctx, argument) for argument in call.args[:number]]
    return OnValues(call, [*values, *call.args[number:]], asked=_members_asked(function, values))


def _number_asked(ctx: SigContext, call: CallExpr, function: str) -> int:
    """Return how many of the arguments may be an Await in the place of a value."""
    if function in _CLASSES and len(call.args) > 1:
        return 0  # a text with a base has to be one
    if function == "builtins.pow" and len(call.args) > 2:
        # Of three the first alone is asked.
        return len(call.args) if has_await(type_of_expression(ctx, call.args[0])) else 0
    return min(len(call.args), 3 if function == "builtins.pow" else len(_ASKED[function]))


def _values_for_extreme(ctx: SigContext, call: CallExpr, function: str) -> OnValues | None:
    """Return the same for `max` and `min`, which give one of the objects that they compare."""
    number = call.arg_names.count(None)
    first, rest = call.args[0], call.args[number:]
    if number == 1 and not isinstance(first, (ListExpr, TupleExpr)):
        _report_waits(ctx, [first], ("__iter__",))
        value = _value_of(ctx, first)
        return OnValues(call, [value, *rest], asked=_members_asked(function, [value]))
    if "key" in call.arg_names:
        return None  # which is called with the Awaits themselves
    compared = (
        first.items if number == 1 and isinstance(first, (ListExpr, TupleExpr)) else call.args[:number]
    )
    if any(isinstance(item, StarExpr) for item in compared):
        return None
    _report_waits(ctx, compared, _ASKED[function])
    values = [_values_in(ctx, first)] if number == 1 else [_value_of(ctx, item) for item in compared]
    given = [_without_literal(type_of_expression(ctx, item)) for item in [*compared, *rest]]
    return OnValues(call, [*values, *rest], union_of(given), _members_asked(function, values))


def _members_asked(function: str, values: Sequence[Expression]) -> list[tuple[Type, str]]:
    """Return the members on which mypy's verdict depends, of the values and of their items."""
    members = {*_ASKED[function], *_LOOKED_AT}
    return [(owner, member) for value in values for owner in _owners(value) for member in members]


def _owners(value: Expression) -> list[Type]:
    if isinstance(value, (ListExpr, TupleExpr)):
        return [owner for item in value.items for owner in _owners(item)]
    typ = get_proper_type(value.type) if isinstance(value, TempNode) else None
    items = [] if not isinstance(typ, Instance) else typ.args
    return [] if typ is None else [typ, *items]


def _value_of(ctx: SigContext, argument: Expression) -> Expression:
    """Return the argument, or a value of the Await that it is."""
    if isinstance(argument, (IntExpr, LambdaExpr, StarExpr, StrExpr)):
        return argument  # no Await by the look of it
    typ = type_of_expression(ctx, argument)
    value = _value_type(typ)
    return argument if value is typ else TempNode(value, context=argument)


def _values_in(ctx: SigContext, iterable: Expression) -> Expression:
    """Return the iterable, or one of the values of the Awaits that are in it."""
    if isinstance(iterable, (ListExpr, TupleExpr)):
        items = [_value_of(ctx, item) for item in iterable.items]
        if all(value is item for value, item in zip(items, iterable.items, strict=True)):
            return iterable
        display = type(iterable)(items)
        display.set_line(iterable)
        return display
    typ = type_of_expression(ctx, iterable)
    values = _type_of_values_in(ctx, _value_type(typ))
    return iterable if values is typ else TempNode(values, context=iterable)


def _value_type(typ: Type) -> Type:
    """Return the type with each Await[W] in it read as W, however deep; the same one if none is."""
    while has_await(typ):
        typ = without_awaits(typ)
    return typ


def _type_of_values_in(ctx: SigContext, typ: Type) -> Type:
    """Return the type of an iterable of the values; the same one if there are no Awaits in this one."""
    proper = get_proper_type(typ)
    if isinstance(proper, UnionType):
        items = [_type_of_values_in(ctx, item) for item in proper.items]
        is_same = all(values is item for values, item in zip(items, proper.items, strict=True))
        return typ if is_same else UnionType.make_union(items)
    if isinstance(proper, TupleType):
        if not any(map(has_await, proper.items)):
            return typ
        return proper.copy_modified(items=[_value_type(item) for item in proper.items])
    item = item_type_of(ctx, proper)
    if item is None or not has_await(item):
        return typ
    return ctx.api.named_generic_type("typing.Iterable", [_value_type(item)])


def _without_literal(typ: Type) -> Type:
    proper = get_proper_type(typ)
    return proper.copy_modified(last_known_value=None) if isinstance(proper, Instance) else typ


def _report_waits(ctx: SigContext, arguments: Sequence[Expression], asked: Sequence[str]) -> None:
    """Report the arguments that are Awaits; of what is inside of them nothing, as elsewhere."""
    if is_on(ctx):
        for position, argument in enumerate(arguments):
            if not isinstance(argument, LambdaExpr):
                awaits = awaits_in(type_of_expression(ctx, argument))
                report_wait(ctx, awaits, asked[min(position, len(asked) - 1)], argument)
