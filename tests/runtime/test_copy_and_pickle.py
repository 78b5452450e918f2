"""A pending Await travels as its call, a complete one as its value."""

import copy
import io
import pickle
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_wait

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def pair(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
    return args, kwargs


def by_protocol(protocol: int) -> Callable[[Any], Any]:
    return lambda value: pickle.loads(pickle.dumps(value, protocol))


WAYS = [copy.copy, copy.deepcopy, *map(by_protocol, PROTOCOLS)]


@pytest.mark.parametrize("travel", WAYS)
def test_pending_travels_as_its_call(travel: Callable[[Any], Any]) -> None:
    aw = awaitable(pair, [1], self=2, func=3)
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


@pytest.mark.parametrize("travel", [copy.deepcopy, by_protocol(5)])
def test_what_two_awaits_share_stays_shared(travel: Callable[[Any], Any]) -> None:
    shared = awaitable(pair, 1)
    first, second = travel([awaitable(pair, shared), awaitable(pair, shared)])
    assert first.args()[0] is second.args()[0]


def test_copy_is_shallow_and_deepcopy_deep() -> None:
    argument = [1]
    aw = awaitable(pair, argument)
    assert copy.copy(aw).args()[0] is argument
    assert copy.deepcopy(aw).args()[0] is not argument


def test_what_pickle_cannot_carry_can_still_be_copied() -> None:
    aw = awaitable(lambda lock: lock, threading.Lock())
    assert copy.copy(aw).args() == aw.args()


@pytest.mark.parametrize(
    ("make", "part"),  # a function that makes the Await, as pytest reads `__name__` of a parameter
    [
        (lambda: awaitable(lambda: 1), "the function cannot be pickled.*lambda"),
        (lambda: awaitable(pair, 0, threading.Lock()), "argument 1 cannot be pickled.*lock"),
        (lambda: awaitable(pair, key=threading.Lock()), "argument 'key' cannot be pickled.*lock"),
        (lambda: awaitable(pair, lambda: 1), "argument 0 cannot be pickled.*lambda"),
        (
            lambda: awaitable_nowait(threading.Lock()),
            "travels as its value, and that value cannot be pickled",
        ),
    ],
)
def test_what_cannot_be_pickled_says_which_part(make: Callable[[], Await[Any]], part: str) -> None:
    with pytest.raises(pickle.PicklingError, match=part):
        pickle.dumps(make())


unnamed: Callable[[], int] = lambda: 1  # noqa: E731 - pickle cannot find it by its name


class CarriesFunctions(pickle.Pickler):
    """A pickler that carries what pickle does not, as cloudpickle does."""

    def reducer_override(self, obj: Any) -> Any:
        return (
            (str, ("a lambda",)) if isinstance(obj, FunctionType) and obj is unnamed else NotImplemented
        )


def test_a_pickler_that_carries_more_is_left_to_try() -> None:
    file = io.BytesIO()
    CarriesFunctions(file).dump(awaitable(pair, unnamed))
    assert pickle.loads(file.getvalue()).args() == ("a lambda",)
