"""`async with aw` and `anext(aw)`, which do not block the event loop."""

from __future__ import annotations

from typing import Any

from awaits._forwarding.special_methods import entering_async
from awaits._running.implicit import swallowed
from awaits._running.tasks import value_of
from awaits._state.slots import AwaitBase


async def enter(aw: AwaitBase) -> Any:
    """Enter W as an asynchronous context."""
    return await entering_async(await value_of(aw))()


async def next_of(aw: AwaitBase) -> Any:
    """Return the next item of W, an asynchronous iterator."""
    try:
        value = await value_of(aw)
    except StopAsyncIteration as error:  # Python would take it for the end
        raise swallowed(aw, error) from error
    return await anext(value)
