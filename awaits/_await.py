"""The Await and the functions over it."""

from __future__ import annotations

import copy
import functools
import math
import operator
import os
import sys
import threading
import types
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Reversible,
    Sized,
)
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Never,
    NoReturn,
    ParamSpec,
    Self,
    SupportsAbs,
    SupportsIndex,
    TypeVar,
    final,
)

from awaits import _recording, _turns
from awaits._data_model import ONLOOKERS, OWN, PREDICATES
from awaits._errors import AwaitError
from awaits._slots import (
    PENDING,
    Slots,
    core,
    get_args,
    get_function,
    get_kwargs,
    get_value,
    set_args,
    set_function,
    set_kwargs,
    set_outcome,
    set_value,
)

if TYPE_CHECKING:
    from _typeshed import (
        SupportsAnext,
        SupportsGetItem,
        SupportsNext,
    )
    from typing_extensions import Buffer


# No W is an N. `self: Await[Iterable[R] | N]` gives a checker without the plugin the R, and mypy takes
# any W for this self: what there is to say of a W that is not iterable, the plugin says in mypy's words.
N = TypeVar("N", bound=Never)
P = ParamSpec("P")
R = TypeVar("R")
W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)

# The flag of a generator that can be awaited, made by `types.coroutine`.
CO_ITERABLE_COROUTINE = 0x100
# Held while a call or a value is dropped, so that an Await always has one of them. Reentrant, as a
# finalizer that does the same can run there.
_dropping = threading.RLock()


def nowait_function() -> NoReturn:
    """Stand in as the function of an Await that was complete from the start."""
    raise AssertionError("an Await that is complete from the start has no function to run")


def released_function() -> NoReturn:
    """Stand in as the function of an Await whose call was dropped."""
    raise AssertionError("an Await whose call was released has no function to run")


class _ForTorch:
    """What `aw.__torch_function__` is: to torch the method, to anybody else what W has.

    torch reads it from the object, and passes over what that raises: nothing runs here for torch.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method

    def __get__(self, aw: Await[Any] | None, owner: type) -> Any:
        if aw is not None:
            from awaits import _arrays  # only here: it is no use without torch

            if _arrays.names_torch_function(sys._getframe(1)):
                _wait_for_attribute(aw, "__torch_function__").__torch_function__  # noqa: B018
        return types.MethodType(self.method, owner)


@final
class Await(Slots, Generic[W_co]):
    """A value of type W that is computed on its first use, once.

    It holds a call that has not run. Reading, writing or deleting an attribute, and every operator and
    protocol of Python's data model, waits (runs the call if it has not run) and then acts on the W that
    it produced. `isinstance`, `repr`, `copy`, `pickle`, `weakref` and passing it around never run the
    call. `await aw` does not block the event loop, and gives W, or what W awaits to.

    Made by `awaitable` and `awaitable_nowait`; it has no public constructor. If the function
    raises, the exception reaches whoever waited, nothing is kept, and the next wait tries again.
    An `AttributeError` from the function during an implicit wait arrives as `AwaitError`.

    The counterpart in PyTorch: <https://github.com/pytorch/pytorch/blob/main/torch/_awaits/__init__.py>
    """

    # The special methods are marked as final, which everything in this class is. What matters is that
    # they are decorated: mypy takes a decorated method for a variable, and therefore asks the plugin for
    # its type, in operators and in protocol checks alike. To other checkers they stay methods.
    # `__getattribute__` alone is not: after it mypy asks by the name that is read, and once is enough.

    __slots__ = ()

    if TYPE_CHECKING:
        # As attributes, these too are W's.
        __annotations__: Any
        __dict__: Any
        __doc__: Any
        __getattr__: Any
        __init_subclass__: Any
        __module__: Any
        __sizeof__: Any
        __subclasshook__: Any

        # No value has type Never, so every call of the constructor is refused.
        @final
        def __init__(self, use_awaitable_instead: Never) -> None: ...

        @final
        def __new__(cls: Any, use_awaitable_instead: Never) -> Any: ...

    else:

        def __new__(cls, *args, **kwargs):
            raise TypeError(
                "Await has no public constructor: use awaitable(func, *args, **kwargs) for a call that"
                " is to run later, or awaitable_nowait(value) for a value that is there"
            )

        def __init_subclass__(cls, **kwargs):
            raise TypeError("Await cannot be subclassed")

        @_ForTorch
        def __torch_function__(cls, func, types, args=(), kwargs=None):  # noqa: N805
            """Answer a function of torch that has an Await among its arguments."""
            from awaits import _arrays  # only here: it is no use without torch

            return _arrays.call_with_values(func, args, kwargs or {})

    def __getattribute__(self, name: str, /) -> Any:
        if name in OWN:
            return object.__getattribute__(self, name)
        value = get_value(self)
        if value is PENDING:
            return _read_pending(self, name, sys._getframe(1))
        try:
            return getattr(value, name)
        except AttributeError:
            if name != "__signature__":
                raise
        return _read_signature(value, sys._getframe(1))

    @final
    def fn(self) -> Callable[..., W_co]:
        """Return the function of the call; with keyword arguments, a partial of it.

        `aw.fn()(*aw.args())` always repeats the call. Never waits. Raises `AwaitError` if the Await
        was complete from the start or its call was released.
        """
        function = get_function(self)
        if not _has_call(function):
            raise _no_call(self, "function")
        kwargs = get_kwargs(self)
        return functools.partial(function, **kwargs) if kwargs else function

    @final
    def args(self) -> tuple[Any, ...]:
        """Return the positional arguments of the call; `(value,)` if complete from the start.

        Never waits. Raises `AwaitError` once the call was released.
        """
        args: tuple[Any, ...] | None = get_args(self)
        if args is None:
            raise _no_call(self, "arguments")
        return args

    @final
    def is_nowait(self) -> bool:
        """Return whether this Await was complete from the start, by `awaitable_nowait`."""
        return get_function(self) is nowait_function

    @final
    def __setattr__(self, name: str, value: Any, /) -> None:
        _refuse_own(name)
        setattr(_wait_for_attribute(self, name), name, value)

    @final
    def __delattr__(self, name: str, /) -> None:
        _refuse_own(name)
        delattr(_wait_for_attribute(self, name), name)

    @final
    def __dir__(self) -> Iterable[str]:
        value = get_value(self)
        return {"fn", "args", "is_nowait", *dir(object if value is PENDING else value)}

    @final
    def __repr__(self) -> str:
        value = get_value(self)
        if value is not PENDING:
            return f"<Await done: {value!r}>"
        state = "running" if _turns.is_running(id(self)) else "pending"
        return f"<Await {state}: {_turns.function_name(get_function(self))}>"

    def __copy__(self) -> Await[W_co]:
        function, args, kwargs = get_call(self)
        value = get_value(self)
        if value is PENDING:
            return new(function, args, kwargs, PENDING)
        return complete(copy.copy(value))

    def __deepcopy__(self, memo: dict[int, Any], /) -> Await[W_co]:
        call = get_call(self)
        value = get_value(self)
        if value is PENDING:
            copied = new(*copy.deepcopy(call, memo), PENDING)
        else:
            copied = complete(copy.deepcopy(value, memo))
        # What holds this very Await has copied it on the way.
        return memo.get(id(self), copied)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        from awaits import _travel  # only when pickling: it imports pickle

        return _travel.reduce(self)

    # The rest is Python's data model, forwarded to W. `_data_model.py` lists it and says why what is
    # not here is not.

    @final
    def __str__(self) -> str:
        return str(wait(self))

    @final
    def __format__(self, spec: str, /) -> str:
        return format(wait(self), spec)

    @final
    def __hash__(self) -> int:
        # asyncio.gather puts in a dict what it is to wait for: that is this object, whatever its W.
        if _asker(sys._getframe(1)) == "asyncio.tasks":
            return object.__hash__(self)
        return hash(wait(self))

    @final
    def __bool__(self) -> bool:
        return bool(wait(self))

    @final
    def __bytes__(self) -> bytes:
        return bytes(wait(self))

    @final
    def __int__(self) -> int:
        return int(wait(self))

    @final
    def __float__(self) -> float:
        return float(wait(self))

    @final
    def __complex__(self) -> complex:
        return complex(wait(self))

    @final
    def __index__(self: Await[SupportsIndex | N]) -> int:
        value = wait(self)
        try:
            return operator.index(value)
        except TypeError as error:
            # Functions that take a path or a file descriptor ask whatever can be an integer to be one.
            if isinstance(value, (str, bytes, os.PathLike)):
                error.add_note("where a path is wanted: use os.fspath() of the Await")
            raise

    @final
    def __round__(self, *ndigits: Any) -> Any:
        return round(wait(self), *ndigits)

    @final
    def __trunc__(self) -> Any:
        return math.trunc(wait(self))

    @final
    def __floor__(self) -> Any:
        return math.floor(wait(self))

    @final
    def __ceil__(self) -> Any:
        return math.ceil(wait(self))

    @final
    def __fspath__(self) -> Any:
        return os.fspath(wait(self))

    @final
    def __buffer__(self: Await[Buffer | N], flags: int, /) -> memoryview:
        value = wait(self)
        if not _has_special(value, "__buffer__"):
            memoryview(value)  # Python refuses, in its own words
        return _special(value, "__buffer__")(flags)

    @final
    def __call__(self: Await[Callable[P, R] | N], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return wait(self)(*args, **kwargs)

    @final
    def __replace__(self, /, **changes: Any) -> Any:
        return _special(wait(self), "__replace__")(**changes)

    # Containers and iteration.

    @final
    def __len__(self: Await[Sized | N]) -> int:
        value = wait(self)
        if "torch" in sys.modules and hasattr(type(value), "__torch_function__"):
            return _length_of_tensor(value, sys._getframe(1))
        return len(value)

    @final
    def __length_hint__(self) -> int:
        # Python swallows a TypeError here and goes on without the hint.
        hint = operator.length_hint(wait_despite(self, TypeError), -1)
        return NotImplemented if hint == -1 else hint

    @final
    def __getitem__(self: Await[SupportsGetItem[Any, Any] | N], key: Any, /) -> Any:
        return wait(self)[_operand(key)]

    @final
    def __setitem__(self, key: Any, value: Any, /) -> None:
        wait(self)[_operand(key)] = value

    @final
    def __delitem__(self, key: Any, /) -> None:
        del wait(self)[_operand(key)]

    @final
    def __contains__(self, item: Any, /) -> bool:
        return _operand(item) in wait(self)

    @final
    def __iter__(self: Await[Iterable[R] | N]) -> Iterator[R]:
        return iter(_wait_for_iteration(self))

    @final
    def __next__(self: Await[SupportsNext[R] | N]) -> R:
        return next(_wait_for_iteration(self))

    @final
    def __reversed__(self: Await[Reversible[R] | N]) -> Iterator[R]:
        return reversed(wait(self))

    # Contexts and asynchronous protocols.

    @final
    def __enter__(self: Await[AbstractContextManager[R, Any] | N]) -> R:
        return entering(wait(self))()

    @final
    def __exit__(self, *exc_info: object) -> Any:
        return _special(wait(self), "__exit__")(*exc_info)

    @final
    def __aenter__(self: Await[AbstractAsyncContextManager[R, Any] | N]) -> Awaitable[R]:
        value = get_value(self)
        if value is PENDING:
            from awaits import _tasks  # only here: it imports asyncio

            return _tasks.enter(self)
        return entering_async(value)()

    @final
    def __aexit__(self, *exc_info: Any) -> Any:
        return _special(wait(self), "__aexit__")(*exc_info)

    @final
    def __aiter__(self: Await[AsyncIterable[R] | N]) -> AsyncIterator[R]:
        return aiter(wait(self))

    @final
    def __anext__(self: Await[SupportsAnext[R] | N]) -> Awaitable[R]:
        # Up to Python 3.13.2 anext(aw, default) crashes if this raises
        # (https://github.com/python/cpython/issues/131670), so that what it returns does.
        value = get_value(self)
        if value is PENDING or not isinstance(value, AsyncIterator):
            from awaits import _tasks  # only here: it imports asyncio

            return _tasks.next_of(self)
        return anext(value)

    @final
    def __await__(self) -> Generator[Any, Any, Any]:
        """Give W, or what W awaits to, without blocking the event loop."""
        value = get_value(self)
        if value is not PENDING and not is_awaitable(value):
            return _immediate(value)
        from awaits import _tasks  # only here: it imports asyncio

        return _tasks.result_of(self).__await__()

    # Functions of numpy. Like torch's, they ask this of whatever is among their arguments.

    @final
    def __array_ufunc__(self, ufunc: Any, method: str, /, *inputs: Any, **kwargs: Any) -> Any:
        from awaits import _arrays  # only here: it is no use without numpy

        return _arrays.call_ufunc(ufunc, method, inputs, kwargs)

    @final
    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any, /) -> Any:
        from awaits import _arrays  # only here: it is no use without numpy

        return _arrays.call_array_function(self, func, types, args, kwargs)

    # A W that is a class.

    @final
    def __instancecheck__(self, instance: Any, /) -> bool:
        return isinstance(instance, wait(self))

    @final
    def __subclasscheck__(self, subclass: Any, /) -> bool:
        return issubclass(_operand(subclass), wait(self))

    @final
    def __mro_entries__(self, bases: Any, /) -> tuple[Any, ...]:
        return types.resolve_bases((wait(self),))

    # Comparison, with W's own answer for an operand of another type.

    @final
    def __eq__(self, other: object, /) -> Any:
        return operator.eq(wait(self), _operand(other))

    @final
    def __ne__(self, other: object, /) -> Any:
        return operator.ne(wait(self), _operand(other))

    @final
    def __lt__(self, other: Any, /) -> Any:
        return operator.lt(wait(self), _operand(other))

    @final
    def __le__(self, other: Any, /) -> Any:
        return operator.le(wait(self), _operand(other))

    @final
    def __gt__(self, other: Any, /) -> Any:
        return operator.gt(wait(self), _operand(other))

    @final
    def __ge__(self, other: Any, /) -> Any:
        return operator.ge(wait(self), _operand(other))

    # Arithmetic. The operator itself is applied to both values, so that precedence of subclasses,
    # reflected methods and NotImplemented come out as Python has them.

    @final
    def __add__(self, other: Any, /) -> Any:
        return operator.add(wait(self), _operand(other))

    @final
    def __sub__(self, other: Any, /) -> Any:
        return operator.sub(wait(self), _operand(other))

    @final
    def __mul__(self, other: Any, /) -> Any:
        return operator.mul(wait(self), _operand(other))

    @final
    def __matmul__(self, other: Any, /) -> Any:
        return operator.matmul(wait(self), _operand(other))

    @final
    def __truediv__(self, other: Any, /) -> Any:
        return operator.truediv(wait(self), _operand(other))

    @final
    def __floordiv__(self, other: Any, /) -> Any:
        return operator.floordiv(wait(self), _operand(other))

    @final
    def __mod__(self, other: Any, /) -> Any:
        return operator.mod(wait(self), _operand(other))

    @final
    def __divmod__(self, other: Any, /) -> Any:
        return divmod(wait(self), _operand(other))

    @final
    def __lshift__(self, other: Any, /) -> Any:
        return operator.lshift(wait(self), _operand(other))

    @final
    def __rshift__(self, other: Any, /) -> Any:
        return operator.rshift(wait(self), _operand(other))

    @final
    def __and__(self, other: Any, /) -> Any:
        return operator.and_(wait(self), _operand(other))

    @final
    def __xor__(self, other: Any, /) -> Any:
        return operator.xor(wait(self), _operand(other))

    @final
    def __or__(self, other: Any, /) -> Any:
        return operator.or_(wait(self), _operand(other))

    @final
    def __pow__(self, other: Any, modulus: Any = None, /) -> Any:
        return pow(wait(self), _operand(other), _operand(modulus))

    @final
    def __radd__(self, other: Any, /) -> Any:
        return operator.add(other, wait(self))

    @final
    def __rsub__(self, other: Any, /) -> Any:
        return operator.sub(other, wait(self))

    @final
    def __rmul__(self, other: Any, /) -> Any:
        return operator.mul(other, wait(self))

    @final
    def __rmatmul__(self, other: Any, /) -> Any:
        return operator.matmul(other, wait(self))

    @final
    def __rtruediv__(self, other: Any, /) -> Any:
        return operator.truediv(other, wait(self))

    @final
    def __rfloordiv__(self, other: Any, /) -> Any:
        return operator.floordiv(other, wait(self))

    @final
    def __rmod__(self, other: Any, /) -> Any:
        return operator.mod(other, wait(self))

    @final
    def __rdivmod__(self, other: Any, /) -> Any:
        return divmod(other, wait(self))

    @final
    def __rlshift__(self, other: Any, /) -> Any:
        return operator.lshift(other, wait(self))

    @final
    def __rrshift__(self, other: Any, /) -> Any:
        return operator.rshift(other, wait(self))

    @final
    def __rand__(self, other: Any, /) -> Any:
        return operator.and_(other, wait(self))

    @final
    def __rxor__(self, other: Any, /) -> Any:
        return operator.xor(other, wait(self))

    @final
    def __ror__(self, other: Any, /) -> Any:
        return operator.or_(other, wait(self))

    @final
    def __rpow__(self, other: Any, modulus: Any = None, /) -> Any:
        return pow(other, wait(self), _operand(modulus))

    @final
    def __neg__(self) -> Any:
        return operator.neg(wait(self))

    @final
    def __pos__(self) -> Any:
        return operator.pos(wait(self))

    @final
    def __abs__(self: Await[SupportsAbs[R] | N]) -> R:
        return abs(wait(self))

    @final
    def __invert__(self) -> Any:
        return operator.invert(wait(self))

    # In place: the name stays bound to an Await.

    @final
    def __iadd__(self, other: Any, /) -> Self:
        return _in_place(self, operator.iadd, other)

    @final
    def __isub__(self, other: Any, /) -> Self:
        return _in_place(self, operator.isub, other)

    @final
    def __imul__(self, other: Any, /) -> Self:
        return _in_place(self, operator.imul, other)

    @final
    def __imatmul__(self, other: Any, /) -> Self:
        return _in_place(self, operator.imatmul, other)

    @final
    def __itruediv__(self, other: Any, /) -> Self:
        return _in_place(self, operator.itruediv, other)

    @final
    def __ifloordiv__(self, other: Any, /) -> Self:
        return _in_place(self, operator.ifloordiv, other)

    @final
    def __imod__(self, other: Any, /) -> Self:
        return _in_place(self, operator.imod, other)

    @final
    def __ilshift__(self, other: Any, /) -> Self:
        return _in_place(self, operator.ilshift, other)

    @final
    def __irshift__(self, other: Any, /) -> Self:
        return _in_place(self, operator.irshift, other)

    @final
    def __iand__(self, other: Any, /) -> Self:
        return _in_place(self, operator.iand, other)

    @final
    def __ixor__(self, other: Any, /) -> Self:
        return _in_place(self, operator.ixor, other)

    @final
    def __ior__(self, other: Any, /) -> Self:
        return _in_place(self, operator.ior, other)

    @final
    def __ipow__(self, other: Any, /) -> Self:
        return _in_place(self, operator.ipow, other)


def new(function: object, args: object, kwargs: object, value: object) -> Await[Any]:
    """Make an Await of a call, or of a value."""
    if core is not None:
        return core.new(function, args, kwargs, value)
    aw: Await[Any] = object.__new__(Await)
    set_value(aw, None)  # first: torch.compile looks at what is half made
    set_function(aw, function)
    set_args(aw, args)
    set_kwargs(aw, kwargs)
    set_outcome(aw, None)
    set_value(aw, value)
    if _recording.recorder is not None:
        _recording.is_new(aw)
    return aw


def complete(value: object) -> Await[Any]:
    """Return an Await that is complete from the start."""
    return new(nowait_function, (value,), {}, value)


def get_call(aw: Await[Any]) -> tuple[Any, Any, Any]:
    """Return the function, the arguments and the keyword arguments.

    Read this before the value, where both are needed: a call is dropped only after its value is there.
    """
    return get_function(aw), get_args(aw), get_kwargs(aw)


def _has_call(function: object) -> bool:
    return function is not nowait_function and function is not released_function


def forget_call(aw: Await[Any]) -> bool:
    """Drop the function and the arguments; return False if the value is not there any more."""
    dropped = get_call(aw)  # until the lock is given back, as finalizers are the user's code
    with _dropping:
        if get_value(aw) is PENDING:
            return False
        if _has_call(get_function(aw)):
            set_function(aw, released_function)
        set_args(aw, None)
        set_kwargs(aw, {})
    del dropped
    return True


def forget_value(aw: Await[Any]) -> None:
    """Make the Await pending again, if it still has its call."""
    dropped = get_value(aw)
    with _dropping:
        if _has_call(get_function(aw)):
            set_value(aw, PENDING)
    del dropped


def _renew_lock() -> None:
    """Free, in a forked child, what a thread of the parent held."""
    global _dropping
    _dropping = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _no_call(aw: Await[Any], part: str) -> AwaitError:
    why = (
        "it was complete from the start (awaitable_nowait)"
        if aw.is_nowait() and part == "function"
        else "awaitable_release() dropped its call"
    )
    return AwaitError(f"this Await has no {part}: {why}")


def run(aw: Await[W]) -> W:
    """Run the call, unless another thread completes it first, and return the value."""
    if type(get_function(aw)) is Call and id(aw) not in _turns.elsewhere:
        run_what_is_needed(aw)
    turn = _turns.Turn(aw)
    with turn.lock:
        try:
            turn.begin()
            value: W = get_value(aw)
            if value is PENDING and (receive := _turns.elsewhere.get(id(aw))):
                value = receive()  # or PENDING, if the call was withdrawn
            if value is PENDING:
                function, args, kwargs = get_call(aw)
                recorder = _recording.recorder
                if recorder is None:
                    value = function(*args, **kwargs)
                else:
                    value = recorder.run(aw, function, args, kwargs)
            set_value(aw, value)
        finally:
            turn.end()
    return value


def _run_for(aw: Await[Any], operation: str) -> Any:
    """Run the call for a special method in C, which has no frame of its own: a trace finds this one."""
    return run(aw)


def wait(aw: Await[Any]) -> Any:
    """Return the value for an implicit wait; the exception of the function comes unchanged."""
    value = get_value(aw)
    return run(aw) if value is PENDING else value


def wait_despite(aw: Await[Any], unwanted: type[Exception]) -> Any:
    """Return the value where Python would swallow this exception of the function."""
    try:
        return wait(aw)
    except unwanted as error:
        raise swallowed(aw, error) from error


def swallowed(aw: Await[Any], error: Exception) -> AwaitError:
    """Return what is raised from an exception that Python would swallow."""
    function = _turns.function_name(get_function(aw))
    return AwaitError(f"{function} raised {type(error).__name__} during an implicit wait")


def is_awaitable(value: Any) -> bool:
    """Say whether `await value` is possible, as `inspect.isawaitable` does, which is slow to import."""
    if type(value) is types.GeneratorType:
        return bool(value.gi_code.co_flags & CO_ITERABLE_COROUTINE)
    return isinstance(value, Awaitable)


def _immediate(value: Any) -> Generator[Any, Any, Any]:
    """Await to a value that is there."""
    yield from ()  # what makes this a generator
    return value


def _operand(operand: Any) -> Any:
    """Return the value of the other operand, if it is an Await too."""
    return wait(operand) if type(operand) is Await else operand


def _in_place(aw: Await[Any], operation: Callable[[Any, Any], Any], other: Any) -> Any:
    """Apply an in-place operator: the same Await if its W changed in place, else a new complete one."""
    value = wait(aw)
    result = operation(value, _operand(other))
    return aw if result is value else complete(result)


def _has_special(value: Any, name: str) -> bool:
    return any(name in vars(base) for base in type(value).__mro__)


def _special(value: Any, name: str) -> Any:
    """Return a special method as Python finds it: on the type, bound to the value."""
    kind = type(value)
    for base in kind.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            bind = getattr(type(found), "__get__", None)
            return found if bind is None else bind(found, value, kind)
    raise TypeError(f"{kind.__name__!r} object has no {name}")


def entering(value: Any) -> Callable[[], Any]:
    """Return the method that enters a context; as Python does, only if there is one that leaves it."""
    if not (_has_special(value, "__enter__") and _has_special(value, "__exit__")):
        with value:  # Python refuses, in its own words, before it calls anything
            raise AssertionError
    method: Callable[[], Any] = _special(value, "__enter__")
    return method


def entering_async(value: Any) -> Callable[[], Any]:
    """Return the same of an asynchronous context."""
    if not (_has_special(value, "__aenter__") and _has_special(value, "__aexit__")):
        _refuse_async_context(value).send(None)
    method: Callable[[], Any] = _special(value, "__aenter__")
    return method


async def _refuse_async_context(value: Any) -> None:
    async with value:
        raise AssertionError


def _length_of_tensor(value: Any, asker: types.FrameType) -> int:
    from awaits import _arrays  # only here: it is no use without torch

    return _arrays.length_of_tensor(value, asker)


def _wait_for_iteration(aw: Await[Any]) -> Any:
    # Python takes a StopIteration of `__next__` for the end, and `itertools.chain` one of `__iter__`.
    return wait_despite(aw, StopIteration)


def _read_pending(aw: Await[Any], name: str, asker: types.FrameType) -> Any:
    """Read an attribute for which the call is to run, unless the code of this frame only looks on."""
    is_signature = name == "__signature__"
    if _looks_on(asker):
        own = object.__getattribute__(aw, "__call__" if is_signature else name)
        return _signature(own) if is_signature else own
    value = _run_for_attribute(aw, name)
    return _read_signature(value, asker) if is_signature else getattr(value, name)


def _read_signature(value: Any, asker: types.FrameType) -> Any:
    """Read `__signature__`; without it `inspect` would go by what an Await looks like, not by its W."""
    if asker.f_globals.get("__name__") == "inspect":
        return _signature(value)
    return value.__signature__


def _run_for_attribute(aw: Await[Any], name: str) -> Any:
    """Run the call for an implicit wait, so that its failure does not look like W lacking `name`."""
    try:
        return run(aw)
    except AttributeError as error:
        function = _turns.function_name(get_function(aw))
        raise AwaitError(
            f"{function} raised AttributeError while {name!r} of its result was asked for"
        ) from error


def _wait_for_attribute(aw: Await[Any], name: str) -> Any:
    value = get_value(aw)
    return _run_for_attribute(aw, name) if value is PENDING else value


def _refuse_own(name: str) -> None:
    if name in OWN:
        raise AttributeError(f"attribute {name!r} of 'Await' cannot be changed: it is the Await's own")


def _looks_on(frame: types.FrameType) -> bool:
    """Say whether the code that asks for an attribute looks at whatever it comes across."""
    if (frame.f_globals.get("__name__"), frame.f_code.co_name) in PREDICATES:
        return True
    return _asker(frame) in ONLOOKERS


def _signature(value: Any) -> Any:
    import inspect  # only here: who asks has it, and it is slow to import

    return inspect.signature(value)


def _asker(frame: types.FrameType | None) -> str | None:
    """Return the name of the module that asks, by itself or through `inspect`."""
    while frame is not None and frame.f_globals.get("__name__") == "inspect":
        frame = frame.f_back
    return frame and frame.f_globals.get("__name__")


# Last, as it needs what is above.
from awaits._delayed import Call, run_what_is_needed  # noqa: E402

if core is not None:
    # The class takes each special method that its compiled base has too from there.
    for _name, _method in vars(Slots).items():
        if type(_method) is types.WrapperDescriptorType and _name in vars(Await):
            setattr(Await, _name, _method)
    core.connect(
        *(Await, PENDING, frozenset(OWN), run, _run_for, _run_for_attribute, _wait_for_iteration),
        *(_refuse_own, _read_pending, _read_signature, _length_of_tensor, _recording.is_new),
    )
