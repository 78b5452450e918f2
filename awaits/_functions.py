"""The public functions over an Await."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from awaits._await import Await
from awaits._running.calls import run
from awaits._state.held_call import forget_call
from awaits._state.making import complete, is_await, new, public
from awaits._state.slots import PENDING, core, get_value

P = ParamSpec("P")
W = TypeVar("W")


def awaitable(func: Callable[P, W], /, *args: P.args, **kwargs: P.kwargs) -> Await[W]:
    """Return an Await that will call `func(*args, **kwargs)` when it is first used.

    Nothing runs now. If an argument is an Await, `func` gets that Await, and not its value (`delayed`
    passes the value). Raises `TypeError` at once if `func` is not callable.
    """
    if not callable(func):
        raise TypeError(
            f"awaitable() needs a callable, not {type(func).__name__!r}:"
            " for a value that is there already, use awaitable_nowait(value)"
        )
    aw: Await[W] = new(func, args, kwargs, PENDING)
    return aw


def awaitable_wait(aw: Await[W], /) -> W:
    """Run the call if it has not run, and return its result: the same object at every wait.

    Threads that wait at the same time share one run.

    If the function raises an exception, so does this, unchanged. The exception is not kept: the next
    wait runs the call again. Others who waited for the same run get a copy of the exception, with a
    traceback of their own. If the run is interrupted, as by `KeyboardInterrupt`, the others get nothing
    of that, and one of them runs the call again.

    Raises `AwaitCycleError` if the call needs the result of this very Await, and `TypeError` if `aw`
    is not an Await.
    """
    value: W = get_value(_checked(aw, "awaitable_wait"))
    if value is PENDING:
        value = run(aw)
    return value


def awaitable_nowait(value: W, /) -> Await[W]:
    """Return an Await that has this value from the start.

    If the value is an Await itself, the result is an Await of that Await.
    """
    aw: Await[W] = complete(value)
    return aw


def awaitable_done(aw: Await[Any], /) -> bool:
    """Return whether the result is there. Runs nothing. While the call is running, it is False.

    Raises `TypeError` if `aw` is not an Await.
    """
    return get_value(_checked(aw, "awaitable_done")) is not PENDING


def awaitable_release(aw: Await[W], /) -> W:
    """Wait as `awaitable_wait` does, then drop the function and the arguments, and return the result.

    This frees the memory of the arguments, if nothing else holds them. `aw.fn()` and `aw.args()` raise
    `AwaitError` afterwards. If the function raises, nothing is dropped, and the next wait tries again.
    """
    while True:
        value = awaitable_wait(_checked(aw, "awaitable_release"))
        if forget_call(aw):
            return value


def _checked(aw: Await[W], caller: str) -> Await[W]:
    if not is_await(aw):
        raise TypeError(f"{caller}() needs an Await, not {type(aw).__name__!r}")
    return aw


if not TYPE_CHECKING and core is not None:
    awaitable = core.compile_awaitable(awaitable)

public.update(awaitable=awaitable, awaitable_nowait=awaitable_nowait)
