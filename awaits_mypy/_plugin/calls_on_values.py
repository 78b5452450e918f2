"""Calls where an Await stands for its value: what mypy says of the call with the value is the answer."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mypy.nodes import CallExpr, Expression
from mypy.plugin import FunctionSigContext, MethodSigContext
from mypy.types import CallableType, FunctionLike, Type

from awaits_mypy._plugin.callables import anything_returning
from awaits_mypy._plugin.mypy_internals import record_dependency, type_of_call

SigContext = FunctionSigContext | MethodSigContext


class OnValues(NamedTuple):
    """A call of the program, and its arguments with values in them."""

    call: CallExpr
    arguments: Sequence[Expression]
    result: Type | None = None  # where it is another than the values give
    asked: Sequence[tuple[Type, str]] = ()  # members by which the values are found to fit


class CallsOnValues:
    """Answers for the calls of some functions. mypy asks for each overload, of which one call is one."""

    def __init__(self, find_values: Callable[[SigContext, str], OnValues | None]) -> None:
        self._find_values = find_values
        self._call: object = None
        self._first: object = None
        self._answer: FunctionLike | None = None

    def analyze_call(self, ctx: SigContext, function: str) -> FunctionLike:
        """Answer with a signature that takes what is there and returns what the values would give."""
        overload = _definition_of(ctx.default_signature)
        if ctx.context is not self._call or overload is self._first:
            answer = self._signature_for_values(ctx, function)  # which asks for the calls in this one
            self._call, self._first, self._answer = ctx.context, overload, answer
        return ctx.default_signature if self._answer is None else self._answer

    def _signature_for_values(self, ctx: SigContext, function: str) -> FunctionLike | None:
        found = self._find_values(ctx, function)
        if found is None:
            return None
        call, arguments, result, asked = found
        if all(value is argument for value, argument in zip(arguments, call.args, strict=True)):
            return None
        on_values = CallExpr(call.callee, list(arguments), call.arg_kinds, call.arg_names)
        on_values.set_line(ctx.context)
        given = type_of_call(ctx, on_values, expected=ctx.api.type_context[-1])
        for owner, member in asked:
            record_dependency(ctx, owner, member)
        return anything_returning(ctx, given if result is None else result)


def _definition_of(signature: FunctionLike) -> object:
    """Return what tells this overload from the others; its type may be another object each time."""
    return (isinstance(signature, CallableType) and signature.definition) or signature
