"""Special methods of a value as Python itself finds them: on its type, in the words of its refusals."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any


def has_special(value: Any, name: str) -> bool:
    """Say whether the type of the value has this special method."""
    # Not by a generator: Python 3.12 and 3.13 crash if memory runs out where one begins.
    return bool([base for base in type(value).__mro__ if name in vars(base)])


def special(value: Any, name: str) -> Any:
    """Return a special method as Python finds it: on the type, bound to the value."""
    kind = type(value)
    for base in kind.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            bind = getattr(type(found), "__get__", None)
            return found if bind is None else bind(found, value, kind)
    raise TypeError(f"{kind.__name__!r} object has no {name}")


def entering(value: Any) -> Callable[[], Any]:
    """Return the method that enters a context; as Python does, only if there is one that leaves it."""
    if not (has_special(value, "__enter__") and has_special(value, "__exit__")):
        with value:  # Python refuses, in its own words, before it calls anything
            raise AssertionError
    method: Callable[[], Any] = special(value, "__enter__")
    return method


def entering_async(value: Any) -> Callable[[], Any]:
    """Return the same of an asynchronous context."""
    if not (has_special(value, "__aenter__") and has_special(value, "__aexit__")):
        _refuse_async_context(value).send(None)
    method: Callable[[], Any] = special(value, "__aenter__")
    return method


async def _refuse_async_context(value: Any) -> None:
    async with value:
        raise AssertionError


def length_of_tensor(value: Any, asker: FrameType | None) -> int:
    """Return the length of a value that torch's functions know, for the code of this frame."""
    from awaits._forwarding import arrays  # only here: it is no use without torch

    return arrays.length_of_tensor(value, asker)
