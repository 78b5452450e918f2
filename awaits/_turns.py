"""Who runs an Await now, who waits for whom, and which waits could never end.

A `Turn` is one run of one Await's function by one thread. The tables below hold what is under way
and nothing else, so an Await that does not run costs them nothing. They are guarded by one mutex,
which is held for a few bytecodes at a time and never while the user's code runs.
"""

import os
import threading
from collections.abc import Callable
from functools import partial
from threading import get_ident
from types import MethodType
from typing import Any

from awaits._errors import AwaitCycleError

_mutex = threading.Lock()
# The turn of each Await that runs, by the Await's id: whoever runs it keeps it alive.
_current: dict[int, "Turn"] = {}
# The turns of each thread, the outermost first: the function of each waits for the next one.
_stacks: dict[int, list["Turn"]] = {}
# The turn of another thread that each blocked thread waits for.
_joining: dict[int, "Turn"] = {}


class Turn:
    """One run of the Await with this id, by the thread that calls `begin`."""

    __slots__ = ("_ended", "function", "key", "thread")

    def __init__(self, key: int, function: Callable[..., Any]) -> None:
        self.key = key
        self.function = function
        self.thread = get_ident()
        # Made by the first thread that waits: most turns are never waited for.
        self._ended: threading.Event | None = None

    def begin(self) -> None:
        """Take the turn, after whoever has it now.

        Raise `AwaitCycleError` at once, and take nothing, if that wait could never end.
        """
        while True:
            with _mutex:
                current = _current.get(self.key)
                if current is None:
                    _current[self.key] = self
                    _stacks.setdefault(self.thread, []).append(self)
                    return
                _refuse_cycle(current)
                ended = current._ended = current._ended or threading.Event()
                _joining[self.thread] = current
            try:
                ended.wait()
            finally:
                with _mutex:
                    _joining.pop(self.thread, None)

    def end(self) -> None:
        """Give the turn up and wake the threads that wait for it. Harmless if it never began."""
        with _mutex:
            if _current.get(self.key) is not self:
                return
            del _current[self.key]
            stack = _stacks[self.thread]
            stack.remove(self)
            if not stack:
                del _stacks[self.thread]
            ended = self._ended
        if ended is not None:
            ended.set()


def is_running(key: int) -> bool:
    """Say whether some thread has the turn of the Await with this id."""
    return key in _current


def function_name(function: Callable[..., Any]) -> str:
    """Name a function for a message, running none of its code."""
    while type(function) in (MethodType, partial):
        function = function.__func__ if isinstance(function, MethodType) else function.func  # type: ignore[attr-defined]
    try:
        # Not `getattr`: on a lazy value, an Await for one, that would force it.
        return str(object.__getattribute__(function, "__qualname__"))
    except AttributeError:
        return type(function).__qualname__


def _refuse_cycle(wanted: Turn) -> None:
    """Raise if the thread that runs `wanted` waits, however indirectly, for the calling thread."""
    path: list[Turn] = []
    turn: Turn | None = wanted
    # A thread that was woken stays in `_joining` until it next has the mutex: its turn is over.
    while turn is not None and _current.get(turn.key) is turn:
        stack = _stacks[turn.thread]
        path += stack[stack.index(turn) :]
        if turn.thread == get_ident():
            names = " -> ".join(function_name(turn.function) for turn in [*path, wanted])
            raise AwaitCycleError(f"an Await needs its own result: {names}")
        turn = _joining.get(turn.thread)


def _forget_other_threads() -> None:
    """Free, in a forked child, what was run or waited for by threads that only the parent has."""
    global _mutex
    _mutex = threading.Lock()
    _joining.clear()
    for thread in _stacks.keys() - {get_ident()}:
        for turn in _stacks.pop(thread):
            del _current[turn.key]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
