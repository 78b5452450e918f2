"""Make an Await, and tell one from any other object.

The class `Await` stands above all that does so. It is registered here when it is imported, and so are
the public functions by whose names pickle makes an Await again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from awaits._state.held_call import nowait_function
from awaits._state.slots import (
    AwaitBase,
    core,
    set_args,
    set_function,
    set_kwargs,
    set_outcome,
    set_value,
)

# The class `Await`, which alone is derived from this.
await_class: type[AwaitBase] = AwaitBase
# The public functions, by their names.
public: Final[dict[str, Callable[..., Any]]] = {}
# What hears of each new Await, while a trace is on.
_tell: Callable[[AwaitBase], object] | None = None


def register(cls: type[AwaitBase]) -> None:
    """Make Awaits of this class from now on."""
    global await_class
    await_class = cls


def is_await(obj: object) -> bool:
    """Say whether this is an Await, without asking the object itself."""
    return type(obj) is await_class


def new(function: object, args: object, kwargs: object, value: object, /) -> Any:
    """Make an Await of a call, or of a value."""
    aw = object.__new__(await_class)
    set_value(aw, None)  # first: torch.compile looks at what is half made
    set_function(aw, function)
    set_args(aw, args)
    set_kwargs(aw, kwargs)
    set_outcome(aw, None)
    set_value(aw, value)
    tell = _tell
    if tell is not None:
        tell(aw)
    return aw


if not TYPE_CHECKING and core is not None:
    new = core.new


def complete(value: object) -> Any:
    """Return an Await that is complete from the start."""
    return new(nowait_function, (value,), {}, value)


def tell_of_new(hear: Callable[[AwaitBase], object] | None) -> None:
    """Have this called with each new Await from now on; with None, nothing."""
    global _tell
    _tell = hear
    if core is not None:
        core.tell_of_new(hear)
