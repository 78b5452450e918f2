"""What a trace hears of, while one is on: which Awaits are made, run and waited for.

While none is on, `recorder` is None and nothing else here is used. A recorder keeps names, places,
times and short texts, never an Await, an argument, a result or a failure; and it asks nothing of what it
comes across, as that could run a call.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from time import perf_counter
from types import CodeType, FrameType
from typing import Any, Final

from awaits._state import making
from awaits._state.held_call import function_name
from awaits._state.slots import PENDING, get_args, get_function, get_kwargs
from awaits._state.threads import RLock, get_ident, holding, threads_by_ident
from awaits._tracing.short_forms import class_name, short_arguments

# The code and the line of a place, of which the rest is found when somebody looks.
Place = tuple[CodeType, int]
# The operation that a run was asked for by, and where: the first place outside of this package.
Origin = tuple[str, Place | None]

# The folder of this package.
_HERE: Final = __file__.removesuffix(os.path.join("_tracing", "recording.py"))  # noqa: PTH118
# The operations of this package by the functions that do them. Special methods are their own.
_OPERATIONS: Final = {
    "awaitable_wait": "wait",
    "awaitable_release": "release",
    "result_of": "await",
    "enter": "__aenter__",
    "next_of": "__anext__",
    "wait_for_iteration": "__iter__",
    "prefetch": "prefetch",
    "prefetch_async": "prefetch_async",
    "wait_all": "wait_all",
    "wait_all_async": "wait_all_async",
    "as_completed": "as_completed",
    "as_completed_async": "as_completed_async",
}
# Those that do it to an attribute, whose name they have.
_OF_ATTRIBUTES: Final = {
    "__getattribute__",
    "__setattr__",
    "__delattr__",
    "read_pending",
    "run_for_attribute",
    "wait_for_attribute",
}

# Read once in each function: a trace can end in another thread between two looks.
recorder: Recorder | None = None
_starting = RLock()


class Creation:
    """What stands for one Await: ids are used again."""

    __slots__ = ("place",)

    def __init__(self, place: Place | None) -> None:
        self.place = place


class Context:
    """The thread, and in it the task of asyncio or trio, that this is made in."""

    __slots__ = ("ids", "task", "thread")

    def __init__(self) -> None:
        ident, task = get_ident(), _task()
        # `current_thread` takes a lock for a thread that it does not know, as one that begins or is not
        # Python's: a finalizer that uses an Await could find it taken.
        thread = threads_by_ident.get(ident)
        self.thread = f"thread {ident}" if thread is None else thread.name
        self.task = None if task is None else _name_of_task(task)
        # Names need not be unique.
        self.ids = ident, id(task)


class Run:
    """One run of a call. `ended` is None until it is over."""

    __slots__ = (
        *(
            "arguments",
            "context",
            "creation",
            "ended",
            "error",
            "is_remote",
            "is_replaced",
            "name",
            "origin",
            "result",
        ),
        "started",
    )

    def __init__(self, creation: Creation, aw: object, origin: Origin) -> None:
        self.creation = creation
        function = get_function(aw)
        self.name = function_name(function)
        self.arguments = short_arguments(function, get_args(aw) or (), get_kwargs(aw))
        self.origin = origin
        # The names of the classes of what came of it.
        self.result: str | None = None
        self.error: str | None = None
        self.is_remote = False
        # Whether this was the call of a coroutine function, and the coroutine's own run is recorded.
        self.is_replaced = False
        self.ended: float | None = None
        self.begin()

    def begin(self) -> None:
        """Say that it begins now, and here."""
        self.context = Context()
        self.started = perf_counter()


class Wait:
    """The time for which a thread or a task waits for the run of another."""

    __slots__ = ("context", "creation", "ended", "started")

    def __init__(self, creation: Creation) -> None:
        self.creation = creation
        self.context = Context()
        self.started = perf_counter()
        self.ended = self.started


Sink = list[Run | Wait]


class Recorder:
    """What is there from when the first trace begins until the last has ended."""

    def __init__(self) -> None:
        # Where each trace has what is recorded. Replaced as a whole, so that no lock is needed.
        self.sinks: tuple[Sink, ...] = ()
        # By the ids of Awaits. Each new Await overwrites what another of its id has left.
        self.creations: dict[int, Creation] = {}
        self.calls: dict[int, Run] = {}

    def creation_of(self, aw: object) -> Creation:
        """Return what stands for this Await; without a place, if it was made before."""
        return self.creations.get(id(aw)) or self.creations.setdefault(id(aw), Creation(None))

    def record(self, event: Run | Wait) -> None:
        """Tell all traces."""
        for sink in self.sinks:
            sink.append(event)

    def run(self, aw: object, function: Any, args: Any, kwargs: Any) -> Any:
        """Call the function, and record it."""
        run = Run(self.creation_of(aw), aw, origin_at(sys._getframe(1)))
        try:
            value = function(*args, **kwargs)
        except BaseException as error:
            self.fail(run, error)
            raise
        self.succeed(run, value)
        self.calls[id(aw)] = run
        return value

    def succeed(self, run: Run, value: object) -> None:
        """Record that a run gave this value."""
        run.ended = perf_counter()
        run.result = class_name(type(value))
        self.record(run)

    def fail(self, run: Run, error: BaseException) -> None:
        """Record that a run failed, and note with the error where its Await was made."""
        run.ended = perf_counter()
        run.error = class_name(type(error))
        if run.creation.place is not None:
            code, line = run.creation.place
            place = f"{code.co_filename}:{line}, in {code.co_qualname}"
            note = f"the Await of {run.name} was created at {place}"
            with suppress(Exception):  # a class of errors can have its own idea of notes
                if note not in getattr(error, "__notes__", ()):
                    error.add_note(note)
        self.record(run)


def start(sink: Sink) -> None:
    """Begin to tell a trace."""
    holding(_starting, _start, sink)


def _start(sink: Sink) -> None:
    global recorder
    recorder = recorder or Recorder()
    recorder.sinks += (sink,)
    making.tell_of_new(record_creation)


def stop(sink: Sink) -> None:
    """Tell a trace nothing more."""
    holding(_starting, _stop, sink)


def _stop(sink: Sink) -> None:
    global recorder
    if recorder is None:
        return
    recorder.sinks = tuple(one for one in recorder.sinks if one is not sink)
    if not recorder.sinks:
        recorder = None
        making.tell_of_new(None)


def run(aw: object, function: Any, args: Any, kwargs: Any) -> Any:
    """Call the function, and record it if a trace is on."""
    to = recorder
    return function(*args, **kwargs) if to is None else to.run(aw, function, args, kwargs)


def _renew_lock() -> None:
    """Free, in a forked child, what a thread of the parent held."""
    global _starting
    _starting = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def record_creation(aw: object) -> None:
    """Remember where an Await is made. Called by what makes it, in C maybe, and so without a frame."""
    to = recorder
    if to is not None:
        to.creations[id(aw)] = Creation(origin_at(sys._getframe().f_back)[1])
        to.calls.pop(id(aw), None)


# What is run by another thread, task or process than the one that asks for it.


def current_origin() -> Origin | None:
    """Return what the caller is asked for by, if a trace is on."""
    return None if recorder is None else origin_at(sys._getframe(1))


def on_behalf(origin: Origin | None, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function; what it will run was asked for by that."""
    return function if origin is None else partial(_on_behalf, origin, function)


def _on_behalf(origin: Origin, function: Callable[..., Any], /, *args: Any) -> Any:
    return function(*args)


async def on_behalf_async(origin: Origin | None, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Await the coroutine; what it will run was asked for by that."""
    return await coroutine


_BEHALVES: Final = {_on_behalf.__code__, on_behalf_async.__code__}


def is_here(code: CodeType) -> bool:
    """Say whether this is code of this package."""
    return code.co_filename.startswith(_HERE)


def origin_at(frame: FrameType | None) -> Origin:
    """Return the outermost operation of this package on the way out of it, and where that stands."""
    operation = ""
    while frame is not None and is_here(frame.f_code):
        if frame.f_code in _BEHALVES and (origin := frame.f_locals["origin"]) is not None:
            return origin  # type: ignore[no-any-return] # f_locals has Any
        # A generator or a comprehension inside of a function is that function's.
        name = frame.f_code.co_qualname.partition(".<locals>")[0].rpartition(".")[2]
        if name in _OF_ATTRIBUTES:
            operation = f".{frame.f_locals['name']}"
        elif name == "run_for_special_method":
            operation = frame.f_locals["operation"]
        elif name.startswith("__"):
            operation = name
        else:
            operation = _OPERATIONS.get(name, operation)
        frame = frame.f_back
    return operation, frame and (frame.f_code, frame.f_lineno)


def waiting(aw: object) -> AbstractContextManager[object]:
    """Return a context in which this thread or task waits for the run of another."""
    to = recorder
    # Without an operation it is a thread of an executor that comes to take a result in.
    if to is None or not origin_at(sys._getframe(1))[0]:
        return nullcontext()
    return _Waiting(to, aw)


class _Waiting:
    def __init__(self, recorder: Recorder, aw: object) -> None:
        self.recorder = recorder
        self.creation = recorder.creation_of(aw)

    def __enter__(self) -> None:
        self.wait = Wait(self.creation)

    def __exit__(self, *error: object) -> None:
        self.wait.ended = perf_counter()
        self.recorder.record(self.wait)


class Work:
    """The work on the coroutine, or another awaitable, that a call gave."""

    def __init__(self, recorder: Recorder, aw: object) -> None:
        self.recorder = recorder
        self.run = Run(recorder.creation_of(aw), aw, origin_at(sys._getframe(1)))
        # The call that gave it, if that was recorded: to a trace both are one run.
        self.call = recorder.calls.pop(id(aw), None)

    def end(self, failure: BaseException | None, result: object) -> None:
        """Record it, in the place of the call."""
        if self.call is not None:
            self.call.is_replaced = True
        if failure is None:
            self.recorder.succeed(self.run, result)
        else:
            self.recorder.fail(self.run, failure)


def work_on(aw: object) -> Work | None:
    """Return what records the work on what the call gave, if a trace is on."""
    to = recorder
    return None if to is None else Work(to, aw)


def submitted(
    aw: object, origin: Origin | None, receive: Callable[[], Any], is_back: Callable[[], bool]
) -> Callable[[], Any]:
    """Return what receives the result of a call that was submitted now, recorded if a trace is on.

    `receive` gives the mark of a pending Await if the call was withdrawn.
    """
    to = recorder
    if to is None:
        return receive
    run = Run(to.creation_of(aw), aw, origin or origin_at(sys._getframe(1)))
    run.is_remote = True
    return partial(_receive, aw, run, receive, is_back)


def _receive(aw: object, run: Run, receive: Callable[[], Any], is_back: Callable[[], bool]) -> Any:
    """Receive a result. Several may come for it; the first who gets it records it."""
    to = recorder
    if to is None:
        return receive()
    try:
        with nullcontext() if is_back() else waiting(aw):
            value = receive()
    except BaseException as error:
        if run.ended is None and is_back():
            to.fail(run, error)
        raise
    if run.ended is None and value is not PENDING:
        to.succeed(run, value)
    return value


def _task() -> Any:
    """Return the running task of asyncio or trio, importing neither."""
    asyncio = sys.modules.get("asyncio.tasks")
    if asyncio is not None and hasattr(asyncio, "current_task"):  # it is imported so far
        # Not by an error that says that there is none: it would be the context of an interrupt.
        loop = asyncio.events._get_running_loop()
        if loop is not None and (task := asyncio.current_task(loop)) is not None:
            return task
    lowlevel = getattr(sys.modules.get("trio"), "lowlevel", None)
    return lowlevel.current_task() if lowlevel is not None and lowlevel.in_trio_task() else None


def _name_of_task(task: Any) -> str:
    return str(task.get_name() if hasattr(task, "get_name") else task.name)
