"""Calls that run where they share no memory with this process, or may not: how they get there and back.

`Workers` is any executor of PEP 3148, `Processes` one whose calls are pickled. dask's clusters are in
`dask_cluster.py`.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from functools import cache
from typing import Any

from awaits._await import Await
from awaits._running.awaitables import awaited
from awaits._running.calls import Call, value_of
from awaits._running.picklers import why_not_picklable
from awaits._state.errors import AwaitError
from awaits._state.held_call import function_name, get_call
from awaits._state.making import is_await
from awaits._state.slots import get_function

# How to read the result of a call that was submitted.
Read = Callable[[Any], Any]


class Workers:
    """An executor that takes a function and its arguments as they are."""

    # Whether it takes whole graphs, and not one call after those that it needs.
    takes_graphs = False

    def __init__(self, executor: Any) -> None:
        self.executor = executor

    def check(self, planned: Iterable[Await[Any]]) -> None:
        """Refuse what can never be submitted, before anything is."""

    def submit(self, aw: Await[Any], others: Iterable[Await[Any]]) -> tuple[Future[Any], Read]:
        """Submit the call, for which all is there that it needs; the others are submitted next."""
        function, args, kwargs = _call_on_values(aw)
        return self.executor.submit(call_in_worker, function, args, kwargs), unchanged


class Processes(Workers):
    """The processes of `concurrent.futures`; what goes there is pickled here, to say what cannot be."""

    def __init__(self, executor: Any) -> None:
        super().__init__(executor)
        # What functions are to another process, by their ids: it is the same for many calls.
        self.pickled_functions: dict[int, bytes] = {}

    def check(self, planned: Iterable[Await[Any]]) -> None:
        """Refuse what pickle cannot carry. Values that are still to come are seen later."""
        for aw in planned:
            function, args, kwargs = get_call(aw)
            self._pickled_function(function, aw)
            for name, argument in [*enumerate(args), *kwargs.items()]:
                if not is_await(argument) and why_not_picklable(argument) is not None:
                    _pickled(argument, aw, f"argument {name!r}")  # cloudpickle carries more

    def submit(self, aw: Await[Any], others: Iterable[Await[Any]]) -> tuple[Future[Any], Read]:
        """Submit the call."""
        function, args, kwargs = _call_on_values(aw)
        pickled_function = self._pickled_function(function, aw)
        arguments = _pickled((args, kwargs), aw, "an argument")
        return self.executor.submit(_call_pickled, pickled_function, arguments), pickle.loads

    def _pickled_function(self, function: Callable[..., Any], aw: Await[Any]) -> bytes:
        if id(function) not in self.pickled_functions:
            self.pickled_functions[id(function)] = _pickled(function, aw, "the function")
        return self.pickled_functions[id(function)]


def _call_on_values(aw: Await[Any]) -> tuple[Any, Any, Any]:
    function, args, kwargs = get_call(aw)
    if isinstance(function, Call):
        args = tuple(map(value_of, args))
        kwargs = {name: value_of(item) for name, item in kwargs.items()}
    return function, args, kwargs


def unchanged(result: Any) -> Any:
    """Read a result that comes as it is."""
    return result


def call_in_worker(function: Callable[..., Any], args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
    """Call a function where it was sent to; of a coroutine function, run the coroutine to its end."""
    result = function(*args, **kwargs)
    return asyncio.run(awaited(result)) if isinstance(result, Coroutine) else result


def _call_pickled(function: bytes, arguments: bytes) -> bytes:
    called = pickle.loads(function)
    result = call_in_worker(called, *pickle.loads(arguments))
    try:
        return _dumps()(result)
    except Exception as error:
        name = function_name(called)
        raise AwaitError(
            f"the result of {name} cannot come back from another process: {error}"
        ) from error


def _pickled(part: object, aw: Await[Any], what: str) -> bytes:
    try:
        return _dumps()(part)
    except Exception as error:
        name = function_name(get_function(aw))
        raise AwaitError(f"{what} of {name} cannot be sent to another process: {error}") from error


@cache
def _dumps() -> Callable[[object], bytes]:
    try:
        import cloudpickle
    except ImportError:
        return pickle.dumps
    dumps: Callable[[object], bytes] = cloudpickle.dumps
    return dumps
