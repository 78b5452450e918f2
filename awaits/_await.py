"""The Await and the functions over it."""

import copy
import functools
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Never,
    NoReturn,
    ParamSpec,
    Self,
    TypeVar,
    final,
)

from awaits import _turns
from awaits._errors import AwaitError

P = ParamSpec("P")
W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)

_PENDING: Any = type("Pending", (), {"__slots__": ()})()


def _nowait() -> NoReturn:
    """Stand in as the function of an Await that was complete from the start."""
    raise AssertionError("an Await that is complete from the start has no function to run")


def _released() -> NoReturn:
    """Stand in as the function of an Await whose call was dropped."""
    raise AssertionError("an Await whose call was released has no function to run")


# The attributes that are an Await's own: reading one never waits, and hides W's of the same name.
_OWN = frozenset(
    {
        "fn",
        "args",
        "is_nowait",
        # The object does not lie about what it is: isinstance(aw, W) is False.
        "__class__",
        # The copy and pickle machinery reads these from the instance, and must not force it.
        "__copy__",
        "__deepcopy__",
        "__getstate__",
        "__reduce__",
        "__reduce_ex__",
        # Tools read these from whatever they meet: inspect.unwrap and doctest, a class body, abc.
        "__wrapped__",
        "__set_name__",
        "__isabstractmethod__",
    }
)


@final
class Await(Generic[W_co]):
    """A value of type W that is computed on its first use, once.

    It holds a call that has not run. Reading, writing or deleting an attribute waits (runs the call
    if it has not run) and then acts on the W that it produced. `isinstance`, `repr`, `copy`,
    `pickle`, `weakref` and passing it around never run the call.

    Made by `awaitable` and `awaitable_nowait`; it has no public constructor. If the function
    raises, the exception reaches whoever waited, nothing is kept, and the next wait tries again.
    An `AttributeError` from the function during an implicit wait arrives as `AwaitError`.

    The counterpart in PyTorch: https://github.com/pytorch/pytorch/blob/main/torch/_awaits/__init__.py
    """

    __slots__ = ("__weakref__", "_args", "_function", "_kwargs", "_value")

    if TYPE_CHECKING:
        # No value has type Never, so every call of the constructor is refused.
        def __new__(cls, use_awaitable_instead: Never) -> Self: ...

    else:

        def __new__(cls, *args, **kwargs):
            raise TypeError(
                "Await has no public constructor: use awaitable(func, *args, **kwargs) for a call that"
                " is to run later, or awaitable_nowait(value) for a value that is there"
            )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        raise TypeError("Await cannot be subclassed")

    def fn(self) -> Callable[..., W_co]:
        """Return the function of the call; with keyword arguments, a partial of it.

        `aw.fn()(*aw.args())` always repeats the call. Never waits. Raises `AwaitError` if the Await
        was complete from the start or its call was released.
        """
        function = _get_function(self)
        if function is _nowait or function is _released:
            raise _no_call(self, "function")
        kwargs = _get_kwargs(self)
        return functools.partial(function, **kwargs) if kwargs else function

    def args(self) -> tuple[Any, ...]:
        """Return the positional arguments of the call; `(value,)` if complete from the start.

        Never waits. Raises `AwaitError` once the call was released.
        """
        args: tuple[Any, ...] | None = _get_args(self)
        if args is None:
            raise _no_call(self, "arguments")
        return args

    def is_nowait(self) -> bool:
        """Return whether this Await was complete from the start, by `awaitable_nowait`."""
        return _get_function(self) is _nowait

    def __getattribute__(self, name: str, /) -> Any:
        if name in _OWN:
            return object.__getattribute__(self, name)
        value = _get_value(self)
        if value is _PENDING:
            if _is_asked_by_help(sys._getframe(1)):
                return object.__getattribute__(self, name)
            value = _run_for_attribute(self, name)
        return getattr(value, name)

    def __setattr__(self, name: str, value: Any, /) -> None:
        _refuse_own(name)
        setattr(_wait_for_attribute(self, name), name, value)

    def __delattr__(self, name: str, /) -> None:
        _refuse_own(name)
        delattr(_wait_for_attribute(self, name), name)

    def __dir__(self) -> Iterable[str]:
        value = _get_value(self)
        return {"fn", "args", "is_nowait", *dir(object if value is _PENDING else value)}

    def __repr__(self) -> str:
        value = _get_value(self)
        if value is not _PENDING:
            return f"<Await done: {value!r}>"
        state = "running" if _turns.is_running(id(self)) else "pending"
        return f"<Await {state}: {_turns.function_name(_get_function(self))}>"

    def __copy__(self) -> "Await[W_co]":
        function, args, kwargs = _get_call(self)
        value = _get_value(self)
        if value is _PENDING:
            return _new(function, args, kwargs, _PENDING)
        return awaitable_nowait(copy.copy(value))

    def __deepcopy__(self, memo: dict[int, Any], /) -> "Await[W_co]":
        call = _get_call(self)
        value = _get_value(self)
        if value is _PENDING:
            return _new(*copy.deepcopy(call, memo), _PENDING)
        return awaitable_nowait(copy.deepcopy(value, memo))

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        function, args, kwargs = _get_call(self)
        value = _get_value(self)
        from awaits import _travel  # only when pickling: it imports pickle

        if value is not _PENDING:
            _travel.refuse_unpicklable_value(value)
            return awaitable_nowait, (value,)
        _travel.refuse_unpicklable(function, args, kwargs)
        # A partial carries keyword arguments through every pickle protocol.
        return (functools.partial(awaitable, **kwargs) if kwargs else awaitable), (function, *args)


# The slots, reached past `__getattribute__`. Bound methods of the slots' descriptors are the fastest
# way to them from Python.
_get_function: Callable[[Await[Any]], Callable[..., Any]] = vars(Await)["_function"].__get__
_get_args: Callable[[Await[Any]], Any] = vars(Await)["_args"].__get__
_get_kwargs: Callable[[Await[Any]], dict[str, Any]] = vars(Await)["_kwargs"].__get__
_get_value: Callable[[Await[Any]], Any] = vars(Await)["_value"].__get__
_set_function: Callable[[Await[Any], object], None] = vars(Await)["_function"].__set__
_set_args: Callable[[Await[Any], object], None] = vars(Await)["_args"].__set__
_set_kwargs: Callable[[Await[Any], object], None] = vars(Await)["_kwargs"].__set__
_set_value: Callable[[Await[Any], object], None] = vars(Await)["_value"].__set__


def awaitable(func: Callable[P, W], /, *args: P.args, **kwargs: P.kwargs) -> Await[W]:
    """Return an Await that will call `func(*args, **kwargs)` when it is first used.

    Nothing runs now. An Await among the arguments is handed to `func` as it is. Raises `TypeError`
    at once if `func` is not callable.
    """
    if not callable(func):
        raise TypeError(
            f"awaitable() needs a callable, not {type(func).__name__!r}:"
            " for a value that is there already, use awaitable_nowait(value)"
        )
    return _new(func, args, kwargs, _PENDING)


def awaitable_wait(aw: Await[W], /) -> W:
    """Run the call if it has not run, and return its result: the same object at every wait.

    Threads that wait at the same time share one run. If the function raises, its exception
    propagates unchanged and is not kept: the next wait, or the next thread that waited, tries again.
    Raises `AwaitCycleError` if the call needs the result of this very Await, and `TypeError` if `aw`
    is not an Await.
    """
    value: W = _get_value(_checked(aw, "awaitable_wait"))
    return value if value is not _PENDING else _run(aw)


def awaitable_nowait(value: W, /) -> Await[W]:
    """Return an Await that is complete from the start, with this value; an Await stays nested."""
    return _new(_nowait, (value,), {}, value)


def awaitable_done(aw: Await[Any], /) -> bool:
    """Return whether the result is there. Never runs anything; False while the call runs."""
    return _get_value(_checked(aw, "awaitable_done")) is not _PENDING


def awaitable_release(aw: Await[W], /) -> W:
    """Wait, then drop the function and the arguments, so that they can be collected.

    `fn()` and `args()` raise `AwaitError` afterwards. If the function raises, the call is kept.
    """
    value = awaitable_wait(_checked(aw, "awaitable_release"))
    if not aw.is_nowait():
        _set_function(aw, _released)
    _set_args(aw, None)
    _set_kwargs(aw, {})
    return value


def _new(function: object, args: object, kwargs: object, value: object) -> Await[Any]:
    aw: Await[Any] = object.__new__(Await)
    _set_function(aw, function)
    _set_args(aw, args)
    _set_kwargs(aw, kwargs)
    _set_value(aw, value)
    return aw


def _get_call(aw: Await[Any]) -> tuple[Any, Any, Any]:
    """Return the function, the arguments and the keyword arguments.

    Read this before the value, where both are needed: a call is dropped only after its value is there.
    """
    return _get_function(aw), _get_args(aw), _get_kwargs(aw)


def _checked(aw: Await[W], caller: str) -> Await[W]:
    if type(aw) is not Await:
        raise TypeError(f"{caller}() needs an Await, not {type(aw).__name__!r}")
    return aw


def _no_call(aw: Await[Any], part: str) -> AwaitError:
    why = (
        "it was complete from the start (awaitable_nowait)"
        if aw.is_nowait() and part == "function"
        else "awaitable_release() dropped its call"
    )
    return AwaitError(f"this Await has no {part}: {why}")


def _run(aw: Await[W]) -> W:
    """Run the call, unless another thread completes it first, and return the value."""
    turn = _turns.Turn(id(aw), _get_function(aw))
    try:
        turn.begin()
        if _get_value(aw) is _PENDING:
            function, args, kwargs = _get_call(aw)
            _set_value(aw, function(*args, **kwargs))
    finally:
        turn.end()
    result: W = _get_value(aw)
    return result


def _run_for_attribute(aw: Await[Any], name: str) -> Any:
    """Run the call for an implicit wait, so that its failure does not look like W lacking `name`."""
    try:
        return _run(aw)
    except AttributeError as error:
        function = _turns.function_name(_get_function(aw))
        raise AwaitError(
            f"{function} raised AttributeError while {name!r} of its result was asked for"
        ) from error


def _wait_for_attribute(aw: Await[Any], name: str) -> Any:
    value = _get_value(aw)
    return _run_for_attribute(aw, name) if value is _PENDING else value


def _refuse_own(name: str) -> None:
    if name in _OWN:
        raise AttributeError(f"attribute {name!r} of 'Await' cannot be changed: it is the Await's own")


def _is_asked_by_help(frame: FrameType | None) -> bool:
    """Say whether `help` asks, which reads `__name__` and `__module__` of whatever it is given.

    What it shows of an Await is the class, so running the call for it would be for nothing.
    """
    while frame is not None and frame.f_globals.get("__name__") == "inspect":
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") == "pydoc"
