"""Functions whose calls make Awaits, and take Awaits for their values: together, a graph."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterator
from functools import reduce, update_wrapper
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from awaits._await import Await, new, run, wait
from awaits._slots import PENDING, get_args, get_function, get_kwargs, get_outcome, get_value

F = TypeVar("F")
P = ParamSpec("P")
W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)

if TYPE_CHECKING:

    class Delayed(Generic[F, W_co]):
        """What `delayed` makes of an F, a function that returns a W. At run time it is a function too.

        The plugin checks a call of it as one of the F, where each argument may be an Await.
        """

        __doc__: str | None
        __module__: str
        __name__: str
        __qualname__: str
        __wrapped__: F

        def __call__(self, /, *args: Any, **kwargs: Any) -> Await[W_co]: ...
        def __get__(self, instance: object, owner: type | None = None, /) -> Delayed[F, W_co]: ...


class Call:
    """The function behind a delayed one: it waits for the Awaits among its arguments, and calls.

    It is what `aw.fn()` gives, so that `aw.fn()(*aw.args())` repeats the call.
    """

    __slots__ = ("__qualname__", "function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__qualname__ = getattr(function, "__qualname__", type(function).__qualname__)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        values = [value_of(argument) for argument in args]
        return self.function(*values, **{name: value_of(item) for name, item in kwargs.items()})

    def __repr__(self) -> str:
        return f"<delayed {self.__qualname__}>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        if self.is_found_by_name():
            return call_named, (self.function.__module__, self.__qualname__)
        return Call, (self.function,)

    def is_found_by_name(self) -> bool:
        """Say whether pickle can carry the name, under which another process finds the same."""
        from awaits import _travel  # only when pickling: it imports pickle

        module = getattr(self.function, "__module__", None)
        if module == "__main__" and _travel.custom_pickler_asks():
            return False  # cloudpickle carries what stands in a script
        try:
            return call_named(module, self.__qualname__) is self
        except (AttributeError, KeyError):
            return False


def call_named(module: str | None, qualname: str) -> Any:
    """Return the function behind the delayed one of this name."""
    __import__(module or "")
    return reduce(getattr, qualname.split("."), sys.modules[module or ""])._call


def delayed(func: Callable[P, W], /) -> Delayed[Callable[P, W], W]:
    """Return a function that gives an Await of the call of `func`, with its signature and docstring.

    A decorator. An Await among the arguments is waited for when the call runs, and `func` receives the
    value; of an Await of a coroutine, what that returns. So calls of delayed functions compose into a
    graph, in which each call runs once, and no chain is too long. An Await in a list stays as it is.
    Raises `TypeError` if `func` is not callable. Write `@classmethod` and `@staticmethod` above.
    """
    if isinstance(func, (classmethod, staticmethod)):
        kind = type(func).__name__
        raise TypeError(f"delayed() needs the function itself: write @{kind} above @delayed")
    if not callable(func):
        raise TypeError(f"delayed() needs a callable, not {type(func).__name__!r}")
    call = Call(func)

    def wrapper(*args: Any, **kwargs: Any) -> Await[Any]:
        return new(call, args, kwargs, PENDING)

    # The attributes of a class, or of an object that can be called, are none of a function.
    update_wrapper(wrapper, func, updated=())
    wrapper._call = call  # type: ignore[attr-defined]
    return wrapper  # type: ignore[return-value]


def run_what_is_needed(aw: Await[Any]) -> None:
    """Run the calls that a delayed one needs, in the order in which they would run for one another."""
    if next(missing_arguments(aw), None) is not None:
        for needed, _ in what_is_needed(aw):
            run(needed)


def what_is_needed(aw: Await[Any]) -> Iterator[tuple[Await[Any], Await[Any]]]:
    """Go through what a delayed call needs and is not there, each after what it needs itself.

    Each comes once, with the call that it is for. Run in this order, nothing nests.
    """
    seen: set[int] = set()
    path = [(aw, missing_arguments(aw))]
    while path:
        needed = next(path[-1][1], None)
        if needed is None:
            needed, _ = path.pop()
            if path:
                yield needed, path[-1][0]
        elif id(needed) not in seen:
            seen.add(id(needed))
            path.append((needed, missing_arguments(needed)))


def missing_arguments(aw: Await[Any]) -> Iterator[Await[Any]]:
    """Give the Awaits whose values a pending delayed call needs, and that are not there."""
    if type(get_function(aw)) is Call and get_value(aw) is PENDING:
        for argument in [*(get_args(aw) or ()), *get_kwargs(aw).values()]:
            if type(argument) is Await and not is_there(argument):
                yield argument


def makes_a_coroutine(aw: Await[Any]) -> bool:
    """Say whether the function of this Await is a coroutine function, running nothing."""
    import inspect  # only here: it is slow to import

    function = get_function(aw)
    if type(function) is Call:
        function = function.function
    # A function that is an Await itself is not asked, as that would run its call here.
    return not isinstance(function, Await) and inspect.iscoroutinefunction(function)


def is_there(aw: Await[Any]) -> bool:
    """Say whether a delayed function could have the value now."""
    value, outcome = get_value(aw), get_outcome(aw)
    if isinstance(value, Coroutine):
        return outcome is not None and outcome.done()
    return value is not PENDING


def value_of(argument: Any) -> Any:
    """Return what a delayed function receives for this argument; of an Await, wait for it."""
    if type(argument) is not Await:
        return argument
    value = wait(argument)
    if not isinstance(value, Coroutine):
        return value
    from awaits import _tasks  # only here: it imports asyncio

    return _tasks.result_now(argument)
