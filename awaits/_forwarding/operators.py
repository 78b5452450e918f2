"""The other operand of an operator, which may be an Await too, and operators in place on either side."""

from __future__ import annotations

import opcode
import sys
from collections.abc import Callable
from typing import Any, Final

from awaits._running.implicit import use, value_or_pending
from awaits._state import making
from awaits._state.slots import PENDING, AwaitBase, get_value


def operand(op: Any) -> Any:
    """Return the value of the other operand, if it is an Await too."""
    return use(op) if issubclass(type(op), making.await_class) else op  # `is_await`, without the call


def compared(op: Any) -> Any:
    """Return the value of an operand of a comparison; `PENDING` if an onlooker compares."""
    return value_or_pending(op) if issubclass(type(op), making.await_class) else op


# The operands of BINARY_OP that stand for an operator in place.
_IN_PLACE: Final = {n for n, (_, symbol) in enumerate(opcode._nb_ops) if symbol.endswith("=")}  # type: ignore[attr-defined]
# The commonest classes that have nothing to change in place.
_UNCHANGING: Final = frozenset({int, float, complex, bool, str, bytes, tuple, frozenset, type(None)})
_BINARY_OP: Final = opcode.opmap["BINARY_OP"]


def reflected(
    aw: AwaitBase, function: Callable[[Any, Any], Any], in_place: Callable[[Any, Any], Any], other: Any
) -> Any:
    """Apply an operator whose left side is no Await, as `other + aw` or as `other += aw`.

    Python tells a reflected method nothing of that: the instruction of the code that asks does.
    """
    value = get_value(aw)
    if value is PENDING:  # `use`, mostly without the call
        value = use(aw)
    if type(other) not in _UNCHANGING:
        frame = sys._getframe(2)
        code, place = frame.f_code.co_code, frame.f_lasti
        if code[place] == _BINARY_OP and code[place + 1] in _IN_PLACE:
            return in_place(other, _innermost(value))
    return function(other, value)


def _innermost(op: Any) -> Any:
    """Return what an Await of Awaits gives in the end.

    An operator in place cannot leave that to the Await inside: it would ask its reflected method from
    here, where no instruction says that it is in place.
    """
    while making.is_await(op):
        op = use(op)
    return op


def in_place(aw: AwaitBase, operation: Callable[[Any, Any], Any], other: Any) -> Any:
    """Apply an in-place operator: the same Await if its W changed in place, else a new complete one."""
    value = use(aw)
    result = operation(value, _innermost(other))
    return aw if result is value else making.complete(result)
