"""What the package uses of `threading`.

To a type checker the locks have no types: whoever checks a program that imports `awaits` would have to
check `threading` and four modules behind it, at each start.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    Lock: Any
    RLock: Any
    threads_by_ident: dict[int, Any]

    def get_ident() -> int:
        """Return the number of the calling thread."""

else:
    import threading
    from threading import Lock, RLock, get_ident

    threads_by_ident = vars(threading)["_active"]

# An interrupt must not find a lock taken and leave it so. `with lock:` is right about that, but not in
# Python 3.14, which looks for interrupts between `__enter__` and the block. It never does so before the
# `try` here, as it looks after a call, and C makes this one in the middle of something else:
#
#     [_] = map(lock.acquire, ONCE)
#     try:
#         ...
#     finally:
#         lock.release()
ONCE: Final = (True,)


def holding(lock: Any, act: Callable[..., Any], *args: Any) -> Any:
    """Call while this lock is held, and give it back whatever strikes."""
    [_] = map(lock.acquire, ONCE)
    try:
        return act(*args)
    finally:
        lock.release()


__all__ = ["ONCE", "Lock", "RLock", "get_ident", "holding", "threads_by_ident"]
