"""What numpy and torch ask of the arguments of their functions, answered for an Await.

Both look for these protocols before they convert anything. The answer is to call the same function
again with the value of each Await in its place, so that the value is treated as it is everywhere.
Neither library is imported here: https://numpy.org/neps/nep-0013-ufunc-overrides.html,
https://numpy.org/neps/nep-0018-array-function-protocol.html and
https://docs.pytorch.org/docs/stable/notes/extending.html.
"""

from __future__ import annotations

import opcode
import operator
from collections.abc import Callable, Mapping
from math import inf
from types import FrameType
from typing import Any, Final

from awaits._running.implicit import use
from awaits._state import making
from awaits._state.making import is_await
from awaits._state.slots import AwaitBase

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}
# What `array + aw` is to numpy, by the name of the ufunc that it calls.
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "matmul": operator.matmul,
    "divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "divmod": divmod,
    "power": operator.pow,
    "left_shift": operator.lshift,
    "right_shift": operator.rshift,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    **_COMPARISONS,
}


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer `__array_ufunc__`. `out` may be an Await: its array is written to, and returned."""
    function = getattr(ufunc, method)
    if method == "__call__" and len(inputs) == 2 and not kwargs:
        left, right = inputs
        if not is_await(left):
            if ufunc.__name__ in _COMPARISONS and getattr(left, "shape", None) == ():
                left = left[()]  # what numpy makes an array of, to compare a scalar
            if _is_left_to_the_operator(ufunc, left, use(right)):
                function, inputs = _OPERATORS.get(ufunc.__name__, function), (left, right)
    return call_with_values(function, inputs, kwargs)


def call_array_function(aw: AwaitBase, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Answer `__array_function__`."""
    result = call_with_values(func, args, kwargs)
    if result is not NotImplemented:
        return result
    # It was `like=aw`, which numpy does not hand on.
    value = use(aw)
    kind = type(value)
    if not hasattr(kind, "__array_function__"):
        return NotImplemented
    types = [kind if issubclass(item, making.await_class) else item for item in types]
    return kind.__array_function__(value, func, types, args, kwargs)


def call_with_values(function: Any, args: Any, kwargs: Any) -> Any:
    """Call the function again, each Await in its arguments, or in a list or dict there, waited for."""
    values, named = _values(args), _values(kwargs)
    if values is args and named is kwargs:
        return NotImplemented  # the Await is where only this function knows, and would come back
    return function(*values, **named) if named else function(*values)


def _values(argument: Any) -> Any:
    """Return the argument with each Await in it replaced; the same object if there is none."""
    if is_await(argument):
        return use(argument)
    kind = type(argument)
    if kind is dict:
        values = {key: _values(item) for key, item in argument.items()}
        return values if any(values[key] is not argument[key] for key in values) else argument
    if kind is list or isinstance(argument, tuple):
        items = [_values(item) for item in argument]
        if all(item is old for item, old in zip(items, argument, strict=True)):
            return argument
        return items if kind is list else getattr(kind, "_make", kind)(items)
    return argument


def _is_left_to_the_operator(ufunc: Any, left: Any, value: Any) -> bool:
    """Say whether `left + value` is not what the ufunc gives, which numpy called for `left + aw`."""
    priority = getattr(left, "__array_priority__", None)
    if priority is None:
        return False  # nothing of numpy's, and so not its operator
    if ufunc.__name__ in {"equal", "not_equal"}:
        return True  # which answer where the ufunc refuses: no number is equal to a str
    if priority < 0:
        return True  # a scalar, which has ways of its own: `np.int64(3) * [1]` is a list
    kind = type(value)
    if hasattr(kind, "__array_ufunc__"):
        return kind.__array_ufunc__ is None
    return bool(getattr(value, "__array_priority__", -inf) > priority)


def names_torch_function(asker: FrameType | None) -> bool:
    """Say whether the code of this frame asks for `__torch_function__` itself, and not torch for it.

    torch asks in C, where the frame is that of whoever called torch, or in its own dispatcher. Anybody
    else wants to know whether the value is like a tensor.
    """
    while asker is not None and asker.f_globals.get("__name__") == "awaits._await":
        asker = asker.f_back
    if asker is None or asker.f_code.co_name == "handle_torch_function":
        return False
    code = asker.f_code
    named = [code.co_names, code.co_consts, *(c for c in code.co_consts if isinstance(c, tuple))]
    return any("__torch_function__" in names for names in named)


def length_of_tensor(tensor: Any, asker: FrameType | None) -> int:
    """Return its length, but refuse where the Await of it is the index in `other[aw]`.

    torch takes an index that is no tensor, but has a length below 32, for a tuple: one index for each
    dimension (`treatSequenceAsTuple` in torch/csrc/autograd/python_variable_indexing.cpp). Refused the
    length, it goes on to make a tensor of the index, through the Await's `__dlpack__`.
    """
    if asker is not None and _is_subscript(asker):
        raise TypeError("the length of an Await of a tensor is not there for what stands in an index")
    return len(tensor)


def _is_subscript(frame: FrameType) -> bool:
    """Say whether what this frame is at is `a[i]`, `a[i] = b` or `del a[i]`."""
    code = frame.f_code.co_code
    operation, operand = code[frame.f_lasti : frame.f_lasti + 2]
    name = opcode.opname[operation]
    if name == "BINARY_OP":  # since Python 3.14
        symbol: str = opcode._nb_ops[operand][1]  # type: ignore[attr-defined]
        return symbol == "[]"
    return name in {"BINARY_SUBSCR", "STORE_SUBSCR", "DELETE_SUBSCR"}
