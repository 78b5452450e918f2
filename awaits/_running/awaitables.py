"""Values that can be awaited, seen without asyncio, which is slow to import."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Generator
from typing import Any

# The flag of a generator that can be awaited, made by `types.coroutine`.
CO_ITERABLE_COROUTINE = 0x100


def is_awaitable(value: Any) -> bool:
    """Say whether `await value` is possible, as `inspect.isawaitable` does, which is slow to import."""
    if type(value) is types.GeneratorType:
        return bool(value.gi_code.co_flags & CO_ITERABLE_COROUTINE)
    return isinstance(value, Awaitable)


def immediate(value: Any) -> Generator[Any, Any, Any]:
    """Await to a value that is there."""
    yield from ()  # what makes this a generator
    return value


async def awaited(awaitable: Any) -> Any:
    """Return what this awaits to, as a coroutine."""
    return await awaitable
