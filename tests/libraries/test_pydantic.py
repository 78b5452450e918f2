"""An Await as a field of a pydantic model: it stays lazy, and what else comes is validated as its W."""

from __future__ import annotations

import pickle
from typing import Annotated, Any, Generic, TypeVar

import pytest

from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_wait

pytest.importorskip("pydantic", reason="pip install --group libraries")

import pydantic
from pydantic import BaseModel

T = TypeVar("T")
RUNS: list[str] = []


class Item(BaseModel):
    name: str
    secret: int = 0


class Order(BaseModel):
    total: Await[int]
    item: Await[Item] | None = None
    tags: tuple[Await[str], ...] = ()


class Node(BaseModel):
    value: int
    following: Await[Node] | None = None


class Box(BaseModel, Generic[T]):
    content: Await[T]


def total() -> int:
    RUNS.append("total")
    return 3


def item() -> Item:
    RUNS.append("item")
    return Item(name="pen", secret=5)


@pytest.fixture(autouse=True)
def no_runs() -> None:
    RUNS.clear()


def test_an_await_is_kept_and_does_not_run() -> None:
    aw = awaitable(total)
    order = Order(total=aw, item=awaitable(item), tags=(awaitable_nowait("a"),))
    assert order.total is aw
    assert Order.model_validate(order).total is aw
    assert "pending" in repr(order)
    assert pickle.loads(pickle.dumps(order)).total.fn() is total
    assert not RUNS
    assert order.total + 1 == 4
    assert RUNS == ["total"]


@pytest.mark.parametrize("given", [3, "3", 3.0])
def test_what_is_no_await_is_validated_as_the_value(given: Any) -> None:
    order = Order(total=given)
    assert type(awaitable_wait(order.total)) is int
    assert order.total == 3


@pytest.mark.parametrize("given", ["three", None, 3.5, [3]])
def test_a_wrong_value_is_refused_as_the_value_would_be(given: Any) -> None:
    class Plain(BaseModel):
        total: int

    with pytest.raises(pydantic.ValidationError) as refused:
        Order(total=given)
    with pytest.raises(pydantic.ValidationError) as plain:
        Plain(total=given)
    assert refused.value.errors() == plain.value.errors()


def test_json_is_read_and_written() -> None:
    text = '{"total":3,"item":{"name":"pen","secret":5},"tags":["a"]}'
    order = Order.model_validate_json(text)
    assert order.item is not None
    assert type(awaitable_wait(order.item)) is Item
    assert order.model_dump_json() == text
    pending = Order(total=awaitable(total), item=awaitable(item), tags=(awaitable(str, "a"),))
    assert pending.model_dump_json() == text
    assert RUNS == ["total", "item"]


@pytest.mark.parametrize("mode", ["python", "json"])
def test_what_is_dumped_has_no_await_in_it(mode: str) -> None:
    order = Order(total=awaitable(total), item=awaitable(item), tags=(awaitable(str, "a"),))
    dumped = order.model_dump(mode=mode)
    tags = ("a",) if mode == "python" else ["a"]
    assert repr(dumped) == repr({"total": 3, "item": {"name": "pen", "secret": 5}, "tags": tags})


@pytest.mark.parametrize(
    "options",
    [
        {"exclude": {"item": {"secret"}}},
        {"include": {"item": {"name"}}},
        {"exclude": {"tags": {0}}},
        {"exclude_unset": True},
        {"exclude_defaults": True},
        {"exclude_none": True},
        {"round_trip": True},
        {"by_alias": True},
    ],
    ids=str,
)
def test_options_of_a_dump_reach_into_the_value(options: dict[str, Any]) -> None:
    class Plain(BaseModel):
        total: int
        item: Item | None = None
        tags: tuple[str, ...] = ()

    lazy = Order(total=awaitable(total), item=awaitable(Item, name="pen"), tags=(awaitable(str, "a"),))
    plain = Plain(total=3, item=Item(name="pen"), tags=("a",))
    assert repr(lazy.model_dump(**options)) == repr(plain.model_dump(**options))
    assert lazy.model_dump_json(**options) == plain.model_dump_json(**options)


def test_the_class_that_an_await_has_is_a_type_of_a_field_too() -> None:
    aw = awaitable(total)
    adapter = pydantic.TypeAdapter(type(aw))
    assert adapter.validate_python(aw) is aw
    assert not RUNS
    assert adapter.dump_python(aw) == 3
    assert awaitable_wait(adapter.validate_python(5)) == 5


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize(
    ("lazy", "plain"),
    [
        (Await[int], int),
        (Await[list[int]], list[int]),
        (Await[Item], Item),
        (Await[int | None], int | None),
        (Await, Any),
        (list[Await[str]], list[str]),
        (dict[str, Await[Item]], dict[str, Item]),
        (Await[Annotated[int, pydantic.Field(gt=2)]], Annotated[int, pydantic.Field(gt=2)]),
        (Annotated[Await[int], pydantic.Field(title="n")], Annotated[int, pydantic.Field(title="n")]),
    ],
    ids=str,
)
def test_the_json_schema_is_that_of_the_value(lazy: Any, plain: Any, mode: Any) -> None:
    schema = pydantic.TypeAdapter(plain).json_schema(mode=mode)
    assert pydantic.TypeAdapter(lazy).json_schema(mode=mode) == schema


def test_a_default_is_not_validated_and_does_not_run() -> None:
    class Defaults(BaseModel):
        one: Await[int] = awaitable(total)
        two: Await[int] = pydantic.Field(default_factory=lambda: awaitable(total))

    defaults = Defaults()
    assert not awaitable_done(defaults.one)
    assert not awaitable_done(defaults.two)
    with pytest.warns(UserWarning, match="[Dd]efault"):
        assert "default" not in Defaults.model_json_schema()["properties"]["one"]
    assert not RUNS
    assert defaults.model_dump() == {"one": 3, "two": 3}


def test_a_model_of_itself() -> None:
    inner = Node(value=2)
    node = Node(value=1, following=awaitable(lambda: inner))
    assert node.model_dump() == {"value": 1, "following": {"value": 2, "following": None}}
    read = Node.model_validate_json(node.model_dump_json())
    assert read.following is not None
    assert read.following.value == 2


def test_a_generic_model() -> None:
    assert type(awaitable_wait(Box[int].model_validate({"content": "3"}).content)) is int
    assert Box[Item](content=awaitable(item)).model_dump()["content"] == {"name": "pen", "secret": 5}
    with pytest.raises(pydantic.ValidationError):
        Box[int].model_validate({"content": "three"})


def test_a_dataclass_and_a_function_whose_arguments_are_validated() -> None:
    @pydantic.dataclasses.dataclass
    class Data:
        total: Await[int]

    @pydantic.validate_call(validate_return=True)
    def function(lazy: Await[int]) -> Await[int]:
        return lazy

    aw = awaitable(total)
    data: Any = Data
    assert data(aw).total is aw
    assert function(aw) is aw
    assert not RUNS
    text: Any = "3"
    assert type(awaitable_wait(function(text))) is int


def test_a_value_that_came_past_the_validation_is_dumped() -> None:
    assert Order.model_construct(total=3).model_dump() == {"total": 3, "item": None, "tags": ()}


def test_a_failure_of_the_call_reaches_who_dumps() -> None:
    def fail() -> int:
        raise LookupError("no total")

    order = Order(total=awaitable(fail))
    with pytest.raises(Exception, match="no total"):
        order.model_dump()


def test_the_name_is_that_of_w_on_an_await() -> None:
    aw = awaitable_nowait(Item)
    assert aw.__get_pydantic_core_schema__ == Item.__get_pydantic_core_schema__
    with pytest.raises(AttributeError):
        awaitable_nowait(3).__get_pydantic_core_schema__  # type: ignore[attr-defined]  # noqa: B018
