"""The call that an Await holds: to look at it, to name it, to drop it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any, NoReturn

from awaits._state.errors import AwaitError
from awaits._state.slots import (
    PENDING,
    AwaitBase,
    core,
    get_args,
    get_function,
    get_kwargs,
    get_value,
    set_args,
    set_function,
    set_kwargs,
    set_value,
)
from awaits._state.threads import RLock, holding

# Held while a call or a value is dropped, so that an Await always has one of them. Reentrant, as a
# finalizer that does the same can run there.
_dropping = RLock()


def nowait_function() -> NoReturn:
    """Stand in as the function of an Await that was complete from the start."""
    raise AssertionError("an Await that is complete from the start has no function to run")


def released_function() -> NoReturn:
    """Stand in as the function of an Await whose call was dropped."""
    raise AssertionError("an Await whose call was released has no function to run")


def get_call(aw: AwaitBase) -> tuple[Any, Any, Any]:
    """Return the function, the arguments and the keyword arguments.

    Read this before the value, where both are needed: a call is dropped only after its value is there.
    """
    return get_function(aw), get_args(aw), get_kwargs(aw)


def has_call(function: object) -> bool:
    """Say whether the function of an Await is one that can be called."""
    return function is not nowait_function and function is not released_function


def no_call(aw: AwaitBase, part: str) -> AwaitError:
    """Return what is raised where there is no such part of a call to be shown."""
    why = (
        "it was complete from the start (awaitable_nowait)"
        if get_function(aw) is nowait_function and part == "function"
        else "awaitable_release() dropped its call"
    )
    return AwaitError(f"this Await has no {part}: {why}")


def function_name(function: Callable[..., Any]) -> str:
    """Name a function for a message, running none of its code."""
    while type(function) in (MethodType, partial):
        function = function.__func__ if isinstance(function, MethodType) else function.func  # type: ignore[attr-defined]
    try:
        # Not `getattr`: on a lazy value, an Await for one, that would force it.
        return str(object.__getattribute__(function, "__qualname__"))
    except AttributeError:
        return type(function).__qualname__


def forget_call(aw: AwaitBase) -> bool:
    """Drop the function and the arguments; return False if the value is not there any more."""
    dropped = get_call(aw)  # until the lock is given back, as finalizers are the user's code
    is_dropped: bool = holding(_dropping, _forget_call, aw)
    del dropped
    return is_dropped


def _forget_call(aw: AwaitBase) -> bool:
    if get_value(aw) is PENDING:
        return False
    if has_call(get_function(aw)):
        set_function(aw, released_function)  # first, as `fn()` reads it last
    set_args(aw, None)
    set_kwargs(aw, {})
    return True


def forget_value(aw: AwaitBase) -> None:
    """Make the Await pending again, if it still has its call."""
    dropped = get_value(aw)
    holding(_dropping, _forget_value, aw)
    del dropped


def _forget_value(aw: AwaitBase) -> None:
    if has_call(get_function(aw)):
        set_value(aw, PENDING)


def _renew_lock() -> None:
    """Free, in a forked child, what a thread of the parent held."""
    global _dropping
    _dropping = RLock()


if core is not None:
    if not TYPE_CHECKING:
        forget_call, forget_value = core.forget_call, core.forget_value
elif hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
