"""The functions over an Await, and its three methods."""

import functools
import gc
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import get_type_hints

import pytest

import awaits
from awaits import (
    Await,
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
)
from tests.runtime.calls import failing_first
from tests.runtime.stepping import call_disturbed
from tests.runtime.things import show


def test_nothing_runs_before_the_first_wait() -> None:
    calls: list[int] = []
    aw = awaitable(calls.append, 1)
    assert not awaitable_done(aw)
    assert calls == []
    awaitable_wait(aw)
    assert awaitable_done(aw)
    assert calls == [1]


@pytest.mark.parametrize("value", [None, False, 0, "", (), object()])
def test_every_wait_returns_the_same_object(value: object) -> None:
    calls: list[object] = []

    def produce() -> object:
        calls.append(value)
        return value

    aw = awaitable(produce)
    assert awaitable_wait(aw) is value
    assert awaitable_wait(aw) is value
    assert len(calls) == 1


def test_arguments_with_any_name_are_kept() -> None:
    aw = awaitable(show, 1, func=2, self=3, aw=4)
    assert awaitable_wait(aw) == ((1,), {"func": 2, "self": 3, "aw": 4})


def test_an_await_among_the_arguments_is_handed_over_as_it_is() -> None:
    inner = awaitable(show)
    ((received,), _) = awaitable_wait(awaitable(show, inner))
    assert received is inner
    assert not awaitable_done(inner)


@pytest.mark.parametrize("kwargs", [{}, {"key": 2}])
def test_fn_and_args_repeat_the_call(kwargs: dict[str, int]) -> None:
    aw = awaitable(show, 1, **kwargs)
    assert aw.args() == (1,)
    assert aw.fn()(*aw.args()) == ((1,), kwargs)
    assert not awaitable_done(aw)
    assert not aw.is_nowait()


def test_fn_without_keywords_is_the_function_itself() -> None:
    assert awaitable(show, 1).fn() is show
    assert isinstance(awaitable(show, key=1).fn(), functools.partial)


def test_fn_and_args_stay_after_a_wait() -> None:
    aw = awaitable(show, 1)
    awaitable_wait(aw)
    assert aw.fn() is show
    assert aw.args() == (1,)
    assert not aw.is_nowait()


def test_nowait_is_complete_and_has_no_function() -> None:
    aw = awaitable_nowait(5)
    assert aw.is_nowait()
    assert awaitable_done(aw)
    assert awaitable_wait(aw) == 5
    assert aw.args() == (5,)
    with pytest.raises(AwaitError, match="no function: it was complete from the start"):
        aw.fn()


def test_nowait_of_an_await_stays_nested() -> None:
    inner = awaitable(show)
    assert awaitable_wait(awaitable_nowait(inner)) is inner
    assert not awaitable_done(inner)


def second(_first: object, key: int) -> int:
    return key


class Referable:
    """Something a weak reference can watch."""


def test_release_lets_function_and_arguments_be_collected() -> None:
    argument = Referable()
    watched = weakref.ref(argument)
    aw = awaitable(second, argument, key=5)
    del argument
    assert awaitable_release(aw) == 5
    gc.collect()
    assert watched() is None
    assert awaitable_wait(aw) == 5
    assert not aw.is_nowait()
    for question in (aw.fn, aw.args):
        with pytest.raises(AwaitError, match="awaitable_release"):
            question()


def test_release_of_a_nowait_drops_its_argument_and_keeps_its_nature() -> None:
    aw = awaitable_nowait(5)
    assert awaitable_release(aw) == 5
    assert aw.is_nowait()
    with pytest.raises(AwaitError, match="awaitable_release"):
        aw.args()
    with pytest.raises(AwaitError):
        aw.fn()


def test_release_that_fails_keeps_the_call() -> None:
    aw = awaitable(divmod, 1, 0)
    with pytest.raises(ZeroDivisionError):
        awaitable_release(aw)
    assert aw.fn() is divmod
    assert aw.args() == (1, 0)


def test_a_failure_is_not_kept() -> None:
    failure = ValueError("no")
    aw = awaitable(failing_first(int, failure), "7")
    with pytest.raises(ValueError, match="no") as caught:
        awaitable_wait(aw)
    assert caught.value is failure
    assert caught.value.__context__ is None
    assert not awaitable_done(aw)
    assert awaitable_wait(aw) == 7


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: awaitable(3), r"needs a callable, not 'int'.*awaitable_nowait"),  # type: ignore[arg-type]
        (lambda: awaitable(), "missing 1 required positional argument: 'func'"),  # type: ignore[call-arg]
        (lambda: awaitable_wait(3), "awaitable_wait.*needs an Await, not 'int'"),  # type: ignore[arg-type]
        (lambda: awaitable_done(3), "awaitable_done.*needs an Await"),  # type: ignore[arg-type]
        (lambda: awaitable_release(3), "awaitable_release.*needs an Await"),  # type: ignore[arg-type]
        (lambda: Await(), r"use awaitable\(func"),  # type: ignore[call-arg]
        (lambda: Await[int](), r"use awaitable\(func"),  # type: ignore[call-arg]
        (lambda: type("Sub", (Await,), {}), "cannot be subclassed"),
    ],
)
def test_a_mistake_is_a_type_error_that_says_what_to_do(
    mistake: Callable[[], object], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        mistake()


def test_await_is_subscriptable_and_usable_in_annotations() -> None:
    def annotated(aw: Await[int]) -> "Await[list[str]]": ...  # type: ignore[empty-body]

    assert get_type_hints(annotated) == {"aw": Await[int], "return": Await[list[str]]}


def test_errors_are_what_a_caller_would_catch() -> None:
    assert issubclass(AwaitError, RuntimeError)
    assert issubclass(AwaitCycleError, AwaitError)
    assert issubclass(AwaitCycleError, RecursionError)


def test_public_names_say_that_they_come_from_the_package() -> None:
    public = [getattr(awaits, name) for name in awaits.__all__ if name != "BUILD"]
    assert {each.__module__ for each in public} == {"awaits"}


def test_fn_beside_a_release_is_the_whole_call_or_refused() -> None:
    def look(aw: Await[dict[str, int]]) -> None:
        with suppress(AwaitError):
            assert aw.fn()() == {"x": 1}

    for point in range(1, 100):
        aw = awaitable(dict, x=1)
        awaitable_wait(aw)
        if not call_disturbed(point, partial(awaitable_release, aw), partial(look, aw)):
            break
    assert 2 < point < 99
