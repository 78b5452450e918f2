"""An Await among the arrays of numpy: each operation gives what it gives on the value itself."""

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import Any, cast

import pytest

pytest.importorskip("numpy", reason="numpy is not installed")

import numpy as np
from numpy.typing import NDArray

from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_wait

from .arrays import is_imported_with_awaits, result_after_a_failure, results_on_await_and_value

Array = NDArray[np.float64]


def array() -> Array:
    return np.arange(6.0).reshape(2, 3)


def masked() -> Any:
    return np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])


v = np.arange(12.0).reshape(4, 3)

# What is typed as it is here is also what mypy says of an Await, with the plugin.
OF_ARRAYS: list[Callable[[Await[Array]], object]] = [
    lambda x: np.add(x, 1),
    lambda x: np.add(1, x),
    lambda x: np.add(v[:2], x),
    lambda x: np.add(x, x, dtype="f4"),
    lambda x: np.add(x, 1, where=x > 1, out=v[:2].copy()),
    lambda x: np.add.reduce(x),
    lambda x: np.add.accumulate(x),
    lambda x: np.add.outer(x, x),
    lambda x: np.add.reduceat(x, [0, 1]),
    lambda x: np.divmod(x, 2),
    lambda x: np.modf(x),
    lambda x: np.sin(x),
    lambda x: np.asarray(x),
    lambda x: np.asarray(x, dtype="f4"),
    lambda x: np.array(x, copy=True),
    lambda x: np.array(x, dtype=int),
    lambda x: np.array([x, x]),
    lambda x: np.concatenate([x, v]),
    lambda x: np.concatenate((x, x)),
    lambda x: np.stack([x, v[:2]]),
    lambda x: np.block([[x, x]]),
    lambda x: np.sum(x),
    lambda x: np.sum(v, axis=0, out=x[0]),
    lambda x: np.mean(x, axis=0),
    lambda x: np.where(x > 1, x, 0),
    lambda x: np.linalg.norm(x),
    lambda x: np.einsum("ij,kj->ik", x, x),
    lambda x: np.zeros_like(x),
    lambda x: np.asarray([1], like=x),
    lambda x: np.ones(2, like=x),
    lambda x: np.clip(v, 0, x[1, 1]),
    lambda x: np.broadcast_arrays(x, 1),
    lambda x: np.array_equal(x, x),
    lambda x: np.random.default_rng(0).normal(x),
    lambda x: np.ma.asarray(x),
    lambda x: np.from_dlpack(x),
    lambda x: x.__array__(),
    lambda x: x.__array__(np.dtype(int)),
    lambda x: x.__array__(np.dtype("f4"), copy=True),
    lambda x: x.__array_interface__["shape"],
    lambda x: x.__dlpack_device__(),
    lambda x: v[:2] + x,
    lambda x: x + v[:2],
    lambda x: v[:2] - x,
    lambda x: v @ x.T,
    lambda x: x @ v.T,
    lambda x: v[:2] == x,
    lambda x: v[:2] < x,
    lambda x: v[:2] ** x,
    lambda x: np.float64(2) * x,
    lambda x: np.int64(1) < x,
    lambda x: x[x > 1],
    lambda x: v[:2][x > 1],
    lambda x: np.ma.masked_array([[1, 2, 3]] * 2, mask=False) + x,
]
OF_MASKED_ARRAYS: list[Callable[[Await[Any]], object]] = [
    lambda x: np.add(x, 1),
    lambda x: np.ones(3) + x,
    lambda x: np.sum(x),
    lambda x: np.sqrt(x),
    lambda x: np.multiply.reduce(x),
]
OF_NUMBERS: list[Callable[[Await[int]], object]] = [
    lambda x: np.add(x, 1),
    lambda x: np.add(v, 1, out=v.copy(), where=np.bool_(x > 1)),
    lambda x: np.sin(x),
    lambda x: v + x,
    lambda x: v**x,
    lambda x: np.power(v, x),
    lambda x: np.ones(3, dtype=np.int8) + x,
    lambda x: np.float32(2) + x,
    lambda x: np.int8(1) + x,
    lambda x: v[x],
    lambda x: v[x, 0],
    lambda x: np.zeros(x),
    lambda x: np.zeros((x, 2)),
    lambda x: np.asarray(x, dtype=float),
    lambda x: np.int64(x),
    lambda x: error_of(np.zeros, 2, like=x),
    lambda x: hasattr(x, "__array__"),
    lambda x: hasattr(x, "__array_ufunc__"),
    lambda x: hasattr(x, "__array_function__"),
    lambda x: hasattr(x, "__array_interface__"),
    lambda x: hasattr(x, "__dlpack__"),
    lambda x: hasattr(x, "__arrow_c_array__"),
    lambda x: hasattr(x, "__dataframe__"),
]


def error_of(function: Callable[..., object], *args: object, **kwargs: object) -> type[BaseException]:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function(*args, **kwargs)
    return caught.type


CASES: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
    *((array, operation) for operation in OF_ARRAYS),
    *((masked, operation) for operation in OF_MASKED_ARRAYS),
    *((lambda: 3, cast(Any, operation)) for operation in OF_NUMBERS),
]


def shown(result: object) -> tuple[type, str]:
    """Return what there is to compare of a result: its type, and what its repr says or leaves out."""
    if isinstance(result, np.ndarray):
        return type(result), f"{result.dtype} {result.shape} {result!r}"
    if isinstance(result, tuple | list):
        return type(result), str([shown(item) for item in result])
    return type(result), repr(result)


@pytest.mark.parametrize(("make", "operation"), CASES)
@pytest.mark.parametrize("pending", [True, False])
def test_an_operation_gives_what_it_gives_on_the_value(
    make: Callable[[], Any], operation: Callable[[Any], object], *, pending: bool
) -> None:
    on_await, on_value = results_on_await_and_value(make, operation, pending=pending)
    assert shown(on_await) == shown(on_value)


def test_out_is_written_to_and_returned() -> None:
    aw = awaitable(array)
    assert np.add(v[:2], 1, out=aw) is awaitable_wait(aw)
    assert np.add(v[:2], 2, out=(aw,)) is awaitable_wait(aw)
    assert np.array_equal(aw, v[:2] + 2)


def test_arrays_in_place() -> None:
    aw = awaitable(array)
    np.add.at(aw, 0, 1)
    np.copyto(aw[1], 7)
    assert np.array_equal(aw, [[1, 2, 3], [7, 7, 7]])


def test_a_file_of_arrays() -> None:
    file = io.BytesIO()
    np.save(file, awaitable(array))
    assert np.array_equal(np.load(io.BytesIO(file.getvalue())), array())


def test_operators_in_place() -> None:
    plain = array()
    plain += awaitable(array)
    assert np.array_equal(plain, array() * 2)
    aw = same = awaitable(array)
    aw += plain
    assert aw is same
    assert np.array_equal(aw, array() * 3)


def test_an_array_shares_its_memory() -> None:
    value = array()
    assert np.shares_memory(np.asarray(awaitable_nowait(value)), value)


class OnlyOperators:
    """Leaves no operator to the array on its left: by the protocol, or as was usual before it."""

    def __radd__(self, other: object) -> str:
        return "mine"


class ByProtocol(OnlyOperators):
    __array_ufunc__ = None


class ByPriority(OnlyOperators):
    __array_priority__ = 10


def test_the_operators_of_a_scalar_are_its_own() -> None:
    assert np.int64(3) * awaitable_nowait([1]) == [1, 1, 1]


LEFT: list[Any] = [
    *(np.array([1, 2, 3]), np.array([[1, 2], [3, 4]]), np.array([], int), np.array(["a", "b"])),
    *(np.array([1, None], object), np.zeros(2, dtype="i4,f4"), np.array([1, 2], "M8[D]")),
    *(np.int64(3), np.float64(2.5), np.bool_(True), np.complex64(1j), np.datetime64("2020-01-01")),
]
RIGHT: list[Any] = [
    *("ab", "", b"abc", None, {"a": 1}, [1, 2, 3], [], {1, 2}, (1, 2, 3), frozenset({1}), range(3)),
    *(3, 2.5, True, 1j, Fraction(1, 2), Decimal(3), date(2020, 1, 1), int, len, slice(1), Ellipsis),
    *(np.array([1, 2, 3]), np.int64(3), np.str_("a"), np.array(["a", "c"])),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("compare", [eq, ne, lt, le, gt, ge])
def test_a_comparison_is_that_with_the_value(compare: Callable[[Any, Any], object]) -> None:
    for left in LEFT:
        for right in RIGHT:
            on_await = outcome_of(compare, left, awaitable_nowait(right))
            assert on_await == outcome_of(compare, left, right), f"{left!r}, {right!r}"


def outcome_of(compare: Callable[[Any, Any], object], left: object, right: object) -> object:
    """Return what there is to compare of an answer, or whether it is refused as such."""
    try:
        return shown(compare(left, right))
    except (TypeError, ValueError) as error:
        return isinstance(error, TypeError)  # numpy has classes of its own below it


@pytest.mark.parametrize("value", [ByProtocol(), ByPriority()])
def test_a_value_that_takes_the_operators_of_arrays_gets_them(value: OnlyOperators) -> None:
    for left in (v, np.float64(1), np.ma.masked_array([1], mask=False)):
        assert left + cast(Any, awaitable_nowait(value)) == left + cast(Any, value) == "mine"


class Dispatched:
    """Takes over the functions of numpy, as the arrays of other libraries do."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> object:
        return ufunc.__name__, method, [item is self for item in inputs], kwargs

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> object:
        return func.__name__, list(types), kwargs


def test_a_value_with_protocols_of_its_own_is_asked_itself() -> None:
    value = Dispatched()
    aw = cast(Any, awaitable_nowait(value))
    for function in (
        lambda x: np.add(v, x, dtype="f4"),
        lambda x: np.concatenate([x, v], axis=1),
        lambda x: np.concatenate((v, x)),
        lambda x: np.zeros(2, like=x),
    ):
        assert function(aw) == function(value)


def test_a_failure_comes_unchanged_and_the_call_runs_again() -> None:
    result = result_after_a_failure(array, lambda x: np.add(x, 1))
    assert np.array_equal(result, array() + 1)


def test_an_await_that_is_out_of_reach_is_an_error_and_no_recursion() -> None:
    aw = cast(Any, awaitable(array))
    with pytest.raises(TypeError):
        np.concatenate({aw: 1})


def test_importing_awaits_imports_no_numpy() -> None:
    assert not is_imported_with_awaits("numpy")


# What numpy decides by the class, before or beside its protocols: docs/torch.md.
LIMITS: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
    (lambda: 3, lambda x: np.asarray(x).dtype),
    (lambda: 3, lambda x: np.full(2, x).dtype),
    (lambda: 3, lambda x: np.arange(x).dtype),
    (lambda: 3, lambda x: np.isscalar(x)),
    (lambda: "ab", lambda x: np.asarray(x).shape),
    (masked, lambda x: type(np.asanyarray(x))),
    (lambda: {1}, lambda x: (masked() == x).tolist()),
    (lambda: "ab", lambda x: outcome_of(np.equal, np.array([1, 2]), x)),
]


@pytest.mark.parametrize(("make", "operation"), LIMITS)
def test_known_limits(make: Callable[[], Any], operation: Callable[[Any], object]) -> None:
    assert operation(awaitable(make)) != operation(make())
    assert operation(awaitable_wait(awaitable(make))) == operation(make())


def test_nothing_runs_before_it_is_used() -> None:
    aw = awaitable(array)
    assert [aw, aw]
    assert not awaitable_done(aw)
