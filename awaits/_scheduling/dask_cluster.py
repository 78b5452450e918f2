"""dask's clusters as a kind of executor: it takes a whole graph of Awaits at once."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Any
from uuid import uuid4

from dask.core import literal

from awaits._await import Await
from awaits._running.calls import Call, is_ready, pending_arguments, value_of
from awaits._scheduling.remote import Read, Workers, call_in_worker, unchanged
from awaits._state.held_call import function_name, get_call
from awaits._state.making import is_await
from awaits._state.offers import known_in
from awaits._state.slots import get_function

# The name of each Await in dask, by its id: graphs that share an Await are to share its node.
_keys: dict[int, tuple[weakref.ref[Await[Any]], str]] = {}


class Cluster(Workers):
    """A `distributed.Client`."""

    takes_graphs = True

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        # dask's futures, by the ids of their Awaits.
        self.futures: dict[int, Any] | None = None

    def submit(self, aw: Await[Any], others: Iterable[Await[Any]]) -> tuple[Future[Any], Read]:
        """Submit this and the others in one graph, unless that is done; return dask's future of this."""
        if self.futures is None:
            wanted = [aw, *others]
            futures = self.executor.get(graph_of(wanted), list(map(key_of, wanted)), sync=False)
            self.futures = dict(zip(map(id, wanted), futures, strict=True))
        return self.futures[id(aw)], unchanged


def graph_of(aws: Iterable[Await[Any]]) -> dict[str, Any]:
    """Return the graph in which dask finds these Awaits by their keys."""
    graph: dict[str, Any] = {}
    todo = list(aws)
    while todo:
        aw = todo.pop()
        if key_of(aw) not in graph:
            missing = list(pending_arguments(aw))
            graph[key_of(aw)] = _task(aw)
            todo += missing
    return graph


def _task(aw: Await[Any]) -> tuple[Any, ...]:
    """Return what dask runs for an Await. A value is wrapped, or dask would look for keys in it."""
    if is_ready(aw):
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
    if is_await(argument) and not is_ready(argument):
        return key_of(argument)
    return _wrapped(value_of(argument))


def _run(spec: tuple[Callable[..., Any], tuple[str, ...]], *values: Any) -> Any:
    function, names = spec
    split = len(values) - len(names)
    return call_in_worker(function, values[:split], dict(zip(names, values[split:], strict=True)))


def key_of(aw: Await[Any]) -> str:
    """Return the name of this Await in dask."""
    key = known_in(_keys, id(aw), aw)
    if key is None:
        name = function_name(get_function(aw)).replace("<", "").replace(">", "")
        gone = weakref.ref(aw, partial(_forget_key, id(aw)))
        key = f"{name}-{uuid4().hex}"
        _keys[id(aw)] = gone, key
    return key


def _forget_key(key: int, _: object) -> None:
    _keys.pop(key, None)
