"""`trace`: which Await ran, created and used where, by what, for how long, and who waited for it."""

import asyncio
import copy
import gc
import math
import operator
import os
import re
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from awaits import (
    AwaitError,
    Trace,
    TracedRun,
    awaitable,
    awaitable_done,
    awaitable_release,
    awaitable_wait,
    delayed,
    trace,
)
from awaits._running import claims
from awaits._tracing import recording
from awaits.executors import as_completed, prefetch, wait_all, wait_all_async
from tests.runtime import needs
from tests.runtime.loops import TIMEOUT_S
from tests.runtime.stepping import call_disturbed

HERE = Path(__file__).name


def line_here() -> int:
    """Return the number of the line that calls this."""
    return sys._getframe(1).f_lineno


def place(site: Any) -> tuple[str, int, str]:
    return Path(site.file).name, site.line, site.function


def only(seen: Trace) -> TracedRun:
    (run,) = seen.runs
    return run


def fail() -> int:
    raise ValueError("from inside")


class Value:
    """A W that can do what the operations below ask."""

    x = 1

    def __call__(self) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...
    def __setitem__(self, key: object, item: object) -> None: ...
    def __delitem__(self, key: object) -> None: ...
    def __reversed__(self) -> Any: ...
    def __matmul__(self, other: object) -> None: ...
    def __rmatmul__(self, other: object) -> None: ...


def write(aw: Any) -> None:
    aw.x = 5


def delete(aw: Any) -> None:
    aw.x = 5
    del aw.x


def enter(aw: Any) -> None:
    with aw:
        pass


def iadd(aw: Any) -> None:
    aw += 1


def delete_item(aw: Any) -> None:
    del aw[1]


def set_item(aw: Any) -> None:
    aw[1] = 1


BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "divmod": divmod,
    "pow": pow,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "and": operator.and_,
    "xor": operator.xor,
    "or": operator.or_,
}
# What is done to a pending Await of this value, by the name that the trace has for it.
OPERATIONS: list[tuple[str, Any, Callable[[Any], object]]] = [
    *((f"__{name}__", 5, lambda aw, f=f: f(aw, 3)) for name, f in BINARY.items()),
    *((f"__r{name}__", 5, lambda aw, f=f: f(3, aw)) for name, f in BINARY.items()),
    *((f"__{name}__", 5, lambda aw, f=f: f(awaitable(int), aw)) for name, f in [("add", operator.add)]),
    ("__matmul__", Value(), lambda aw: aw @ 1),
    ("__rmatmul__", Value(), lambda aw: 1 @ aw),
    *(
        (f"__{name}__", 5, lambda aw, name=name: getattr(operator, name)(aw, 3))
        for name in ("lt", "le", "eq", "ne", "gt", "ge")
    ),
    ("__gt__", 5, lambda aw: operator.lt(3, aw)),
    ("__neg__", 5, operator.neg),
    ("__pos__", 5, operator.pos),
    ("__abs__", 5, abs),
    ("__invert__", 5, operator.invert),
    ("__int__", 5, int),
    ("__float__", 5, float),
    ("__complex__", 5, complex),
    ("__index__", 5, operator.index),
    ("__bool__", 5, bool),
    ("__str__", 5, str),
    ("__format__", 5, format),
    ("__hash__", 5, hash),
    ("__round__", 5, round),
    ("__trunc__", 5, math.trunc),
    ("__len__", [1, 2], len),
    ("__contains__", [1, 2], lambda aw: 1 in aw),
    ("__contains__", 1, lambda aw: aw in awaitable(list, (1,))),
    ("__iter__", [1, 2], list),
    ("__getitem__", [1, 2], lambda aw: aw[1]),
    ("__getitem__", 1, lambda aw: awaitable(list, (1, 2))[aw]),
    ("__setitem__", Value(), set_item),
    ("__delitem__", Value(), delete_item),
    ("__reversed__", Value(), reversed),
    ("__iadd__", 5, iadd),
    ("__call__", Value(), lambda aw: aw()),
    ("__enter__", Value(), enter),
    ("__instancecheck__", int, lambda aw: isinstance(5, aw)),
    (".x", Value(), lambda aw: aw.x),
    (".x", Value(), write),
    (".x", Value(), delete),
    (".missing", Value(), lambda aw: hasattr(aw, "missing")),
    ("wait", 5, awaitable_wait),
    ("release", 5, awaitable_release),
    ("wait_all", 5, lambda aw: wait_all([aw])),
    ("as_completed", 5, lambda aw: list(as_completed([aw]))),
]


@pytest.mark.parametrize(("name", "value", "use"), OPERATIONS, ids=[name for name, *_ in OPERATIONS])
def test_operation_has_its_name_on_every_build(
    name: str, value: Any, use: Callable[[Any], object]
) -> None:
    if name in {"wait_all", "as_completed"}:
        needs.threads()
    aw = awaitable(lambda: value)
    with trace() as seen:
        use(aw)
    assert awaitable_done(aw)
    # The other operand of some is an Await too.
    assert {run.operation for run in seen.runs} == {name}


@pytest.mark.parametrize("use", [len, lambda aw: awaitable(list, (1,)) + aw], ids=["len", "both sides"])
def test_what_a_graph_needs_is_forced_by_what_the_user_did(use: Callable[[Any], object]) -> None:
    together = delayed(lambda *parts: list(parts))
    with trace() as seen:
        use(together(together(), together(together())))
    names = {run.operation for run in seen.runs}
    assert len(seen.runs) >= 4
    assert names == ({"__len__"} if use is len else {"__add__"})


def test_run_says_where_its_await_was_created_and_used() -> None:
    with trace() as seen:
        aw, created = awaitable(str, 5), line_here()
        forced = line_here() + 1
        aw.upper()
    run = only(seen)
    function = "test_run_says_where_its_await_was_created_and_used"
    assert place(run.created) == (HERE, created, function)
    assert place(run.forced) == (HERE, forced, function)
    assert (run.number, run.function, run.result, run.error) == (1, "str", "str", None)
    assert (run.thread, run.task, run.waits, run.waited_s) == ("MainThread", None, (), 0)
    assert run.started_s >= 0
    assert run.duration_s >= 0


@pytest.mark.parametrize(
    "make", [delayed(int), copy.copy, copy.deepcopy], ids=["delayed", "copy", "deepcopy"]
)
def test_what_makes_an_await_is_no_place(make: Any) -> None:
    before = awaitable(int)
    with trace() as seen:
        aw = make(5) if hasattr(make, "_call") else make(before)
        assert aw == aw
    created = only(seen).created
    assert created is not None
    assert Path(created.file).name == (HERE if hasattr(make, "_call") else "copy.py")


def test_await_from_before_the_trace_was_created_nowhere() -> None:
    aw = awaitable(str, 5)
    with trace() as seen:
        str(aw)
        str(awaitable(int))
    before, after = seen.runs
    assert before.created is None
    assert before.forced is not None
    assert after.created is not None
    assert [before.number, after.number] == [1, 2]


def test_call_that_is_tried_again_has_two_runs_of_one_number() -> None:
    results: Iterator[Any] = iter([ZeroDivisionError(), 5])

    def produce() -> int:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return int(result)

    with trace() as seen:
        aw = awaitable(produce)
        for _ in range(3):
            with suppress(ZeroDivisionError):
                awaitable_wait(aw)
        assert awaitable(int) == 0
    assert [(run.number, run.result, run.error) for run in seen.runs] == [
        (1, None, "ZeroDivisionError"),
        (1, "int", None),
        (2, "int", None),
    ]


def test_ids_that_are_used_again_are_other_awaits() -> None:
    ids = set()
    with trace() as seen:
        for _ in range(50):
            aw = awaitable(int)
            ids.add(id(aw))
            assert aw == 0
            del aw
            other, created = awaitable(str), line_here()
            ids.add(id(other))
            assert other == ""
            del other
    if len(ids) == 100:
        pytest.skip("no address was used again, as under gcc's sanitizers")
    assert [run.number for run in seen.runs] == list(range(1, 101))
    assert {run.created and run.created.line for run in seen.runs} == {created, created - 4}


def test_nested_runs_lie_within_the_outer() -> None:
    inner = awaitable(int)
    with trace() as seen:
        assert awaitable(lambda: inner + 1) == 1
    outside, inside = seen.runs
    assert (outside.function.rpartition(".")[2], inside.function) == ("<lambda>", "int")
    assert outside.lane == inside.lane
    assert outside.started_s <= inside.started_s
    assert inside.started_s + inside.duration_s <= outside.started_s + outside.duration_s
    assert inside.forced is not None
    assert inside.forced.function.endswith("<lambda>")


def test_nothing_is_forced_and_nothing_kept() -> None:
    class Thing:
        """A function, an argument and a result that a weak reference can tell the end of."""

        def __call__(self, *args: object) -> "Thing":
            return Thing()

    argument, other, lazy_function = awaitable(Thing), awaitable(Thing), awaitable(Thing)
    with trace() as seen:
        thing = Thing()
        aw = awaitable(thing, argument, other)
        awaitable_wait(aw)
        awaitable_wait(awaitable(lazy_function, 5))  # which itself is what calls it
        gone = [weakref.ref(one) for one in (aw, thing, awaitable_wait(aw))]
        del aw, thing
        gc.collect()
        assert [one() for one in gone] == [None, None, None]
    assert not awaitable_done(argument)
    assert not awaitable_done(other)
    assert awaitable_done(lazy_function)
    assert (seen.runs[0].result or "").rpartition(".")[2] == "Thing"


def test_failure_is_not_kept() -> None:
    class Failure(Exception): ...  # noqa: N818

    def produce() -> None:
        raise Failure

    with trace() as seen:
        try:
            awaitable_wait(awaitable(produce))
        except Failure as failure:
            gone = weakref.ref(failure)
        gc.collect()
        assert gone() is None
    assert (only(seen).error or "").rpartition(".")[2] == "Failure"


def test_stop_iteration_of_a_call_that_begins_a_trace_does_not_look_like_the_end() -> None:
    seen = trace()

    def produce() -> list[int]:
        seen.__enter__()
        raise StopIteration

    try:
        with pytest.raises(AwaitError, match="raised StopIteration"):
            iter(awaitable(produce))
    finally:
        seen.__exit__(None, None, None)


def test_traces_nest_and_end() -> None:
    with trace() as outer:
        assert awaitable(int) == 0
        with trace() as inner:
            assert [run.function for run in inner.runs] == []
            assert awaitable(str) == ""
            assert [run.function for run in inner.runs] == ["str"]
        assert awaitable(list) == []
    assert awaitable(dict) == {}
    assert [run.function for run in outer.runs] == ["int", "str", "list"]
    assert [run.function for run in inner.runs] == ["str"]


def test_traces_that_overlap_hear_of_the_whole_process() -> None:
    needs.threads()
    in_both, done = threading.Barrier(3), threading.Barrier(3)
    traces: list[Trace] = []

    def watch() -> None:
        with trace() as seen:
            traces.append(seen)
            in_both.wait(TIMEOUT_S)
            done.wait(TIMEOUT_S)

    threads = [threading.Thread(target=watch) for _ in range(2)]
    for thread in threads:
        thread.start()
    in_both.wait(TIMEOUT_S)
    assert awaitable(int) == 0
    done.wait(TIMEOUT_S)
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert [only(seen).thread for seen in traces] == ["MainThread"] * 2


def test_run_that_ends_after_the_trace_is_not_in_it() -> None:
    with trace() as outer:
        seen = trace()

        def end_the_trace() -> int:
            seen.__exit__()
            return 5

        seen.__enter__()
        assert awaitable(end_the_trace) == 5
    assert seen.runs == []
    assert len(outer.runs) == 1


def test_trace_is_for_one_use() -> None:
    seen = trace()
    with seen:
        pass
    with pytest.raises(RuntimeError, match=r"^a trace is for one use: call trace\(\) for another$"):
        seen.__enter__()


def test_records_cannot_be_changed() -> None:
    with trace() as seen:
        assert awaitable(int) == 0
    with pytest.raises(AttributeError):
        seen.runs[0].number = 5  # type: ignore[misc]
    seen.runs.clear()
    assert len(seen.runs) == 1


# Failures say where their Await was created.


def notes_of(use: Callable[[], object]) -> list[str]:
    try:
        use()
    except Exception as error:
        return list(getattr(error, "__notes__", []))
    raise AssertionError("nothing failed")


def test_failing_call_says_where_its_await_was_created_while_a_trace_is_on() -> None:
    before = awaitable(fail)
    with trace(), trace():
        aw, line = awaitable(fail), line_here()
        outer = awaitable(lambda: awaitable_wait(aw))
        function = "test_failing_call_says_where_its_await_was_created_while_a_trace_is_on"
        note = f"the Await of fail was created at {__file__}:{line}, in {function}"
        lambda_name = f"{function}.<locals>.<lambda>"
        outer_note = f"the Await of {lambda_name} was created at {__file__}:{line + 1}, in {function}"
        assert notes_of(lambda: awaitable_wait(aw)) == [note]
        assert notes_of(lambda: aw + 1) == [note]
        assert notes_of(lambda: awaitable_wait(outer)) == [note, outer_note]
        assert notes_of(lambda: awaitable_wait(before)) == []
    assert notes_of(lambda: awaitable_wait(aw)) == []


def test_error_that_is_raised_again_has_its_note_once() -> None:
    error = ValueError("the same each time")

    def produce() -> None:
        raise error

    with trace():
        aw = awaitable(produce)
        assert [len(notes_of(lambda: awaitable_wait(aw))) for _ in range(3)] == [1, 1, 1]


def test_error_that_takes_no_notes_arrives_unchanged() -> None:
    class Bare(Exception):  # noqa: N818
        def add_note(self, note: str) -> None:
            raise RuntimeError("no notes here")

    def produce() -> None:
        raise Bare

    with trace(), pytest.raises(Bare):
        awaitable_wait(awaitable(produce))


def test_swallowed_error_has_the_note_where_it_came_from() -> None:
    def produce() -> Value:
        raise AttributeError("inside")

    with trace(), pytest.raises(AwaitError) as caught:
        awaitable(produce).x  # noqa: B018
    assert len(caught.value.__cause__.__notes__) == 1  # type: ignore[union-attr]


# Threads, tasks and executors.


def wait_until_it_waits(thread: threading.Thread) -> None:
    """Wait until a thread stands still in the wait for another's run."""
    limit = time.monotonic() + TIMEOUT_S
    while time.monotonic() < limit:
        frame = sys._current_frames().get(thread.ident or 0)
        if frame is not None and Path(frame.f_code.co_filename).name == "claims.py":
            return
        time.sleep(0.001)
    pytest.fail("the thread does not wait")


def test_wait_of_another_thread_is_there_with_its_length() -> None:
    needs.threads()
    started = threading.Event()

    def produce() -> list[int]:
        started.set()
        for thread in waiters:
            wait_until_it_waits(thread)
        return [1]

    def use() -> None:
        assert started.wait(TIMEOUT_S)
        len(aw)

    waiters = [threading.Thread(target=use, name=f"waiter {n}") for n in range(2)]
    aw = awaitable(produce)
    with trace() as seen:
        for thread in waiters:
            thread.start()
        assert len(aw) == 1
        for thread in waiters:
            thread.join(TIMEOUT_S)
    run = only(seen)
    assert sorted(wait.thread for wait in run.waits) == ["waiter 0", "waiter 1"]
    assert len({run.lane, *(wait.lane for wait in run.waits)}) == 3
    for wait in run.waits:
        assert run.started_s <= wait.started_s <= run.started_s + run.duration_s
        assert wait.started_s + wait.duration_s >= run.started_s + run.duration_s
    assert run.waited_s == sum(wait.duration_s for wait in run.waits) > 0


def test_wait_for_a_run_that_failed_is_not_one_for_the_next() -> None:
    needs.threads()
    started = threading.Event()

    def produce() -> list[int]:
        if not started.is_set():
            started.set()
            wait_until_it_waits(waiter)
            raise ValueError
        return [1]

    def wait() -> None:
        assert started.wait(TIMEOUT_S)
        with pytest.raises(ValueError, match=r"^$"):
            len(aw)

    aw = awaitable(produce)
    waiter = threading.Thread(target=wait, name="waiter")
    with trace() as seen:
        waiter.start()
        with pytest.raises(ValueError, match=r"^$"):
            len(aw)
        waiter.join(TIMEOUT_S)
        assert len(aw) == 1
    first, second = seen.runs
    assert (first.error, second.result) == ("ValueError", "list")
    assert [wait.thread for wait in first.waits] == ["waiter"]
    assert second.waits == ()


def test_wait_for_the_second_run_is_not_one_for_the_first() -> None:
    needs.threads()
    started = threading.Event()

    def produce() -> list[int]:
        if not waiter.is_alive():
            raise ValueError
        started.set()
        wait_until_it_waits(waiter)
        return [1]

    aw = awaitable(produce)
    waiter = threading.Thread(target=lambda: started.wait(TIMEOUT_S) and len(aw), name="waiter")
    with trace() as seen:
        with pytest.raises(ValueError, match=r"^$"):
            len(aw)
        waiter.start()
        assert len(aw) == 1
        waiter.join(TIMEOUT_S)
    first, second = seen.runs
    assert first.waits == ()
    assert [wait.thread for wait in second.waits] == ["waiter"]


def test_plain_function_of_await_runs_in_a_worker_for_the_task_that_awaited() -> None:
    needs.threads()
    go_on = threading.Event()
    aw = awaitable(go_on.wait, TIMEOUT_S)

    async def main() -> None:
        async def use() -> bool:
            return await aw

        tasks = [asyncio.create_task(use(), name=f"user {n}") for n in range(3)]
        await asyncio.sleep(0)  # each of them has come to its wait
        go_on.set()
        assert await asyncio.gather(*tasks) == [True] * 3

    with trace() as seen:
        asyncio.run(main())
    run = only(seen)
    assert (run.operation, run.task) == ("await", None)
    assert (run.thread or "").startswith("asyncio_")
    assert run.forced is not None
    assert run.forced.function.endswith("main.<locals>.use")
    assert [wait.task for wait in run.waits] == ["user 1", "user 2"]
    assert {wait.thread for wait in run.waits} == {"MainThread"}


def test_coroutine_function_is_one_run_until_its_coroutine_ends() -> None:
    go_on: asyncio.Event

    async def produce() -> int:
        await go_on.wait()
        return 5

    aw = awaitable(produce)

    async def main() -> None:
        nonlocal go_on
        go_on = asyncio.Event()

        async def use() -> int:
            return await aw

        tasks = [asyncio.create_task(use(), name=f"user {n}") for n in range(3)]
        for _ in range(5):
            await asyncio.sleep(0)
        go_on.set()
        assert await asyncio.gather(*tasks) == [5] * 3

    with trace() as seen:
        asyncio.run(main())
    run = only(seen)
    assert (run.function.rpartition(".")[2], run.result, run.operation) == ("produce", "int", "await")
    assert run.thread == "MainThread"
    assert (run.task or "").startswith("Task-")
    assert run.forced is not None
    assert run.forced.function.endswith("main.<locals>.use")
    assert [wait.task for wait in run.waits] == ["user 1", "user 2"]
    assert len({run.lane, *(wait.lane for wait in run.waits)}) == 3


def test_coroutine_that_fails_is_tried_again() -> None:
    results: Iterator[Any] = iter([ValueError("no"), 5])

    async def produce() -> int:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return int(result)

    async def main() -> None:
        aw = awaitable(produce)
        with pytest.raises(ValueError, match="no") as caught:
            await aw
        assert len(caught.value.__notes__) == 1
        assert await aw == 5
        assert await aw == 5

    with trace() as seen:
        asyncio.run(main())
    assert [(run.number, run.result, run.error) for run in seen.runs] == [
        (1, None, "ValueError"),
        (1, "int", None),
    ]


def test_coroutine_that_nobody_awaits_through_the_await_is_the_call_alone() -> None:
    async def produce() -> int:
        return 5

    with trace() as seen:
        assert asyncio.run(awaitable_wait(awaitable(produce))) == 5
    assert (only(seen).result, only(seen).operation) == ("coroutine", "wait")


def test_coroutine_without_a_loop_is_run_by_hand() -> None:
    async def produce() -> int:
        return 5

    with trace() as seen:
        with pytest.raises(StopIteration) as ended:
            awaitable(produce).__await__().send(None)
        assert ended.value.value == 5
    assert (only(seen).result, only(seen).thread, only(seen).task) == ("int", "MainThread", None)


def test_coroutine_in_a_graph_is_run_for_what_forced_the_graph() -> None:
    async def fetch() -> list[int]:
        return [1]

    with trace() as seen:
        assert len(delayed(list)(delayed(fetch)())) == 1
    fetched, made = seen.runs
    assert (fetched.result, made.result) == ("list", "list")
    assert {fetched.operation, made.operation} == {"__len__"}
    assert fetched.forced == made.forced


@pytest.mark.parametrize(
    ("use", "operation"),
    [("async with aw: pass", "__aenter__"), ("await anext(aw)", "__anext__")],
)
def test_asynchronous_protocol_has_its_name(use: str, operation: str) -> None:
    needs.threads()

    class Both:
        async def __aenter__(self) -> None: ...
        async def __aexit__(self, *error: object) -> None: ...
        def __aiter__(self) -> "Both":
            return self

        async def __anext__(self) -> int:
            return 5

    names: dict[str, Any] = {"aw": awaitable(Both)}
    exec(f"async def main():\n    {use}", names)
    with trace() as seen:
        asyncio.run(names["main"]())
    assert only(seen).operation == operation


def test_trio_task_has_its_name() -> None:
    needs.threads()
    trio = pytest.importorskip("trio")
    pytest.importorskip("anyio")

    async def produce() -> int:
        return 5

    async def main() -> None:
        assert await awaitable(produce) == 5
        assert await awaitable(int) == 0
        assert awaitable(str) == ""

    with trace() as seen:
        trio.run(main)
    work, plain, blocking = seen.runs
    assert work.result == "int"
    assert work.task is not None
    assert (plain.task, plain.operation, plain.forced) != (None, "", None)
    assert plain.thread != "MainThread"
    assert blocking.thread == "MainThread"
    assert (blocking.task or "").endswith("main")


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_executor_runs_for_whoever_asked(kind: Callable[[int], Executor]) -> None:
    needs.threads()
    if kind is ProcessPoolExecutor:
        needs.processes()
    with trace() as seen, kind(2) as executor:
        aws = [delayed(math.sqrt)(delayed(math.factorial)(n)) for n in range(3)]
        line = line_here() + 1
        wait_all(aws, executor)
    assert len(seen.runs) == 6
    assert {run.operation for run in seen.runs} == {"wait_all"}
    assert {place(run.forced)[:2] for run in seen.runs} == {(HERE, line)}
    assert {run.result for run in seen.runs} == {"int", "float"}
    threads = {run.thread for run in seen.runs}
    assert (threads == {None}) if kind is ProcessPoolExecutor else (None not in threads)


def test_failure_in_another_process_is_recorded_with_its_place() -> None:
    needs.threads()
    needs.processes()
    with trace() as seen, ProcessPoolExecutor(1) as executor:
        with pytest.raises(ValueError, match=r"math domain error|nonnegative") as caught:
            wait_all([awaitable(math.sqrt, -1)], executor)
        assert any("was created at" in note for note in caught.value.__notes__)
    assert (only(seen).error, only(seen).thread) == ("ValueError", None)


@pytest.mark.parametrize("kind", [None, ThreadPoolExecutor, ProcessPoolExecutor])
def test_prefetch_runs_for_its_caller(kind: Callable[[int], Executor] | None) -> None:
    needs.threads()
    if kind is ProcessPoolExecutor:
        needs.processes()
    executor = kind and kind(1)
    with trace() as seen:
        aw, line = prefetch(awaitable(math.factorial, 5), executor), line_here()
        limit = time.monotonic() + TIMEOUT_S
        while not awaitable_done(aw) or not seen.runs:
            assert time.monotonic() < limit
            time.sleep(0.001)
    if executor is not None:
        executor.shutdown()
    run = only(seen)
    assert (run.operation, place(run.forced)[:2]) == ("prefetch", (HERE, line))
    assert (run.thread is None) is (kind is ProcessPoolExecutor)


def wait_for_file(path: str, fails: bool) -> None:
    """Wait, in another process, until the file is there; then fail, if so."""
    limit = time.monotonic() + TIMEOUT_S
    while not Path(path).exists() and time.monotonic() < limit:
        time.sleep(0.001)
    if fails:
        raise ValueError("from there")


@pytest.mark.parametrize("fails", [False, True])
def test_use_that_waits_for_another_process_is_a_wait(tmp_path: Path, fails: bool) -> None:
    needs.threads()
    needs.processes()
    file = tmp_path / "go on"
    main = threading.get_ident()

    def go_on_when_the_main_thread_waits() -> None:
        while "_receive" not in functions_of(main):
            time.sleep(0.001)
        file.touch()

    with trace() as seen, ProcessPoolExecutor(1) as executor:
        aw = prefetch(awaitable(wait_for_file, str(file), fails), executor)
        while id(aw) not in claims.remote_results:  # before it is sent, a use would run it here
            time.sleep(0.001)
        threading.Thread(target=go_on_when_the_main_thread_waits, daemon=True).start()
        with suppress(ValueError):
            awaitable_wait(aw)
    run = only(seen)  # though a thread of the executor's has taken the failure in too
    assert (run.thread, run.operation) == (None, "prefetch")
    assert run.error == ("ValueError" if fails else None)
    assert [wait.thread for wait in run.waits] == ["MainThread"]


def functions_of(thread: int) -> set[str]:
    """Return the names of the functions that a thread is in."""
    frame, names = sys._current_frames().get(thread), set()
    while frame is not None:
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    return names


def test_coroutine_of_wait_all_async_runs_in_the_loop_for_its_caller() -> None:
    needs.threads()

    async def fetch(n: int) -> int:
        return n

    async def main() -> None:
        assert await wait_all_async([awaitable(fetch, 5), awaitable(int)]) == [5, 0]

    with trace() as seen:
        asyncio.run(main())
    assert {run.operation for run in seen.runs} == {"wait_all_async"}
    assert {run.forced and run.forced.function.rpartition(".")[2] for run in seen.runs} == {"main"}
    assert [
        (run.result, run.task is None) for run in sorted(seen.runs, key=lambda run: run.function)
    ] == [
        ("int", True),
        ("int", False),
    ]


def test_forked_child_can_trace() -> None:
    needs.processes()
    if not hasattr(os, "fork"):
        pytest.skip("no fork")
    program = (
        "import os\n"
        "from awaits import awaitable, trace\n"
        "with trace() as outer:\n"
        "    child = os.fork()\n"
        "    with trace() as seen:\n"
        "        awaitable(int) + 1\n"
        "    assert len(seen.runs) == 1\n"
        "if child:\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=TIMEOUT_S)


# The command.


def run_command(
    folder: Path, *arguments: str, program: str = "", without_rich: bool = False
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m awaits trace`, or with no arguments at all the program by itself."""
    needs.processes()
    pytest.importorskip("rich")
    (folder / "program.py").write_text(program)
    if without_rich:
        (folder / "sitecustomize.py").write_text("import sys\nsys.modules['rich'] = None\n")
    command = ["-m", "awaits", "trace", *arguments] if arguments else ["program.py"]
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


PROGRAM = """\
import os, sys, threading, time
import __main__
from awaits import awaitable
def fail():
    raise KeyError("inside")
print(sys.argv[0], sys.path[0], __name__, __file__, __spec__ is None, vars(__main__) is globals())
threading.Thread(target=lambda: (time.sleep(0.1), awaitable(int) + 1)).start()
awaitable(str, 5).upper()
"""
ENDINGS = {
    "as it ends": "",
    "sys.exit": "sys.exit(3)",
    "a failure": "raise KeyError(5)",
    "a hook": "sys.excepthook = lambda *error: print(error[:2], file=sys.stderr)\nraise KeyError(5)",
    "an interrupt": "os.kill(os.getpid(), 2); time.sleep(30)",
    "a wrong exit code": "sys.exit('what it says')",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_command_does_what_python_does_and_prints_the_table(tmp_path: Path, ending: str) -> None:
    program = PROGRAM + ENDINGS[ending]
    alone = run_command(tmp_path, program=program)
    traced = run_command(tmp_path, "program.py", program=program)
    assert (traced.returncode, traced.stdout) == (alone.returncode, alone.stdout)
    assert traced.stderr.startswith(alone.stderr)
    table = traced.stderr.removeprefix(alone.stderr)
    assert " program.py:8 " in table
    assert "2 runs of 2 Awaits in 2 threads or tasks" in table  # the thread ends last


def test_command_hands_over_arguments_and_runs_modules(tmp_path: Path) -> None:
    program = "import sys\nprint(sys.argv, __name__, __spec__ and __spec__.name)\n"
    script = run_command(tmp_path, "program.py", "--html", "-m", "x", program=program)
    assert script.stdout == "['program.py', '--html', '-m', 'x'] __main__ None\n"
    module = run_command(tmp_path, "-m", "program", "--html", "x", program=program)
    path = str(tmp_path / "program.py")
    assert module.stdout == f"{[path, '--html', 'x']} __main__ program\n"
    assert {path.name for path in tmp_path.iterdir()} <= {"program.py", "__pycache__"}


def test_command_shows_a_failure_from_the_program_on(tmp_path: Path) -> None:
    failing = run_command(
        tmp_path, "program.py", program="from awaits import awaitable\nawaitable(int, 'x').real\n"
    )
    assert failing.returncode == 1
    lines = failing.stderr.splitlines()
    assert lines[:2] == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path / "program.py"}", line 2, in <module>',
    ]
    assert f"the Await of int was created at {tmp_path / 'program.py'}:2, in <module>" in lines
    assert "! ValueError" in failing.stderr


def test_command_writes_files_from_where_it_began(tmp_path: Path) -> None:
    program = "import os\nfrom awaits import awaitable\nos.chdir('/')\nawaitable(int) + 1\n"
    ran = run_command(tmp_path, "--html", "a.html", "--chrome", "a.json", "program.py", program=program)
    assert ran.returncode == 0
    assert '"program.py:4"' in (tmp_path / "a.html").read_text()
    assert '"__add__"' in (tmp_path / "a.json").read_text()
    assert "__add__" in ran.stderr
    nowhere = run_command(tmp_path, "--html", "no/a.html", "program.py", program=program)
    assert nowhere.returncode == 0
    assert "awaits trace: [Errno 2] No such file or directory" in nowhere.stderr


def test_command_without_rich_says_so_before_the_program_runs(tmp_path: Path) -> None:
    program = "print('it runs')\n"
    refused = run_command(tmp_path, "program.py", program=program, without_rich=True)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "pip install 'typed-awaits[trace]'" in refused.stderr
    # A file needs no rich.
    ran = run_command(tmp_path, "--html", "a", "program.py", program=program, without_rich=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "it runs\n", "")
    assert (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--html", "x"], "name a SCRIPT"), (["nowhere.py"], "No such file or directory: ")],
)
def test_command_refuses_what_is_no_program(tmp_path: Path, arguments: list[str], message: str) -> None:
    refused = run_command(tmp_path, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr


def without_times(output: str, folder: str) -> list[str]:
    """Return the words of each line, without what differs from run to run."""
    lines = [" ".join(line.split()) for line in output.replace(f"{folder}/", "/home/ada/").splitlines()]
    return [re.sub(r"─+|[\d.]+ [\d.]+( [\d.]+ \(1\))?$|they took .*", "", line) for line in lines]


def test_guide_shows_what_its_program_prints(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "trace.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert [language for language, _ in blocks] == ["python", "text", "sh"]
    (_, program), (_, printed), (_, command) = blocks
    alone = run_command(tmp_path, program=program)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert without_times(alone.stdout, str(tmp_path)) == without_times(printed, "/home/ada")
    assert {path.suffix for path in tmp_path.iterdir()} == {".py", ".html", ".json"}
    prefix = "python -m awaits trace "
    assert command.startswith(prefix)
    traced = run_command(tmp_path, *command.removeprefix(prefix).split(), program=program)
    assert traced.returncode == 0
    assert "5 runs of 5 Awaits" in traced.stderr


def test_trace_that_is_off_leaves_no_hook() -> None:
    with suppress(KeyError), trace():
        raise KeyError
    assert recording.recorder is None
    assert awaitable(int) + 1 == 1


# A trace that ends in another thread can end anywhere.


class Here(Executor):
    """Runs each call at once; to the library it is an executor like any other, as one of processes."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def make() -> None:
    awaitable(int)


def run_one() -> None:
    assert awaitable(int, "5") + 1 == 6


def run_coroutine() -> None:
    async def produce() -> int:
        return 5

    async def use_twice() -> list[int]:
        return list(await asyncio.gather(*[awaitable(produce)] * 2))

    assert asyncio.run(use_twice()) == [5, 5]


def run_submitted() -> None:
    assert wait_all([awaitable(int, "5")], Here()) == [5]


def wait_for_another_thread() -> None:
    started = threading.Event()

    def produce() -> str:
        started.set()
        time.sleep(0.01)
        return "ab"

    aw = awaitable(produce)
    thread = threading.Thread(target=awaitable_wait, args=(aw,))
    thread.start()
    assert started.wait(TIMEOUT_S)
    assert len(aw) == 2
    thread.join()


@pytest.mark.parametrize("use", [make, run_one, run_coroutine, run_submitted, wait_for_another_thread])
def test_trace_may_end_at_any_moment(use: Callable[[], None]) -> None:
    if use is wait_for_another_thread:
        needs.threads()  # here, where no trace is on
    for point in range(1, 2000):
        seen = trace()
        seen.__enter__()
        reached = call_disturbed(point, seen.__exit__, use)
        if not reached:
            seen.__exit__()
            break
    assert point < 1999
    assert recording.recorder is None
