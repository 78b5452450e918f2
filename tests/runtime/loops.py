"""The event loops that `await` is tested on, asyncio's and trio's, as one kind of thing."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import pytest

TIMEOUT_S = 30  # far beyond what any of these needs: a hang fails instead of hanging the suite


async def use(aw: Any) -> Any:
    return await aw


class Loop:
    """What these tests ask of an event loop. Its tasks are those of asyncio, or used like them."""

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine function to its end, and cancel what is left of the tasks that it started."""
        raise NotImplementedError

    def start(self, awaitable: Awaitable[Any]) -> Any:
        """Await it in a task of its own."""
        raise NotImplementedError

    def event(self) -> Any:
        """Return an event that tasks of this loop can wait for."""
        raise NotImplementedError

    async def pause(self) -> None:
        """Let other tasks go first."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Let every task that can go on do so, until all of them wait for something."""
        raise NotImplementedError

    async def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call the function in another thread."""
        raise NotImplementedError

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self.pause()

    async def in_tasks(self, awaitables: Iterable[Awaitable[Any]]) -> list[Any]:
        """Await each in a task of its own, all at once, and return what they gave or raised."""
        return await outcomes([self.start(awaitable) for awaitable in awaitables])


async def outcomes(tasks: Iterable[Any]) -> list[Any]:
    """Return what each task gave or raised."""
    found = []
    for task in tasks:
        try:
            found.append(await task)
        except Exception as error:
            found.append(error)
    return found


class AsyncioLoop(Loop):
    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        async def bounded() -> Any:
            async with asyncio.timeout(TIMEOUT_S):
                return await main()

        return asyncio.run(bounded())

    def start(self, awaitable: Awaitable[Any]) -> Any:
        return asyncio.create_task(use(awaitable))

    def event(self) -> Any:
        return asyncio.Event()

    async def pause(self) -> None:
        await asyncio.sleep(0)

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(function, *args)


class TrioLoop(Loop):
    """Skips the test if trio is not installed, or anyio, through which it is used."""

    def __init__(self) -> None:
        self.trio = pytest.importorskip("trio")
        pytest.importorskip("anyio")
        self.all_blocked = pytest.importorskip("trio.testing").wait_all_tasks_blocked

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        async def bounded() -> Any:
            with self.trio.fail_after(TIMEOUT_S):
                async with self.trio.open_nursery() as self.nursery:
                    result = await main()
                    self.nursery.cancel_scope.cancel()
            return result

        try:
            return self.trio.run(bounded)
        except BaseExceptionGroup as group:  # as a nursery makes of any exception
            raise group.exceptions[0] from None

    def start(self, awaitable: Awaitable[Any]) -> Any:
        task = TrioTask(self.trio)
        self.nursery.start_soon(task.run, awaitable)
        return task

    def event(self) -> Any:
        return self.trio.Event()

    async def pause(self) -> None:
        await self.trio.sleep(0)

    async def settle(self) -> None:
        await self.all_blocked(0.01)

    async def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await self.trio.to_thread.run_sync(function, *args)


class TrioTask:
    """A task of trio with some methods of asyncio's."""

    def __init__(self, trio: Any) -> None:
        self.scope = trio.CancelScope()
        self.ended = trio.Event()
        self.result: Any = None
        self.failure: Exception | None = None

    async def run(self, awaitable: Awaitable[Any]) -> None:
        try:
            with self.scope:
                self.result = await awaitable
        except Exception as error:
            self.failure = error
        finally:
            self.ended.set()

    def cancel(self) -> None:
        self.scope.cancel()

    def cancelled(self) -> bool:
        return bool(self.scope.cancelled_caught)

    def done(self) -> bool:
        return bool(self.ended.is_set())

    def __await__(self) -> Any:
        yield from self.ended.wait().__await__()
        if self.failure is not None:
            raise self.failure
        return self.result


LOOPS: dict[str, Callable[[], Loop]] = {"asyncio": AsyncioLoop, "trio": TrioLoop}
