"""What torch documents of its Await: of `awaits.torch` all of it, of `awaits` what is of eager mode.

https://docs.pytorch.org/docs/2.13/_awaits.html
"""

import io
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch
from torch import Tensor

import awaits
import awaits.torch
from awaits.torch import Await, awaitable, awaitable_nowait, awaitable_wait


class C:
    """A value with an attribute and a method; TorchScript compiles it too."""

    def __init__(self, x: Tensor) -> None:
        self.x = x

    def plus(self, other: Tensor) -> Tensor:
        return self.x + other


def doubled(x: Tensor) -> Tensor:
    return 2 * x


def of_c(x: Tensor) -> C:
    return C(x * 3)


def several(x: Tensor) -> tuple[Tensor, list[Tensor]]:
    return x + 1, [x, x * 2]


# Eager mode.


def test_they_are_torchs_own_objects() -> None:
    private: Any = torch.jit
    assert awaits.torch.Await is private._Await
    assert awaits.torch.awaitable is private._awaitable
    assert awaits.torch.awaitable_wait is private._awaitable_wait
    assert awaits.torch.awaitable_nowait is private._awaitable_nowait
    assert type(awaitable(doubled, torch.ones(2))).__module__ == "torch._C"


def test_nothing_runs_before_the_wait_and_the_result_is_kept() -> None:
    calls = []

    def load(name: str, size: int) -> Tensor:
        calls.append(name)
        return torch.ones(size)

    mine: awaits.Await[Tensor] = awaits.awaitable(load, "mine", 2)
    torchs: Await[Tensor] = awaitable(load, "torch's", 2)
    assert calls == []
    assert awaits.awaitable_wait(mine) is awaits.awaitable_wait(mine)
    assert awaitable_wait(torchs) is awaitable_wait(torchs)
    assert calls == ["mine", "torch's"]


def test_fn_and_args_are_those_of_the_call() -> None:
    x = torch.ones(2)
    mine, torchs = awaits.awaitable(doubled, x), awaitable(doubled, x)
    assert mine.fn() is torchs.fn() is doubled
    assert mine.args()[0] is torchs.args()[0] is x
    assert torch.equal(mine.fn()(*mine.args()), awaits.awaitable_wait(mine))
    assert torch.equal(torchs.fn()(*torchs.args()), awaitable_wait(torchs))
    assert not mine.is_nowait()
    assert not torchs.is_nowait()


def test_nowait_is_complete_from_the_start() -> None:
    mine, torchs = awaits.awaitable_nowait(13), awaitable_nowait(13)
    assert mine.is_nowait()
    assert torchs.is_nowait()
    assert mine.args() == torchs.args() == (13,)
    assert awaits.awaitable_wait(mine) == awaitable_wait(torchs) == 13
    for function in (mine.fn, torchs.fn):
        with pytest.raises(RuntimeError):
            function()


def test_attributes_of_w_can_be_used_and_the_wait_is_added() -> None:
    x = torch.ones(2)
    mine, torchs = awaits.awaitable(of_c, x), awaitable(of_c, x)
    assert torch.equal(mine.x, torchs.x)
    assert torch.equal(mine.plus(x), torchs.plus(x))
    assert awaits.awaitable(doubled, x).dtype == awaitable(doubled, x).dtype == torch.float32


def test_an_await_in_an_await_stays_nested() -> None:
    inner = awaitable(doubled, torch.ones(2))
    outer: Await[Await[Tensor]] = awaitable_nowait(inner)
    assert awaitable_wait(outer) is inner
    my_inner = awaits.awaitable(doubled, torch.ones(2))
    my_outer: awaits.Await[awaits.Await[Tensor]] = awaits.awaitable_nowait(my_inner)
    assert awaits.awaitable_wait(my_outer) is my_inner


def test_a_failure_is_not_kept() -> None:
    def load(failures: list[Exception]) -> int:
        if failures:
            raise failures.pop()
        return 1

    mine, torchs = awaits.awaitable(load, [KeyError("mine")]), awaitable(load, [KeyError("torch's")])
    with pytest.raises(KeyError, match="mine"):
        awaits.awaitable_wait(mine)
    with pytest.raises(KeyError, match="torch's"):
        awaitable_wait(torchs)
    assert awaits.awaitable_wait(mine) == awaitable_wait(torchs) == 1


def test_what_torch_lacks_is_refused_by_the_types() -> None:
    def scaled(x: int, by: int = 1) -> int:
        return x * by

    assert awaitable_wait(awaitable(scaled, 2, by=3)) == 2  # type: ignore[call-arg]
    assert awaits.awaitable_wait(awaits.awaitable(scaled, 2, by=3)) == 6
    aw = awaitable(scaled, 2, 3)
    assert aw.nope is None  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        aw + 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        len(awaitable(several, torch.ones(1)))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        aw.x = 1  # type: ignore[attr-defined]


# TorchScript. Each function runs in eager mode, compiled, and compiled, saved and loaded.


def waits(x: Tensor) -> Tensor:
    aw: Await[Tensor] = awaitable(doubled, x)
    return awaitable_wait(aw) + 1


def waits_by_attribute(x: Tensor) -> Tensor:
    aw: Await[C] = awaitable(of_c, x)
    return aw.x + aw.plus(x)


def complete(x: Tensor) -> Tensor:
    return awaitable_wait(awaitable_nowait(x)) + awaits.torch.awaitable_wait(awaitable_nowait(1))


def by_the_module(x: Tensor) -> Tensor:
    aw: awaits.torch.Await[Tensor] = awaits.torch.awaitable(doubled, x)
    return awaits.torch.awaitable_wait(aw)


def taken(aw: Await[Tensor]) -> Tensor:
    return awaitable_wait(aw) - 1


def hands_over(x: Tensor) -> Tensor:
    return taken(awaitable(doubled, x))


def nested(x: Tensor) -> Await[Await[Tensor]]:
    return awaitable_nowait(awaitable(doubled, x))


def waits_for_nested(x: Tensor) -> Tensor:
    return awaitable_wait(awaitable_wait(nested(x)))


def unpacks(x: Tensor) -> Tensor:
    first, rest = awaitable_wait(awaitable(several, x))
    return first + rest[1]


def in_a_list(x: Tensor) -> Tensor:
    waiting: list[Await[Tensor]] = []
    for _ in range(3):
        waiting.append(awaitable(doubled, x))
    return awaitable_wait(waiting[0]) + awaitable_wait(waiting[2])


def saved_and_loaded(scripted: Any) -> Any:
    file = io.BytesIO()
    torch.jit.save(scripted, file)
    return torch.jit.load(io.BytesIO(file.getvalue()))


def kinds(scripted: Any) -> set[str]:
    return {node.kind() for node in scripted.inlined_graph.nodes() if "awaitable" in node.kind()}


MAKE, WAIT, NOWAIT = "prim::awaitable", "prim::awaitable_wait", "prim::awaitable_nowait"
FUNCTIONS: dict[Callable[[Tensor], Tensor], set[str]] = {
    waits: {MAKE, WAIT},
    waits_by_attribute: {MAKE, WAIT},
    complete: {NOWAIT, WAIT},
    by_the_module: {MAKE, WAIT},
    hands_over: {MAKE, WAIT},
    waits_for_nested: {MAKE, NOWAIT, WAIT},
    unpacks: {MAKE, WAIT},
    in_a_list: {WAIT},
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TorchScript as a whole
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_can_be_scripted_saved_and_loaded(function: Callable[[Tensor], Tensor]) -> None:
    x = torch.arange(3.0)
    scripted = torch.jit.script(function)
    assert kinds(scripted) == FUNCTIONS[function]
    for version in (scripted, saved_and_loaded(scripted)):
        assert torch.equal(version(x), function(x))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_can_be_traced(function: Callable[[Tensor], Tensor]) -> None:
    x = torch.arange(3.0)
    traced: Any = torch.jit.trace(function, torch.ones(3))
    assert torch.equal(traced(x), function(x))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_await_comes_out_of_a_scripted_function() -> None:
    x = torch.arange(3.0)
    out = torch.jit.script(nested)(x)
    assert torch.equal(awaitable_wait(awaitable_wait(out)), doubled(x))
    inner = awaits.torch.from_torch(awaits.awaitable_wait(awaits.torch.from_torch(out)))
    assert torch.equal(inner + 1, doubled(x) + 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_limit_an_await_of_eager_mode_is_of_no_use_in_a_scripted_function() -> None:
    scripted = torch.jit.script(taken)
    with pytest.raises(RuntimeError, match="Expected Tensor but got PyObject"):
        scripted(awaitable(doubled, torch.ones(3)))
