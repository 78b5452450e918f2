"""A lazy value that type-checks as what it will be.

`awaitable(func, *args)` returns an `Await[W]`, where W is the type of the result. The first use of the
Await calls the function, once. From then on the Await behaves as the result. With the mypy plugin
`awaits_mypy`, mypy checks each use as a use of a W.
"""

from typing import TYPE_CHECKING, Final

from awaits._await import Await
from awaits._delayed import awaitable_all, delayed
from awaits._functions import (
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
)
from awaits._lazy_import import lazy_import
from awaits._running.onlookers import onlooker
from awaits._state.errors import AwaitCycleError, AwaitError
from awaits._state.slots import BUILD
from awaits._tracing.trace import Trace, trace

__version__: Final = "0.1.0"  # so that mypy knows which version it reads

if TYPE_CHECKING:
    from awaits._tracing.runs import TracedRun
else:

    def __getattr__(name):
        """Give what is imported late: to make the named tuples takes a tenth of the import of awaits."""
        if name != "TracedRun":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from awaits._tracing.runs import TracedRun

        return TracedRun


__all__ = [
    "BUILD",
    "Await",
    "AwaitCycleError",
    "AwaitError",
    "Trace",
    "TracedRun",
    "awaitable",
    "awaitable_all",
    "awaitable_done",
    "awaitable_nowait",
    "awaitable_release",
    "awaitable_wait",
    "delayed",
    "lazy_import",
    "onlooker",
    "trace",
]

# Tracebacks, pickles and help show the public name, not the file that happens to define it.
for _name in __all__:
    if _name not in {"BUILD", "TracedRun"}:
        globals()[_name].__module__ = __name__
del _name, Final, TYPE_CHECKING
