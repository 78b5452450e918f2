"""What sqlite3 asks of a parameter that it does not know, answered for an Await.

It asks the object: <https://docs.python.org/3/library/sqlite3.html#how-to-write-adaptable-objects>.
None is no answer to it: an Await of None it refuses.
"""

from __future__ import annotations

import sys
from typing import Any

from awaits._running.implicit import use, wait_for_attribute
from awaits._state.slots import AwaitBase


def conform(aw: AwaitBase, protocol: Any) -> Any:
    """Answer `__conform__`: sqlite3 gets what it writes for the value, anybody else what W answers."""
    sqlite3 = sys.modules.get("sqlite3")
    if sqlite3 is not None and protocol is sqlite3.PrepareProtocol:
        value = use(aw)
        return sqlite3.adapt(value, protocol, value)
    method = getattr(wait_for_attribute(aw, "__conform__"), "__conform__", None)
    return None if method is None else method(protocol)
