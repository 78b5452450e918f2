"""The package's own errors."""


class AwaitError(RuntimeError):
    """An Await has no call to show, or its function raised an exception that Python would hide.

    `aw.fn()` and `aw.args()` raise it if the Await has no function or arguments.

    A use of an Await raises it from the original exception if Python would take that one for an answer.
    If the function raises `AttributeError`, `hasattr(aw, "name")` would be False. If it raises
    `StopIteration`, `for x in aw` would end. `awaitable_wait` raises the original itself.
    """


class AwaitCycleError(AwaitError, RecursionError):
    """An Await needs its own result, in one thread or through threads or tasks that wait for each other.

    The message names the functions on the cycle. Every Await on it stays pending and can be used again.

    A cycle of tasks is found if coroutine functions await each other's Awaits, or if a task of asyncio
    is itself the value of an Await. It is not found, and the tasks wait forever, if it goes through a
    task that the call itself starts, through `asyncio.gather` or `shield`, or through a loop inside a
    loop.
    """
