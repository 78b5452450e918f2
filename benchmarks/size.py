"""Print the bytes that one lazy value holds besides its function: pending, and complete."""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

from benchmarks.lazies import LAZIES

COUNT = 10_000


def value() -> int:
    """Return what takes no memory of its own."""
    return 1


def main() -> None:
    """Measure what the command line names."""
    make = LAZIES[sys.argv[1]]()
    use: Callable[[Any], Any] = {"cached_property": lambda lazy: lazy.value}.get(sys.argv[1], _read)
    use(make(value))
    gc.collect()
    tracemalloc.start()
    places: list[Any] = [None] * COUNT
    before = tracemalloc.get_traced_memory()[0]
    for index in range(COUNT):
        places[index] = make(value)
    pending = tracemalloc.get_traced_memory()[0]
    for lazy in places:
        use(lazy)
    gc.collect()
    complete = tracemalloc.get_traced_memory()[0]
    print((pending - before) / COUNT, (complete - before) / COUNT)


def _read(lazy: Any) -> Any:
    return lazy.real


if __name__ == "__main__":
    main()
