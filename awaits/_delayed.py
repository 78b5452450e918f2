"""Functions whose calls make Awaits, and take Awaits for their values: together, a graph."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import WRAPPER_ASSIGNMENTS
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from awaits._await import Await
from awaits._running.calls import Call
from awaits._state.making import is_await, new
from awaits._state.slots import PENDING

F = TypeVar("F")
P = ParamSpec("P")
T = TypeVar("T")
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


def delayed(func: Callable[P, W], /) -> Delayed[Callable[P, W], W]:
    """Make calls of a function lazy: a decorator for functions, methods and coroutine functions.

    A call of the decorated function runs nothing and returns an Await. The signature and the docstring
    stay those of `func`. (`Delayed` is the type by which the plugin knows such a function. At run time
    it is an ordinary function.)

    If an argument is an Await, `func` gets its value, for which the call waits first. For an Await of a
    coroutine that is what the coroutine returns. So calls can take the results of calls:
    `clean(load(path))` is a graph, in which each call runs once, however long a chain is. An Await in a
    list stays an Await; see `awaitable_all`.

    Raises `TypeError` if `func` is not callable. Write `@classmethod` and `@staticmethod` above
    `@delayed`.
    """
    if isinstance(func, (classmethod, staticmethod)):
        kind = type(func).__name__
        raise TypeError(f"delayed() needs the function itself: write @{kind} above @delayed")
    if not callable(func):
        raise TypeError(f"delayed() needs a callable, not {type(func).__name__!r}")
    call = Call(func)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return new(call, args, kwargs, PENDING)

    # As `functools.update_wrapper` does; but an object that can be called may have, by such a name, what
    # no function can have. What decorators noted on a function, such as that it is abstract, goes along.
    for name in WRAPPER_ASSIGNMENTS:
        with suppress(AttributeError, TypeError):
            setattr(wrapper, name, getattr(func, name))
    if isinstance(func, FunctionType):
        vars(wrapper).update(vars(func))
    wrapper.__wrapped__ = func  # type: ignore[attr-defined]
    wrapper._call = call  # type: ignore[attr-defined]
    return wrapper  # type: ignore[return-value]


@overload
def awaitable_all(aws: Iterable[Await[Coroutine[Any, Any, T]]], /) -> Await[list[T]]: ...
@overload
def awaitable_all(aws: Iterable[Await[T]], /) -> Await[list[T]]: ...
def awaitable_all(aws: Iterable[Await[Any]], /) -> Await[list[Any]]:
    """Return an Await of the list of the values of these Awaits, in their order.

    With it, many Awaits are one argument: in `total(awaitable_all(parts))` the delayed function `total`
    gets a list of values.

    Goes through `aws` now, but runs none of the Awaits. The first use of the list runs those that have
    not run. For an Await of a coroutine, the list has what the coroutine returns. If one of them fails,
    the list raises its exception, and the next use runs only those that are not complete.

    Raises `TypeError` at once if `aws` is not an iterable of Awaits.
    """
    try:
        items = iter(aws)
    except TypeError as error:
        kind = type(aws).__name__
        raise TypeError(f"awaitable_all() needs an iterable of Awaits, not {kind!r}") from error
    parts: tuple[object, ...] = tuple(items)
    for place, part in enumerate(parts):
        if not is_await(part):
            kind = type(part).__name__
            raise TypeError(f"awaitable_all() needs Awaits, and item {place} is {kind!r}")
    every: Await[list[Any]] = new(_list, parts, {}, PENDING)
    return every


def _listed(*values: Any) -> list[Any]:
    return list(values)


# To pickle and in messages it is the public function, by whose name it is found.
_listed.__module__, _listed.__qualname__ = "awaits", "awaitable_all"
_list: Call = Call(_listed)
awaitable_all._call = _list  # type: ignore[attr-defined]
