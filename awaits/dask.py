"""Turn graphs of Awaits into graphs of dask (extra `typed-awaits[dask]`).

To run Awaits on a cluster of dask, `wait_all(aws, executor=client)` of `awaits.executors` is enough,
where `client` is a `distributed.Client`.
"""

from __future__ import annotations

from typing import Any

from dask.delayed import Delayed

from awaits._await import Await
from awaits._scheduling.dask_cluster import graph_of, key_of
from awaits._state.making import is_await

__all__ = ["to_delayed"]


def to_delayed(aw: Await[Any]) -> Delayed:
    """Return a `Delayed` of dask that computes the same value. Runs nothing.

    It has a node for each pending call that the value needs. If two graphs use the same Await, they have
    the same node for it. An Await that is complete is in the graph as its value. For an Await of a
    coroutine, the value is what the coroutine returns.

    Computing the `Delayed` does not complete the Awaits: they stay pending.
    `wait_all(aws, executor=client)` completes them. Raises `TypeError` if `aw` is not an Await.
    """
    if not is_await(aw):
        raise TypeError(f"to_delayed() needs an Await, not {type(aw).__name__!r}")
    return Delayed(key_of(aw), graph_of([aw]))
