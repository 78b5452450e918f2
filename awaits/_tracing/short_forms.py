"""What a trace says of the arguments of a call: some of the first one, without a use of it.

Only of Python's own types is a value shown. A class of the user's can have a `__repr__` that runs long,
fails, or waits; an Await would run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Final

from awaits._state import making
from awaits._state.held_call import function_name
from awaits._state.slots import get_function

# Of characters, in a text as in the name of a function.
LONGEST: Final = 30

# Not `cls.__qualname__`, for which a metaclass can have code of its own.
class_name: Final[Callable[[type], str]] = vars(type)["__qualname__"].__get__

_TEXTS: Final = (str, bytes)
_SMALL: Final = (bool, float, complex, type(None), type(...))
_CONTAINERS: Final = (list, tuple, dict, set, frozenset)
_FUNCTIONS: Final[tuple[type, ...]] = (FunctionType, BuiltinFunctionType, MethodType)


def short_arguments(function: object, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the first argument, positional or by its name, and `…` if there are more."""
    while type(function) is partial:
        args, kwargs = (*function.args, *args), {**function.keywords, **kwargs}
        function = function.func
    if args:
        first = short_form(args[0])
    elif kwargs:
        name, value = next(iter(kwargs.items()))
        first = f"{cut(name)}={short_form(value)}"
    else:
        return ""
    return first if len(args) + len(kwargs) == 1 else f"{first}, …"


def short_form(value: Any) -> str:
    """Return a value of a few characters itself, and of any other its name or its class."""
    kind = type(value)
    if kind in _TEXTS:
        part = repr(value[:LONGEST])
        return part if len(value) <= LONGEST else f"{part[:-1]}…{part[-1]}"
    if kind in _SMALL or (kind is int and value.bit_length() <= 64):
        return repr(value)
    if kind in _CONTAINERS:
        return f"{kind.__name__} of {len(value)}"
    if kind in _FUNCTIONS:
        return cut(function_name(value))
    if making.is_await(value):
        return f"Await of {cut(function_name(get_function(value)))}"
    return cut(class_name(value if issubclass(kind, type) else kind))


def cut(text: str) -> str:
    """Return the text, or how it begins."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
