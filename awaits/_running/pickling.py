"""How an Await is pickled, and which part of it pickle cannot carry.

Only the parts themselves are looked at, not what they hold, so that nothing large is pickled twice;
what is found deeper keeps pickle's own message. A pickler that carries more than pickle does, such
as cloudpickle's, is left to try. One by which joblib makes a hash gets the value.
"""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

from awaits._running.calls import Call
from awaits._running.implicit import wait_despite
from awaits._running.imports import import_named
from awaits._running.picklers import hasher_asking, is_custom_pickler_at_work, why_not_picklable
from awaits._state import making
from awaits._state.held_call import get_call
from awaits._state.slots import PENDING, AwaitBase, get_value


def reduce(aw: AwaitBase) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return how pickle is to make this Await again: from its call if pending, else from its value.

    A lazy import is made again from its name.

    Raises `pickle.PicklingError` that names the part which cannot travel.
    """
    hasher = hasher_asking()
    if hasher is not None:
        return _hashed_by_value(hasher, aw)
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


def _hashed_by_value(hasher: Any, aw: AwaitBase) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Have joblib's pickler go on with the value: an argument of a cached function is the same then.

    By its call, a pending Await would find what was cached for another value of that call.
    """
    # joblib would take a TypeError for one of a dict that it cannot sort, and make another attempt.
    value = wait_despite(aw, TypeError)

    def save_reduce(*_: Any, **__: Any) -> None:
        del hasher.save_reduce  # the method is there again
        hasher.save(value)

    # What pickle is told here it would write as a call. It writes it by this method, looked up now.
    hasher.save_reduce = save_reduce
    return type(value), ()
