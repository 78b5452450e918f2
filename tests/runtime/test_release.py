"""`release=True`: what is computed on the way is freed as soon as nothing needs it."""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest

from awaits import AwaitError, awaitable_all, awaitable_done, awaitable_wait, delayed
from awaits.executors import as_completed, as_completed_async, wait_all, wait_all_async
from tests.runtime import needs


class Large:
    """A result that counts how many of them there are."""

    lock: ClassVar[threading.Lock] = threading.Lock()
    alive = peak = 0

    def __init__(self, number: int) -> None:
        self.number = number
        with self.lock:
            Large.alive += 1
            Large.peak = max(Large.peak, Large.alive)

    def __del__(self) -> None:
        with self.lock:
            Large.alive -= 1


@pytest.fixture(autouse=True)
def count_anew() -> Iterator[None]:
    needs.threads()
    needs.counted_references()
    gc.collect()
    Large.alive = Large.peak = 0
    gc.disable()  # what goes goes by itself
    yield
    gc.enable()


@delayed
def begin(number: int) -> Large:
    return Large(number)


@delayed
def follow(before: Large) -> Large:
    return Large(before.number + 1)


@delayed
def join(parts: list[Large]) -> Large:
    return Large(sum(part.number for part in parts))


def chain(length: int) -> Any:
    aw = begin(0)
    for _ in range(length):
        aw = follow(aw)
    return aw


def each(aws: list[Any], **options: Any) -> None:
    assert len(list(as_completed(aws, **options))) == len(aws)


def in_a_loop(aws: list[Any], **options: Any) -> None:
    asyncio.run(wait_all_async(aws, **options))


def each_in_a_loop(aws: list[Any], **options: Any) -> None:
    async def main() -> None:
        async for _ in as_completed_async(aws, **options):
            pass

    asyncio.run(main())


WAYS: dict[str, Callable[..., object]] = {
    "wait_all": wait_all,
    "as_completed": each,
    "wait_all_async": in_a_loop,
    "as_completed_async": each_in_a_loop,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_chain_holds_no_more_than_it_needs(way: str) -> None:
    aw = chain(50)
    WAYS[way]([aw], release=True)
    assert Large.peak <= 4  # one that is made, one that it is made of, and those that are about to go
    assert Large.alive == 1
    assert awaitable_wait(aw).number == 50
    with pytest.raises(AwaitError):
        aw.fn()


@pytest.mark.parametrize("way", WAYS)
def test_without_it_all_is_kept(way: str) -> None:
    aw = chain(50)
    WAYS[way]([aw])
    assert Large.alive == Large.peak == 51
    assert aw.fn()


def test_what_somebody_holds_stays() -> None:
    below = begin(1)
    middle = follow(below)
    top = follow(middle)
    [value] = wait_all([top], release=True)
    assert value.number == 3
    assert awaitable_done(below)
    assert (awaitable_wait(below).number, awaitable_wait(middle).number) == (1, 2)
    for aw in (below, middle, top):
        with pytest.raises(AwaitError):
            aw.args()


def test_a_wide_graph_is_freed_from_below() -> None:
    top = join(awaitable_all([chain(10) for _ in range(8)]))
    with ThreadPoolExecutor(2) as executor:
        [value] = wait_all([top], executor, release=True)
    assert value.number == 80
    assert Large.peak <= 8 + 2 * 3  # the ends of the chains, and what two threads are at
    assert Large.alive == 1


def test_a_failure_keeps_the_calls_that_are_not_complete() -> None:
    failures = [ValueError("first")]

    @delayed
    def fail_once(before: Large) -> int:
        if failures:
            raise failures.pop()
        return before.number

    below = begin(7)
    top = fail_once(below)
    with pytest.raises(ValueError, match="first"):
        wait_all([top], release=True)
    assert wait_all([top], release=True) == [7]
