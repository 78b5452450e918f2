"""Attributes of an Await are those of its W."""

import weakref
from typing import Any, cast

import pytest

from awaits import Await, AwaitError, awaitable, awaitable_done, awaitable_nowait


class Target:
    """What the Awaits of these tests produce."""

    limit = 3

    def __init__(self) -> None:
        self.x = 1
        # Names that the Await uses for itself inside.
        self._value = "own value"
        self._function = "own function"

    @property
    def double(self) -> int:
        return self.x * 2

    def add(self, n: int) -> int:
        return self.x + n


@pytest.fixture(params=["pending", "done", "nested"])
def aw(request: pytest.FixtureRequest) -> Await[Target]:
    match request.param:
        case "pending":
            return awaitable(Target)
        case "done":
            return awaitable_nowait(Target())
        case _:
            nested: Any = awaitable(awaitable, Target)
            return cast("Await[Target]", nested)


def test_read(aw: Await[Target]) -> None:
    assert (aw.x, aw.double, aw.limit, aw.add(2)) == (1, 2, 3, 3)
    assert (aw._value, aw._function) == ("own value", "own function")
    assert aw.__doc__ == Target.__doc__
    assert vars(aw)["x"] == 1


def test_write_and_delete_act_on_w(aw: Await[Target]) -> None:
    aw.x = 5
    aw.new = 6  # type: ignore[attr-defined]
    assert (aw.x, aw.double) == (5, 10)
    assert vars(aw)["new"] == 6
    del aw.x
    assert not hasattr(aw, "x")


def test_missing_attribute_is_ws_own_error(aw: Await[Target]) -> None:
    with pytest.raises(AttributeError, match="'Target' object has no attribute 'nope'"):
        aw.nope  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="nope"):
        del aw.nope  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="double"):
        aw.double = 3  # type: ignore[misc]
    assert not hasattr(aw, "nope")


@pytest.mark.parametrize("name", ["fn", "args", "is_nowait", "__class__", "__reduce__"])
def test_own_names_cannot_be_changed(name: str) -> None:
    aw = awaitable(Target)
    with pytest.raises(AttributeError, match=name):
        setattr(aw, name, None)
    with pytest.raises(AttributeError, match=name):
        delattr(aw, name)
    assert not awaitable_done(aw)


def fail_with_attribute_error() -> Target:
    raise AttributeError("from inside")


@pytest.mark.parametrize(
    "use",
    [lambda aw: hasattr(aw, "x"), lambda aw: setattr(aw, "x", 1), lambda aw: delattr(aw, "x")],
    ids=["read", "write", "delete"],
)
def test_attribute_error_of_the_function_does_not_look_like_a_missing_attribute(use) -> None:  # type: ignore[no-untyped-def]
    aw = awaitable(fail_with_attribute_error)
    with pytest.raises(AwaitError, match="fail_with_attribute_error raised AttributeError") as caught:
        use(aw)
    assert isinstance(caught.value.__cause__, AttributeError)
    assert str(caught.value.__cause__) == "from inside"


def test_other_errors_of_the_function_come_unchanged() -> None:
    aw = awaitable(divmod, 1, 0)
    with pytest.raises(ZeroDivisionError) as caught:
        aw.index(1)
    assert caught.value.__context__ is None


def test_an_await_does_not_pretend_to_be_its_w(aw: Await[Target]) -> None:
    assert isinstance(aw, Await)
    assert aw.__class__ is Await
    kind: type[object] = Target
    assert not isinstance(aw, kind)


def test_repr_says_the_state_and_shows_the_value_only_when_done() -> None:
    seen: list[str] = []

    def produce() -> int:
        seen.append(repr(aw))
        return 5

    aw = awaitable(produce)
    assert repr(aw).startswith("<Await pending: test_repr_says")
    assert aw.real == 5
    assert seen[0].startswith("<Await running: ")
    assert repr(aw) == "<Await done: 5>"
    assert repr(awaitable("x".join, [])) == "<Await pending: str.join>"


def test_dir_shows_ws_names_only_when_they_are_known() -> None:
    aw = awaitable(lambda: Target())  # which declares nothing
    assert {"fn", "args", "is_nowait"} <= set(dir(aw))
    assert not {"x", "double"} & set(dir(aw))
    assert not any(name.startswith("_") and not name.startswith("__") for name in dir(aw))
    aw.add(1)
    assert {"fn", "args", "is_nowait", "x", "double"} <= set(dir(aw))


def test_weak_reference_is_to_the_await() -> None:
    aw = awaitable(Target)
    reference = weakref.ref(aw)
    assert reference() is aw
    del aw
    assert reference() is None
