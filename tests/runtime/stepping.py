"""Threads that go on one step at a time, and that are interrupted for real while they use an Await.

A worker stops at the pauses in the functions that it runs, and between the lines of the library. A
director lets one worker at a time go on, so that the others stand still wherever they are; one that
is blocked by another does not come to its next pause, and so the director goes on without it.
"""

import ctypes
import faulthandler
import logging
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from types import FrameType
from typing import Any

import awaits
from awaits._running import claims, tasks
from awaits._state.slots import core

# What a profile function hears of where Python looks for interrupts: at the start of a function and
# after a call of one in C. It does not at every line: not between the end of a `with` block and the call
# of `__exit__`, for one.
INTERRUPTIBLE = {"call", "c_return"}
LIBRARY = str(Path(awaits.__file__).parent)
BLOCKED_S = 0.0005  # a worker that takes longer to its next pause is taken for blocked: the next goes on
HANG_S = 20  # far beyond what any schedule needs


class Struck(KeyboardInterrupt):
    """An interrupt from outside, as by Ctrl-C: it comes between any two instructions."""


class StruckExit(SystemExit):
    """The same, to end a thread."""


class HangError(Exception):
    """A schedule does not end. The message has the stacks of all threads."""


class Outcome:
    """What became of one use: a value, or errors, the last of which may be an interrupt from outside."""

    def __init__(self) -> None:
        self.value: Any = None
        self.errors: list[BaseException] = []
        self.interrupt_lost = False

    @property
    def struck(self) -> bool:
        return any(isinstance(error, Struck | StruckExit) for error in chain(self.errors))


# The use for which a function runs; a worker thread of asyncio's has it too.
current_use: ContextVar[Outcome | None] = ContextVar("current_use", default=None)


def chain(errors: Iterable[BaseException]) -> Iterator[BaseException]:
    """Yield exceptions and all that they came from."""
    seen: set[int] = set()
    found: list[BaseException | None] = list(errors)
    while found:
        error = found.pop()
        if error is not None and id(error) not in seen:
            seen.add(id(error))
            yield error
            found += [error.__cause__, error.__context__]


class Worker:
    """One thread of a schedule. It may be interrupted once in each use, and nowhere else."""

    def __init__(self, director: "Director", random: Random) -> None:
        self.director = director
        self.random = random
        self.thread: threading.Thread | None = None
        self.go: SimpleQueue[None] = SimpleQueue()
        # Whoever takes the ticket decides: the director, that an interrupt comes, or the worker, that
        # none comes any more. It is one atomic step, as nothing else is safe from interrupts.
        self.ticket: dict[str, bool] = {}
        self.strikes_itself = False

    def use(self, call: Callable[[], Any], outcome: Outcome, interruptible: bool) -> None:
        """Make one use of an Await, whatever comes of it."""
        current_use.set(outcome)
        self.strikes_itself = False
        try:
            try:
                if self.director.pauses_between_lines:
                    sys.settrace(self._trace)
                    sys.setprofile(self._profile)
                if interruptible:
                    self.ticket["is there"] = True
                outcome.value = call()
            except BaseException as error:
                outcome.errors.append(error)
            if interruptible and not outcome.struck:
                outcome.interrupt_lost = self._close()
        except (Struck, StruckExit) as error:
            outcome.errors.append(error)
        sys.settrace(None)
        sys.setprofile(None)
        current_use.set(None)

    def _close(self) -> bool:
        """Allow no interrupt any more; return True if one that was sent does not come."""
        if self.ticket.pop("is there", False):
            return False
        for _ in range(2000):  # it is on its way
            time.sleep(0.001)
        return True

    def strike(self) -> bool:
        """Interrupt this thread, if it is open to that now; called by the director."""
        if not self.ticket.pop("is there", False):
            return False
        assert self.thread is not None
        assert self.thread.ident is not None
        if self.director.pauses_between_lines:
            # Not from here: an interrupt that is on its way to a blocked thread can stop traced ones
            # in CPython 3.11, which then look for an interrupt, and do not find it, for ever.
            self.strikes_itself = True
        elif self.thread is threading.main_thread():
            signal.pthread_kill(self.thread.ident, signal.SIGINT)
        else:
            interrupt_thread(self.thread.ident, self.random.choice([Struck, StruckExit]))
        return True

    def pause(self) -> None:
        self.director.arrivals.put(self)
        self.go.get()

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "call":
            return self._trace if frame.f_code.co_filename.startswith(LIBRARY) else None
        if event == "line" and self.random.random() < self.director.pauses_between_lines:
            self.pause()
        return self._trace

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if self.strikes_itself and event in INTERRUPTIBLE:
            self.strikes_itself = False
            raise self.random.choice([Struck, StruckExit])


def interrupt_thread(ident: int, kind: type[BaseException]) -> None:
    """Raise an exception in another thread, where Python next looks for it there."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(kind))


def call_disturbed(point: int, disturb: Callable[[], object], call: Callable[[], object]) -> bool:
    """Call; where the library may be interrupted for the `point`th time, in this thread, disturb it.

    Return False if the call came to no such point.
    """
    passed = 0

    def profile(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal passed
        if event in INTERRUPTIBLE and frame.f_code.co_filename.startswith(LIBRARY):
            passed += 1
            if passed == point:
                disturb()

    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)
    return passed >= point


class Director:
    """Starts the workers, lets them go on, interrupts them, and sees when they do not end."""

    def __init__(self, random: Random, pauses_between_lines: float, strikes: int) -> None:
        self.random = random
        self.pauses_between_lines = pauses_between_lines
        self.strikes = strikes
        self.struck = 0
        self.steps = 0
        self.arrivals: SimpleQueue[Worker] = SimpleQueue()
        self.working = 0
        self.hang: str | None = None

    def run(self, bodies: Sequence[Callable[[Worker], None]]) -> None:
        """Run each body as a worker, the first in the main thread, and return when all have ended."""
        workers = [Worker(self, Random(self.random.random())) for _ in bodies]
        self.workers = dict.fromkeys(workers)
        for worker, body in zip(workers[1:], bodies[1:], strict=True):
            worker.thread = threading.Thread(target=self._work, args=(worker, body), daemon=True)
            worker.thread.start()
        self.main = workers[0]
        self.main.thread = threading.main_thread()
        directing = threading.Thread(target=self._direct, daemon=True)
        try:
            directing.start()
            with suppress(Struck):  # where the director gives the main thread up
                self._work(self.main, bodies[0])
        finally:
            directing.join()
        if self.hang is not None:
            raise HangError(self.hang)

    def _work(self, worker: Worker, body: Callable[[Worker], None]) -> None:
        local.worker = worker
        try:
            try:
                worker.pause()
                body(worker)
            finally:
                self._leave(worker)
        finally:  # an interrupt may have come before the line above
            self._leave(worker)

    def _leave(self, worker: Worker) -> None:
        local.worker = None
        self.workers.pop(worker, None)
        self.arrivals.put(worker)

    def _direct(self) -> None:
        paused: list[Worker] = []
        give_up_at = time.monotonic() + HANG_S
        while self.workers:
            if time.monotonic() > give_up_at:
                self._give_up()
                return
            try:
                paused.append(self.arrivals.get(timeout=BLOCKED_S if paused else 0.05))
                while True:
                    paused.append(self.arrivals.get_nowait())
            except Empty:
                pass
            if self.struck < self.strikes and self.random.random() < 0.03:
                self.struck += any(worker.strike() for worker in self._shuffled())
            if paused:
                self.steps += 1
                paused.pop(self.random.randrange(len(paused))).go.put(None)

    def _shuffled(self) -> list[Worker]:
        workers = list(self.workers)
        return self.random.sample(workers, len(workers))

    def _give_up(self) -> None:
        self.hang = f"it does not end:\n{stacks()}"
        # Until it is out: `asyncio.run` waits for its threads once more on the way.
        while self.main in self.workers:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            time.sleep(0.1)


def stacks() -> str:
    """Return the stacks of all threads."""
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file)
        file.seek(0)
        return file.read()


local = threading.local()


def pause() -> None:
    """Let another thread go on, in a function that an Await runs."""
    worker: Worker | None = getattr(local, "worker", None)
    if worker is None:  # a thread of asyncio's
        time.sleep(0)
    else:
        worker.pause()


# The finalizers in which an interrupt came: Python lets nothing out of them.
swallowed: list[str] = []


@contextmanager
def rough_conditions() -> Iterator[None]:
    """Let threads switch often and be interrupted, and nobody hear of what becomes of it elsewhere."""

    def strike(number: int, frame: FrameType | None) -> None:
        if getattr(local, "worker", None) is not None:
            raise Struck

    def note(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, Struck | StruckExit):
            swallowed.append(repr(unraisable.object))
        else:
            hook(unraisable)

    handler, hook = signal.signal(signal.SIGINT, strike), sys.unraisablehook
    interval = sys.getswitchinterval()
    sys.unraisablehook = note
    sys.setswitchinterval(1e-4)
    logging.disable()  # of asyncio, about failures that nobody waits for any more
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # coroutines that never began
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, handler)
            sys.unraisablehook = hook
            sys.setswitchinterval(interval)
            logging.disable(logging.NOTSET)


def entries() -> dict[str, set[int]]:
    """Return what the library's tables of what is under way have now: nothing, when nothing is.

    The only place in the tests that looks at them.
    """
    tables: dict[str, dict[Any, Any]] = {
        "claims._held": claims._held,
        "claims._innermost": claims._innermost,
        "tasks._runs": tasks._runs,
        "tasks._waiting": tasks._waiting,
        "tasks._workers": tasks._workers,
    }
    found = {name: {id(value) for value in table.values()} for name, table in tables.items()}
    found["claims in C"] = set(range(core.count_claims())) if core is not None else set()
    return found
