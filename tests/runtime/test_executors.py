"""Many Awaits at once: each runs once, in the order of the graph, and a failure loses nothing."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path
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
from awaits.executors import (
    as_completed,
    as_completed_async,
    prefetch,
    prefetch_async,
    wait_all,
    wait_all_async,
)

from . import needs
from .calls import fetched, logged, plus, total
from .loops import TIMEOUT_S


@pytest.fixture(autouse=True)
def can_have_threads() -> None:
    needs.threads()


class Inline(Executor):
    """Calls at once, in the thread that submits."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture(params=["threads", "two processes", "inline", "default"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    if request.param == "two processes":
        needs.processes()
    kinds: dict[str, Callable[[], Executor]] = {
        "threads": lambda: ThreadPoolExecutor(4),
        "two processes": lambda: ProcessPoolExecutor(2),
        "inline": Inline,
    }
    if request.param == "default":
        yield None
        return
    with kinds[request.param]() as made:
        yield made


def failing(folder: Path, name: str) -> int:
    """Fail, unless a file says that it did so before."""
    if (folder / name).exists():
        return 1
    (folder / name).touch()
    raise ValueError(f"no {name}")


def dying(folder: Path) -> int:
    """End the process, unless a file says that it did so before."""
    if (folder / "died").exists():
        return 1
    (folder / "died").touch()
    os._exit(1)


def test_results_are_in_order_and_each_call_runs_once(executor: Executor | None, tmp_path: Path) -> None:
    leaves = [plus(tmp_path, n) for n in range(20)]
    layer = leaves
    for _ in range(3):
        layer = [total(a, b) for a, b in pairwise(layer)]
    results = wait_all([*layer, awaitable_nowait(-1), leaves[0], layer[0]], executor)
    expected = [n + 1 + 3 * (n + 2) + 3 * (n + 3) + n + 4 for n in range(17)]
    assert results == [*expected, -1, 1, expected[0]]
    assert len(list(tmp_path.iterdir())) == 20
    assert all(map(awaitable_done, [*leaves, *layer]))


def test_calls_that_are_not_delayed_run_too(executor: Executor | None) -> None:
    assert wait_all([awaitable(int, "5"), awaitable(int, "f", base=16)], executor) == [5, 15]


def test_what_a_coroutine_returns_is_the_result(executor: Executor | None) -> None:
    assert wait_all([fetched(2), total(fetched(fetched(3)), 1)], executor) == [20, 301]


def test_a_long_chain_needs_no_deep_recursion(executor: Executor | None) -> None:
    aw = total(0)
    for _ in range(2000):
        aw = total(aw, 1)
    assert wait_all([aw], executor) == [2000]


def test_a_failure_names_its_await_and_loses_nothing(executor: Executor | None, tmp_path: Path) -> None:
    good, bad = plus(tmp_path, 1), awaitable(failing, tmp_path, "a")
    wait_all([good], executor)
    above = total(good, bad)
    with pytest.raises(ValueError, match="no a") as caught:
        wait_all([good, above], executor)
    assert caught.value.aw is bad  # type: ignore[attr-defined]
    assert "while waiting for <Await pending: failing>" in caught.value.__notes__
    assert awaitable_done(good)
    assert not awaitable_done(bad)
    assert wait_all([above, good], executor) == [3, 2]


def test_a_failure_stops_what_has_not_started(tmp_path: Path) -> None:
    aws = [awaitable(failing, tmp_path, "a"), *(plus(tmp_path, n) for n in range(100))]
    with ThreadPoolExecutor(1) as one, pytest.raises(ValueError, match="no a"):
        wait_all(aws, one)
    assert sum(map(awaitable_done, aws)) == 0
    assert wait_all(aws) == [1, *range(1, 101)]


def test_a_timeout_leaves_the_rest_pending_and_usable() -> None:
    release = threading.Event()
    slow = awaitable(release.wait)
    done, never = awaitable(int, "1"), total(slow)
    with ThreadPoolExecutor(2) as two:
        with pytest.raises(TimeoutError, match="2 Awaits were not complete in time"):
            wait_all([done, never], two, timeout_s=0.05)
        assert awaitable_done(done)
        assert not awaitable_done(never)
        release.set()
        assert wait_all([never, done], two, timeout_s=60) == [True, 1]


def test_what_is_used_meanwhile_runs_once() -> None:
    begun, release = threading.Event(), threading.Event()
    runs = []

    def slow() -> int:
        runs.append(1)
        begun.set()
        release.wait()
        return 5

    aw = awaitable(slow)
    user = threading.Thread(target=awaitable_wait, args=[aw])
    user.start()
    begun.wait()
    threading.Timer(0.05, release.set).start()
    assert wait_all([total(aw, aw)]) == [10]
    user.join()
    assert runs == [1]


def test_as_completed_gives_each_once_and_complete_ones_first(executor: Executor | None) -> None:
    there = awaitable_nowait(0)
    below = total(1, 2)
    aws = [total(below, 1), below, there, below]
    order = list(as_completed(aws, executor))
    assert order[0] is there
    assert order[1] is below
    assert order[2] is aws[0]
    assert len(order) == 3


def test_as_completed_gives_no_call_before_what_it_needs() -> None:
    class Hasty(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = super().submit(function, *args, **kwargs)
            if threading.current_thread() is not threading.main_thread():
                wait([future], TIMEOUT_S)  # so that what a call makes ready ends before it goes on
            return future

    go = threading.Event()
    below = awaitable(go.wait, TIMEOUT_S)
    aws = [total(below, 1), below, total(1)]
    with Hasty(2) as hasty:
        completed = as_completed(aws, hasty)
        assert next(completed) is aws[2]  # all is submitted that can be
        go.set()
        assert next(completed) is below
        assert next(completed) is aws[0]


def test_as_completed_can_be_left(tmp_path: Path) -> None:
    begun, release = threading.Event(), threading.Event()

    def block() -> bool:
        begun.set()
        return release.wait(TIMEOUT_S)

    aws = [plus(tmp_path, 0), awaitable(block), *(plus(tmp_path, n) for n in range(100))]
    with ThreadPoolExecutor(1) as one:
        for aw in as_completed(aws, one):
            assert aw is aws[0]
            # Else the thread may overtake: the first is withdrawn first, and it goes on with the next.
            assert begun.wait(TIMEOUT_S)
            break
        release.set()
    assert [awaitable_done(aw) for aw in aws] == [True, True, *[False] * 100]
    assert wait_all(aws) == [1, True, *range(1, 101)]


def test_as_completed_fails_with_the_first_that_does(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no a"):
        list(as_completed([awaitable(failing, tmp_path, "a")]))


def test_prefetch_starts_the_run_and_a_use_joins_it(executor: Executor | None, tmp_path: Path) -> None:
    aw = total(plus(tmp_path, 1), plus(tmp_path, 2))
    assert prefetch(aw, executor) is aw
    assert awaitable_wait(aw) == 5
    assert len(list(tmp_path.iterdir())) == 2


def test_prefetch_overlaps() -> None:
    begun, release = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        release.wait()
        return 1

    aw = prefetch(awaitable(slow))
    begun.wait()
    assert not awaitable_done(aw)
    release.set()
    assert aw + 1 == 2


@pytest.mark.parametrize("function", [lambda x: wait_all([x]), lambda x: as_completed([x]), prefetch])
def test_what_is_no_await_is_refused_at_once(function: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match=r"\(\) needs Awaits, not 'int'"):
        function(3)


# Processes.


@pytest.fixture
def two_processes() -> Iterator[ProcessPoolExecutor]:
    needs.processes()
    with ProcessPoolExecutor(2) as made:
        yield made


def test_calls_run_in_other_processes(two_processes: ProcessPoolExecutor) -> None:
    pids = wait_all([awaitable(os.getpid) for _ in range(4)], two_processes)
    assert os.getpid() not in pids


def test_a_use_here_joins_the_run_in_another_process(
    two_processes: ProcessPoolExecutor, tmp_path: Path
) -> None:
    aw = delayed(pausing)(tmp_path)
    prefetch(aw, two_processes)
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    assert awaitable_wait(aw) != os.getpid()
    assert len(list(tmp_path.iterdir())) == 1


def pausing(folder: Path) -> int:
    logged(folder, "pausing")
    time.sleep(0.2)
    return os.getpid()


def test_what_cannot_travel_is_named(two_processes: ProcessPoolExecutor) -> None:
    lock = threading.Lock()
    first = awaitable(os.getpid)
    with pytest.raises(AwaitError, match="argument 0 of type cannot be sent"):
        wait_all([first, awaitable(type, lock)], two_processes)
    with pytest.raises(AwaitError, match="argument 'key' of dict cannot be sent"):
        wait_all([first, awaitable(dict, key=lock)], two_processes)
    assert not awaitable_done(first)
    with pytest.raises(AwaitError, match="an argument of type cannot be sent"):
        wait_all([delayed(type)(awaitable_nowait(lock))], two_processes)
    with pytest.raises(AwaitError, match=r"the function of .*acquire cannot be sent"):
        wait_all([awaitable(lock.acquire)], two_processes)
    with pytest.raises(AwaitError, match="the result of a_lock cannot come back"):
        wait_all([awaitable(a_lock)], two_processes)


def a_lock() -> object:
    return threading.Lock()


def test_a_process_that_dies_loses_nothing_that_was_computed(tmp_path: Path) -> None:
    needs.processes()
    leaves = [plus(tmp_path, n) for n in range(10)]
    above = total(*leaves, delayed(dying)(tmp_path))
    with ProcessPoolExecutor(2) as dies:
        wait_all(leaves, dies)
        with pytest.raises(BrokenProcessPool) as caught:
            wait_all([above], dies)
    assert caught.value.aw is above.args()[-1]  # type: ignore[attr-defined]
    assert "not complete: dying" in caught.value.__notes__
    assert all(map(awaitable_done, leaves))
    with ProcessPoolExecutor(2) as lives:
        assert wait_all([above], lives) == [56]
    assert len(list(tmp_path.glob("plus*"))) == 10


# A bar.


def test_progress_is_quiet_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    assert wait_all([total(total(1), n) for n in range(3)], progress=True) == [1, 2, 3]
    assert capsys.readouterr() == ("", "")


def test_progress_counts_all_calls_on_a_terminal() -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    needs.processes()
    program = (
        "import sys; sys.stderr.isatty = lambda: True\n"
        "from awaits import delayed; from awaits.executors import wait_all\n"
        "wait_all([delayed(int)(delayed(str)(n)) for n in range(3)], progress=True)\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "6/6" in shown.stderr


def test_progress_without_tqdm_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install 'typed-awaits\[progress\]'"):
        wait_all([total(1)], progress=True)


def test_awaits_itself_imports_no_executor() -> None:
    needs.processes()
    program = "import sys, awaits; sys.exit('concurrent.futures' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_threads_load_nothing_that_only_others_need() -> None:
    needs.processes()
    program = """
import sys
from awaits import awaitable, delayed
from awaits.executors import as_completed, prefetch, wait_all
twice = delayed(lambda n: n * 2)
print(wait_all([twice(awaitable(int, "2"))]), len([*as_completed([twice(1)])]), prefetch(twice(4)) + 1)
print({"asyncio", "multiprocessing", "pickle", "socket", "ssl", "subprocess"} & {*sys.modules})
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[4] 1 9\nset()\n"


def test_types_of_many(tmp_path: Path) -> None:
    aws: list[Await[int]] = [plus(tmp_path, 1)]
    numbers: list[int] = wait_all(aws)
    assert numbers == [2]


# In a loop of asyncio.


@delayed
async def slept(n: int, seconds: float = 0.0) -> int:
    await asyncio.sleep(seconds)
    return n


def test_many_in_a_loop_give_what_they_give_without(executor: Executor | None, tmp_path: Path) -> None:
    async def main() -> list[object]:
        leaves = [plus(tmp_path, n) for n in range(5)]
        above = [total(leaf, slept(leaf), fetched(slept(leaf))) for leaf in leaves]
        return await wait_all_async([*above, slept(leaves[0])], executor)

    assert asyncio.run(main()) == [12, 24, 36, 48, 60, 1]
    assert len(list(tmp_path.iterdir())) == 5


def test_the_loop_is_not_blocked_and_coroutines_overlap() -> None:
    met = asyncio.Barrier(3)

    @delayed
    async def meets() -> bool:
        await met.wait()
        return True

    release = threading.Event()

    async def main() -> list[object]:
        blocked = awaitable(release.wait)
        all_of_them = asyncio.ensure_future(wait_all_async([blocked, meets(), meets()]))
        await met.wait()
        release.set()
        return await all_of_them

    assert asyncio.run(main()) == [True, True, True]


def test_as_completed_in_a_loop() -> None:
    async def main() -> None:
        late, there, early = slept(1, 0.05), awaitable_nowait(2), total(slept(3))
        order = [aw async for aw in as_completed_async([late, early, there, early])]
        assert list(map(id, order)) == [id(there), id(early), id(late)]
        async for aw in as_completed_async([slept(1), slept(2, 60)]):
            assert await aw == 1
            break

    asyncio.run(main())


def test_a_failure_and_a_timeout_in_a_loop(tmp_path: Path) -> None:
    async def main() -> None:
        aws = [awaitable(failing, tmp_path, "a"), total(slept(1))]
        with pytest.raises(ValueError, match="no a") as caught:
            await wait_all_async(aws)
        assert caught.value.aw is aws[0]  # type: ignore[attr-defined]
        assert await wait_all_async(aws) == [1, 1]
        with pytest.raises(ValueError, match="no b"):
            [aw async for aw in as_completed_async([awaitable(failing, tmp_path, "b")])]
        slow = total(slept(1, 60))
        with pytest.raises(TimeoutError):
            await wait_all_async([slow], timeout_s=0.05)
        assert not awaitable_done(slow)

    asyncio.run(main())


def test_a_task_that_is_cancelled_leaves_the_rest_pending() -> None:
    async def main() -> None:
        slow = total(slept(1, 60))
        waiting = asyncio.ensure_future(wait_all_async([slow]))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not awaitable_done(slow)

    asyncio.run(main())


def test_prefetch_in_a_loop_starts_the_run() -> None:
    async def main() -> None:
        begun = asyncio.Event()

        @delayed
        async def notes() -> int:
            begun.set()
            return 1

        aw = prefetch_async(total(notes(), 1))
        await begun.wait()
        assert await aw == 2
        prefetch_async(awaitable(int, "no number"))
        await asyncio.sleep(0.05)

    asyncio.run(main())


def test_two_who_wait_for_the_same_send_it_once(
    two_processes: ProcessPoolExecutor, tmp_path: Path
) -> None:
    shared = delayed(pausing)(tmp_path)
    threads = [threading.Thread(target=wait_all, args=[[shared], two_processes]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert awaitable_done(shared)
    assert len(list(tmp_path.iterdir())) == 1


def test_an_executor_that_is_shut_down_by_another_ends_the_wait() -> None:
    release = threading.Event()
    one = ThreadPoolExecutor(1)
    aws = [awaitable(release.wait), total(1)]

    def shut_down() -> None:
        one.shutdown(wait=False, cancel_futures=True)
        release.set()

    threading.Timer(0.05, shut_down).start()
    with pytest.raises(CancelledError):
        wait_all(aws, one)
    assert wait_all(aws) == [True, 1]


def test_an_executor_that_is_shut_down_withdraws_what_no_thread_has_begun() -> None:
    submissions, is_down = threading.Semaphore(0), threading.Event()

    class Counting(ThreadPoolExecutor):
        def submit(self, /, *args: Any, **kwargs: Any) -> Any:
            future = super().submit(*args, **kwargs)
            submissions.release()
            return future

    two = Counting(2)

    def shut_down() -> None:
        for _ in range(3):  # one more than there are threads
            submissions.acquire()
        two.shutdown(wait=False, cancel_futures=True)
        is_down.set()

    aws = [awaitable(is_down.wait) for _ in range(100)]
    threading.Thread(target=shut_down).start()
    with pytest.raises(CancelledError):
        wait_all(aws, two)
    assert not all(map(awaitable_done, aws))
    assert not submissions.acquire(blocking=False)
    assert all(wait_all(aws))


@pytest.mark.parametrize("number", [1, 2, 20])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_threads_that_cannot_start_end_the_wait(number: int) -> None:
    def refuse() -> None:
        raise OSError("no")

    aws = [total(n) for n in range(number)]
    with ThreadPoolExecutor(2, initializer=refuse) as broken, pytest.raises(BrokenExecutor):
        wait_all(aws, broken)
    assert wait_all(aws) == list(range(number))


def test_what_one_call_makes_ready_runs_on_all_threads() -> None:
    together = threading.Barrier(3, timeout=10)

    @delayed
    def meet(_: int) -> int:
        return together.wait()

    first = total(1)
    with ThreadPoolExecutor(3) as three:
        assert sorted(wait_all([meet(first) for _ in range(3)], three)) == [0, 1, 2]


# Context variables: a call sees those of whoever had it run, and changes its own copy.

variable: ContextVar[str] = ContextVar("variable", default="unset")


def seen_and_changed() -> str:
    seen = variable.get()
    variable.set("changed by a call")
    return seen


async def seen_and_changed_in_a_task() -> str:
    return seen_and_changed()


@delayed
def seen_after(*before: Any) -> list[Any]:
    return [*before, seen_and_changed()]


def graph() -> list[Any]:
    """Return Awaits one of which is ready, one waits for another, and one is needed twice."""
    first = awaitable(seen_and_changed)
    return [first, seen_after(first), seen_after(seen_after(first), first)]


def with_prefetch(aws: list[Any], executor: Executor | None) -> None:
    for aw in aws:
        prefetch(aw, executor)
    while not all(map(awaitable_done, aws)):  # a use could be what runs it
        time.sleep(0.001)


def with_wait_all_async(aws: list[Any], executor: Executor | None) -> None:
    asyncio.run(wait_all_async(aws, executor))


def with_as_completed_async(aws: list[Any], executor: Executor | None) -> None:
    async def main() -> None:
        async for _ in as_completed_async(aws, executor):
            pass

    asyncio.run(main())


def with_prefetch_async(aws: list[Any], executor: Executor | None) -> None:
    async def main() -> None:
        for aw in aws:
            prefetch_async(aw, executor)
        await wait_all_async(aws)

    asyncio.run(main())


WAYS: dict[str, Callable[[list[Any], Executor | None], object]] = {
    "prefetch": with_prefetch,
    "wait_all": wait_all,
    "as_completed": lambda aws, executor: list(as_completed(aws, executor)),
    "prefetch_async": with_prefetch_async,
    "wait_all_async": with_wait_all_async,
    "as_completed_async": with_as_completed_async,
}


def flat(value: Any) -> list[str]:
    return [item for part in value for item in flat(part)] if isinstance(value, list) else [value]


def values_seen(way: str, aws: list[Any], executor: Executor | None) -> set[str]:
    """Return what the calls saw that one caller had run, who set the variable."""
    token = variable.set("set by the caller")
    try:
        WAYS[way](aws, executor)
        assert variable.get() == "set by the caller"
    finally:
        variable.reset(token)
    return {seen for aw in aws for seen in flat(awaitable_wait(aw))}


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("way", WAYS)
def test_calls_see_the_context_variables_of_their_caller(way: str, workers: int) -> None:
    needs.threads()
    with nullcontext() if not workers else ThreadPoolExecutor(workers) as executor:
        # What the threads have themselves, from whoever was first, is not to be seen.
        WAYS[way]([awaitable(seen_and_changed) for _ in range(3)], executor)
        for _ in range(3):
            assert values_seen(way, graph(), executor) == {"set by the caller"}


@pytest.mark.parametrize("way", ["prefetch_async", "wait_all_async", "as_completed_async"])
def test_coroutine_functions_see_the_context_variables_of_their_caller(way: str) -> None:
    needs.threads()
    token = variable.set("set by the caller")
    aws: list[Any] = [awaitable(seen_and_changed_in_a_task) for _ in range(3)]
    try:
        WAYS[way](aws, None)
    finally:
        variable.reset(token)

    async def main() -> list[str]:
        return [await aw for aw in aws]

    assert asyncio.run(main()) == ["set by the caller"] * 3
