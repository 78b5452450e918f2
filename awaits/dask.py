"""Graphs of Awaits on dask (extra `typed-awaits[dask]`): its schedulers, its dashboard, its cluster.

`wait_all(aws, executor=client)` of `awaits.executors` takes a `distributed.Client` for an executor.
"""

from __future__ import annotations

from typing import Any

from dask.delayed import Delayed

from awaits._await import Await
from awaits._scheduling.dask_cluster import graph_of, key_of
from awaits._state.making import is_await

__all__ = ["to_delayed"]


def to_delayed(aw: Await[Any]) -> Delayed:
    """Return dask's `Delayed` of the same value, with all pending calls that it needs. Runs nothing.

    Graphs of Awaits that share some share their nodes. What is there already is part of the graph as its
    value. The Awaits themselves stay as they are: `wait_all(aws, executor=client)` completes them. Of a
    coroutine it is what that returns. Raises `TypeError` if `aw` is not an Await.
    """
    if not is_await(aw):
        raise TypeError(f"to_delayed() needs an Await, not {type(aw).__name__!r}")
    return Delayed(key_of(aw), graph_of([aw]))
