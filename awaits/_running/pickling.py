"""How an Await is pickled, and which part of it pickle cannot carry.

Only the parts themselves are looked at, not what they hold, so that nothing large is pickled twice;
what is found deeper keeps pickle's own message. A pickler that carries more than pickle does, such
as cloudpickle's, is left to try.
"""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

from awaits._running.calls import Call
from awaits._running.imports import import_named
from awaits._running.picklers import is_custom_pickler_at_work, why_not_picklable
from awaits._state import making
from awaits._state.held_call import get_call
from awaits._state.slots import PENDING, AwaitBase, get_value


def reduce(aw: AwaitBase) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return how pickle is to make this Await again: from its call if pending, else from its value.

    A lazy import is made again from its name.

    Raises `pickle.PicklingError` that names the part which cannot travel.
    """
    function, args, kwargs = get_call(aw)
    if function is import_named:
        return making.public["lazy_import"], args
    value = get_value(aw)
    if value is not PENDING:
        _refuse("done, so it travels as its value, and that value", value)
        return making.public["awaitable_nowait"], (value,)
    state = "pending, so it travels as its call, and"
    by_value = type(function) is Call and not function.is_found_by_name()
    _refuse(f"{state} the function", function.function if by_value else function)
    for name, argument in [*enumerate(args), *kwargs.items()]:
        _refuse(f"{state} argument {name!r}", argument)
    awaitable = making.public["awaitable"]
    # A partial carries keyword arguments through every pickle protocol.
    return (partial(awaitable, **kwargs) if kwargs else awaitable), (function, *args)


def _refuse(state: str, part: object) -> None:
    reason = why_not_picklable(part)
    if reason is not None and not is_custom_pickler_at_work():
        raise pickle.PicklingError(f"cannot pickle an Await: it is {state} cannot be pickled: {reason}")
