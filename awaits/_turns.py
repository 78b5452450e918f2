"""Who runs an Await now, who waits for whom, and which waits could never end.

A `Turn` is one run of one Await's function by one thread. The tables below hold what is under way
and nothing else, so an Await that does not run costs them nothing.

An interrupt (Ctrl-C, `PyThreadState_SetAsyncExc`) can strike between any two lines, and a finalizer or
a signal handler that uses an Await can run there. So nothing here is guarded by a lock that they could
find taken: every change to a table is one atomic step, and whether a turn is over is said by its lock,
which `with` gives back whatever strikes. The tables may be behind.
"""

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from threading import get_ident
from types import MethodType
from typing import TYPE_CHECKING, Any

from awaits import _recording
from awaits._errors import AwaitCycleError
from awaits._slots import get_function

if TYPE_CHECKING:  # for users of mypy, who would have three more modules checked
    ref: Callable[[object], Callable[[], object]]
else:
    from weakref import ref

# The turn of each Await that runs, by the Await's id: whoever runs it keeps it alive.
_current: dict[int, "Turn"] = {}
# The innermost turn of each thread: the one it runs, or waits to run.
_innermost: dict[int, "Turn"] = {}
# Where the result of an Await is to come from, by its id, if its call was sent away. Whoever put an
# entry in takes it out, and keeps the Await alive.
elsewhere: dict[int, Callable[[], Any]] = {}
# Taken for single steps. Of two threads that begin to wait one sees the other, and of two that clear a
# turn one does.
_order = threading.Lock()


class Turn:
    """One run of an Await, by the thread that makes it.

    To be used in `with turn.lock:`. Who wants the same Await waits for that lock.
    """

    __slots__ = ("aw", "awaited", "begun", "key", "lock", "outer", "thread")

    def __init__(self, aw: object) -> None:
        self.key = id(aw)
        # Nothing that would be kept alive if an interrupt kept the turn from ending.
        self.aw = ref(aw)
        self.thread = get_ident()
        # Whether it is this turn's own run, and no wait for another's.
        self.begun = False
        self.lock = threading.Lock()
        # The turn of another thread that this one waits for.
        self.awaited: Turn | None = None
        # The turn of this thread whose function waits for this one.
        self.outer = _innermost_of(self.thread)

    def begin(self) -> None:
        """Take the turn, after whoever has it now.

        Raise `AwaitCycleError` at once, and take nothing, if that wait could never end.
        """
        _innermost[self.thread] = self
        while (current := _current.setdefault(self.key, self)) is not self:
            with _order:
                self.awaited = current
            _refuse_cycle(current)
            if current.lock.locked():  # taken only to wait for it: a signal handler may want it too
                with _recording.waiting(self.aw()), current.lock:
                    pass
            _clear(current)
            self.awaited = None
        self.begun = True

    def end(self) -> None:
        """Give the turn up. Harmless if it never began."""
        # While the lock is held nobody else takes this turn out, so that `_order` is not needed.
        if _current.get(self.key) is self:
            del _current[self.key]
        if self.outer is not None:
            _innermost[self.thread] = self.outer
        else:
            _innermost.pop(self.thread, None)


def _clear(turn: Turn) -> None:
    """Take a turn that is over out of the table, where an interrupt kept it from doing so itself."""
    if _current.get(turn.key) is not turn:
        return
    try:
        # Without a call, so that no signal handler can come and find the lock taken.
        with _order:
            if _current[turn.key] is turn:
                del _current[turn.key]
    except KeyError:
        pass  # another thread did


def is_running(key: int) -> bool:
    """Say whether some thread has the turn of the Await with this id."""
    turn = _current.get(key)
    return turn is not None and turn.lock.locked()


def function_name(function: Callable[..., Any]) -> str:
    """Name a function for a message, running none of its code."""
    while type(function) in (MethodType, partial):
        function = function.__func__ if isinstance(function, MethodType) else function.func  # type: ignore[attr-defined]
    try:
        # Not `getattr`: on a lazy value, an Await for one, that would force it.
        return str(object.__getattribute__(function, "__qualname__"))
    except AttributeError:
        return type(function).__qualname__


def _innermost_of(thread: int) -> Turn | None:
    """Return the innermost turn of a thread, past those that an interrupt kept from ending."""
    turn = _innermost.get(thread)
    while turn is not None and not turn.lock.locked():
        turn = turn.outer
    return turn


def _refuse_cycle(wanted: Turn) -> None:
    """Raise if the thread that runs `wanted` waits, however indirectly, for the calling thread.

    Threads go on while they are looked at. But if all of the same waits are found twice, all of them
    were there at one moment, the one between the two looks.
    """
    cycle = _cycle(wanted)
    if cycle and cycle == _cycle(wanted):
        # All of them wait, unless an interrupt has ended one meanwhile.
        waiting = [aw for turn in [*cycle, wanted] if (aw := turn.aw()) is not None]
        names = " -> ".join(function_name(get_function(aw)) for aw in waiting)
        raise AwaitCycleError(f"an Await needs its own result: {names}")


def _cycle(wanted: Turn) -> list[Turn]:
    """Return the turns on the way from `wanted` to the calling thread, waited for or run, or nothing."""
    path: list[Turn] = []
    turn: Turn | None = wanted
    # A thread that was woken still has what it waited for in `awaited`: that turn is over.
    while turn is not None and turn.lock.locked() and _current.get(turn.key) is turn:
        path += _run_for(turn)
        if turn.thread == get_ident():
            return path
        innermost = _innermost_of(turn.thread)
        turn = innermost and innermost.awaited
    return []


def _run_for(turn: Turn) -> list[Turn]:
    """Return a turn and those that its thread runs for it, from the outside in."""
    return list(_outward(turn))[::-1]


def _outward(turn: Turn) -> Iterator[Turn]:
    inner = _innermost_of(turn.thread)
    while inner is not None and inner is not turn:
        if inner.begun:
            yield inner
        inner = inner.outer
    yield turn


def _forget_other_threads() -> None:
    """Free, in a forked child, what was run or waited for by threads that only the parent has."""
    global _order
    _order = threading.Lock()
    elsewhere.clear()
    for table in (_current, _innermost):
        for key, turn in list(table.items()):
            if turn.thread != get_ident():
                del table[key]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
