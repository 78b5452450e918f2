"""Delayed functions: calls that make Awaits, take Awaits for their values, and compose into graphs."""

import abc
import asyncio
import copy
import gc
import inspect
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from awaits import (
    Await,
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
    delayed,
)

from . import needs
from .calls import failing_first, total
from .loops import use

runs: list[object] = []


@pytest.fixture(autouse=True)
def no_runs_yet() -> None:
    runs.clear()


@delayed
def plus(n: int, by: int = 1) -> int:
    """Add to a number."""
    runs.append(n)
    return n + by


@delayed
async def fetched(n: int) -> int:
    runs.append(n)
    await asyncio.sleep(0)
    return n * 10


class C:
    def __init__(self, n: int = 0) -> None:
        self.n = n

    @delayed
    def more(self, by: int) -> int:
        return self.n + by

    @classmethod
    @delayed
    def make(cls, n: int) -> "C":
        return cls(n)

    @staticmethod
    @delayed
    def half(n: int) -> int:
        return n // 2


def test_a_call_makes_an_await_and_runs_nothing() -> None:
    aw = plus(1, by=2)
    assert isinstance(aw, Await)
    assert not awaitable_done(aw)
    assert repr(aw) == "<Await pending: plus>"
    assert (runs, awaitable_wait(aw), awaitable_wait(aw), runs) == ([1], 3, 3, [1])


def test_signature_and_documentation_are_those_of_the_function() -> None:
    assert str(inspect.signature(plus)) == "(n: int, by: int = 1) -> int"
    assert (plus.__name__, plus.__doc__, plus.__module__) == ("plus", "Add to a number.", __name__)


def test_what_a_decorator_below_noted_on_the_function_stays() -> None:
    class Source(abc.ABC):
        @delayed
        @abc.abstractmethod
        def rows(self) -> list[int]: ...

    class Some(Source):
        pass

    def noted(func: Any) -> Any:
        func.note = "kept"
        return func

    with pytest.raises(TypeError, match="abstract"):
        Some()  # type: ignore[abstract]
    assert cast(Any, delayed(noted(lambda: 1))).note == "kept"
    of_delayed: Any = delayed(plus)
    assert of_delayed.__wrapped__ is plus
    assert awaitable_wait(of_delayed(1)) == 2


def test_awaits_among_the_arguments_are_waited_for_when_the_call_runs() -> None:
    first = plus(1)
    second = plus(first, by=first)
    assert runs == []
    assert awaitable_wait(second) == 4
    assert runs == [1, 2]
    assert awaitable_wait(total(1, first, plus(5), x=second)) == 1 + 2 + 6 + 4


def test_an_await_that_is_no_argument_itself_stays_one() -> None:
    @delayed
    def kind(it: Any) -> type:
        return type(it[0])

    assert issubclass(awaitable_wait(kind([plus(1)])), Await)
    assert issubclass(awaitable_wait(kind((awaitable_nowait(1),))), Await)
    inner = awaitable_nowait(awaitable_nowait(3))
    assert awaitable_wait(delayed(lambda it: it)(inner)) is awaitable_wait(inner)


def test_methods_are_bound_and_objects_may_be_awaits() -> None:
    assert awaitable_wait(C(2).more(plus(1))) == 4
    assert awaitable_wait(C.more(C.make(5), 1)) == 6
    assert C.make(plus(1)).n == 2
    assert awaitable_wait(C().half(plus(5))) == awaitable_wait(C.half(6)) == 3


@pytest.mark.parametrize("name", ["self", "func", "args", "call"])
def test_no_name_of_an_argument_is_taken(name: str) -> None:
    assert awaitable_wait(delayed(dict)(**{name: plus(1)})) == {name: 2}


def test_anything_that_can_be_called_can_be_delayed() -> None:
    assert awaitable_wait(delayed(int)("5")) == 5
    assert awaitable_wait(delayed(len)(awaitable(list, "abc"))) == 3
    assert awaitable_wait(delayed(C(4).more)(plus(0))) == 5


@pytest.mark.parametrize("kind", [classmethod, staticmethod])
def test_the_wrong_order_of_decorators_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match=f"write @{kind.__name__} above @delayed"):
        delayed(kind(len))


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a callable, not 'int'"):
        delayed(3)  # type: ignore[arg-type]


class Odd:
    """Its attributes have the names of a function's, and are none that a function can have."""

    __type_params__ = 5

    def __init__(self) -> None:
        vars(self).update(dict.fromkeys(("__name__", "__qualname__", "__annotations__"), 5))

    def __call__(self, n: int) -> int:
        return n + 1


def test_attributes_that_no_function_can_have_are_left_out() -> None:
    odd: Any = Odd()
    assert delayed(odd)(4) + 0 == 5
    wrapper: Any = delayed(odd)
    assert wrapper.__wrapped__ is odd
    assert wrapper.__doc__ == Odd.__doc__
    assert type(awaitable_wait(delayed(cast(Any, Odd))())) is Odd
    assert awaitable_wait(delayed(cast(Any, type))(5)) is int


def test_fn_and_args_repeat_the_call() -> None:
    aw = plus(plus(1), by=2)
    assert aw.fn()(*aw.args()) == aw.fn()(*aw.args()) == 4
    assert not awaitable_done(aw)
    assert runs == [1, 2, 2]


def test_a_chain_of_100_000_needs_no_deep_recursion() -> None:
    needs.deep_nesting()
    aw = plus(0)
    for _ in range(100_000):
        aw = plus(aw)
    assert awaitable_wait(aw) == len(runs) == 100_001
    del aw
    gc.collect()


def test_a_node_that_many_share_runs_once() -> None:
    aw = plus(0)
    for _ in range(50):
        aw = total(aw, aw, plus(aw, by=0))  # 3 to the power of 50 ways lead down
    assert awaitable_wait(aw) == 3**50
    assert len(runs) == 51


def test_calls_run_in_the_order_of_the_arguments() -> None:
    order: list[str] = []

    @delayed
    def step(name: str, *_: object, **__: object) -> str:
        order.append(name)
        return name

    plain = awaitable(order.append, "plain")
    awaitable_wait(step("d", step("a", step("b")), plain, x=step("c")))
    assert order == ["b", "a", "plain", "c", "d"]


def test_a_failure_comes_unchanged_and_only_what_is_missing_runs_again() -> None:
    flaky = delayed(failing_first(int, ValueError("no")))
    aw = plus(flaky(plus(1)))
    with pytest.raises(ValueError, match="no"):
        awaitable_wait(aw)
    assert awaitable_wait(aw) == 3
    assert runs == [1, 2]


def test_an_attribute_error_below_does_not_look_like_a_missing_attribute() -> None:
    def fail() -> int:
        raise AttributeError("inner")

    with pytest.raises(AwaitError, match="plus raised AttributeError while 'real'"):
        plus(delayed(fail)()).real  # noqa: B018


def test_a_call_that_needs_its_own_result_is_a_cycle() -> None:
    loop: list[Await[int]] = []
    below = delayed(lambda: awaitable_wait(loop[0]))()
    loop.append(plus(below))
    with pytest.raises(AwaitCycleError):
        awaitable_wait(loop[0])


def test_threads_share_the_runs_of_a_graph() -> None:
    needs.threads()
    aw = plus(0)
    for _ in range(200):
        aw = total(plus(aw), plus(aw, by=-1))
    results = []
    threads = [threading.Thread(target=lambda: results.append(awaitable_wait(aw))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1
    assert len(results) == 8
    assert len(runs) == 401


def test_release_lets_the_graph_below_go() -> None:
    aw = plus(plus(1))
    assert awaitable_release(aw) == 3
    with pytest.raises(AwaitError):
        aw.args()


# Pickling and copying.


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda aw: pickle.loads(pickle.dumps(aw))])
def test_a_pending_graph_is_copied_as_its_calls(copied: Callable[[Any], Any]) -> None:
    aw = copied(plus(plus(1), by=2))
    assert not awaitable_done(aw)
    assert awaitable_wait(aw) == 4
    assert awaitable_wait(copied(C(2).more(1))) == 3


def test_a_function_that_pickle_cannot_find_is_named() -> None:
    aw = delayed(lambda: 1)()
    with pytest.raises(pickle.PicklingError, match=r"the function cannot be pickled: .*<lambda>"):
        pickle.dumps(aw)
    cloudpickle = pytest.importorskip("cloudpickle")
    assert awaitable_wait(pickle.loads(cloudpickle.dumps(aw))) == 1


SCRIPT = """
import sys
import cloudpickle
from awaits import delayed

@delayed
def plus(n):
    return n + 1

if __name__ == "__main__":
    sys.stdout.buffer.write(cloudpickle.dumps(plus(plus(1))))
"""


def test_what_stands_in_a_script_travels_to_a_process_without_it(tmp_path: Path) -> None:
    needs.processes()
    pytest.importorskip("cloudpickle")
    (tmp_path / "script.py").write_text(SCRIPT)
    sent = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, check=True)
    assert awaitable_wait(pickle.loads(sent.stdout)) == 3


def test_the_function_behind_is_the_same_after_pickling() -> None:
    assert pickle.loads(pickle.dumps(plus(1).fn())) is plus(2).fn()


# Coroutine functions.


def test_a_coroutine_function_gives_an_await_that_many_can_await() -> None:
    async def main() -> None:
        aw = fetched(plus(1))
        assert list(await asyncio.gather(aw, aw)) == [20, 20]
        assert await aw == 20

    needs.threads()
    asyncio.run(main())
    assert runs == [1, 2]


def test_a_graph_of_both_kinds_runs_without_blocking_the_loop() -> None:
    loops: list[bool] = []

    @delayed
    def plain(n: int) -> int:
        loops.append(asyncio._get_running_loop() is not None)
        return n

    async def main() -> int:
        shared = fetched(plain(1))
        result: int = await total(shared, plain(shared), x=fetched(plain(shared)))
        return result

    needs.threads()
    assert asyncio.run(main()) == 10 + 10 + 100
    assert loops == [False] * 3
    assert runs == [1, 10]


def test_a_long_chain_of_both_kinds_can_be_awaited() -> None:
    needs.threads()
    aw: Await[Any] = plus(0)
    for _ in range(500):
        aw = fetched(delayed(int)(delayed(lambda n: n / 10)(aw)))
    assert asyncio.run(use(aw)) == 0


def test_without_a_loop_a_coroutine_below_is_run_to_its_end() -> None:
    assert awaitable_wait(plus(fetched(2))) == 21
    shared = fetched(3)
    assert awaitable_wait(total(shared, shared)) == 60
    assert runs == [2, 20, 3]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_inside_of_a_loop_waiting_for_a_coroutine_below_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(AwaitError, match=r"fetched gives a coroutine.*use `await`"):
            awaitable_wait(plus(fetched(2)))

    asyncio.run(main())
    gc.collect()


def test_a_failure_of_a_coroutine_is_not_kept() -> None:
    failures = [ValueError("no")]

    @delayed
    async def flaky() -> int:
        if failures:
            raise failures.pop()
        return 1

    async def main() -> None:
        aw = plus(flaky())
        with pytest.raises(ValueError, match="no"):
            await aw
        assert await aw == 2

    needs.threads()
    asyncio.run(main())
