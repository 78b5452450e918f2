"""The package's own errors."""


class AwaitError(RuntimeError):
    """A question that an Await cannot answer, or a failure that Python would have swallowed.

    `fn()` and `args()` raise it when there is no call to show. An implicit wait raises it from the
    original exception when letting that one through would mislead: an `AttributeError` that leaves
    the function during `aw.name` would make `hasattr` answer False.
    """


class AwaitCycleError(AwaitError, RecursionError):
    """An Await needs its own result, in one thread or through threads that wait for each other.

    The message names the functions on the cycle. Every Await on it stays pending and usable. Among
    tasks, a cycle is seen through coroutine functions that await each other's Awaits, and through tasks
    of asyncio that are themselves the value of an Await. One that goes through a task that the call
    itself starts, through `asyncio.gather` or `shield`, or through a loop inside of a loop, is not.
    """
