"""An Await as a parameter of sqlite3: what is written is what is written for its value."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from awaits import Await, awaitable, awaitable_done, awaitable_nowait


class Point:
    """It says itself what is written for it."""

    def __conform__(self, protocol: object) -> str:
        return "1;2" if protocol is sqlite3.PrepareProtocol else "another"


class Registered:
    """An adapter says it."""


VALUES: list[Callable[[], Any]] = [
    *(int, lambda: 3, lambda: "text", lambda: b"bytes", lambda: 1.5, lambda: True),
    *(
        Point,
        Registered,
        lambda: bytearray(b"ab"),
        lambda: memoryview(b"ab"),
        lambda: awaitable_nowait(3),
    ),
]


@pytest.fixture(params=["pending", "complete"])
def lazy(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Await[Any]]:
    return awaitable if request.param == "pending" else lambda make: awaitable_nowait(make())


@pytest.mark.parametrize("make", VALUES)
def test_a_parameter_is_written_as_its_value(
    make: Callable[[], Any], lazy: Callable[[Callable[[], Any]], Await[Any]]
) -> None:
    sqlite3.register_adapter(Registered, lambda _: "registered")
    connection = sqlite3.connect(":memory:")
    select = "select ?1, typeof(?1)"
    plain = connection.execute(select, (make(),)).fetchall()
    assert connection.execute(select, (lazy(make),)).fetchall() == plain


# To sqlite3, None says that nothing is to be written.
@pytest.mark.parametrize("make", [object, lambda: None])
def test_what_sqlite3_cannot_write_it_refuses(make: Callable[[], Any]) -> None:
    # From Python 3.12 on sqlite3 takes an Await of which nothing is known for bytes.
    with pytest.raises((sqlite3.Error, TypeError)):
        sqlite3.connect(":memory:").execute("select ?", (awaitable(make),))


def test_a_failure_of_the_call_reaches_who_executes() -> None:
    def fail() -> int:
        raise LookupError("no number")

    with pytest.raises(LookupError, match="no number"):
        sqlite3.connect(":memory:").execute("select ?", (awaitable(fail),))


def test_to_another_protocol_w_answers() -> None:
    assert awaitable(Point).__conform__(object) == "another"
    assert awaitable(int).__conform__(object) is None  # type: ignore[attr-defined]


def test_reading_the_method_runs_nothing() -> None:
    aw = awaitable(Point)
    assert callable(aw.__conform__)
    assert not awaitable_done(aw)
