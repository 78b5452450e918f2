"""What a failure leaves behind: nothing that grows, and nothing that keeps anything alive."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NoReturn

import pytest

from awaits import (
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_release,
    awaitable_wait,
)
from tests.runtime import needs
from tests.runtime.loops import TIMEOUT_S, use


class Argument:
    """Something that shows whether it is still alive."""


class Failed(Exception):  # noqa: N818
    """The use failed, where it is not to be seen."""


async def fails(awaiting: Any) -> None:
    failed = False
    try:
        await awaiting
    except BaseException:
        failed = True
    assert failed


def fail_in_a_loop(main: Coroutine[Any, Any, None]) -> NoReturn:
    """Run a coroutine in which something fails, and keep that in: the loop would keep it alive."""
    asyncio.run(main)
    raise Failed


def await_in_a_loop(aw: Any) -> None:
    fail_in_a_loop(fails(aw))


def await_in_two_tasks(aw: Any) -> None:
    async def main() -> None:
        results = await asyncio.gather(use(aw), use(aw), return_exceptions=True)
        assert all(isinstance(result, BaseException) for result in results)

    fail_in_a_loop(main())


def await_by_hand(aw: Any) -> None:
    use(aw).send(None)


def next_item(aw: Any) -> None:
    async def main() -> None:
        await fails(anext(aw))

    fail_in_a_loop(main())


USES: dict[str, Callable[[Any], object]] = {
    "wait": awaitable_wait,
    "release": awaitable_release,
    "operator": lambda aw: aw + 1,
    "attribute": lambda aw: aw.name,
    "hasattr": lambda aw: hasattr(aw, "name"),
    "assignment": lambda aw: setattr(aw, "name", 1),
    "length hint": lambda aw: list(aw),
    "iteration": iter,
    "await": await_in_a_loop,
    "await in two tasks": await_in_two_tasks,
    "await by hand": await_by_hand,
    "anext": next_item,
}
IN_A_LOOP = {"await", "await in two tasks", "anext"}
# What Python would swallow somewhere arrives there as an AwaitError.
FAILURES = [ValueError, AttributeError, TypeError, StopIteration, StopAsyncIteration, KeyboardInterrupt]


@pytest.fixture
def no_gc() -> Iterator[None]:
    """Let nothing go but what nothing refers to."""
    gc.disable()
    yield
    gc.enable()


def failing(failure: type[BaseException]) -> Callable[[Argument], int]:
    def fail(argument: Argument) -> Any:
        raise failure("from inside")

    return fail


def failing_coroutine(failure: type[BaseException]) -> Callable[[Argument], Any]:
    async def fail(argument: Argument) -> int:
        await asyncio.sleep(0)
        raise failure("from inside")

    return fail


def failing_once_more(failure: type[BaseException]) -> Callable[[Argument], int]:
    """Fail in a call that needs another one."""
    inner = failing(failure)

    def fail(argument: Argument) -> Any:
        return awaitable_wait(awaitable(inner, argument))

    return fail


def fails_in(use: Callable[[Any], object], aw: Any) -> None:
    failed = False
    try:
        use(aw)
    except BaseException:
        failed = True
    assert failed


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("make", [failing, failing_once_more])
@pytest.mark.parametrize("name", USES)
def test_a_failure_keeps_nothing_alive(
    name: str, make: Callable[..., Any], failure: type[BaseException]
) -> None:
    if name == "await in two tasks" and failure is KeyboardInterrupt:
        pytest.skip("the loop would end")
    if name in IN_A_LOOP:
        needs.threads()
    argument = Argument()
    alive = weakref.ref(argument)
    aw = awaitable(make(failure), argument)
    del argument
    for _ in range(2):
        fails_in(USES[name], aw)
    assert alive() is not None
    del aw
    assert alive() is None


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("failure", [ValueError, StopAsyncIteration, asyncio.CancelledError])
@pytest.mark.parametrize("use_it", [await_in_a_loop, await_in_two_tasks])
def test_a_failure_of_a_coroutine_function_keeps_nothing_alive(
    use_it: Callable[[Any], None], failure: type[BaseException]
) -> None:
    argument = Argument()
    alive = weakref.ref(argument)
    aw = awaitable(failing_coroutine(failure), argument)
    del argument
    for _ in range(2):
        fails_in(use_it, aw)
    assert alive() is not None
    del aw
    assert alive() is None


@pytest.mark.usefixtures("no_gc")
def test_a_failure_that_other_threads_wait_for_keeps_nothing_alive() -> None:
    needs.threads()
    started = threading.Event()
    failures: list[int] = []

    def fail(argument: Argument) -> int:
        started.set()
        while not failures and not all(repr(one).startswith("<Await running") for one in others):
            time.sleep(0)  # until all wait
        raise ValueError("from inside")

    def wait(one: Any) -> None:
        assert one is others[0] or started.wait(TIMEOUT_S)
        try:
            awaitable_wait(one)
        except ValueError:
            failures.append(1)

    argument = Argument()
    alive = weakref.ref(argument)
    aw = awaitable(fail, argument)
    others = [awaitable(awaitable_wait, aw) for _ in range(4)]
    del aw, argument
    threads = [threading.Thread(target=wait, args=(one,), daemon=True) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert len(failures) == 4
    del threads, thread
    assert alive() is not None
    others.clear()
    assert alive() is None


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("awaits", [False, True])
def test_a_cycle_keeps_nothing_alive(awaits: bool) -> None:
    aws: list[Any] = []

    def need_itself(argument: Argument) -> Any:
        return awaitable_wait(aws[0])

    async def await_itself(argument: Argument) -> Any:
        return await aws[0]

    argument = Argument()
    alive = weakref.ref(argument)
    aws.append(awaitable(await_itself if awaits else need_itself, argument))
    del argument
    if awaits:
        fails_in(await_in_two_tasks, aws[0])
    else:
        fails_in(awaitable_wait, aws[0])
    assert not awaitable_done(aws[0])
    del aws[0]
    assert alive() is None


# What grows.


def size(error: BaseException | None) -> list[int]:
    """Return the number of frames in the traceback of an exception and of all that it came from."""
    sizes: list[int] = []
    while error is not None:
        frames = 0
        traceback = error.__traceback__
        while traceback is not None:
            frames += 1
            traceback = traceback.tb_next
        sizes.append(frames)
        error = error.__cause__ or error.__context__
    return sizes


def sizes_of(use: Callable[[Any], object], aw: Any, times: int) -> list[list[int]]:
    sizes = []
    for _ in range(times):
        try:
            use(aw)
        except BaseException as error:
            sizes.append(size(error))
    return sizes


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", set(USES) - IN_A_LOOP)
def test_tracebacks_and_contexts_do_not_grow(name: str, failure: type[BaseException]) -> None:
    argument = Argument()
    first, *others = sizes_of(USES[name], awaitable(failing(failure), argument), 1000)
    assert others == [first] * 999
    assert len(first) <= 2  # an AwaitError and what it came from


@pytest.mark.parametrize("make", [failing, failing_coroutine])
def test_tracebacks_and_contexts_do_not_grow_in_a_loop(make: Callable[..., Any]) -> None:
    if make is failing:
        needs.threads()
    sizes: list[list[int]] = []
    aw = awaitable(make(ValueError), Argument())

    async def main() -> None:
        for _ in range(300):
            try:
                await aw
            except ValueError as error:
                sizes.append(size(error))

    asyncio.run(main())
    assert sizes == [sizes[0]] * 300
    assert len(sizes[0]) == 1


def test_the_traceback_of_one_exception_grows_as_python_has_it() -> None:
    error = ValueError("from inside")

    def fail() -> int:
        raise error

    def fail_anew() -> int:
        raise error.with_traceback(None)

    # Whoever raises an exception that has a traceback has Python add to it, with an Await or without.
    for use_it, failing_thing in ((lambda call: call(), fail), (awaitable_wait, awaitable(fail))):
        error.__traceback__ = None
        sizes = [frames for [frames] in sizes_of(use_it, failing_thing, 10)]
        assert sizes == [sizes[0] * times for times in range(1, 11)]
    first, *others = sizes_of(awaitable_wait, awaitable(fail_anew), 1000)
    assert others == [first] * 999


# What an Await lets go.


class Function:
    """A function that shows whether it is still alive."""

    def __call__(self, *args: Argument, **kwargs: Argument) -> int:
        return 5


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("done", [False, True])
def test_release_frees_the_function_and_the_arguments(done: bool) -> None:
    function, argument, named = Function(), Argument(), Argument()
    alive: list[Any] = [weakref.ref(function), weakref.ref(argument), weakref.ref(named)]
    aw = awaitable(function, argument, name=named)
    del function, argument, named
    if done:
        awaitable_wait(aw)
    assert None not in [one() for one in alive]
    assert awaitable_release(aw) == 5
    assert [one() for one in alive] == [None] * 3
    with pytest.raises(AwaitError):
        aw.fn()


def test_a_failed_release_keeps_the_call() -> None:
    argument = Argument()
    aw = awaitable(failing(ValueError), argument)
    with pytest.raises(ValueError, match="from inside"):
        awaitable_release(aw)
    assert aw.args() == (argument,)
