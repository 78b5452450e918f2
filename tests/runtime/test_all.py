"""`awaitable_all`: many Awaits as one, of the list of their values, which is a node of a graph."""

import asyncio
import copy
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import awaits
from awaits import (
    Await,
    AwaitCycleError,
    awaitable,
    awaitable_all,
    awaitable_done,
    awaitable_nowait,
    awaitable_wait,
    delayed,
    trace,
)
from awaits.executors import as_completed, wait_all, wait_all_async
from tests.runtime import needs
from tests.runtime.calls import Calls, failing_first
from tests.runtime.loops import use


@delayed
def plus(number: int, by: int) -> int:
    return number + by


@delayed
async def fetched(number: int) -> int:
    await asyncio.sleep(0)
    return number * 10


@delayed
def total(numbers: list[int], more: int = 0) -> int:
    return sum(numbers) + more


def test_it_is_an_await_of_the_list_and_runs_nothing() -> None:
    calls = [Calls() for _ in range(3)]
    for call in calls:
        call.finish.set()
    aws: list[Any] = [awaitable(call.call) for call in calls]
    every = awaitable_all(aws)
    assert isinstance(every, Await)
    assert repr(every) == "<Await pending: awaitable_all>"
    assert not any(map(awaitable_done, [every, *aws]))
    values = awaitable_wait(every)
    assert type(values) is list
    assert [id(value) for value in values] == [id(awaitable_wait(aw)) for aw in aws]
    assert [call.count for call in calls] == [1, 1, 1]
    assert awaitable_wait(every) is values


def test_it_behaves_as_the_list() -> None:
    every = awaitable_all([awaitable(int, "1"), awaitable_nowait(2)])
    assert (len(every), every[0], list(every), every + every) == (2, 1, [1, 2], [1, 2, 1, 2])
    empty: Await[list[int]] = awaitable_all([])
    assert awaitable_wait(empty) == []


@pytest.mark.parametrize("make", [tuple, iter, list, lambda aws: (aw for aw in aws)])
def test_any_iterable_is_taken_once_and_at_once(make: Callable[[Any], Any]) -> None:
    aw = awaitable(int, "5")
    every = awaitable_all(make([aw]))
    assert awaitable_wait(every) == [5]


def test_a_list_that_changes_afterwards_does_not_matter() -> None:
    aws = [awaitable(int, "1")]
    every = awaitable_all(aws)
    aws.append(awaitable(int, "2"))
    assert awaitable_wait(every) == [1]


@pytest.mark.parametrize("wrong", [[1], [awaitable_nowait(1), "a"], 5, None, "ab", {1: 2}])
def test_what_is_no_await_is_refused_at_once(wrong: Any) -> None:
    with pytest.raises(TypeError, match="awaitable_all"):
        awaitable_all(wrong)


def test_an_error_of_the_iterable_comes_unchanged() -> None:
    def give() -> Iterator[Any]:
        yield awaitable(int)
        raise ValueError("from inside")

    with pytest.raises(ValueError, match="from inside"):
        awaitable_all(give())


def test_it_is_a_node_of_a_graph() -> None:
    parts = [plus(n, 1) for n in range(4)]
    graph = total(awaitable_all(parts), more=plus(1, 2))
    assert not any(map(awaitable_done, parts))
    assert awaitable_wait(graph) == 1 + 2 + 3 + 4 + 3
    nested = awaitable_all([awaitable_all(parts), awaitable_all(parts[:1])])
    assert awaitable_wait(nested) == [[1, 2, 3, 4], [1]]


def test_the_same_part_may_come_twice() -> None:
    calls = Calls()
    calls.finish.set()
    aw: Any = awaitable(calls.call)
    first, second = awaitable_wait(awaitable_all([aw, aw]))
    assert first is second
    assert calls.count == 1


def test_a_failure_of_a_part_is_that_of_all_and_nothing_else_is_lost() -> None:
    good = plus(1, 1)
    bad = awaitable(failing_first(lambda: 5, ValueError("first")))
    every = awaitable_all([good, bad])
    with pytest.raises(ValueError, match="first"):
        awaitable_wait(every)
    assert awaitable_done(good)
    assert awaitable_wait(every) == [2, 5]


def test_it_is_a_cycle_where_it_holds_itself() -> None:
    every: list[Any] = []
    aw = awaitable(lambda: awaitable_wait(every[0]))
    every.append(awaitable_all([aw]))
    with pytest.raises(AwaitCycleError):
        awaitable_wait(every[0])


def test_a_fan_of_100_000() -> None:
    fan = awaitable_all([plus(n, 1) for n in range(100_000)])
    assert sum(awaitable_wait(fan)) == sum(range(100_001))


def test_a_chain_of_100_000() -> None:
    needs.deep_nesting()
    chain = plus(0, 0)
    for _ in range(50_000):
        chain = total(awaitable_all([chain]), more=1)
    assert awaitable_wait(chain) == 50_000


def test_what_coroutines_return_is_in_the_list() -> None:
    every = awaitable_all([fetched(1), fetched(2)])
    assert awaitable_wait(every) == [10, 20]

    async def main() -> Any:
        return await use(awaitable_all([fetched(3), plus(1, 1)]))

    assert asyncio.run(main()) == [30, 2]


def test_it_is_copied_and_pickled_as_its_call() -> None:
    every = awaitable_all([plus(1, 1), plus(2, 1)])
    for other in (pickle.loads(pickle.dumps(every)), copy.copy(every), copy.deepcopy(every)):
        assert not awaitable_done(other)
        assert awaitable_wait(other) == [2, 3]
    function, args = every.fn(), every.args()
    assert function(*args) == [2, 3]


def test_many_run_at_once() -> None:
    needs.threads()
    every = awaitable_all([plus(n, 1) for n in range(20)])
    assert wait_all([every, total(every)]) == [list(range(1, 21)), 210]
    again = awaitable_all([plus(n, 1) for n in range(3)])
    assert list(as_completed([again])) == [again]
    last = awaitable_all([fetched(n) for n in range(3)])
    assert asyncio.run(wait_all_async([last])) == [[0, 10, 20]]


def test_other_processes_take_it() -> None:
    needs.processes()
    with ProcessPoolExecutor(1) as pool:
        assert wait_all([total(awaitable_all([plus(n, 1) for n in range(4)]))], pool) == [10]


def test_a_trace_names_it() -> None:
    with trace() as seen:
        awaitable_wait(awaitable_all([plus(1, 1)]))
    assert [run.function for run in seen.runs] == ["plus", "awaitable_all"]


def test_it_is_public() -> None:
    assert "awaitable_all" in awaits.__all__
    assert awaitable_all.__module__ == "awaits"
