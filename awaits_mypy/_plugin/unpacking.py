"""Unpacking: in `a, b = aw` each name gets from an `Await[W]` what it gets from a W.

Of what is no tuple, mypy asks what all the items are, and gives that to each name. It tells a hook
neither the names nor that there are any. But it goes through them one by one. So the plugin puts
stand-ins in their places for that while. The first one that mypy comes to shows which names are meant:
mypy is asked to unpack a W into these. At the last one the names are back in their places.

Of what cannot be iterated over, an `Await[tuple[int, int] | None]` say, mypy asks nothing: it knows that
already, reports it, and leaves the names without a type. Its error is awaited for that case, and what it
says of the W is reported in its place.
"""

from collections.abc import Callable, Sequence
from functools import partial

from mypy.errors import ErrorInfo
from mypy.nodes import Context, Expression, IndexExpr, IntExpr, TempNode
from mypy.plugin import AttributeContext
from mypy.types import AnyType, NoneType, Type, TypeOfAny

from awaits_mypy._plugin.callables import function_returning
from awaits_mypy._plugin.failures import reporting_failure
from awaits_mypy._plugin.mypy_internals import (
    check_unpacking,
    context_at,
    filter_errors,
    format_type,
    is_protocol_probe,
    record_dependency,
)
from awaits_mypy._plugin.receivers import without_awaits
from awaits_mypy._plugin.statements import targets_of_unpacking, targets_of_value_at

_Callback = Callable[[AttributeContext, str], Type]


class Unpackings:
    """Answers for what mypy asks where it unpacks an Await."""

    def __init__(self) -> None:
        self._begun: list[_Unpacking] = []  # an item of what is unpacked may be unpacked in its turn
        self._asked: dict[str, dict[str, Type]] = {}  # by the error that there may be, and their names

    def analyze_iteration(self, callback: _Callback, ctx: AttributeContext, name: str) -> Type:
        """Answer for `__iter__` where mypy begins to unpack with it; else as the callback does."""
        if is_protocol_probe(ctx):
            self._await_refusal(ctx)
            return callback(ctx, name)
        targets = targets_of_unpacking(ctx)
        if not targets:
            return callback(ctx, name)
        self._give_up_unfinished()
        record_dependency(ctx, without_awaits(ctx.type), name)
        self._begun.append(_Unpacking(ctx, targets))
        item = ctx.api.named_generic_type("builtins.object", [])
        return function_returning(ctx, ctx.api.named_generic_type("typing.Iterator", [item]), [])

    def analyze_stand_in(self, callback: _Callback, ctx: AttributeContext, name: str) -> Type:
        """Answer for a stand-in, which mypy takes for an item of an Await; else as the callback does."""
        unpacking = next((each for each in self._begun if each.has_stand_in(ctx.context)), None)
        if unpacking is None:
            return callback(ctx, name)
        try:
            unpacking.go_on(ctx.context)
        finally:
            if unpacking.is_over:
                self._begun.remove(unpacking)
        any_type = AnyType(TypeOfAny.special_form)
        return function_returning(ctx, NoneType(), [any_type, any_type])

    def _await_refusal(self, probe: AttributeContext) -> None:
        """Be told of the error that mypy reports if it finds that this is no iterable."""
        named = f"{format_type(probe, probe.type)} object is not iterable"
        types = self._asked.setdefault(named, {})
        types[str(probe.type)] = probe.type
        filter_errors(probe, self._replace)

    def _replace(self, _: str, error: ErrorInfo) -> bool:
        """Report what mypy says of a W if this is about an Await that is unpacked; say whether it is."""
        types = self._asked.get(error.message, {})
        if len(types) != 1:
            return False  # of different types that are named alike, mypy does not say which it is
        (typ,) = types.values()
        ctx = context_at(error, typ)
        targets = targets_of_value_at(ctx)
        if targets:
            reporting_failure(partial(_unpack, targets), "__iter__", ctx)
        return bool(targets)

    def _give_up_unfinished(self) -> None:
        """Put the targets back for which mypy did not come: the program is to stay as it is."""
        for unpacking in [each for each in self._begun if not each.is_going_on]:
            unpacking.put_back()
            self._begun.remove(unpacking)


def _unpack(targets: list[Expression], ctx: AttributeContext, _: str) -> Type:
    check_unpacking(ctx, targets, without_awaits(ctx.type))
    return ctx.type


class _Unpacking:
    """One value that is unpacked, into one of these lists of targets."""

    def __init__(self, ctx: AttributeContext, candidates: Sequence[list[Expression]]) -> None:
        self._ctx = ctx
        self._candidates = [(targets, targets.copy(), _stand_in(ctx)) for targets in candidates]
        self._left: int | None = None
        for targets, _, stand_in in self._candidates:
            targets[:] = [stand_in] * (len(targets) or 1)

    @property
    def is_going_on(self) -> bool:
        return self._left is not None

    @property
    def is_over(self) -> bool:
        return self._left == 0

    def has_stand_in(self, place: Context) -> bool:
        return any(stand_in is place for _, _, stand_in in self._candidates)

    def go_on(self, place: Context) -> None:
        """Unpack at the first of the stand-ins, and put the targets back for good at the last."""
        meant, originals, stand_in = next(each for each in self._candidates if each[2] is place)
        if self._left is None:
            self._left = 0  # should this fail
            self.put_back()
            check_unpacking(self._ctx, meant, without_awaits(self._ctx.type))
            self._left = max(len(meant) - 1, 0)
            meant[:] = [stand_in] * len(meant)
        else:
            self._left -= 1
        if self.is_over:
            meant[:] = originals

    def put_back(self) -> None:
        for targets, originals, _ in self._candidates:
            targets[:] = originals


def _stand_in(ctx: AttributeContext) -> IndexExpr:
    """Return a target that mypy asks the plugin about: an item of an Await."""
    stand_in = IndexExpr(TempNode(ctx.type, context=ctx.context), IntExpr(0))
    stand_in.set_line(ctx.context)
    return stand_in
