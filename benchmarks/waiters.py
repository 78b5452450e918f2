"""What those cost who wait for one call that fails, and log it: `python -m benchmarks.waiters`.

Each row is a multiple of what as many tasks log that await one task of asyncio, or threads that wait
for one `concurrent.futures.Future`; and of the time until the last of them has logged, least of five.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from io import StringIO
from typing import Any, NamedTuple

from awaits import Await, awaitable, awaitable_wait


class Cost(NamedTuple):
    """What all those who wait cost together."""

    characters: int
    time_s: float


def log(stream: StringIO, error: Exception) -> None:
    """Log an error with its traceback."""
    handler = logging.StreamHandler(stream)
    record = logging.makeLogRecord(
        {"msg": "failed", "exc_info": (type(error), error, error.__traceback__)}
    )
    handler.emit(record)


async def fail_in_a_loop() -> None:
    """Fail once all wait."""
    await asyncio.sleep(0)
    raise ValueError("from inside")


def fail_in_a_thread() -> None:
    """Fail once all wait, if threads start in that time."""
    time.sleep(0.1)
    raise ValueError("from inside")


def in_tasks(count: int, make: Callable[[], Any]) -> Cost:
    """Have so many tasks await the same."""
    stream = StringIO()

    async def wait(one: Any) -> None:
        try:
            await one
        except ValueError as error:
            log(stream, error)

    async def main() -> float:
        one = make()
        start = time.perf_counter()
        await asyncio.gather(*[wait(one) for _ in range(count)])
        return time.perf_counter() - start

    time_s = asyncio.run(main())
    return Cost(len(stream.getvalue()), time_s)


def in_threads(count: int, one: Any, wait: Callable[[Any], object]) -> Cost:
    """Have so many threads wait for the same."""
    stream = StringIO()

    def wait_and_log() -> None:
        try:
            wait(one)
        except ValueError as error:
            log(stream, error)

    threads = [threading.Thread(target=wait_and_log) for _ in range(count)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Cost(len(stream.getvalue()), time.perf_counter() - start)


def await_an_await(count: int) -> Cost:
    """Have so many tasks await an Await."""
    return in_tasks(count, lambda: awaitable(fail_in_a_loop))


def await_a_task(count: int) -> Cost:
    """Have so many tasks await a task."""
    return in_tasks(count, lambda: asyncio.ensure_future(fail_in_a_loop()))


def wait_for_an_await(count: int) -> Cost:
    """Have so many threads wait for an Await."""
    aw: Await[None] = awaitable(fail_in_a_thread)
    return in_threads(count, aw, awaitable_wait)


def wait_for_a_future(count: int) -> Cost:
    """Have so many threads wait for a future."""
    with ThreadPoolExecutor(1) as executor:
        future: Future[None] = executor.submit(fail_in_a_thread)
        return in_threads(count, future, Future.result)


def compare(name: str, count: int, mine: Callable[[int], Cost], other: Callable[[int], Cost]) -> None:
    """Print a row."""
    mine(10), other(10)  # imports, and what else is done once
    costs = [(mine(count), other(count)) for _ in range(5)]
    characters = max(one.characters for one, _ in costs) / min(one.characters for _, one in costs)
    time_s = min(one.time_s for one, _ in costs) / min(one.time_s for _, one in costs)
    print(f"| {count:,} {name} | {characters:.2f} times | {time_s:.1f} times |")


def main() -> None:
    """Measure, and print a table."""
    print("| who waits for one failure | characters logged | time |\n| --- | --- | --- |")
    for count in (10, 100, 1_000):
        compare("tasks, beside a task of asyncio", count, await_an_await, await_a_task)
    for count in (10, 100):
        compare("threads, beside a `Future`", count, wait_for_an_await, wait_for_a_future)


if __name__ == "__main__":
    main()
