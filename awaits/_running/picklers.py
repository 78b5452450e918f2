"""What pickle can carry, and whether another pickler is at work, that carries more or makes a hash."""

import copyreg
import gc
import pickle
import sys
from types import FrameType, FunctionType
from typing import Any

from awaits._tracing.recording import is_here

_PICKLERS = (pickle.Pickler, pickle._Pickler)
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


def why_not_picklable(part: object) -> str | None:
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


def is_custom_pickler_at_work() -> bool:
    """Say whether any live pickler may carry more than pickle does.

    An object's `__reduce__` is not told which pickler asks. This is looked up only when an error is
    about to be raised, so its cost does not matter.
    """
    return any(
        _is_custom_pickler(one) or (type(one) in _PICKLERS and hasattr(one, "dispatch_table"))
        for one in gc.get_objects()
    )


def is_custom_pickler_asking() -> bool:
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
    return issubclass(type(value), _PICKLERS) and type(value) not in _PICKLERS


def hasher_asking() -> Any:
    """Return the pickler by which joblib makes a hash of this, or None if that does not ask.

    It is written in Python: https://github.com/joblib/joblib/blob/main/joblib/hashing.py.
    """
    hasher = getattr(sys.modules.get("joblib.hashing"), "Hasher", ())  # none, where it is not imported
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_here(frame.f_code):
        frame = frame.f_back
    if frame is None or frame.f_code is not vars(pickle._Pickler)["save"].__code__:
        return None
    asker = frame.f_locals["self"]
    return asker if isinstance(asker, hasher) else None
