"""How an Await is pickled, and which part of it pickle cannot carry.

Only the parts themselves are looked at, not what they hold, so that nothing large is pickled twice;
what is found deeper keeps pickle's own message. A pickler that carries more than pickle does, such
as cloudpickle's, is left to try.
"""

import copyreg
import gc
import pickle
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType, FunctionType
from typing import Any

from awaits._await import Await, get_call
from awaits._delayed import Call
from awaits._functions import awaitable, awaitable_nowait
from awaits._slots import PENDING, get_value

_STANDARD = (pickle.Pickler, pickle._Pickler)
_REDUCERS = ("__reduce__", "__reduce_ex__")
# What pickle carries without asking the object anything.
_PLAIN = frozenset(
    {
        int,
        float,
        complex,
        str,
        bytes,
        bytearray,
        tuple,
        list,
        dict,
        bool,
        type(None),
        pickle.PickleBuffer,
    }
)


def reduce(aw: Await[Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return how pickle is to make this Await again: from its call if pending, else from its value.

    Raises `pickle.PicklingError` that names the part which cannot travel.
    """
    function, args, kwargs = get_call(aw)
    value = get_value(aw)
    if value is not PENDING:
        _refuse("done, so it travels as its value, and that value", value)
        return awaitable_nowait, (value,)
    state = "pending, so it travels as its call, and"
    by_value = type(function) is Call and not function.is_found_by_name()
    _refuse(f"{state} the function", function.function if by_value else function)
    for name, argument in [*enumerate(args), *kwargs.items()]:
        _refuse(f"{state} argument {name!r}", argument)
    # A partial carries keyword arguments through every pickle protocol.
    return (partial(awaitable, **kwargs) if kwargs else awaitable), (function, *args)


def _refuse(state: str, part: object) -> None:
    reason = why_not(part)
    if reason is not None and not _custom_pickler_is_at_work():
        raise pickle.PicklingError(f"cannot pickle an Await: it is {state} cannot be pickled: {reason}")


def why_not(part: object) -> str | None:
    """Say why pickle cannot carry this very object, or None if it can or a look would cost much."""
    kind = type(part)
    try:
        if issubclass(kind, (FunctionType, type)):
            pickle.dumps(part)  # by name: cheap
        elif kind not in _PLAIN and _reduces_as_object_does(kind):
            part.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # pickle raises what it likes: PicklingError, AttributeError, TypeError
        return str(error)
    return None


def _reduces_as_object_does(kind: type) -> bool:
    return (
        kind not in copyreg.dispatch_table
        and all(getattr(kind, name) is getattr(object, name) for name in _REDUCERS)
        and not isinstance(getattr(kind, "__getstate__", None), FunctionType)
    )


def _custom_pickler_is_at_work() -> bool:
    """Say whether any live pickler may carry more than pickle does.

    An object's `__reduce__` is not told which pickler asks. This is looked up only when an error is
    about to be raised, so its cost does not matter.
    """
    return any(
        _is_custom_pickler(one) or (type(one) in _STANDARD and hasattr(one, "dispatch_table"))
        for one in gc.get_objects()
    )


def custom_pickler_asks() -> bool:
    """Say whether what pickles this, in this thread, may carry more than pickle does.

    It is found in a function that called it. The search of all objects above holds them for a moment,
    which is nothing to be done each time: a tuple that another thread is making cannot grow meanwhile.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if any(map(_is_custom_pickler, frame.f_locals.values())):
            return True
        frame = frame.f_back
    return False


def _is_custom_pickler(value: object) -> bool:
    return issubclass(type(value), _STANDARD) and type(value) not in _STANDARD
