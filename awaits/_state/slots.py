"""Where an Await keeps its call and its value: the slots, and the functions that reach them.

With the compiled part, `_core.c`, both are in C, and so are the special methods that are used most.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

PENDING: Final[Any] = type("Pending", (), {"__slots__": ()})()


def _compiled_part() -> Any:
    """Return the module `_core`, or None if there is none or the environment asks for none.

    It serves the first import of this package in the process, in one interpreter. An import that comes
    after that, as by test isolation, gets none, and what was imported before goes on with it.
    """
    wanted = os.environ.get("AWAITS_BUILD", "")
    if wanted not in {"", "compiled", "pure"}:
        raise ValueError(f"AWAITS_BUILD must be 'compiled' or 'pure', not {wanted!r}")
    if wanted == "pure":
        return None
    try:
        from awaits._state import _core  # type: ignore[attr-defined, unused-ignore]

        if not _core.claim():
            raise ImportError("the compiled part of awaits serves an earlier import in this process")
    except ImportError:
        if wanted == "compiled":
            raise
        return None
    return _core


core: Final = _compiled_part()

BUILD: Final[Literal["compiled", "pure"]] = "pure" if core is None else "compiled"
"""Whether the busiest code runs in C (`"compiled"`) or in Python (`"pure"`). Both behave alike.

The environment variable `AWAITS_BUILD` chooses one of them when `awaits` is imported. The import fails
with `ImportError` if it is `compiled` and there is no part in C."""


class AwaitBase:
    """The base of Await: what it holds, and nothing that could hide a name of W."""

    __slots__ = ("__weakref__", "_args", "_function", "_kwargs", "_outcome", "_value")


# Reached past `Await.__getattribute__`. Bound methods of the slots' descriptors are the fastest way to
# them from Python.
get_function: Callable[[Any], Callable[..., Any]] = vars(AwaitBase)["_function"].__get__
get_args: Callable[[Any], Any] = vars(AwaitBase)["_args"].__get__
get_kwargs: Callable[[Any], dict[str, Any]] = vars(AwaitBase)["_kwargs"].__get__
get_outcome: Callable[[Any], Any] = vars(AwaitBase)["_outcome"].__get__
get_value: Callable[[Any], Any] = vars(AwaitBase)["_value"].__get__
set_function: Callable[[Any, object], None] = vars(AwaitBase)["_function"].__set__
set_args: Callable[[Any, object], None] = vars(AwaitBase)["_args"].__set__
set_kwargs: Callable[[Any, object], None] = vars(AwaitBase)["_kwargs"].__set__
set_outcome: Callable[[Any, object], None] = vars(AwaitBase)["_outcome"].__set__
set_value: Callable[[Any, object], None] = vars(AwaitBase)["_value"].__set__

if not TYPE_CHECKING and core is not None:
    AwaitBase = core.AwaitBase
    get_function, set_function = core.get_function, core.set_function
    get_args, set_args = core.get_args, core.set_args
    get_kwargs, set_kwargs = core.get_kwargs, core.set_kwargs
    get_outcome, set_outcome = core.get_outcome, core.set_outcome
    get_value, set_value = core.get_value, core.set_value
