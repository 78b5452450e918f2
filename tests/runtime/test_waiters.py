"""Those who wait for one run: each gets what it gave, its failure too, as if it were alone."""

import asyncio
import copy
import errno
import io
import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from awaits import (
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_release,
    awaitable_wait,
)
from awaits._running.failures import copy_of
from awaits.executors import as_completed, prefetch, wait_all
from tests.runtime import needs
from tests.runtime.calls import in_threads
from tests.runtime.loops import LOOPS, TIMEOUT_S, Loop
from tests.runtime.stepping import entries

USES: dict[str, Callable[[Any], Any]] = {
    "wait": awaitable_wait,
    "release": awaitable_release,
    "operator": lambda aw: aw + 1,
    "attribute": lambda aw: aw.real,
    "iteration": lambda aw: list(aw),
    "wait_all": lambda aw: wait_all([aw]),
    "as_completed": lambda aw: list(as_completed([aw])),
}


def waiting() -> int:
    """Return how many threads run an Await or wait for one."""
    found = entries()
    return max(len(found["claims in C"]), len(found["claims._innermost"]))


class Run:
    """A call that ends when so many wait for it."""

    def __init__(self, ends: BaseException, waiters: int = 0) -> None:
        self.runs = 0
        self.ends = ends
        self.waiters = waiters
        self.began = threading.Event()

    def __call__(self) -> Any:
        self.runs += 1
        self.began.set()
        limit = time.monotonic() + TIMEOUT_S
        while waiting() < self.waiters + 1:
            assert time.monotonic() < limit
            time.sleep(0.001)
        time.sleep(0.01 * (self.waiters > 0))  # the pure build counts those too that are about to wait
        raise self.ends


def raised_in(me: int, use_it: Callable[[Any], Any], aw: Any) -> BaseException:
    """Use the Await, and return what it raises, the traceback of which has this frame."""
    try:
        use_it(aw)
    except BaseException as error:
        return error
    raise AssertionError("it did not fail")


def raised_in_threads(run: Run, count: int, use_it: Callable[[Any], Any]) -> list[BaseException]:
    """Return what as many threads get that wait for a run, the one that runs it first."""
    aw = awaitable(run)
    errors: list[Any] = [None] * count

    def wait(me: int) -> None:
        assert me == 0 or run.began.wait(TIMEOUT_S)
        errors[me] = raised_in(me, use_it, aw)

    in_threads(*[partial(wait, me) for me in range(count)])
    return errors


def check_own_traceback(error: BaseException, me: int, of: Any = Run.__call__) -> None:
    """Check that it is the traceback of the function, and of none of those who waited but this one."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    assert [frame.f_code for frame in frames].count(of.__code__) == 1
    assert frames[-1].f_code is of.__code__
    assert [frame.f_locals["me"] for frame in frames if frame.f_code is raised_in.__code__] == [me]


@pytest.mark.parametrize("name", USES)
def test_threads_that_wait_share_the_failure_of_one_run(name: str) -> None:
    needs.threads()
    run = Run(ValueError("from inside", 5), waiters=4)
    errors = raised_in_threads(run, 5, USES[name])
    assert run.runs == 1
    assert len(set(map(id, errors))) == 5
    for me, error in enumerate(errors):
        assert type(error) is ValueError
        assert error.args == ("from inside", 5)
        check_own_traceback(error, me)


def test_each_thread_sees_what_it_was_handling() -> None:
    needs.threads()
    run = Run(ValueError("from inside"), waiters=2)

    def wait_again(aw: Any) -> None:
        try:
            raise KeyError(threading.get_ident())
        except KeyError:
            awaitable_wait(aw)

    errors = raised_in_threads(run, 3, wait_again)
    assert [type(error.__context__) for error in errors] == [KeyError] * 3
    assert len({repr(error.__context__) for error in errors}) == 3


def test_those_who_wait_for_a_prefetch_share_its_failure() -> None:
    needs.threads()
    run = Run(ValueError("from inside"), waiters=2)
    aw = awaitable(run)
    prefetch(aw)
    assert run.began.wait(TIMEOUT_S)
    errors: list[Any] = [None] * 2

    def wait(me: int) -> None:
        errors[me] = raised_in(me, awaitable_wait, aw)

    in_threads(*[partial(wait, me) for me in range(2)])
    assert run.runs == 1
    for me, error in enumerate(errors):
        check_own_traceback(error, me)


def test_who_comes_later_starts_a_new_run() -> None:
    needs.threads()
    run = Run(ValueError("from inside"), waiters=2)
    aw = awaitable(run)
    raised_in_threads(run, 3, awaitable_wait)
    run.waiters = 0
    raised_in(0, awaitable_wait, aw)
    raised_in(0, awaitable_wait, aw)
    assert run.runs == 3


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_those_who_waited_for_a_run_that_is_interrupted_begin_anew(kind: type[BaseException]) -> None:
    needs.threads()
    run = Run(kind(), waiters=2)

    def run_once() -> int:
        if run.runs == 0:
            run()
        return 5

    aw = awaitable(run_once)
    found: list[Any] = []

    def wait(me: int) -> None:
        assert me == 0 or run.began.wait(TIMEOUT_S)
        try:
            found.append(awaitable_wait(aw))
        except kind:
            found.append("interrupted")

    in_threads(*[partial(wait, me) for me in range(3)])
    assert sorted(map(str, found)) == ["5", "5", "interrupted"]


@pytest.mark.parametrize("kind", [AttributeError, StopIteration])
def test_each_implicit_wait_says_what_python_would_swallow(kind: type[Exception]) -> None:
    needs.threads()
    run = Run(kind("from inside"), waiters=2)
    errors = raised_in_threads(run, 3, USES["attribute" if kind is AttributeError else "iteration"])
    assert run.runs == 1
    for error in errors:
        assert type(error) is AwaitError
        assert type(error.__cause__) is kind
    assert len({id(error.__cause__) for error in errors}) == 3


def test_a_cycle_through_threads_is_an_error_in_each_of_them() -> None:
    needs.threads()
    aws: list[Any] = []
    runs: list[int] = []

    def need(me: int) -> Any:
        runs.append(me)
        while len(runs) < 2:
            time.sleep(0.001)
        return awaitable_wait(aws[1 - me])

    aws += [awaitable(need, 0), awaitable(need, 1)]
    errors: list[Any] = [None, None]

    def wait(me: int) -> None:
        errors[me] = raised_in(me, awaitable_wait, aws[me])

    in_threads(*[partial(wait, me) for me in range(2)])
    assert [type(error) for error in errors] == [AwaitCycleError] * 2
    assert sorted(runs) == [0, 1]


# Tasks.


@pytest.fixture(params=LOOPS)
def loop(request: pytest.FixtureRequest) -> Loop:
    return LOOPS[request.param]()


async def raised_in_task(me: int, aw: Any) -> BaseException:
    try:
        await aw
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def check_own_task(error: BaseException, me: int, of: Any) -> None:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    assert frames[-1].f_code is of.__code__
    assert [frame.f_code for frame in frames].count(of.__code__) == 1
    mine = [frame.f_locals["me"] for frame in frames if frame.f_code is raised_in_task.__code__]
    assert mine == [me]


def fail_slowly(runs: list[int]) -> int:
    runs.append(1)
    time.sleep(0.05)
    raise ValueError("from inside")


@pytest.mark.parametrize("is_coroutine", [False, True])
def test_tasks_that_wait_share_the_failure_of_one_run(loop: Loop, is_coroutine: bool) -> None:
    if not is_coroutine:
        needs.threads()
    runs: list[int] = []

    async def fail_in_the_loop() -> int:
        runs.append(1)
        await loop.pause()
        raise ValueError("from inside")

    function: Any = fail_in_the_loop if is_coroutine else fail_slowly
    aw = awaitable(function, *([] if is_coroutine else [runs]))

    async def main() -> list[Any]:
        return await loop.in_tasks([raised_in_task(me, aw) for me in range(20)])

    errors = loop.run(main)
    assert len(runs) == 1
    assert len(set(map(id, errors))) == 20
    for me, error in enumerate(errors):
        assert (type(error), error.args) == (ValueError, ("from inside",))
        check_own_task(error, me, function)


def logged_by(error: BaseException) -> int:
    """Return how many characters the log of an error has."""
    stream = io.StringIO()
    logger = logging.Logger("waiters")
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("failed", exc_info=error)
    return len(stream.getvalue())


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_each_task_logs_what_the_first_one_that_awaits_a_task_of_asyncio_logs(count: int) -> None:
    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("from inside")

    async def logged(one: Any) -> int:
        try:
            return int(await one)
        except ValueError as error:
            return logged_by(error)

    async def logged_by_each(one: Any) -> list[int]:
        return [*await asyncio.gather(*[logged(one) for _ in range(count)])]

    async def main() -> None:
        # With a task all have one error, and only the first sees the frames of the function in it.
        first, *_ = await logged_by_each(asyncio.create_task(fail()))
        assert set(await logged_by_each(awaitable(fail))) == {first}

    asyncio.run(main())


@pytest.mark.parametrize("count", [10, 100])
def test_each_thread_logs_at_most_twice_what_one_that_waits_for_a_future_logs(count: int) -> None:
    needs.threads()
    run = Run(ValueError("from inside"), waiters=count - 1)
    errors = raised_in_threads(run, count, awaitable_wait)
    with ThreadPoolExecutor(1) as executor:
        alone = raised_in(0, Future.result, executor.submit(fail_slowly, []))
    assert max(map(logged_by, errors)) <= 2 * logged_by(alone)


def test_what_tasks_log_grows_with_their_number(loop: Loop) -> None:
    async def fail() -> int:
        await loop.pause()
        raise ValueError("from inside")

    async def log_all(awaitables: list[Any]) -> int:
        errors = await loop.in_tasks([raised_in_task(me, one) for me, one in enumerate(awaitables)])
        return sum(map(logged_by, errors))

    def logged(count: int) -> int:
        aw = awaitable(fail)
        return int(loop.run(lambda: log_all([aw] * count)))

    few, many = logged(10), logged(200)
    assert many <= 20 * few * 1.05  # the number of a task has more digits


def test_threads_and_tasks_share_one_run(loop: Loop) -> None:
    needs.threads()
    runs: list[int] = []
    aw = awaitable(fail_slowly, runs)

    async def main() -> list[Any]:
        task = loop.start(raised_in_task(0, aw))
        await loop.until(lambda: bool(runs))
        return [await loop.in_thread(raised_in, 1, awaitable_wait, aw), await task]

    in_thread, in_task = loop.run(main)
    assert len(runs) == 1
    check_own_traceback(in_thread, 1, fail_slowly)
    check_own_task(in_task, 0, fail_slowly)


# Executors.


def fail_in_a_process(folder: str) -> int:
    Path(folder, str(time.monotonic_ns())).touch()
    time.sleep(0.2)
    raise ValueError("from inside")


def test_those_who_wait_for_a_process_share_its_failure(tmp_path: Path) -> None:
    needs.processes()
    aw = awaitable(fail_in_a_process, str(tmp_path))
    errors: list[Any] = [None] * 4

    def wait(me: int) -> None:
        errors[me] = raised_in(me, awaitable_wait, aw)

    with ProcessPoolExecutor(1) as pool:
        prefetch(aw, executor=pool)
        while not any(tmp_path.iterdir()):  # before it is sent, a use would run it here
            time.sleep(0.001)
        in_threads(*[partial(wait, me) for me in range(4)])
    assert len(list(tmp_path.iterdir())) == 1
    assert len(set(map(id, errors))) == 4
    for me, error in enumerate(errors):
        assert (type(error), error.args) == (ValueError, ("from inside",))
        assert "fail_in_a_process" in str(error.__cause__)  # what the process had for a traceback
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        assert [frame.f_locals["me"] for frame in frames if frame.f_code is raised_in.__code__] == [me]


# The copy.


class StatefulError(Exception):
    """An error that cannot be made again by its arguments."""

    __slots__ = ("slot",)

    def __init__(self, code: int, *, key: str) -> None:
        super().__init__(f"code {code}")
        self.code = code
        self.key = key
        self.slot = None


class OddError(OSError):
    """One that has the state of a class in C, and its own way to be made."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.ENOENT, "not there", path)


def raised(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError


def divide_by_nothing() -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        raise StatefulError(3, key="k") from error


ERRORS: dict[str, BaseException] = {
    "plain": ValueError("a", 1),
    "own": StatefulError(3, key="k"),
    "with a cause": raised(divide_by_nothing),
    "of the system": raised(lambda: open("/no/such/file")),  # noqa: SIM115, PTH123
    "of the system, own": OddError("/no/such/file"),
    "unicode": raised(lambda: b"\xff".decode()),
    "syntax": raised(lambda: compile("1 +", "a file", "eval")),
    "import": raised(lambda: __import__("no_such_module")),
    "stop": StopIteration(5),
    "exit": SystemExit(3),
    "attribute": raised(lambda: (5).nothing),  # type: ignore[attr-defined]
    "name": raised(lambda: no_such_name),  # type: ignore[name-defined] # noqa: F821
    "key": KeyError("k"),
    "group": ExceptionGroup("several", [ValueError(1), OSError(2, "two")]),
    "recursion": RecursionError("deep"),
}


def state_of(error: BaseException) -> dict[str, Any]:
    """Return all that can be read of an error but its traceback."""
    names = set(dir(error)) - {"__traceback__", "__dict__"}
    state = {name: getattr(error, name, None) for name in names}
    return {name: value for name, value in state.items() if not callable(value)}


@pytest.mark.parametrize("name", ERRORS)
def test_a_copy_of_an_error_has_all_that_the_error_has(name: str) -> None:
    error = ERRORS[name]
    if hasattr(error, "add_note"):
        error.add_note("a note")
    copied = copy_of(error)
    assert copied is not error
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert state_of(copied) == state_of(error)
    before = copy.copy(error.__notes__)
    copied.add_note("another")
    assert error.__notes__ == before
