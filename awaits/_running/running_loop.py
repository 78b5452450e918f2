"""The event loop that runs the calling task, asyncio's or trio's; and what to do where there is none."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from awaits._running.asyncio_loop import AsyncioLoop
from awaits._running.awaitables import awaited
from awaits._running.event_loop import Loop
from awaits._state.errors import AwaitError
from awaits._state.held_call import function_name
from awaits._state.slots import get_function
from awaits._tracing import recording


def running_loop() -> Loop | None:
    """Return the loop that runs the calling task, or None where a coroutine is driven by hand."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is not None:
        return AsyncioLoop(task)
    trio = sys.modules.get("trio")
    if trio is None or not trio.lowlevel.in_trio_task():
        return None
    try:
        from awaits._running.trio_loop import TrioLoop
    except ImportError as error:
        raise AwaitError(
            "await on an Await under trio needs anyio 4.11 or newer: pip install 'typed-awaits[trio]'"
        ) from error
    return TrioLoop()


def await_now(aw: Any) -> Any:
    """Await an Await where there is no event loop that it would block.

    Raises `AwaitError` where there is one.
    """
    if running_loop() is not None:
        name = function_name(get_function(aw))
        raise AwaitError(f"{name} gives a coroutine, which would block the event loop: use `await`")
    return asyncio.run(recording.on_behalf_async(recording.current_origin(), awaited(aw)))
