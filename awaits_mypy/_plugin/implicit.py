"""`await-implicit`: each use of an Await in the program that waits without saying so.

Off unless a configuration asks for it. mypy calls a hook for each attribute of an Await anyway; calls,
to whose parameters an Await may be handed, are watched only in the modules where the code is on.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final, TypeVar

from mypy.nodes import (
    ComparisonExpr,
    Context,
    MemberExpr,
    OpExpr,
    SliceExpr,
    StrExpr,
)
from mypy.plugin import AttributeContext, FunctionContext, MethodContext
from mypy.types import (
    CallableType,
    Instance,
    ProperType,
    Type,
)

from awaits_mypy._plugin.codes import AWAIT_IMPLICIT
from awaits_mypy._plugin.mypy_internals import (
    AnyContext,
    beyond_all_filters,
    format_type,
    is_protocol_probe,
    is_subtype,
    type_of_expression,
    union_of,
)
from awaits_mypy._plugin.names import TORCH_AWAIT
from awaits_mypy._plugin.parameters import Argument, arguments_of, types_of_parameters
from awaits_mypy._plugin.receivers import awaits_in, items_of

Ctx = TypeVar("Ctx", FunctionContext, MethodContext)

# Looked up with another method of W that is reported, or not W's where Python looks on the class.
_NO_WAITS: Final = ("__exit__", "__aexit__", "__repr__", "__dir__")

# Functions that take any object and ask it for this. Where the name is None, the program gives it.
_ASKING: Final[dict[str, str | None]] = {
    "<dict>": "keys",  # {**aw}
    "builtins.bool": "__bool__",
    "builtins.bytes": "__bytes__",
    "builtins.delattr": None,
    "builtins.format": "__format__",
    "builtins.getattr": None,
    "builtins.hasattr": None,
    "builtins.hash": "__hash__",
    "builtins.print": "__str__",
    "builtins.setattr": None,
    "builtins.str": "__str__",
    "builtins.str.format": "__format__",  # which f-strings are to mypy, too
}


@cache
def _names_of_await() -> Mapping[str, str]:
    """Return the names that an Await has itself."""
    from awaits._state.data_model import OWN  # which a start of mypy has no time for

    return OWN


def is_on(ctx: AnyContext) -> bool:
    """Say whether the implicit waits of the module that is being checked are to be reported."""
    return AWAIT_IMPLICIT in ctx.api.options.enabled_error_codes


def reporting_attribute(
    callback: Callable[[AttributeContext, str], Type], ctx: AttributeContext, name: str
) -> Type:
    """Answer as the callback does, and report the wait where that is asked for."""
    if is_on(ctx):
        _report_attribute(ctx, name)
    return callback(ctx, name)


def reporting_arguments(hook: Callable[[Ctx], Type] | None, ctx: Ctx, function: str) -> Type:
    """Answer as the hook does, if there is one, and report the arguments that are waited for."""
    _report_arguments(ctx, function)
    return ctx.default_return_type if hook is None else hook(ctx)


def report_wait(ctx: AnyContext, awaits: Sequence[Instance], name: str, place: Context) -> None:
    """Report that these Awaits, if there are any, are waited for, to be asked for this member."""
    if awaits and name not in _names_of_await():
        whole = format_type(ctx, union_of(awaits))
        # mypy tries overloads and operators, and takes an error for a failed attempt.
        with beyond_all_filters(ctx):
            ctx.api.fail(f'Implicit wait on {whole} for "{name}"', place, code=AWAIT_IMPLICIT)


def _report_attribute(ctx: AttributeContext, name: str) -> None:
    place = ctx.context
    if isinstance(place, MemberExpr):
        name = place.name  # `aw.x = 1` is asked for as __setattr__
    elif is_protocol_probe(ctx) or name in _NO_WAITS:
        return
    report_wait(ctx, awaits_in(ctx.type) or awaits_in(ctx.type, TORCH_AWAIT), name, place)


def _report_arguments(ctx: FunctionContext | MethodContext, function: str) -> None:
    for actuals, types, kinds in zip(ctx.args, ctx.arg_types, ctx.arg_kinds, strict=True):
        for actual, typ, kind in zip(actuals, types, kinds, strict=True):
            if kind.is_star():
                name = "keys" if kind.is_named(star=True) else "__iter__"
                report_wait(ctx, awaits_in(typ), name, actual)
            elif isinstance(actual, SliceExpr):
                _report_slice(ctx, actual)
    arguments = [each for each in arguments_of(ctx) if not isinstance(each.expression, SliceExpr)]
    if function in _ASKING:
        _report_asked(ctx, arguments, _ASKING[function])
    elif isinstance(ctx.context, (OpExpr, ComparisonExpr)):
        pass  # of an Await as the other operand mypy asks too, for the reflected method
    elif any(awaits_in(argument.typ) for argument in arguments):
        _report_protocols(ctx, arguments, function)


def _report_slice(ctx: AnyContext, piece: SliceExpr) -> None:
    for bound in (piece.begin_index, piece.end_index, piece.stride):
        if bound is not None:
            report_wait(ctx, awaits_in(type_of_expression(ctx, bound)), "__index__", bound)


def _report_asked(
    ctx: FunctionContext | MethodContext, arguments: Sequence[Argument], name: str | None
) -> None:
    if name is None:
        asked_for = ctx.args[1][0] if len(ctx.args) > 1 and ctx.args[1] else None
        name = asked_for.value if isinstance(asked_for, StrExpr) else "__getattribute__"
        arguments = [argument for argument in arguments if argument.parameter == 0]
    for argument in arguments:
        report_wait(ctx, awaits_in(argument.typ), name, argument.expression)


def _report_protocols(
    ctx: FunctionContext | MethodContext, arguments: Sequence[Argument], function: str
) -> None:
    wanted = types_of_parameters(ctx, arguments, function)
    if wanted is None:
        return
    for argument in arguments:
        for await_type in awaits_in(argument.typ):
            member = _member_asked_for(wanted[argument.parameter], await_type)
            if member is not None:
                report_wait(ctx, [await_type], member, argument.expression)


def _member_asked_for(wanted: Type, await_type: Instance) -> str | None:
    """Return what a parameter of this type asks of W; None if it is content with the Await."""
    taking = [item for item in items_of(wanted) if is_subtype(await_type, item)]
    members = [_member_of_protocol(item) for item in taking]
    return members[0] if members and None not in members else None


def _member_of_protocol(typ: ProperType) -> str | None:
    if isinstance(typ, CallableType):
        return "__call__"
    if not isinstance(typ, Instance) or not typ.type.is_protocol:
        return None
    members = set(typ.type.protocol_members) - set(_names_of_await())
    # The first that is declared, as what a protocol adds is what it is for.
    return next((name for base in typ.type.mro for name in base.names if name in members), None)
