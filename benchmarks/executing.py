"""What it costs to run many Awaits: `python -m benchmarks.executing`.

The first table is of memory. In the second, each row is the time of `wait_all` as a multiple of the time
that the same work takes by hand, or in `dask.delayed` where that is installed: the least of five, in one
run.
"""

import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

from awaits import Await, delayed
from awaits.executors import wait_all

COUNT = 10_000
# Of the pauses, and of the graph.
RESULTS = (COUNT * (COUNT - 1) // 2, 2**9 * (COUNT // 10) * (COUNT // 10 - 1) // 2)


def pause(n: int) -> int:
    """Do what takes a thread a thousandth of a second, and the processor nothing."""
    time.sleep(0.001)
    return n


def add(*parts: int) -> int:
    """Add numbers up."""
    return sum(parts)


def by_hand(executor: Executor) -> int:
    """Submit so many pauses, and wait for each."""
    return sum(future.result() for future in [executor.submit(pause, n) for n in range(COUNT)])


def by_wait_all(executor: Executor) -> int:
    """Do the same with Awaits."""
    later = delayed(pause)
    return sum(wait_all([later(n) for n in range(COUNT)], executor))


def layers(function: Callable[..., Any]) -> list[Any]:
    """Build a graph of so many calls, in ten layers, of which each has two users for every call."""
    layer = [function(n) for n in range(COUNT // 10)]
    for _ in range(9):
        layer = [function(layer[n], layer[n - 1]) for n in range(len(layer))]
    return layer


def graph_by_hand(executor: Executor) -> int:
    """Submit the graph, one layer after the other."""
    submitted = [executor.submit(add, n) for n in range(COUNT // 10)]
    values: list[int] = [future.result() for future in submitted]
    for _ in range(9):
        pairs = [(values[n], values[n - 1]) for n in range(len(values))]
        values = [future.result() for future in [executor.submit(add, *pair) for pair in pairs]]
    return sum(values)


def graph_by_wait_all(executor: Executor) -> int:
    """Do the same with Awaits."""
    aws: list[Await[int]] = layers(delayed(add))
    return sum(wait_all(aws, executor))


def graph_by_dask(executor: ThreadPoolExecutor) -> int:
    """Do the same with dask, on the same threads."""
    import dask

    results: tuple[int, ...] = dask.compute(
        *layers(dask.delayed(add, pure=False)), scheduler="threads", pool=executor
    )
    return sum(results)


def least(function: Callable[[Any], int], make: Callable[[], Executor]) -> float:
    """Return the least time of five, in seconds, each on a new executor that has begun its workers."""
    times = []
    for _ in range(5):
        with make() as executor:
            list(executor.map(abs, range(64)))
            start = time.perf_counter()
            result = function(executor)
            times.append(time.perf_counter() - start)
        if result not in RESULTS:
            raise RuntimeError(f"{function.__name__} gave {result}")
    return min(times)


ROWS: list[tuple[str, Callable[[Any], int], Callable[[Any], int], Callable[[], Executor]]] = [
    (
        f"{COUNT:,} pauses of 1 ms, 32 threads, by hand",
        by_wait_all,
        by_hand,
        lambda: ThreadPoolExecutor(32),
    ),
    (
        f"a graph of {COUNT:,} calls, 2 processes, by hand in layers",
        graph_by_wait_all,
        graph_by_hand,
        lambda: ProcessPoolExecutor(2),
    ),
]
DASK = (
    f"a graph of {COUNT:,} calls, 4 threads, by dask.delayed",
    graph_by_wait_all,
    graph_by_dask,
    lambda: ThreadPoolExecutor(4),
)


SIZE = 10_000_000


def peak_of_a_chain(*, release: bool) -> float:
    """Return the peak of memory of a chain of 20 calls that each make a new array, in arrays."""
    make, lengthen = delayed(bytes), delayed(bytes.__add__)
    aw: Await[Any] = make(SIZE)
    for _ in range(19):
        aw = lengthen(aw, b".")
    tracemalloc.start()
    wait_all([aw], release=release)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / SIZE


def main() -> None:
    """Measure, and print two tables."""
    print("| a chain of 20 arrays | arrays in memory at the peak |\n| --- | --- |")
    print(f"| `wait_all([aw])` | {peak_of_a_chain(release=False):.1f} |")
    print(f"| `wait_all([aw], release=True)` | {peak_of_a_chain(release=True):.1f} |\n")
    print("| the same work | wait_all takes |\n| --- | --- |")
    for name, mine, other, make in [*ROWS, *([DASK] if find_spec("dask") else [])]:
        print(f"| {name} | {least(mine, make) / least(other, make):.2f} times |")


if __name__ == "__main__":
    main()
