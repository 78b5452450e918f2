"""Uses of an Await in which memory runs out, at each allocation in turn.

    python -m tests.runtime.shortage [USE...]

It needs `_testcapi`, which comes with CPython's own tests, and a process of its own, which may end.
"""

import copy
import gc
import importlib
import sys
import sysconfig
import time
import weakref
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from awaits import (
    BUILD,
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
    delayed,
    trace,
)
from awaits._state.slots import core

_testcapi: Any = importlib.import_module("_testcapi")

# Before Python 3.14 a lock that finds no memory is a RuntimeError. A traceback that finds none can lose
# its error, which is a SystemError.
OLD = sys.version_info < (3, 14)
OF_PYTHON = (MemoryError, RuntimeError, SystemError) if OLD else (MemoryError,)
MAY_USE_THREADS = not sysconfig.get_config_var("Py_GIL_DISABLED")  # the hooks change under their hands


class Value:
    """A W that does what it is asked."""

    x = 1
    items = (1, 2)

    def answer(self, *args: object, **kwargs: object) -> "Value":
        return self

    __add__ = __radd__ = __neg__ = __call__ = __enter__ = answer

    def __iter__(self) -> Iterator[int]:
        return iter(self.items)

    def __getitem__(self, key: int) -> int:
        return self.items[key]

    def __setitem__(self, key: object, item: object) -> None: ...

    def __delitem__(self, key: object) -> None: ...

    def __contains__(self, item: object) -> bool:
        return True

    def __len__(self) -> int:
        return 2

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __exit__(self, *error: object) -> None: ...


class Call:
    """A call that is waited for while memory is short."""

    error: tuple[type[BaseException], ...] = ()  # that a use of it raises

    def __init__(self) -> None:
        self.runs = 0
        self.value = Value()
        self.aw: Any = awaitable(self.run, 1, key=2)

    def run(self, number: int, *, key: int) -> Any:
        self.runs += 1
        return self.value

    def check(self) -> None:
        """Say what is wrong, after the shortage."""
        assert core is None or core.count_claims() == 0
        assert repr(self.aw).startswith(("<Await pending", "<Await done"))
        self.use_again()
        assert self.runs == 1, f"{self.runs} runs"

    def use_again(self) -> None:
        assert awaitable_wait(self.aw) is self.value
        assert self.aw.x == 1


class Raising(Call):
    """A call that raises what Python would swallow."""

    error = (AwaitError,)

    def __init__(self, raised: type[Exception]) -> None:
        super().__init__()
        self.raised = raised

    def run(self, number: int, *, key: int) -> Any:
        raise self.raised

    def check(self) -> None:
        super().check()
        assert not awaitable_done(self.aw)

    def use_again(self) -> None:
        try:
            awaitable_wait(self.aw)
        except self.raised:
            self.runs = 1


class Cyclic(Call):
    """A call that needs its own result."""

    error: tuple[type[BaseException], ...] = (AwaitCycleError,)

    def run(self, number: int, *, key: int) -> Any:
        self.runs += 1
        return self.aw + 1 if self.error else self.value

    def use_again(self) -> None:
        self.runs = 0
        self.error = ()
        super().use_again()


class Graph(Call):
    """A delayed call that needs others."""

    def __init__(self) -> None:
        super().__init__()
        one = delayed(int)("1")
        self.aw = delayed(self.run)(awaitable(int, "1"), key=delayed(max)(one, one))


class Traced(Call):
    """A call that runs while a trace is on."""

    def check(self) -> None:
        if not awaitable_done(self.aw):
            self.runs = 0  # the trace found no memory to record one, and its value was lost
        super().check()


class Elsewhere(Call):
    """A call that another thread runs, which has memory again as soon as the first one waits."""

    started, ended, wanted = allocate_lock(), allocate_lock(), allocate_lock()
    under_way: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        if not self.under_way:
            self.started.acquire()
            self.ended.acquire()
            self.wanted.acquire()
            start_new_thread(self.wait_again_and_again, ())
        self.under_way.append(self.aw)
        self.wanted.release()
        self.started.acquire()

    @classmethod
    def wait_again_and_again(cls) -> None:
        while True:
            cls.wanted.acquire()
            try:
                awaitable_wait(cls.under_way[-1])
            except OF_PYTHON:
                pass
            finally:
                cls.ended.release()

    def run(self, number: int, *, key: int) -> Any:
        self.runs += 1
        if self.runs == 1:
            self.started.release()
            time.sleep(0.003)
            _testcapi.remove_mem_hooks()
        return self.value

    def check(self) -> None:
        self.ended.acquire()
        super().check()


def _write(aw: Any) -> None:
    aw.y = 1


def _delete(aw: Any) -> None:
    del aw.x  # which an instance does not have


def _set_item(aw: Any) -> None:
    aw[0] = 1


def _delete_item(aw: Any) -> None:
    del aw[0]


def _add_in_place(aw: Any) -> None:
    aw += 1


def _enter(aw: Any) -> None:
    with aw:
        pass


def _make(_: object) -> tuple[Any, ...]:
    return awaitable(int), awaitable(int, "5", base=10), awaitable_nowait(5)


def _look(aw: Any) -> tuple[Any, ...]:
    return repr(aw), awaitable_done(aw), aw.fn(), aw.args(), weakref.ref(aw), copy.copy(aw)


# What code does that only looks, here as if by pydoc.
_onlooker: dict[str, Any] = {"__name__": "pydoc"}
exec("def look(aw): return str(aw), bool(aw), aw == 1, hasattr(aw, 'x'), aw.__class__", _onlooker)

USES: dict[str, tuple[Callable[[], Call], Callable[[Any], object]]] = {
    "make": (Call, _make),
    "look at": (Call, _look),
    "look on": (Call, _onlooker["look"]),
    "wait": (Call, awaitable_wait),
    "release": (Call, awaitable_release),
    "read": (Call, lambda aw: aw.x),
    "read what is missing": (Call, lambda aw: getattr(aw, "missing", None)),
    "write": (Call, _write),
    "delete": (Call, _delete),
    "operator": (Call, lambda aw: aw + 1),
    "reflected operator": (Call, lambda aw: 1 + aw),
    "both sides": (Call, lambda aw: aw + aw),
    "in place": (Call, _add_in_place),
    "unary operator": (Call, lambda aw: -aw),
    "call": (Call, lambda aw: aw(1, x=2)),
    "iterate": (Call, list),
    "item": (Call, lambda aw: aw[0]),
    "set an item": (Call, _set_item),
    "delete an item": (Call, _delete_item),
    "in": (Call, lambda aw: 1 in aw),
    "len": (Call, len),
    "compare": (Call, lambda aw: aw == 5),
    "hash": (Call, hash),
    "str": (Call, str),
    "bool": (Call, bool),
    "enter": (Call, _enter),
    "a failure that looks like a missing attribute": (partial(Raising, AttributeError), lambda aw: aw.x),
    "a failure that looks like the end": (partial(Raising, StopIteration), iter),
    "a cycle": (Cyclic, lambda aw: aw + 1),
}
# A comprehension that finds no memory fails an assertion of a debug build.
if not (OLD or hasattr(sys, "gettotalrefcount")):
    USES["a graph"] = Graph, awaitable_wait
    USES["a graph, read"] = Graph, lambda aw: aw.x
    USES["a trace"] = Traced, lambda aw: (_make(aw), aw + 1)
if MAY_USE_THREADS:
    USES["wait for another thread"] = Elsewhere, lambda aw: aw + 1


def failure(use: Callable[[Any], object], aw: Any, first: int, end: int) -> BaseException | None:
    """Return what a use raises if these allocations fail, where the end is 0 all from the first on."""
    _testcapi.set_nomemory(first, end)
    try:
        use(aw)
    except BaseException as error:
        _testcapi.remove_mem_hooks()
        return error
    _testcapi.remove_mem_hooks()
    return None


def allocations(name: str) -> int:
    """Use Awaits while memory is short, and return how many allocations can fail."""
    make, use = USES[name]

    def is_short(first: int, end: int) -> bool:
        call = make()
        allowed = OF_PYTHON + call.error + (AttributeError,) * (use is _delete)
        error = failure(use, call.aw, first, end)
        try:
            call.check()
            assert error is None or isinstance(error, allowed), repr(error)
        except AssertionError:
            print(f"allocation {first} to {end or 'the last'} failed, and the use with {error!r}")
            raise
        return isinstance(error, OF_PYTHON) and not isinstance(error, AwaitError)

    number = passed = 0
    while passed < 10:  # some are not missed
        passed = 0 if is_short(number, number + 1) else passed + 1
        number += 1
    if not OLD:  # which ends if memory stays short
        for first in range(number):
            is_short(first, 0)
    return number - passed


def main() -> None:
    """Use Awaits in each way."""
    gc.disable()  # a collection that begins while memory is short complains on its own
    total = 0
    for name in sys.argv[1:] or USES:
        print(name, end=": ", flush=True)  # the last one is what ended the process, if any did
        if name == "a trace":
            with trace():
                number = allocations(name)
        else:
            number = allocations(name)
        print(number)
        total += number
    print(f"{BUILD}: passed, {total} allocations")


if __name__ == "__main__":
    main()
