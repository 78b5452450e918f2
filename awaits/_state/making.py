"""Make an Await, and tell one from any other object.

The class `Await` stands above all that does so. It is registered here when it is imported, and so are
the public functions by whose names pickle makes an Await again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from awaits._state.held_call import nowait_function
from awaits._state.offers import Classes, set_class
from awaits._state.slots import (
    PENDING,
    AwaitBase,
    core,
    set_args,
    set_function,
    set_kwargs,
    set_outcome,
    set_value,
)

# The class `Await`, from which those of all Awaits are derived.
await_class: type[AwaitBase] = AwaitBase
classes: Classes
# The public functions, by their names.
public: Final[dict[str, Callable[..., Any]]] = {}
# What hears of each new Await, while a trace is on.
_tell: Callable[[AwaitBase], object] | None = None


def register(cls: type[AwaitBase], one_sided: Mapping[str, Any], delayed_type: type) -> None:
    """Make Awaits of this class from now on, with those of these methods that their W has."""
    global await_class, classes
    await_class = cls
    classes = Classes(cls, one_sided, delayed_type)


def is_await(obj: object) -> bool:
    """Say whether this is an Await, without asking the object itself."""
    return issubclass(type(obj), await_class)


def new(function: object, args: object, kwargs: object, value: object, /) -> Any:
    """Make an Await of a call, or of a value."""
    cls = classes.of_function(function) if value is PENDING else classes.of_value(type(value))
    aw: AwaitBase = object.__new__(cls)
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
    is_await = core.is_await
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


def like(aw: AwaitBase, *call_and_value: Any) -> Any:
    """Make an Await that offers what this one does."""
    made = new(*call_and_value)
    set_class(made, type(aw))
    return made
