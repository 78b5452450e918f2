"""Threads that go on one step at a time, and that are interrupted for real while they use an Await.

A worker stops at the pauses in the functions that it runs, and between the lines of the library. A
director lets one worker at a time go on, so that the others stand still wherever they are; one that
is blocked by another does not come to its next pause, and so the director goes on without it.
"""

import ctypes
import dis
import faulthandler
import functools
import gc
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
from types import CellType, CodeType, FrameType, FunctionType, MethodType
from typing import Any

import awaits
from awaits._running import claims, tasks
from awaits._state.slots import core

monitoring: Any = getattr(sys, "monitoring", None)  # new in Python 3.12
# What functions of the library may stand in.
CACHES = type(functools.cache(len)), functools.cached_property
CONTAINERS = (
    property,
    staticmethod,
    classmethod,
    functools.partial,
    MethodType,
    CellType,
    dict,
    tuple,
    list,
    *CACHES,
)
LIBRARY = str(Path(awaits.__file__).parent)
BLOCKED_S = 0.0005  # a worker that takes longer to its next pause is taken for blocked: the next goes on
TOOL = 4  # a number that no tool has by convention
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
        if self.strikes_itself and is_interruptible(frame, event):
            self.strikes_itself = False
            raise self.random.choice([Struck, StruckExit])


_interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
_interrupt.argtypes = [ctypes.c_ulong, ctypes.py_object]


def interrupt_thread(ident: int, kind: type[BaseException]) -> None:
    """Raise an exception in another thread, where Python next looks for it there."""
    _interrupt(ident, kind)


@functools.cache
def is_entered_block_open() -> bool:
    """Say whether an interrupt can come after `__enter__` of a `with` statement and before its block.

    It can in 3.14, see https://github.com/python/cpython/issues/148874.
    """
    entered = False

    class Manager:
        __enter__ = staticmethod(functools.partial(_interrupt, threading.get_ident(), Struck))

        def __exit__(self, *exception: object) -> None: ...

    with suppress(Struck), Manager():
        entered = True
    return not entered


def looks_for_interrupts(code: CodeType, offset: int) -> bool:
    """Say whether Python does at this instruction: where a function starts, goes on, calls or jumps."""
    opcode, argument = code.co_code[offset : offset + 2]
    name = dis.opname[opcode]
    if name == "RESUME":
        return argument & 3 < 2  # not where `await` and `yield from` go on
    if name.startswith("CALL"):
        before = dis.opname[code.co_code[offset - 2]]
        return before != "LOAD_SPECIAL" or is_entered_block_open()
    return name == "JUMP_BACKWARD"


def is_interruptible(frame: FrameType, event: str) -> bool:
    """Say whether Python looks for interrupts where a profile function hears of this event.

    It does at other points too: `at_interruptible_points` knows them all.
    """
    return event in {"call", "c_return"} and looks_for_interrupts(frame.f_code, frame.f_lasti)


@contextmanager
def at_interruptible_points(
    codes: Iterable[CodeType], come: Callable[[CodeType, int], object]
) -> Iterator[None]:
    """In this thread, call where Python looks for interrupts in this code: with it, and the place in it.

    These are the start of a function, the end of a call of what is not written in Python, and the jump
    back in a loop. CPython 3.11 has no way to be told of the jumps, nor of the calls of a class.
    """
    thread = threading.get_ident()
    if monitoring is None:
        known = {id(code) for code in codes}

        def profile(frame: FrameType, event: str, arg: object) -> None:
            if id(frame.f_code) in known and is_interruptible(frame, event):
                come(frame.f_code, frame.f_lasti)

        sys.setprofile(profile)
        try:
            yield
        finally:
            sys.setprofile(None)
        return

    def hear(code: CodeType, offset: int, *more: object) -> None:
        if threading.get_ident() == thread and looks_for_interrupts(code, offset):
            come(code, offset)

    events = monitoring.events
    heard = [events.PY_START, events.PY_RESUME, events.C_RETURN, events.JUMP]
    monitoring.use_tool_id(TOOL, "stepping")
    try:
        for event in heard:
            monitoring.register_callback(TOOL, event, hear)
        for code in codes:
            # C_RETURN comes with CALL.
            wanted = events.PY_START | events.PY_RESUME | events.CALL | events.JUMP
            monitoring.set_local_events(TOOL, code, wanted)
        yield
    finally:
        for code in codes:
            monitoring.set_local_events(TOOL, code, events.NO_EVENTS)
        for event in heard:
            monitoring.register_callback(TOOL, event, None)
        monitoring.free_tool_id(TOOL)


def code_of_the_library() -> list[CodeType]:
    """Return the code of all functions of the library, as far as it is imported."""
    return _code_in(tuple(name for name in sys.modules if name.partition(".")[0] == "awaits"))


@functools.cache
def _code_in(modules: tuple[str, ...]) -> list[CodeType]:
    # Not by `gc.get_objects`, which without the GIL finds only some, in CPython 3.13.
    todo: list[object] = [value for name in modules for value in vars(sys.modules[name]).values()]
    seen: dict[int, object] = {}
    while todo:
        found = todo.pop()
        if id(found) in seen:
            continue
        seen[id(found)] = found
        if isinstance(found, CodeType):
            todo += found.co_consts  # the functions in a function
        elif isinstance(found, FunctionType):
            todo += [found.__code__, *(found.__closure__ or ()), *vars(found).values()]
        elif isinstance(found, type) and found.__module__.partition(".")[0] == "awaits":
            todo += vars(found).values()
        elif isinstance(found, CONTAINERS):
            todo += gc.get_referents(found)
    codes = [found for found in seen.values() if isinstance(found, CodeType)]
    return [code for code in codes if code.co_filename.startswith(LIBRARY)]


def call_disturbed(point: int, disturb: Callable[[], object], call: Callable[[], object]) -> bool:
    """Call; where the library may be interrupted for the `point`th time, in this thread, disturb it.

    Return False if the call came to no such point.
    """
    passed = 0

    def come(code: CodeType, offset: int) -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            disturb()

    with at_interruptible_points(code_of_the_library(), come):
        call()
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
    # Copied in one step, as other threads change them.
    found = {name: set(map(id, list(table.values()))) for name, table in tables.items()}
    found["claims in C"] = set(range(core.count_claims())) if core is not None else set()
    return found
