"""Whether any operation leaks: `python -m tests.runtime.leaks [REPETITIONS]`, 100,000 unless said.

A debug build of Python counts references too, and then each leak shows.
"""

import asyncio
import atexit
import copy
import functools
import gc
import itertools
import logging
import math
import operator
import os
import pickle
import signal
import sys
import threading
import time
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import awaits
from awaits import (
    Await,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
    delayed,
    trace,
)
from awaits._state.slots import AwaitBase, core
from awaits.executors import wait_all

LIMIT = 50  # what the interpreter's own caches may grow by meanwhile


class Value:
    """A W with an attribute."""

    x = 1

    def __call__(self, *args: object, **kwargs: object) -> None:
        """Take anything."""

    def __enter__(self) -> None:
        """Enter."""

    def __exit__(self, *error: object) -> None:
        """Leave."""


def fail(kind: type[BaseException] = ValueError) -> int:
    """Do what a call may do."""
    raise kind("from inside")


def give(value: Any) -> Any:
    """Return this."""
    return value


def _left(operation: Callable[[Any, Any], Any], aw: Any) -> Any:
    return operation(aw, 2)


def _right(operation: Callable[[Any, Any], Any], aw: Any) -> Any:
    return operation(5, aw)


def _cycle(_: object) -> None:
    cell: list[Any] = []
    cell.append(awaitable(cell.append, cell))


def _set(aw: Any) -> None:
    aw.y = 1
    del aw.y


def _set_item(aw: Any) -> None:
    aw[0] = 1
    aw.append(2)
    del aw[-1]


def _enter(aw: Any) -> None:
    with aw:
        pass


def _in_place(aw: Any) -> None:
    aw += 1


# What code does that only looks, here as if by pydoc.
_ONLOOKER: dict[str, Any] = {"__name__": "pydoc"}
exec(
    """
def look(aw): str(aw), format(aw), bool(aw), hash(aw), aw == 1, hasattr(aw, "x"), aw.__class__
def call(use, aw): use(aw)
def write(aw): aw.x = 1
def subscript(aw): aw[0]
def add(aw): aw += 1
""",
    _ONLOOKER,
)


def _look_on(_: object) -> None:
    aw = awaitable(fail)
    _ONLOOKER["look"](aw)
    for name in ("write", "subscript", "add"):
        with suppress(TypeError, AttributeError):
            _ONLOOKER[name](aw)
    for use in (len, iter, int, abs, math.trunc, operator.index):
        with suppress(TypeError):
            _ONLOOKER["call"](use, aw)


def _log(_: object) -> None:
    for text in ("%(a)s", "%s"):
        aw = awaitable(dict, a=1)
        logging.LogRecord("leaks", logging.ERROR, "here", 1, text, (aw,), None).getMessage()


OPERATORS: list[Callable[..., Any]] = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
]
OPERATORS += [operator.lshift, operator.rshift, operator.and_, operator.xor, operator.or_, operator.pow]
OPERATORS += [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
UNARY: list[Callable[..., Any]] = [
    operator.neg,
    operator.pos,
    operator.invert,
    operator.index,
    abs,
    int,
    float,
    complex,
    bool,
    str,
]
UNARY += [format, hash, round, math.trunc]

# What is done to an Await of this value, again and again.
OPERATIONS: dict[str, tuple[Any, Callable[[Any], object]]] = {
    **{f"{f.__name__}, left": (5, partial(_left, f)) for f in OPERATORS},
    **{f"{f.__name__}, right": (2, partial(_right, f)) for f in OPERATORS},
    **{f.__name__: (5, f) for f in UNARY},
    "matmul that is refused": (5, lambda aw: aw @ aw),
    "both sides": (5, lambda aw: aw + aw),
    "divmod": (5, lambda aw: divmod(aw, aw)),
    "in place": (5, _in_place),
    "read": (Value(), lambda aw: aw.x),
    "read what is missing": (Value(), lambda aw: aw.missing),
    "write": (Value(), _set),
    "write what is the Await's own": (Value(), lambda aw: setattr(aw, "fn", 1)),
    "call": (Value(), lambda aw: aw(1, x=2)),
    "enter": (Value(), _enter),
    "dir and repr": (5, lambda aw: (dir(aw), repr(aw))),
    "len": ([1, 2], len),
    "index": ([1, 2], lambda aw: aw[1]),
    "index that is missing": ([1, 2], lambda aw: aw[5]),
    "item": ([1, 2], _set_item),
    "in": ([1, 2], lambda aw: (1 in aw, aw in [aw])),
    "iterate": ([1, 2], lambda aw: (list(aw), list(reversed(aw)))),
    "iterate what cannot be": (5, lambda aw: iter(aw)),
    "fspath": (PurePosixPath("a"), os.fspath),
    "isinstance": (int, lambda aw: isinstance(5, aw)),
    "make": (None, lambda _: (awaitable(int), awaitable(int, "5", base=10), awaitable_nowait(5))),
    "make what is refused": (None, lambda _: awaitable(5)),  # type: ignore[arg-type]
    "run": (None, lambda _: (awaitable_wait(awaitable(int, "5")), awaitable(int, "5") + 1)),
    "run and fail": (None, lambda _: awaitable(fail) + 1),
    "run for an attribute and fail": (None, lambda _: awaitable(fail).real),
    "release": (None, lambda _: awaitable_release(awaitable(int, "5"))),
    "ask": (5, lambda aw: (awaitable_done(aw), aw.args(), aw.is_nowait(), weakref.ref(aw))),
    "look on": (None, _look_on),
    "log": (None, _log),
    "copy": (5, lambda aw: (copy.copy(aw), copy.deepcopy(aw), pickle.loads(pickle.dumps(aw)))),
    "a cycle of garbage": (None, _cycle),
}


# The methods of the class, called as Python calls them.
METHODS: dict[str, Callable[..., Any]] = {
    name: getattr(Await, name)
    for name in {**vars(AwaitBase), **vars(Await)}
    if isinstance(getattr(Await, name), types.FunctionType | types.WrapperDescriptorType)
    and name not in {"__new__", "__init__"}
}
# A W that has them all, whatever they are to return.
Everything = type("Everything", (), dict.fromkeys(METHODS.keys() - {"__getattribute__"}, lambda *_: 1))
RAISED = (ValueError, AttributeError, StopIteration, TypeError, RecursionError, KeyboardInterrupt)
ANY_FAILURE = Exception, KeyboardInterrupt


def subjects() -> Iterator[Any]:
    """Give Awaits that are complete, that are to run, and that are to fail."""
    makers: tuple[Callable[[Any], Any], ...] = (awaitable_nowait, lambda value: awaitable(give, value))
    for make in makers:
        # New objects, so that one which is kept counts; and none that grows by what is done to it.
        yield from map(make, (number(), float("2.5"), text(), (number(), text()), PurePosixPath("a")))
        yield from map(make, (int, Value(), Everything(), object(), awaitable_nowait(number())))
    for kind in RAISED:
        yield awaitable(fail, kind)


def arguments() -> Iterator[tuple[Any, ...]]:
    yield from ((), (number(),), (-number(),), (text(),), (object(),), (awaitable_nowait(number()),))
    yield from ((text(), object()), (0, text()), (None, None, None))


def number() -> int:
    """Return a number that Python does not keep."""
    return int("1025")


def text() -> str:
    """Return a text that Python does not keep."""
    return str(number())


def _call_method(method: Callable[..., Any]) -> None:
    for args in arguments():
        for aw in subjects():
            with suppress(*ANY_FAILURE):
                result = method(aw, *args)
                if hasattr(type(result), "close"):
                    result.close()  # it would complain of not having been awaited


async def _nothing() -> None:
    """Return at once."""


def _call_function(function: Callable[..., Any]) -> None:
    """Call a function of the compiled part with all that it could be given by mistake."""
    keeps_it = function.__name__ in {"compile_awaitable", "tell_of_new"}
    for count in range(4):
        for drawn in itertools.product((number(), int, Await), repeat=count):
            aw = awaitable(int, "5")
            args = [aw if argument is Await else argument for argument in drawn]
            for keywords in ({}, {"await_type": number()}):
                with suppress(Exception):
                    if not (keeps_it and count == 1):
                        function(*args, **keywords)
            with suppress(Exception):
                awaitable_wait(aw)


def _in_threads(*calls: Callable[[], Any]) -> None:
    def call(function: Callable[[], Any]) -> None:
        with suppress(Exception):
            function()

    threads = [threading.Thread(target=call, args=(function,)) for function in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _wait_in_threads() -> None:
    def fail_late() -> int:
        time.sleep(0.001)
        return fail()

    aw, failing = awaitable(time.sleep, 0.001), awaitable(fail_late)
    _in_threads(*[partial(awaitable_wait, aw)] * 3, *[partial(awaitable_wait, failing)] * 3)


def _cycle_in_threads() -> None:
    aws: list[Any] = []
    aws += [awaitable(lambda: aws[1] + 1), awaitable(lambda: aws[0] + 1)]
    _in_threads(partial(abs, aws[0]), partial(abs, aws[1]))


def _cycle_in_one() -> None:
    aws: list[Any] = []
    aws += [awaitable(lambda: aws[1] + 1), awaitable(lambda: aws[0].real)]
    with suppress(awaits.AwaitCycleError):
        abs(aws[0])


def _endless() -> None:
    box: list[Any] = []
    box.append(awaitable(box.__getitem__, 0))
    for use in (abs, len, iter, str, lambda aw: aw + 1, lambda aw: aw.x, lambda aw: aw()):
        with suppress(RecursionError):
            use(box[0])


def _interrupt() -> None:
    for use in (abs, iter, lambda aw: aw.x, awaitable_release):
        aw: Any = awaitable(signal.raise_signal, signal.SIGINT)
        with suppress(*ANY_FAILURE):
            use(aw)


def _interrupt_a_wait() -> None:
    begun, waiting, ended = threading.Event(), threading.Event(), threading.Event()
    struck: list[int] = []

    def strike(number: int, frame: object) -> None:
        if not struck:
            struck.append(number)
            raise KeyboardInterrupt

    def interrupt() -> None:
        begun.set()
        waiting.wait()
        time.sleep(0.001)
        # Again, if it came just before the thread stood still: that does not wake it.
        while not ended.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            ended.wait(0.1)

    aw: Any = awaitable(interrupt)
    thread = threading.Thread(target=awaitable_wait, args=(aw,))
    # Not the handler that is there: where SIGINT is ignored there is none.
    handler = signal.signal(signal.SIGINT, strike)
    try:
        thread.start()
        begun.wait()
        with suppress(KeyboardInterrupt):
            waiting.set()
            awaitable_wait(aw)
        ended.set()
        thread.join()
    finally:
        signal.signal(signal.SIGINT, handler)


def _trace() -> None:
    with trace() as seen:
        for aw in subjects():
            with suppress(*ANY_FAILURE):
                aw + 1
            with suppress(*ANY_FAILURE):
                iter(aw)
    str(seen)


def _graph() -> None:
    one = delayed(int)("1")
    two: Any = delayed(max)(one, awaitable(int, "2"))
    aw: Any = delayed(sum)([1], start=two)
    failing: Any = delayed(fail)(delayed(give)(ValueError))
    aw.real, awaitable_release(aw), copy.copy(two)
    with suppress(ValueError):
        failing + 1
    wait_all([delayed(give)(aw), delayed(give)(delayed(int)("5"))])


@functools.cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """Return the one loop, as each new one leaves something in Python's own tables for a while."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def _loop() -> None:
    async def use() -> None:
        await awaitable_nowait(5)
        await awaitable(give, 5)
        await awaitable(_nothing)
        with suppress(ValueError):
            await awaitable(fail)

    _event_loop().run_until_complete(use())


def _die() -> None:
    aws = [awaitable(give, 5), awaitable_nowait(5)]
    kept = [weakref.ref(aw, lambda _: None) for aw in aws]
    weakref.finalize(aws[0], give, 5)
    aws.clear()
    del kept


IN_THREADS: dict[str, Callable[[], object]] = {
    "wait in threads": _wait_in_threads,
    "a cycle through threads": _cycle_in_threads,
    "interrupt a wait": _interrupt_a_wait,
    "graph": _graph,
    "an event loop": _loop,
}
# What is repeated less often, as each time it does more.
THOROUGH: dict[str, Callable[[], object]] = {
    **{name: partial(_call_method, method) for name, method in METHODS.items()},
    **{
        f"core.{name}": partial(_call_function, function)
        for name, function in vars(core or types).items()
        if isinstance(function, types.BuiltinFunctionType)
    },
    **IN_THREADS,
    "a cycle": _cycle_in_one,
    "endless recursion": _endless,
    "interrupt a run": _interrupt,
    "trace": _trace,
    "weak references": _die,
}
NAMES = [*OPERATIONS, *THOROUGH]


def leaked(name: str, repetitions: int) -> int:
    """Return how many more blocks of memory, or references, are held after these repetitions."""
    repeated: Callable[[], object]
    if name in THOROUGH:
        repeated, repetitions = THOROUGH[name], max(repetitions // 200, 2 * LIMIT)
    else:
        value, operation = OPERATIONS[name]
        aw = awaitable_nowait(value)

        def repeated() -> None:
            with suppress(Exception):
                operation(aw)
            with suppress(Exception):
                operation(awaitable(give, value))

    def repeat(count: int) -> tuple[int, ...]:
        for _ in range(count):
            repeated()
        gc.collect()
        return held()

    gc.collect()
    gc.freeze()  # what is there already need not be looked at again and again
    try:
        repeat(20)  # what is made once only
        for _ in range(20):  # the interpreter's own caches grow now and then, a leak grows every time
            before, after = repeat(1), repeat(repetitions)
            more: int = max(map(operator.sub, after, before))
            if more < LIMIT:
                break
        return more
    finally:
        gc.unfreeze()


def held() -> tuple[int, ...]:
    """Return the blocks of memory in use; in a debug build of Python, also the references."""
    count = getattr(sys, "gettotalrefcount", None)
    return (sys.getallocatedblocks(), count()) if count else (sys.getallocatedblocks(),)


def main() -> None:
    """Repeat all operations, and say which leak."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    leaks = {name: more for name in NAMES if (more := leaked(name, repetitions)) >= LIMIT}
    counted = "blocks and references" if len(held()) > 1 else "blocks"
    times = f"{len(NAMES)} operations, {repetitions:,} times each"
    print(f"{awaits.BUILD}: {times}, {len(leaks)} leak {counted}")
    for name, more in leaks.items():
        print(f"{name}: {more}")
    sys.exit(bool(leaks))


if __name__ == "__main__":
    main()
