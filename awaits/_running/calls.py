"""Run a call once, after the calls that it needs.

A delayed function waits for the Awaits among its arguments, so that calls form a graph. They are run in
an order in which no run has to wait for another within itself: a chain may be of any length.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterator
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextvars import Context

from awaits._running.claims import hold, is_running, remote_results
from awaits._running.imports import import_named, is_importing, is_whole
from awaits._state import making
from awaits._state.held_call import get_call
from awaits._state.slots import (
    PENDING,
    AwaitBase,
    core,
    get_args,
    get_function,
    get_kwargs,
    get_outcome,
    get_value,
    set_value,
)
from awaits._tracing import recording


def wait(aw: AwaitBase) -> Any:
    """Return the value; the exception of the function comes unchanged."""
    value = get_value(aw)
    return run(aw) if value is PENDING else value


def run(aw: AwaitBase) -> Any:
    """Run the call, unless another thread completes it first, and return the value."""
    function = get_function(aw)
    if type(function) is Call:
        run_dependencies(aw)
    elif function is import_named and (value := import_inside_import(aw)) is not PENDING:
        return value
    return hold(aw, _complete, is_run=True)


def _complete(aw: AwaitBase) -> Any:
    """Have the value there, and return it. To be done by whoever holds the Await."""
    value = get_value(aw)
    if value is PENDING:
        value = receive(aw)
        if value is PENDING:
            function, args, kwargs = get_call(aw)
            if recording.recorder is None:
                value = function(*args, **kwargs)
            else:
                value = recording.run(aw, function, args, kwargs)
        keep(aw, value)
    return value


def keep(aw: AwaitBase, value: object) -> None:
    """Have the value of the call there from now on, and the class offer what that does."""
    set_value(aw, value)
    cls, classes = type(aw), making.classes
    if cls is not classes.everything and cls is not classes.of_value(type(value)):
        classes.widen(aw, value)


def import_inside_import(aw: AwaitBase) -> Any:
    """Return what a lazy import gives to a thread that imports something already; else `PENDING`.

    Such a thread has locks of Python's import system, which knows who waits for whom and hands out a
    module that is not whole yet before threads would wait for one another without end. So it is asked
    at once, and the Await held, for which another import may wait, only when the module is whole.
    """
    args = get_args(aw)
    if args is None or not is_importing():  # it was released meanwhile, or can wait
        return PENDING
    value = recording.run(aw, import_named, args, {})
    if not is_whole(*args) or is_running(aw):
        return value
    return hold(aw, partial(_keep, value))


def _keep(value: object, aw: AwaitBase) -> Any:
    if get_value(aw) is PENDING:
        keep(aw, value)
    return get_value(aw)


def receive(aw: AwaitBase) -> Any:
    """Return the value if the call was submitted to run elsewhere, else, or if withdrawn, `PENDING`."""
    take_in = remote_results.get(id(aw))
    return PENDING if take_in is None else take_in()


class Call:
    """The function behind a delayed one: it waits for the Awaits among its arguments, and calls.

    It is what `aw.fn()` gives, so that `aw.fn()(*aw.args())` repeats the call.
    """

    __slots__ = ("__qualname__", "__weakref__", "function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__qualname__ = getattr(function, "__qualname__", type(function).__qualname__)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        values = [value_of(argument) for argument in args]
        # Not by items(), where a lack of memory ends CPython 3.14 and 3.15.
        return self.function(*values, **{name: value_of(kwargs[name]) for name in kwargs})

    def __repr__(self) -> str:
        return f"<delayed {self.__qualname__}>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        if self.is_found_by_name():
            return call_named, (self.function.__module__, self.__qualname__)
        return Call, (self.function,)

    def is_found_by_name(self) -> bool:
        """Say whether pickle can carry the name, under which another process finds the same."""
        from awaits._running import picklers  # only when pickling: it imports pickle

        module = getattr(self.function, "__module__", None)
        if module == "__main__" and picklers.is_custom_pickler_asking():
            return False  # cloudpickle carries what stands in a script
        try:
            return call_named(module, self.__qualname__) is self
        except (AttributeError, KeyError):
            return False


def call_named(module: str | None, qualname: str) -> Any:
    """Return the function behind the delayed one of this name."""
    __import__(module or "")
    return reduce(getattr, qualname.split("."), sys.modules[module or ""])._call


def run_dependencies(aw: AwaitBase) -> None:
    """Run the calls that a delayed one needs, in the order in which they would run for one another.

    Nothing is run for one that was submitted to run elsewhere.
    """
    if id(aw) not in remote_results and next(pending_arguments(aw), None) is not None:
        for needed, _ in dependencies(aw):
            run(needed)


def run_for(context: Context, read: Callable[[AwaitBase], Any], aw: AwaitBase) -> Any:
    """Read the value for somebody else; run what is needed for it, and then it itself, by `read`.

    Each call runs in a copy of the context of that caller.
    """
    for needed, _ in dependencies(aw):
        context.copy().run(run, needed)
    return context.copy().run(read, aw)


def dependencies(aw: AwaitBase) -> Iterator[tuple[AwaitBase, AwaitBase]]:
    """Go through what a delayed call needs and is not there, each after what it needs itself.

    Each comes once, with the call that it is for. Run in this order, nothing nests.
    """
    seen: set[int] = set()
    path = [(aw, pending_arguments(aw))]
    while path:
        needed = next(path[-1][1], None)
        if needed is None:
            needed, _ = path.pop()
            if path:
                yield needed, path[-1][0]
        elif id(needed) not in seen:
            seen.add(id(needed))
            path.append((needed, pending_arguments(needed)))


def pending_arguments(aw: AwaitBase) -> Iterator[Any]:
    """Give the Awaits whose values a pending delayed call needs, and that are not there."""
    if type(get_function(aw)) is Call and get_value(aw) is PENDING:
        for argument in [*(get_args(aw) or ()), *get_kwargs(aw).values()]:
            if making.is_await(argument) and not is_ready(argument):
                yield argument


def makes_a_coroutine(aw: AwaitBase) -> bool:
    """Say whether the function of this Await is a coroutine function, running nothing."""
    import inspect  # only here: it is slow to import

    function = get_function(aw)
    if type(function) is Call:
        function = function.function
    # A function that is an Await itself is not asked, as that would run its call here.
    return not making.is_await(function) and inspect.iscoroutinefunction(function)


def is_ready(aw: AwaitBase) -> bool:
    """Say whether a delayed function could have the value now."""
    value, outcome = get_value(aw), get_outcome(aw)
    if value is PENDING or not isinstance(value, Coroutine):
        return value is not PENDING
    return outcome is not None and outcome.done()


def value_of(argument: Any) -> Any:
    """Return what a delayed function receives for this argument; of an Await, wait for it.

    Of one of a coroutine it is what that returns. Raises `AwaitError` where an event loop runs, which
    that would block.
    """
    if not issubclass(type(argument), making.await_class):  # `is_await`, without the call
        return argument
    value = wait(argument)
    if not isinstance(value, Coroutine):
        return value
    outcome = get_outcome(argument)
    if outcome is not None and outcome.done():
        return outcome.result()
    from awaits._running import running_loop  # only here: it imports asyncio

    return running_loop.await_now(argument)


if not TYPE_CHECKING and core is not None:
    run = core.run
