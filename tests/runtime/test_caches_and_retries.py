"""Libraries that keep results or try again: joblib, cachetools, diskcache, functools and tenacity."""

import asyncio
import functools
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awaits import (
    Await,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_wait,
    delayed,
)
from awaits.executors import wait_all
from tests.runtime.calls import failing_first, in_threads


def numpy_array() -> Any:
    return pytest.importorskip("numpy").arange(6).reshape(2, 3)


VALUES: dict[str, Callable[[], Any]] = {
    "int": lambda: 3,
    "str": lambda: "ab",
    "None": lambda: None,
    "tuple": lambda: (1, "a"),
    "list": lambda: ["a", "a", [1]],
    "dict": lambda: {"b": 1, "a": 2},
    "set": lambda: {3, 1, 2},
    "instance": lambda: SimpleNamespace(a=1),
    "function": lambda: numpy_array,
    "method": lambda: [1].append,
    "class": lambda: SimpleNamespace,
    "array": numpy_array,
    "array of objects": lambda: numpy_array().astype(object),
    "item of an array": lambda: numpy_array()[0, 1],
    "await": lambda: awaitable_nowait(3),
}
PLACES: dict[str, Callable[[Any], Any]] = {
    "alone": lambda it: it,
    "in a list": lambda it: [0, it],
    "twice": lambda it: [it, it],
    "as a value of a dict": lambda it: {"a": it, "b": 1},
    "in an instance": lambda it: SimpleNamespace(it=it),
    "in a partial": lambda it: functools.partial(max, it),
}


def completed(make: Callable[[], Any]) -> Await[Any]:
    aw = awaitable(make)
    awaitable_wait(aw)
    return aw


STATES: dict[str, Callable[[Callable[[], Any]], Await[Any]]] = {
    "pending": awaitable,
    "complete": lambda make: awaitable_nowait(make()),
    "keeps its call": completed,
    "delayed": lambda make: delayed(make)(),
    "of a closure": lambda make: awaitable(lambda: make()),  # which pickle cannot carry
}


@pytest.mark.parametrize("value", VALUES)
def test_joblib_gives_an_await_the_hash_of_its_value(value: str) -> None:
    joblib = pytest.importorskip("joblib")
    make = VALUES[value]
    for place, put in PLACES.items():
        expected = joblib.hash(put(make()))
        for state, make_await in STATES.items():
            aw = make_await(make)
            assert joblib.hash(put(aw)) == expected, (place, state)
            assert awaitable_done(aw)


def test_joblib_gives_it_in_sets_and_as_a_key_too() -> None:
    joblib = pytest.importorskip("joblib")
    for put in (lambda *them: set(them), lambda *them: dict.fromkeys(them), lambda *them: them):
        assert joblib.hash(put(awaitable(int, "2"), awaitable(int, "1"))) == joblib.hash(put(2, 1))


def test_joblib_gives_different_values_different_hashes() -> None:
    joblib = pytest.importorskip("joblib")
    assert len({joblib.hash(awaitable(make)) for make in VALUES.values()}) == len(VALUES) - 1


def test_a_failing_call_leaves_no_hash() -> None:
    joblib = pytest.importorskip("joblib")
    aw = awaitable(failing_first(lambda: 3, ConnectionError("not there")))
    with pytest.raises(ConnectionError, match="not there"):
        joblib.hash({"a": aw})
    assert joblib.hash({"a": aw}) == joblib.hash({"a": 3})


def test_joblib_does_not_swallow_a_failure() -> None:
    joblib = pytest.importorskip("joblib")
    aw = awaitable(failing_first(lambda: 3, TypeError("from inside")))
    with pytest.raises(AwaitError, match="raised TypeError"):  # of which joblib makes another attempt
        joblib.hash({"a": aw})
    assert not awaitable_done(aw)


def test_what_else_pickles_while_joblib_hashes_carries_the_call() -> None:
    joblib = pytest.importorskip("joblib")
    aw = awaitable(numpy_array)

    class PicklesItself:
        def __reduce__(self) -> Any:
            return bytes, (pickle.dumps(aw),)

    joblib.hash(PicklesItself())
    assert not awaitable_done(aw)


def test_what_joblib_stores_stays_an_await(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    aw = awaitable(int, "3")
    joblib.dump([aw], tmp_path / "file")
    [arrived] = joblib.load(tmp_path / "file")
    assert not awaitable_done(aw)
    assert not awaitable_done(arrived)
    assert arrived == 3


def by_joblib(folder: Path) -> Any:
    return pytest.importorskip("joblib").Memory(folder, verbose=0).cache


def by_cachetools(folder: Path) -> Any:
    return pytest.importorskip("cachetools").cached({})


def by_diskcache(folder: Path) -> Any:
    return pytest.importorskip("diskcache").Cache(folder).memoize()


def by_functools(folder: Path) -> Any:
    return functools.cache


CACHES = [by_joblib, by_cachetools, by_diskcache, by_functools]


def arguments() -> list[Any]:
    return [awaitable(float, "3"), awaitable_nowait(3.0), 3.0]


@pytest.mark.parametrize("cache", CACHES)
def test_a_cache_below_delayed_computes_once(cache: Any, tmp_path: Path) -> None:
    runs = []

    def twice(number: float) -> float:
        runs.append(type(number))
        return 2 * number

    cached = delayed(cache(tmp_path)(twice))
    assert [cached(argument) + 0 for argument in arguments()] == [6.0] * 3
    assert runs == [float]


@pytest.mark.parametrize("cache", CACHES)
def test_a_cache_that_is_given_awaits(cache: Any, tmp_path: Path) -> None:
    runs = []

    def twice(number: float) -> float:
        runs.append(number)
        return 2 * number

    cached = cache(tmp_path)(twice)
    assert [cached(argument) for argument in arguments()] == [6.0] * 3
    # diskcache pickles its keys as what it stores, where an Await is to stay one.
    assert len(runs) == (2 if cache is by_diskcache else 1)


# Retries.


def test_all_attempts_are_one_run_for_threads() -> None:
    tenacity = pytest.importorskip("tenacity")
    call = failing_first(object, ConnectionError("busy"), ConnectionError("busy"))
    aw = delayed(tenacity.retry(stop=tenacity.stop_after_attempt(3))(call))()
    results = in_threads(*[lambda: awaitable_wait(aw)] * 5)
    assert [type(result) for result in results] == [object] * 5
    assert len(set(map(id, results))) == 1


def test_a_coroutine_function_is_retried_for_all_tasks() -> None:
    tenacity = pytest.importorskip("tenacity")
    attempts: list[int] = []

    async def fetch() -> object:
        attempts.append(1)
        await asyncio.sleep(0)
        if len(attempts) < 3:
            raise ConnectionError("busy")
        return object()

    aw = delayed(tenacity.retry(stop=tenacity.stop_after_attempt(3))(fetch))()

    async def main() -> list[Any]:
        return [*await asyncio.gather(*[aw] * 5)]

    assert len(set(map(id, asyncio.run(main())))) == 1
    assert len(attempts) == 3


def test_a_use_that_is_retried_keeps_what_was_computed() -> None:
    tenacity = pytest.importorskip("tenacity")
    runs: list[int] = []

    @delayed
    def write() -> str:
        runs.append(1)
        return "letter"

    send = delayed(failing_first(str.upper, ConnectionError("busy"), ConnectionError("busy")))
    again = tenacity.Retrying(stop=tenacity.stop_after_attempt(3))
    assert again(wait_all, [send(write()), write()]) == ["LETTER", "letter"]
    assert len(runs) == 2
