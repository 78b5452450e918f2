"""Which thread runs an Await now, who waits for whom, and which waits could never end.

A `Claim` is one thread's claim to run one Await's call, once. The tables below hold what is under way
and nothing else, so an Await that does not run costs them nothing.

An interrupt (Ctrl-C, `PyThreadState_SetAsyncExc`) can strike between any two lines, and a finalizer or
a signal handler that uses an Await can run there. So nothing here is guarded by a lock that they could
find taken: every change to a table is one atomic step, and whether a claim is over is said by its lock,
which is given back whatever strikes. The tables may be behind.

The compiled build does all of this in C, in `_claims.h`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from awaits._running.failures import for_one_more
from awaits._state.errors import AwaitCycleError
from awaits._state.held_call import function_name
from awaits._state.slots import AwaitBase, core, get_function
from awaits._state.threads import ONCE, Lock, get_ident
from awaits._tracing import recording

if TYPE_CHECKING:  # for users of mypy, who would have three more modules checked
    from types import TracebackType

    ref: Callable[[object], Callable[[], object]]
else:
    from weakref import ref

# The claim that holds each Await which runs, by the Await's id: whoever runs it keeps it alive.
_held: dict[int, Claim] = {}
# The innermost claim of each thread: the one whose call it runs, or waits to run.
_innermost: dict[int, Claim] = {}
# Where the result of an Await is to come from, by its id, if its call was submitted to run elsewhere.
# Whoever put an entry in takes it out, and keeps the Await alive.
remote_results: dict[int, Callable[[], Any]] = {}
# Taken for single steps, in which nothing is called, so that no signal handler can come and find it
# taken. Of two threads that begin to wait one sees the other, and of two that clear a claim one does.
_order = Lock()
# The process whose threads the tables are about.
_process = os.getpid()


def hold(aw: AwaitBase, act: Callable[[AwaitBase], Any], *, is_run: bool = False) -> Any:
    """Call `act(aw)` while the calling thread holds the Await, after whoever holds it now.

    If that is a run, whoever waits for it gets its failure. Raise that of another run that was waited
    for, or `AwaitCycleError` at once if the wait could never end.
    """
    claim = Claim(aw)
    try:
        claim.acquire()
        return act(aw)
    except Exception as error:
        # An interrupt of the one who runs it is no failure of the call: those who wait begin anew.
        if is_run and claim.is_acquired and claim.is_waited_for:
            claim.failure = error, error.__traceback__
        raise
    finally:
        try:
            claim.release()
        finally:
            claim.lock.release()
            del claim  # or a failure, whose traceback has this frame, would keep itself alive


class Claim:
    """One thread's claim to hold an Await, whose lock it has: who wants the same waits for that."""

    __slots__ = (
        *("aw", "blocked_on", "failure", "is_acquired", "is_waited_for", "key", "lock", "outer"),
        "thread",
    )

    def __init__(self, aw: object) -> None:
        self.key = id(aw)
        # Nothing that would be kept alive if an interrupt kept the claim from being released.
        self.aw = ref(aw)
        self.thread = get_ident()
        # Whether it holds the Await, and does not wait for another's claim to end.
        self.is_acquired = False
        self.lock = Lock()
        self.lock.acquire()
        # The claim of another thread that this one waits for.
        self.blocked_on: Claim | None = None
        # Whether another waits for this one, and what that is to raise when it is over.
        self.is_waited_for = False
        self.failure: tuple[BaseException, TracebackType | None] | None = None
        # The claim of this thread whose function waits for this one.
        self.outer = _innermost_of(self.thread)

    def acquire(self) -> None:
        """Hold the Await, or raise `AwaitCycleError` and hold nothing."""
        _innermost[self.thread] = self
        while (holder := _held.setdefault(self.key, self)) is not self:
            if _process != os.getpid():
                _forget_other_threads()
                continue
            [_] = map(_order.acquire, ONCE)
            try:
                self.blocked_on = holder
            finally:
                _order.release()
            _refuse_cycle(holder)
            holder.is_waited_for = True
            failure = None
            if holder.lock.locked():
                wait_recorded(self.aw(), holder.wait)
                failure = holder.failure
            _clear(holder)
            self.blocked_on = None
            if failure is not None:
                raise for_one_more(*failure)
        self.is_acquired = True

    def wait(self, _: object) -> None:
        """Wait until it is over."""
        # The lock is free again at once: a signal handler may want it too.
        [_] = map(self.lock.acquire, ONCE)
        self.lock.release()

    def release(self) -> None:
        """Hold the Await no more. Harmless if it never was held."""
        # While the lock is held nobody else takes this claim out, so that `_order` is not needed.
        if _held.get(self.key) is self:
            del _held[self.key]
        if self.outer is not None:
            _innermost[self.thread] = self.outer
        else:
            _innermost.pop(self.thread, None)


def _clear(claim: Claim) -> None:
    """Take a claim that is over out of the table, where an interrupt kept it from doing so itself."""
    if _held.get(claim.key) is not claim:
        return
    [_] = map(_order.acquire, ONCE)
    try:
        if _held[claim.key] is claim:
            del _held[claim.key]
    except KeyError:
        pass  # another thread did
    finally:
        _order.release()


def wait_recorded(aw: object, wait: Callable[[object], object]) -> None:
    """Wait for the run of another thread, and tell a trace."""
    with recording.waiting(aw):
        wait(aw)


def is_running(aw: AwaitBase) -> bool:
    """Say whether some thread holds the Await."""
    claim = _held.get(id(aw))
    return claim is not None and claim.lock.locked()


def _innermost_of(thread: int) -> Claim | None:
    """Return the innermost claim of a thread, past those that an interrupt kept from being released."""
    claim = _innermost.get(thread)
    while claim is not None and not claim.lock.locked():
        claim = claim.outer
    return claim


def _refuse_cycle(wanted: Claim) -> None:
    """Raise if the thread that has `wanted` waits, however indirectly, for the calling thread.

    Threads go on while they are looked at. But if all of the same waits are found twice, all of them
    were there at one moment, the one between the two looks.
    """
    cycle = _cycle(wanted)
    if cycle and cycle == _cycle(wanted):
        # All of them wait, unless an interrupt has ended one meanwhile.
        refuse_cycle_of([aw for claim in cycle if (aw := claim.aw()) is not None])


def refuse_cycle_of(aws: Sequence[object]) -> NoReturn:
    """Raise for Awaits each of which needs the next, and the last one the first."""
    # Not by a generator: Python 3.12 and 3.13 crash if memory runs out where one begins.
    names = [function_name(get_function(aw)) for aw in [*aws, *aws[:1]]]
    raise AwaitCycleError("an Await needs its own result: " + " -> ".join(names))


def _cycle(wanted: Claim) -> list[Claim]:
    """Return the claims on the way from `wanted` to the calling thread, or nothing if there is none."""
    path: list[Claim] = []
    claim: Claim | None = wanted
    # A thread that was woken still has what it waited for in `blocked_on`: that claim is over.
    while claim is not None and claim.lock.locked() and _held.get(claim.key) is claim:
        path += _nested_in(claim)
        if claim.thread == get_ident():
            return path
        innermost = _innermost_of(claim.thread)
        claim = innermost and innermost.blocked_on
    return []


def _nested_in(claim: Claim) -> list[Claim]:
    """Return a claim and those that its thread holds for its call, from the outside in."""
    return list(_outward_to(claim))[::-1]


def _outward_to(claim: Claim) -> Iterator[Claim]:
    inner = _innermost_of(claim.thread)
    while inner is not None and inner is not claim:
        if inner.is_acquired:
            yield inner
        inner = inner.outer
    yield claim


def _forget_other_threads() -> None:
    """Free, in a forked child, what was run or waited for by threads that only the parent has.

    Done when the child begins; or before, when a function of `os.register_at_fork` that was registered
    earlier comes to wait for one of those threads.
    """
    global _order, _process
    if _process == os.getpid():
        return
    _order = Lock()
    remote_results.clear()
    for table in (_held, _innermost):
        for key, claim in list(table.items()):
            if claim.thread != get_ident():
                del table[key]
    if core is not None:
        core.forget_other_threads()
    _process = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)

if not TYPE_CHECKING and core is not None:
    hold, is_running = core.hold, core.is_running
