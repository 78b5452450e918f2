"""The other operand of an operator, which may be an Await too, and what `aw += x` leaves in the name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awaits._running.calls import wait
from awaits._state import making
from awaits._state.slots import AwaitBase


def operand(op: Any) -> Any:
    """Return the value of the other operand, if it is an Await too."""
    return wait(op) if type(op) is making.await_class else op  # `is_await`, without the call


def in_place(aw: AwaitBase, operation: Callable[[Any, Any], Any], other: Any) -> Any:
    """Apply an in-place operator: the same Await if its W changed in place, else a new complete one."""
    value = wait(aw)
    result = operation(value, operand(other))
    return aw if result is value else making.complete(result)
