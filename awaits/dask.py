"""Graphs of Awaits on dask (extra `awaits[dask]`): its schedulers, its dashboard, its cluster.

`wait_all(aws, executor=client)` of `awaits.executors` goes through here, with a `distributed.Client`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import uuid4

from dask.core import literal
from dask.delayed import Delayed

from awaits import _turns
from awaits._await import Await, get_call
from awaits._delayed import Call, is_there, missing_arguments, value_of
from awaits._slots import get_function
from awaits.executors import call_there

__all__ = ["to_delayed"]

# The name of each Await in dask, by its id: graphs that share an Await are to share its node.
_keys: dict[int, tuple[weakref.ref[Await[Any]], str]] = {}


def to_delayed(aw: Await[Any]) -> Delayed:
    """Return dask's `Delayed` of the same value, with all pending calls that it needs. Runs nothing.

    Graphs of Awaits that share some share their nodes. What is there already is part of the graph as its
    value. The Awaits themselves stay as they are: `wait_all(aws, executor=client)` completes them. Of a
    coroutine it is what that returns. Raises `TypeError` if `aw` is not an Await.
    """
    if type(aw) is not Await:
        raise TypeError(f"to_delayed() needs an Await, not {type(aw).__name__!r}")
    return Delayed(_key(aw), graph_of([aw]))


def graph_of(aws: Iterable[Await[Any]]) -> dict[str, Any]:
    """Return the graph in which dask finds these Awaits by their keys."""
    graph: dict[str, Any] = {}
    todo = list(aws)
    while todo:
        aw = todo.pop()
        if _key(aw) not in graph:
            missing = list(missing_arguments(aw))
            graph[_key(aw)] = _task(aw)
            todo += missing
    return graph


def _task(aw: Await[Any]) -> tuple[Any, ...]:
    """Return what dask runs for an Await. A value is wrapped, or dask would look for keys in it."""
    if is_there(aw):
        return (literal(value_of(aw)),)
    function, args, kwargs = get_call(aw)
    convert: Callable[[Any], Any] = _wrapped
    if isinstance(function, Call):
        function, convert = function.function, _key_or_value
    spec = (literal((function, tuple(kwargs))),)
    return (_run, spec, *map(convert, args), *map(convert, kwargs.values()))


def _wrapped(value: Any) -> Any:
    return (literal(value),)


def _key_or_value(argument: Any) -> Any:
    if type(argument) is Await and not is_there(argument):
        return _key(argument)
    return _wrapped(value_of(argument))


def _run(spec: tuple[Callable[..., Any], tuple[str, ...]], *values: Any) -> Any:
    function, names = spec
    split = len(values) - len(names)
    return call_there(function, values[:split], dict(zip(names, values[split:], strict=True)))


def _key(aw: Await[Any]) -> str:
    if id(aw) not in _keys:
        name = _turns.function_name(get_function(aw)).replace("<", "").replace(">", "")
        gone = weakref.ref(aw, partial(_forget_key, id(aw)))
        _keys[id(aw)] = gone, f"{name}-{uuid4().hex}"
    return _keys[id(aw)][1]


def _forget_key(key: int, _: object) -> None:
    _keys.pop(key, None)


def compute(client: Any, aws: Iterable[Await[Any]]) -> dict[int, Any]:
    """Begin to compute these on a cluster, in one graph; return dask's futures by the ids of these."""
    wanted = list(aws)
    futures = client.get(graph_of(wanted), list(map(_key, wanted)), sync=False)
    return dict(zip(map(id, wanted), futures, strict=True))
