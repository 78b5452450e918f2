"""What reading, writing and deleting an attribute of an Await does, beyond doing it to W."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, MethodType
from typing import Any, Final

from awaits._running.implicit import no_value, run_for_attribute, wait_for_attribute
from awaits._running.onlookers import looks_on
from awaits._state import making
from awaits._state.data_model import OWN
from awaits._state.slots import PENDING, AwaitBase, core, get_value

# What any object has by its class. Not `__iter__` and so on, which an Await has for its W.
_OF_ANY_OBJECT: Final = frozenset({*vars(object), "__module__"})


def read_pending(aw: AwaitBase, name: str, frame: FrameType | None) -> Any:
    """Read an attribute, which is to run the call, unless the code that asks only looks on."""
    is_signature = name == "__signature__"
    if looks_on():
        if is_signature:
            return _signature(object.__getattribute__(aw, "__call__"))
        if name in _OF_ANY_OBJECT:
            return object.__getattribute__(aw, name)
        raise no_value(AttributeError, aw)
    value = run_for_attribute(aw, name)
    return read_signature(value, frame) if is_signature else getattr(value, name)


# How many frames above the function that answers it a log record asks, by `isinstance` and `abc`.
_LOG_RECORD: Final = 2 if core is not None else 3


def read_class(aw: AwaitBase) -> Any:
    """Read `__class__`: that is Await, but to a log record whose text names parts of its only argument.

    `logging.error("%(a)s", aw)` takes them from that argument if it is a Mapping. Nothing runs for it:
    the record is made before it is known whether anybody wants its text.
    """
    try:
        frame = sys._getframe(_LOG_RECORD)
    except ValueError:  # there are not as many
        return making.await_class
    if frame.f_globals.get("__name__") == "logging" and frame.f_code.co_qualname == "LogRecord.__init__":
        text = frame.f_locals.get("msg")
        if type(text) is str and "%(" in text:
            value = get_value(aw)
            return dict if value is PENDING else type(value)
    return making.await_class


def read_signature(value: Any, frame: FrameType | None) -> Any:
    """Read `__signature__`; without it `inspect` would go by what an Await looks like, not by its W."""
    if frame is not None and frame.f_globals.get("__name__") == "inspect":
        return _signature(value)
    return value.__signature__


def _signature(value: Any) -> Any:
    import inspect  # only here: who asks has it, and it is slow to import

    return inspect.signature(value)


def refuse_own(name: str) -> None:
    """Refuse to write or to delete what is the Await's own."""
    if name in OWN:
        raise AttributeError(f"attribute {name!r} of 'Await' cannot be changed: it is the Await's own")


class NoSignature:
    """What `Await.__signature__` is: help shows no constructor where there is none."""

    def __get__(self, aw: object, owner: type) -> Any:
        import inspect  # only here: who asks has it, and it is slow to import

        return inspect.Signature()


class TorchFunction:
    """What `aw.__torch_function__` is: to torch the method, to anybody else what W has.

    torch reads it from the object, and passes over what that raises: nothing runs here for torch.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method

    def __get__(self, aw: AwaitBase | None, owner: type) -> Any:
        if aw is not None:
            from awaits._forwarding import arrays  # only here: it is no use without torch

            if arrays.names_torch_function(sys._getframe().f_back):
                wait_for_attribute(aw, "__torch_function__").__torch_function__  # noqa: B018
        return MethodType(self.method, owner)
