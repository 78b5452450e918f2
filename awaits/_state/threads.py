"""What the package uses of `threading`.

To a type checker the locks have no types: whoever checks a program that imports `awaits` would have to
check `threading` and four modules behind it, at each start.
"""

from typing import TYPE_CHECKING, Any

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

__all__ = ["Lock", "RLock", "get_ident", "threads_by_ident"]
