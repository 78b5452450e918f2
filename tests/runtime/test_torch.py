"""An Await among tensors: each operation gives what it gives on the value itself."""

import gc
import operator
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils import _pytree, dlpack
from torch.utils.data import default_collate

import awaits.torch
from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_wait

from .arrays import is_imported_with_awaits, result_after_a_failure, results_on_await_and_value
from .calls import failing_first


def tensor() -> Tensor:
    return torch.arange(6.0).reshape(2, 3)


def leaf() -> Tensor:
    return tensor().requires_grad_()


def index() -> Tensor:
    return torch.tensor([1, 0])


def mask() -> Tensor:
    return torch.tensor([True, False])


t = tensor()
u = torch.arange(12.0).reshape(4, 3)


def backward(loss: Tensor) -> Tensor:
    torch.autograd.backward(loss)
    return loss


def written(to: Tensor, place: Any, value: Any) -> Tensor:
    to[place] = value
    return to


# What is typed as it is here is also what mypy says of an Await, with the plugin.
OF_TENSORS: list[Callable[[Await[Tensor]], object]] = [
    lambda x: torch.add(x, 1),
    lambda x: torch.add(1, x),
    lambda x: torch.add(x, x),
    lambda x: torch.add(t, other=x),
    lambda x: torch.cat([x, x]),
    lambda x: torch.cat((x, t)),
    lambda x: torch.stack([t, x]),
    lambda x: torch.vstack([x, x]),
    lambda x: torch.where(x > 1, x, 0.0),
    lambda x: torch.sum(x, dim=0),
    lambda x: torch.max(x, 0),
    lambda x: torch.einsum("ij,kj->ik", x, x),
    lambda x: torch.equal(x, t),
    lambda x: torch.zeros_like(x),
    lambda x: torch.clamp(t, max=x),
    lambda x: torch.result_type(t, x),
    lambda x: torch.broadcast_tensors(x, t),
    lambda x: torch.linalg.norm(x),
    lambda x: torch.tensor(x.tolist()),
    lambda x: torch.as_tensor(x),
    lambda x: functional.relu(x),
    lambda x: functional.linear(t, x),
    lambda x: functional.mse_loss(x, t),
    lambda x: functional.pad(x, (1, 1)),
    lambda x: functional.cross_entropy(x, torch.tensor([0, 1])),
    lambda x: torch.nn.Flatten(0)(x),
    lambda x: torch.overrides.is_tensor_like(x),
    lambda x: hasattr(x, "__torch_function__"),
    lambda x: x @ u.T,
    lambda x: u @ x.T,
    lambda x: t + x,
    lambda x: 2 * x,
    lambda x: t == x,
    lambda x: t < x,
    lambda x: x[:, 1],
    lambda x: len(x),
    lambda x: list(x),
    lambda x: float(x[0, 1]),
    lambda x: x.to("cpu"),
    lambda x: x.to(torch.float64),
    lambda x: x.mul_(2),
    lambda x: t.clone().add_(x),
    lambda x: t.clone().copy_(x),
    lambda x: t.expand_as(x),
    lambda x: torch.add(t, t, out=x),
    lambda x: default_collate([x, x]),
    lambda x: default_collate([{"a": x}, {"a": x}]),
    lambda x: default_collate([(t, x), (x, t)]),
    lambda x: _pytree.tree_map(lambda item: item * 2, {"a": [x]}),
    lambda x: np.asarray(x),
    lambda x: np.add(x, 1),
    lambda x: np.concatenate([x, x]),
    lambda x: dlpack.from_dlpack(x),
    lambda x: x.__dlpack_device__(),
]
OF_LEAVES: list[Callable[[Await[Tensor]], object]] = [
    lambda x: backward(torch.sum(x)),
    lambda x: backward((x * 2).sum()),
    lambda x: torch.autograd.grad(torch.sum(x * x), x),
    lambda x: torch.autograd.grad(torch.sum(torch.mul(x, t)), [x]),
    lambda x: torch.nn.utils.clip_grad_norm_([x], 1.0),
    lambda x: x.requires_grad,
    lambda x: x.detach(),
]
OF_INDICES: list[Callable[[Await[Tensor]], object]] = [
    lambda x: u[x],
    lambda x: u[x, 0],
    lambda x: u[0, x],
    lambda x: u[x[None]],
    lambda x: u[x[0] :],
    lambda x: written(u.clone(), x, 0.0),
    lambda x: np.arange(2)[x],
    lambda x: [1, 2][x[1]],
    lambda x: torch.index_select(u, 0, x),
    lambda x: u.index_select(0, x),
    lambda x: functional.embedding(x, u),
    lambda x: functional.one_hot(x),
]
OF_MASKS: list[Callable[[Await[Tensor]], object]] = [
    lambda x: t[x],
    lambda x: t[~x],
    lambda x: written(t.clone(), x, 0.0),
    lambda x: torch.masked_select(t.T, x),
    lambda x: torch.where(x, 1, 2),
]
OF_NUMBERS: list[Callable[[Await[Any]], object]] = [
    lambda x: torch.add(t, x),
    lambda x: torch.mul(t, x),
    lambda x: torch.full((2,), x),
    lambda x: torch.arange(x),
    lambda x: torch.pow(u, x),
    lambda x: torch.add(u, u, alpha=x),
    lambda x: u.masked_fill(u > 1, x),
    lambda x: written(u.clone(), 0, x),
    lambda x: u.reshape(x, -1),
    lambda x: u[x],
    lambda x: torch.zeros(x),
    lambda x: t + x,
    lambda x: torch.overrides.is_tensor_like(x),
    lambda x: torch.is_tensor(x),
    lambda x: hasattr(x, "__torch_function__"),
    lambda x: default_collate([x, x]),
    lambda x: default_collate([[x], [x]]),
]
CASES: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
    *((tensor, operation) for operation in OF_TENSORS),
    *((leaf, operation) for operation in OF_LEAVES),
    *((index, operation) for operation in OF_INDICES),
    *((mask, operation) for operation in OF_MASKS),
    *((lambda: 3, operation) for operation in OF_NUMBERS),
]


def shown(result: object) -> object:
    """Return what there is to compare of a result, gradients included."""
    if isinstance(result, Tensor):
        return type(result), result.dtype, result.requires_grad, result.tolist()
    if isinstance(result, np.ndarray):
        return result.dtype, result.tolist()
    if isinstance(result, tuple | list):
        return type(result), [shown(item) for item in result]
    if isinstance(result, dict):
        return {key: shown(item) for key, item in result.items()}
    return result


@pytest.mark.parametrize(("make", "operation"), CASES)
@pytest.mark.parametrize("pending", [True, False])
def test_an_operation_gives_what_it_gives_on_the_value(
    make: Callable[[], Any], operation: Callable[[Any], object], *, pending: bool
) -> None:
    on_await, on_value = results_on_await_and_value(make, operation, pending=pending)
    assert shown(on_await) == shown(on_value)


def test_gradients_flow_into_the_value() -> None:
    aw = awaitable(leaf)
    backward(torch.sum(torch.mul(aw, 3)))
    assert torch.equal(cast(Tensor, awaitable_wait(aw).grad), torch.full((2, 3), 3.0))


def test_tensors_in_place() -> None:
    plain = tensor()
    awaits_of_it = awaitable(tensor)
    aw = awaits_of_it
    aw += plain
    assert aw is awaits_of_it
    torch.add(aw, 1, out=aw)
    assert torch.equal(plain * 2 + 1, awaitable_wait(aw))


def test_a_tensor_of_a_class_with_a_torch_function_of_its_own_is_asked_itself() -> None:
    class Asked:
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> object:
            return func.__name__, list(types), kwargs

    value: Any = Asked()
    for function in (lambda x: torch.add(t, x, alpha=2), lambda x: torch.cat([x, t]), functional.relu):
        assert function(cast(Any, awaitable_nowait(value))) == function(value)


def test_a_failure_comes_unchanged_and_the_call_runs_again() -> None:
    result = result_after_a_failure(tensor, lambda x: torch.add(x, 1))
    assert torch.equal(result, tensor() + 1)


def test_an_await_that_is_out_of_reach_is_an_error_and_no_recursion() -> None:
    function: Any = torch.overrides.handle_torch_function
    with pytest.raises(TypeError, match="no implementation found"):
        function(torch.cat, [awaitable(tensor)], {awaitable_nowait(1)})


def test_a_tensor_is_not_held_longer_than_its_await() -> None:
    aw = awaitable(tensor)
    torch.add(aw, 1)
    gone = weakref.ref(awaitable_wait(aw))
    del aw
    gc.collect()
    assert gone() is None


def test_importing_awaits_imports_no_torch() -> None:
    assert not is_imported_with_awaits("torch")


def test_collating_before_the_import_of_awaits_torch_is_refused() -> None:
    program = (
        "import awaits; from torch.utils.data import default_collate;"
        " default_collate([awaits.awaitable_nowait(1)])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "found <class 'awaits.Await'>" in result.stderr


def test_a_compiled_function_takes_an_await() -> None:
    def doubled(x: Tensor) -> Tensor:
        return x * 2

    compiled = torch.compile(doubled, backend="eager")
    assert torch.equal(compiled(cast(Tensor, awaitable(tensor))), tensor() * 2)


# What torch decides by the class, before or beside its protocol: docs/torch.md.
LIMITS: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
    (tensor, lambda x: torch.is_tensor(x)),
    (tensor, lambda x: torch.nn.Parameter(x)),
    (tensor, lambda x: torch.func.vmap(torch.sum)(x)),
    (tensor, lambda x: torch.autograd.functional.jacobian(torch.sum, x)),
    (tensor, lambda x: torch.testing.assert_close(x, t)),
    (leaf, lambda x: len(torch.optim.SGD([x], lr=0.1).param_groups)),
    (lambda: 3, lambda x: torch.tensor(x)),
    (lambda: 3, lambda x: torch.zeros(x, 2)),
    (lambda: 3, lambda x: torch.roll(u, x)),
    (lambda: np.ones(2), lambda x: torch.from_numpy(x)),
]


@pytest.mark.parametrize(("make", "operation"), LIMITS)
def test_known_limits(make: Callable[[], Any], operation: Callable[[Any], object]) -> None:
    aw = awaitable(make)
    try:
        assert operation(aw) is False
    except (TypeError, ValueError, RuntimeError):
        assert shown(operation(awaitable_wait(aw))) == shown(operation(make()))


def test_limit_an_index_is_taken_apart_where_no_subscript_is_to_be_seen() -> None:
    with pytest.warns(UserWarning, match="non-tuple sequence"):
        assert operator.getitem(u, cast(Any, awaitable(index))).shape == ()


# From one Await to the other.


class Counted:
    """Makes a tensor, and counts how often."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self) -> Tensor:
        self.runs += 1
        return tensor()


def test_to_torch_runs_nothing_and_shares_the_run() -> None:
    load = Counted()
    aw = awaitable(load)
    other = awaits.torch.to_torch(aw)
    assert not awaitable_done(aw)
    assert load.runs == 0
    assert awaits.torch.awaitable_wait(other) is awaitable_wait(aw)
    assert other.shape == aw.shape
    assert load.runs == 1


def test_from_torch_runs_nothing_and_shares_the_run() -> None:
    load = Counted()
    other = awaits.torch.awaitable(load)
    aw = awaits.torch.from_torch(other)
    assert not awaitable_done(aw)
    assert load.runs == 0
    assert awaitable_wait(aw) is awaits.torch.awaitable_wait(other)
    assert load.runs == 1


def test_there_and_back_is_the_same_await() -> None:
    aw, other = awaitable(tensor), awaits.torch.awaitable(tensor)
    assert awaits.torch.from_torch(awaits.torch.to_torch(aw)) is aw
    assert awaits.torch.to_torch(awaits.torch.from_torch(other)) is other


def test_what_was_complete_from_the_start_is_so_on_the_other_side() -> None:
    value = tensor()
    there = awaits.torch.to_torch(awaitable_nowait(value))
    back = awaits.torch.from_torch(there)
    assert there.is_nowait()
    assert back.is_nowait()
    assert back.args()[0] is there.args()[0] is value


def test_a_released_await_goes_over_too() -> None:
    aw = awaitable(tensor)
    awaits.awaitable_release(aw)
    assert awaits.torch.awaitable_wait(awaits.torch.to_torch(aw)) is awaitable_wait(aw)
    aw = awaits.torch.from_torch(awaits.torch.awaitable(tensor))
    value = awaits.awaitable_release(aw)
    assert awaits.torch.awaitable_wait(awaits.torch.to_torch(aw)) is value


def test_a_failure_is_not_kept_on_the_way() -> None:
    load = failing_first(tensor, KeyError("a"), KeyError("b"))
    aw = awaits.torch.from_torch(awaits.torch.awaitable(load))
    with pytest.raises(KeyError, match="a"):
        awaitable_wait(aw)
    with pytest.raises(KeyError, match="b"):
        awaits.torch.awaitable_wait(awaits.torch.to_torch(aw))
    assert torch.equal(awaitable_wait(aw), tensor())


@pytest.mark.parametrize("function", [awaits.torch.to_torch, awaits.torch.from_torch])
def test_anything_else_is_refused_with_what_was_expected(function: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match=rf"{function.__name__}\(\) needs an .*Await.*, not 'int'"):
        function(3)
