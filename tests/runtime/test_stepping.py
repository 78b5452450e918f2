"""That stepping hears of each point where interrupts come: it is compared with real ones."""

import asyncio
import ctypes
import dis
import functools
import signal
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import pytest

from tests.runtime.stepping import TOOL, at_interruptible_points, monitoring

Points = set[tuple[str, int, str]]  # the function, the instruction's place and name

lock = threading.Lock()


class Manager:
    def __init__(self) -> None:
        self.entered = False

    def __enter__(self) -> None:
        self.entered = True

    def __exit__(self, *exception: object) -> None: ...

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.sleep(0)

    @property
    def is_entered(self) -> bool:
        return self.entered


def blocks() -> None:
    with lock:
        len([])
    with Manager() as _, lock:
        pass
    try:
        [].pop()
    except IndexError:
        pass
    finally:
        len([])


def calls() -> bool:
    manager = Manager()
    [int("1"), str(2), "a".upper(), len(*[[]]), sorted([1], key=lambda item: -item)]
    dict(**vars(manager))
    return manager.is_entered


def loops() -> None:
    for _ in range(2):
        pass
    number = 2
    while number:
        number -= 1
        if number:
            continue
    [item + 1 for item in [1, 2]]
    for _ in range(2):
        with lock:
            pass


def numbers() -> Iterator[int]:
    yield 1
    yield from [2, 3]


def generators() -> None:
    for _ in numbers():
        pass
    list(numbers())
    next(item for item in numbers())


async def coroutine() -> None:
    await asyncio.sleep(0)
    async with Manager():
        pass
    [item async for item in agenerator()]


async def agenerator() -> Any:
    yield 1


def coroutines() -> None:
    steps = coroutine()
    try:
        while True:
            steps.send(None)
    except StopIteration:
        pass


def codes_of_this_file() -> list[CodeType]:
    """Return the code of the functions above."""
    functions = [blocks, calls, loops, numbers, generators, coroutine, agenerator, coroutines]
    codes = [function.__code__ for function in functions]
    members = [member for member in vars(Manager).values() if not isinstance(member, str)]
    codes += [code for member in members if (code := getattr(member, "__code__", None))]
    codes.append(vars(Manager)["is_entered"].fget.__code__)
    for code in codes:
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return codes


def point(code: CodeType, offset: int) -> tuple[str, int, str]:
    return code.co_qualname, offset, dis.opname[code.co_code[offset]]


def heard_of(codes: list[CodeType], call: Callable[[], object]) -> Points:
    points: Points = set()
    with at_interruptible_points(codes, lambda code, offset: points.add(point(code, offset))):
        call()
    return points


def interrupted_at(codes: list[CodeType], call: Callable[[], object]) -> Points:
    """Return where interrupts come that are sent before each instruction, one in each call."""
    instruction = monitoring.events.INSTRUCTION
    hear = functools.partial(monitoring.register_callback, TOOL, instruction)
    # No function in Python, in which the interrupt would come. It is given the code and the offset too.
    prototype = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.py_object, ctypes.c_int)
    send = prototype(("PyErr_SetInterruptEx", ctypes.pythonapi))
    passed, wanted = 0, 0
    points: Points = set()

    def count(code: CodeType, offset: int) -> object:
        nonlocal passed
        if dis.opname[code.co_code[offset]] == "LOAD_SPECIAL":
            return monitoring.DISABLE  # CPython looks for it in the code, where the event would stand
        passed += 1
        if passed == wanted:
            hear(functools.partial(send, signal.SIGINT))
        return None

    def note(number: int, frame: FrameType | None) -> None:
        hear(None)
        assert frame is not None
        if any(frame.f_code is code for code in codes):
            points.add(point(frame.f_code, frame.f_lasti))

    monitoring.use_tool_id(TOOL, "interrupts")
    handler = signal.signal(signal.SIGINT, note)
    try:
        for code in codes:
            monitoring.set_local_events(TOOL, code, instruction)
        hear(count)
        call()
        while passed >= wanted:
            passed, wanted = 0, wanted + 1
            hear(count)
            call()
    finally:
        hear(None)
        for code in codes:
            monitoring.set_local_events(TOOL, code, monitoring.events.NO_EVENTS)
        monitoring.free_tool_id(TOOL)
        signal.signal(signal.SIGINT, handler)
    return points


@pytest.mark.skipif(monitoring is None, reason="Python 3.12 brought sys.monitoring")
@pytest.mark.parametrize("call", [blocks, calls, loops, generators, coroutines])
def test_stepping_hears_of_each_point_where_interrupts_come(call: Callable[[], object]) -> None:
    def call_it() -> None:
        call()

    codes = [call_it.__code__, *codes_of_this_file()]
    interrupted = interrupted_at(codes, call_it)
    heard = heard_of([code for code in codes if code is not call_it.__code__], call_it)
    assert len(interrupted) > 5
    assert not interrupted - heard
    # From 3.14 on CPython looks for them after a call with keywords only if it has specialized the call,
    # which it does not while each instruction is an event.
    assert {name for _, _, name in heard - interrupted} <= {"CALL_KW"}
