"""A pending Await travels as its call, a complete one as its value."""

import copy
import io
import pickle
import shelve
import threading
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from types import FunctionType, SimpleNamespace
from typing import Any

import pytest

from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_wait
from tests.runtime.things import show

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def by_protocol(protocol: int) -> Callable[[Any], Any]:
    return lambda value: pickle.loads(pickle.dumps(value, protocol))


def dumps_in_python(value: Any, protocol: int | None = None) -> bytes:
    """Pickle as `pickle.dumps` does, by the pickler that is written in Python."""
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(value)
    return file.getvalue()


def in_python(protocol: int) -> Callable[[Any], Any]:
    return lambda value: pickle._Unpickler(io.BytesIO(dumps_in_python(value, protocol))).load()


def by_cloudpickle(value: Any) -> Any:
    cloudpickle = pytest.importorskip("cloudpickle")
    return pickle.loads(cloudpickle.dumps(value))


def between_processes(value: Any) -> Any:
    return ForkingPickler.loads(ForkingPickler.dumps(value))


PICKLERS = [
    *map(by_protocol, PROTOCOLS),
    *map(in_python, PROTOCOLS),
    by_cloudpickle,
    between_processes,
]
WAYS = [copy.copy, copy.deepcopy, *PICKLERS]


@pytest.mark.parametrize("travel", WAYS)
def test_pending_travels_as_its_call(travel: Callable[[Any], Any]) -> None:
    aw = awaitable(show, [1], self=2, func=3)
    arrived = travel(aw)
    assert not awaitable_done(aw)
    assert not awaitable_done(arrived)
    assert awaitable_wait(arrived) == (([1],), {"self": 2, "func": 3})
    assert not awaitable_done(aw)


@pytest.mark.parametrize("travel", WAYS)
@pytest.mark.parametrize("make", [lambda: awaitable(list, "ab"), lambda: awaitable_nowait(["a", "b"])])
def test_complete_travels_as_its_value(
    make: Callable[[], Await[list[str]]], travel: Callable[[Any], Any]
) -> None:
    aw = make()
    original = awaitable_wait(aw)
    arrived = travel(aw)
    assert awaitable_done(arrived)
    assert awaitable_wait(arrived) == ["a", "b"]
    # As with the list itself: a change to the copy is not a change to the original.
    assert awaitable_wait(arrived) is not original


@pytest.mark.parametrize("travel", [copy.deepcopy, *PICKLERS])
def test_what_two_awaits_share_stays_shared(travel: Callable[[Any], Any]) -> None:
    shared = awaitable(show, 1)
    first, second, third = travel([awaitable(show, shared), awaitable(show, shared), shared])
    assert first.args()[0] is second.args()[0] is third
    assert not awaitable_done(third)


class Holder:
    """What an Await can hold and be held by."""

    held: Any


def in_its_arguments() -> tuple[Any, Any]:
    holder = Holder()
    holder.held = awaitable(show, holder)
    return holder.held, holder


def in_its_keyword_arguments() -> tuple[Any, Any]:
    holder = Holder()
    holder.held = awaitable(show, key=holder)
    return holder.held, holder


def in_its_value() -> tuple[Any, Any]:
    holder = Holder()
    holder.held = awaitable_nowait(holder)
    return holder.held, holder


def held_by(aw: Any) -> Any:
    """Return the holder that the Await holds."""
    if awaitable_done(aw):
        return awaitable_wait(aw)
    return (*aw.args(), *getattr(aw.fn(), "keywords", {}).values())[0]


CYCLES = [in_its_arguments, in_its_keyword_arguments, in_its_value]


@pytest.mark.parametrize("travel", [copy.deepcopy, *PICKLERS])
@pytest.mark.parametrize("make", CYCLES)
def test_an_await_that_holds_itself_travels_as_one(
    make: Callable[[], tuple[Any, Any]], travel: Callable[[Any], Any]
) -> None:
    aw, holder = make()
    arrived = travel(aw)
    assert arrived is not aw
    assert held_by(arrived).held is arrived
    arrived = travel(holder)
    assert arrived is not holder
    assert held_by(arrived.held) is arrived


@pytest.mark.skipif(not hasattr(copy, "replace"), reason="new in Python 3.13")
def test_replace_gives_what_it_gives_of_the_value() -> None:
    aw = awaitable(SimpleNamespace, x=1, y=2)
    assert copy.replace(aw, y=3) == SimpleNamespace(x=1, y=3)  # type: ignore[attr-defined,unused-ignore]
    assert awaitable_wait(aw).y == 2


def test_copy_is_shallow_and_deepcopy_deep() -> None:
    argument = [1]
    aw = awaitable(show, argument)
    assert copy.copy(aw).args()[0] is argument
    assert copy.deepcopy(aw).args()[0] is not argument


def test_what_pickle_cannot_carry_can_still_be_copied() -> None:
    aw = awaitable(lambda lock: lock, threading.Lock())
    assert copy.copy(aw).args() == aw.args()


@pytest.mark.parametrize("dumps", [pickle.dumps, dumps_in_python])
@pytest.mark.parametrize(
    ("make", "part"),  # a function that makes the Await, as pytest reads `__name__` of a parameter
    [
        (lambda: awaitable(lambda: 1), "the function cannot be pickled.*lambda"),
        (lambda: awaitable(show, 0, threading.Lock()), "argument 1 cannot be pickled.*lock"),
        (lambda: awaitable(show, key=threading.Lock()), "argument 'key' cannot be pickled.*lock"),
        (lambda: awaitable(show, lambda: 1), "argument 0 cannot be pickled.*lambda"),
        (
            lambda: awaitable_nowait(threading.Lock()),
            "travels as its value, and that value cannot be pickled",
        ),
    ],
)
def test_what_cannot_be_pickled_says_which_part(
    make: Callable[[], Await[Any]], part: str, dumps: Callable[[Any], bytes]
) -> None:
    with pytest.raises(pickle.PicklingError, match=part):
        dumps(make())


unnamed: Callable[[], int] = lambda: 1  # noqa: E731 - pickle cannot find it by its name


class CarriesFunctions(pickle.Pickler):
    """A pickler that carries what pickle does not, as cloudpickle does."""

    def reducer_override(self, obj: Any) -> Any:
        return (
            (str, ("a lambda",)) if isinstance(obj, FunctionType) and obj is unnamed else NotImplemented
        )


def test_a_pickler_that_carries_more_is_left_to_try() -> None:
    file = io.BytesIO()
    CarriesFunctions(file).dump(awaitable(show, unnamed))
    assert pickle.loads(file.getvalue()).args() == ("a lambda",)


def test_cloudpickle_carries_what_pickle_cannot_name() -> None:
    base = 1
    point = type("Point", (), {"__module__": "__main__", "x": 2})  # as if of a program
    aw = awaitable(lambda point, add: add(point().x), point, add=lambda x: base + x)
    arrived = by_cloudpickle(aw)
    assert not awaitable_done(aw)
    assert not awaitable_done(arrived)
    assert awaitable_wait(arrived) == 3
    assert by_cloudpickle(awaitable_nowait(lambda: base))() == 1


def test_each_reading_of_a_shelf_gives_an_await_of_its_own() -> None:
    shelf: shelve.Shelf[Any] = shelve.Shelf({})
    shelf["key"] = awaitable(show, 1)
    first, second = shelf["key"], shelf["key"]
    assert awaitable_wait(first) == ((1,), {})
    assert not awaitable_done(second)


def test_a_buffer_is_pickled_as_pickle_does() -> None:
    aw = awaitable(bytes, pickle.PickleBuffer(b"ab"))
    assert awaitable_wait(pickle.loads(pickle.dumps(aw, 5))) == b"ab"
