"""The class `Await`: Python's data model, forwarded to W. What is more than that is in `_forwarding`."""

from __future__ import annotations

import copy
import functools
import math
import operator
import os
import sys
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
    ParamSpec,
    Self,
    SupportsAbs,
    SupportsIndex,
    TypeVar,
    final,
)

from awaits._forwarding.attributes import (
    NoSignature,
    TorchFunction,
    read_class,
    read_pending,
    read_signature,
    refuse_own,
)
from awaits._forwarding.operators import compared, in_place, operand, reflected
from awaits._forwarding.special_methods import (
    entering,
    entering_async,
    has_special,
    length_of_tensor,
    special,
)
from awaits._running import claims, onlookers
from awaits._running.awaitables import immediate, is_awaitable
from awaits._running.calls import Call, import_inside_import, receive, run_dependencies
from awaits._running.failures import for_one_more
from awaits._running.implicit import (
    no_value,
    run_for_attribute,
    run_for_special_method,
    swallowed,
    swallowed_for_attribute,
    use,
    value_or_pending,
    wait_despite,
    wait_for_attribute,
    wait_for_iteration,
)
from awaits._running.imports import import_named
from awaits._state import making
from awaits._state.data_model import OWN
from awaits._state.held_call import (
    function_name,
    get_call,
    has_call,
    no_call,
    nowait_function,
    released_function,
)
from awaits._state.offers import ONE_SIDED
from awaits._state.slots import PENDING, AwaitBase, core, get_args, get_function, get_kwargs, get_value
from awaits._tracing import recording

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
W_co = TypeVar("W_co", covariant=True)


@final
class Await(AwaitBase, Generic[W_co]):
    """A value of type W that is computed on its first use, once.

    It holds a call. Reading, writing or deleting an attribute, and every operator and protocol of
    Python's data model, first runs the call if it has not run, and then acts on the result.
    `isinstance`, `repr`, `copy`, `pickle`, `weakref` and passing the Await around never run the call.
    `await aw` does not block the event loop. It gives the result, or if that can itself be awaited, what
    awaiting it gives.

    `awaitable`, `awaitable_nowait`, `awaitable_all`, `lazy_import` and calls of `delayed` functions make
    Awaits. `Await()` itself raises `TypeError`.

    If the function raises an exception, so does the use that ran it. The exception is not kept: the next
    use runs the call again. If several threads or tasks waited for one run, each gets the exception,
    with a traceback of its own. If the function raises `AttributeError` during `aw.name`, you get an
    `AwaitError` from it, because `hasattr(aw, "name")` would be False otherwise.

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
        __signature__: Any
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

        __signature__ = NoSignature()

        def __init_subclass__(cls, offers=None):
            if offers is None:  # it is not one of those that `offers.py` makes
                raise TypeError("Await cannot be subclassed")

        # Not the class derived from it, of what W offers.
        __class__ = property(lambda _: Await)

        @TorchFunction
        def __torch_function__(cls, func, types, args=(), kwargs=None):  # noqa: N805
            """Answer a function of torch that has an Await among its arguments."""
            from awaits._forwarding import arrays  # only here: it is no use without torch

            return arrays.call_with_values(func, args, kwargs or {})

        def __conform__(self, protocol, /):
            """Answer sqlite3, which asks what to write for a parameter."""
            from awaits._forwarding import parameters  # only here: it is no use without sqlite3

            return parameters.conform(self, protocol)

        @classmethod
        def __get_pydantic_core_schema__(cls, source, handler):
            """Answer pydantic, which asks what a field of the type `Await[T]` takes."""
            from awaits._forwarding import fields  # only here: it is no use without pydantic

            return fields.schema_of_field(source, handler)

    def __getattribute__(self, name: str, /) -> Any:
        if name in OWN:
            return read_class(self) if name == "__class__" else object.__getattribute__(self, name)
        value = get_value(self)
        if value is PENDING:
            return read_pending(self, name, sys._getframe().f_back)
        try:
            return getattr(value, name)
        except AttributeError:
            if name != "__signature__":
                raise
        return read_signature(value, sys._getframe().f_back)

    @final
    def fn(self) -> Callable[..., W_co]:
        """Return the function of the call; with keyword arguments, a `functools.partial` of it.

        So `aw.fn()(*aw.args())` always repeats the call. Never waits. Raises `AwaitError` if the Await
        comes from `awaitable_nowait`, or if `awaitable_release` dropped the call.
        """
        kwargs = get_kwargs(self)  # first: a release in another thread drops the function before these
        function = get_function(self)
        if not has_call(function):
            raise no_call(self, "function")
        return functools.partial(function, **kwargs) if kwargs else function

    @final
    def args(self) -> tuple[Any, ...]:
        """Return the positional arguments of the call; `(value,)` for an Await from `awaitable_nowait`.

        Never waits. Raises `AwaitError` if `awaitable_release` dropped the call.
        """
        args: tuple[Any, ...] | None = get_args(self)
        if args is None:
            raise no_call(self, "arguments")
        return args

    @final
    def is_nowait(self) -> bool:
        """Return whether this Await comes from `awaitable_nowait`. Never waits."""
        return get_function(self) is nowait_function

    @final
    def __setattr__(self, name: str, value: Any, /) -> None:
        refuse_own(name)
        setattr(wait_for_attribute(self, name), name, value)

    @final
    def __delattr__(self, name: str, /) -> None:
        refuse_own(name)
        delattr(wait_for_attribute(self, name), name)

    @final
    def __dir__(self) -> Iterable[str]:
        function = get_function(self)  # first: a call is dropped only after its value is there
        value = get_value(self)
        if value is not PENDING:
            return {"fn", "args", "is_nowait", *dir(value)}
        from awaits._state import declared  # only here: it is for those who look

        called = function.function if type(function) is Call else function
        of_w = declared.names(declared.declared(called))
        return {"fn", "args", "is_nowait", *dir(object), *of_w}

    @final
    def __repr__(self) -> str:
        function = get_function(self)  # first: a call is dropped only after its value is there
        value = get_value(self)
        if value is not PENDING:
            return f"<Await done: {value!r}>"
        state = "running" if claims.is_running(self) else "pending"
        return f"<Await {state}: {function_name(function)}>"

    def __copy__(self) -> Await[W_co]:
        function, args, kwargs = get_call(self)
        value = get_value(self)
        if value is PENDING or function is import_named:
            return making.like(self, function, args, kwargs, value)
        return making.complete(copy.copy(value))

    def __deepcopy__(self, memo: dict[int, Any], /) -> Await[W_co]:
        call = get_call(self)
        value = get_value(self)
        if value is PENDING or call[0] is import_named:
            copied = making.like(self, *copy.deepcopy(call, memo), value)
        else:
            copied = making.complete(copy.deepcopy(value, memo))
        # What holds this very Await has copied it on the way.
        return memo.get(id(self), copied)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        from awaits._running import pickling  # only here: it imports pickle

        return pickling.reduce(self)

    # The rest is Python's data model, forwarded to W. `_state/data_model.py` lists it and says why what
    # is not here is not.

    @final
    def __str__(self) -> str:
        value = value_or_pending(self)
        return repr(self) if value is PENDING else str(value)

    @final
    def __format__(self, spec: str, /) -> str:
        value = value_or_pending(self)
        return format(repr(self) if value is PENDING else value, spec)

    @final
    def __hash__(self) -> int:
        # asyncio.gather puts in a dict what it is to wait for: that is this object, whatever its W.
        try:
            asker = sys._getframe(1).f_globals.get("__name__")
        except ValueError:  # there is no frame, as in a thread that begins with this
            asker = None
        if asker == "asyncio.tasks":
            return object.__hash__(self)
        value = value_or_pending(self)
        return object.__hash__(self) if value is PENDING else hash(value)

    @final
    def __bool__(self) -> bool:
        value = value_or_pending(self)
        return value is PENDING or bool(value)

    @final
    def __bytes__(self) -> bytes:
        return bytes(use(self))

    @final
    def __int__(self) -> int:
        return int(use(self))

    @final
    def __float__(self) -> float:
        return float(use(self))

    @final
    def __complex__(self) -> complex:
        return complex(use(self))

    @final
    def __index__(self: Await[SupportsIndex | N]) -> int:
        value = use(self)
        try:
            return operator.index(value)
        except TypeError as error:
            # Functions that take a path or a file descriptor ask whatever can be an integer to be one.
            if isinstance(value, (str, bytes, os.PathLike)):
                error.add_note("where a path is wanted: use os.fspath() of the Await")
            raise

    @final
    def __round__(self, *ndigits: Any) -> Any:
        return round(use(self), *ndigits)

    @final
    def __trunc__(self) -> Any:
        return math.trunc(use(self))

    @final
    def __floor__(self) -> Any:
        return math.floor(use(self))

    @final
    def __ceil__(self) -> Any:
        return math.ceil(use(self))

    @final
    def __fspath__(self) -> Any:
        return os.fspath(use(self))

    @final
    def __buffer__(self: Await[Buffer | N], flags: int, /) -> memoryview:
        value = use(self)
        if not has_special(value, "__buffer__"):
            memoryview(value)  # Python refuses, in its own words
        return special(value, "__buffer__")(flags)

    @final
    def __call__(self: Await[Callable[P, R] | N], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return use(self)(*args, **kwargs)

    @final
    def __replace__(self, /, **changes: Any) -> Any:
        return special(use(self), "__replace__")(**changes)

    # Containers and iteration.

    @final
    def __len__(self: Await[Sized | N]) -> int:
        value = use(self)
        if "torch" in sys.modules and hasattr(type(value), "__torch_function__"):
            return length_of_tensor(value, sys._getframe().f_back)
        return len(value)

    @final
    def __length_hint__(self) -> int:
        # Python swallows a TypeError here and goes on without the hint.
        hint = operator.length_hint(wait_despite(self, TypeError), -1)
        return NotImplemented if hint == -1 else hint

    @final
    def __getitem__(self: Await[SupportsGetItem[Any, Any] | N], key: Any, /) -> Any:
        return use(self)[operand(key)]

    @final
    def __setitem__(self, key: Any, value: Any, /) -> None:
        use(self)[operand(key)] = value

    @final
    def __delitem__(self, key: Any, /) -> None:
        del use(self)[operand(key)]

    @final
    def __contains__(self, item: Any, /) -> bool:
        return operand(item) in use(self)

    @final
    def __iter__(self: Await[Iterable[R] | N]) -> Iterator[R]:
        return iter(wait_for_iteration(self))

    @final
    def __next__(self: Await[SupportsNext[R] | N]) -> R:
        return next(wait_for_iteration(self))

    @final
    def __reversed__(self: Await[Reversible[R] | N]) -> Iterator[R]:
        return reversed(use(self))

    # Contexts and asynchronous protocols.

    @final
    def __enter__(self: Await[AbstractContextManager[R, Any] | N]) -> R:
        return entering(use(self))()

    @final
    def __exit__(self, *exc_info: object) -> Any:
        return special(use(self), "__exit__")(*exc_info)

    @final
    def __aenter__(self: Await[AbstractAsyncContextManager[R, Any] | N]) -> Awaitable[R]:
        value = get_value(self)
        if value is PENDING:
            from awaits._forwarding import async_protocols  # only here: it imports asyncio

            return async_protocols.enter(self)
        return entering_async(value)()

    @final
    def __aexit__(self, *exc_info: Any) -> Any:
        return special(use(self), "__aexit__")(*exc_info)

    @final
    def __aiter__(self: Await[AsyncIterable[R] | N]) -> AsyncIterator[R]:
        return aiter(use(self))

    @final
    def __anext__(self: Await[SupportsAnext[R] | N]) -> Awaitable[R]:
        # Up to Python 3.13.2 anext(aw, default) crashes if this raises
        # (https://github.com/python/cpython/issues/131670), so that what it returns does.
        value = get_value(self)
        if value is PENDING or not isinstance(value, AsyncIterator):
            from awaits._forwarding import async_protocols  # only here: it imports asyncio

            return async_protocols.next_of(self)
        return anext(value)

    @final
    def __await__(self) -> Generator[Any, Any, Any]:
        """Give the value, or what awaiting the value gives, without blocking the event loop."""
        value = get_value(self)
        if value is not PENDING and not is_awaitable(value):
            return immediate(value)
        from awaits._running import tasks  # only here: it imports asyncio

        return tasks.result_of(self).__await__()

    # Functions of numpy. Like torch's, they ask this of whatever is among their arguments.

    @final
    def __array_ufunc__(self, ufunc: Any, method: str, /, *inputs: Any, **kwargs: Any) -> Any:
        from awaits._forwarding import arrays  # only here: it is no use without numpy

        return arrays.call_ufunc(ufunc, method, inputs, kwargs)

    @final
    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any, /) -> Any:
        from awaits._forwarding import arrays  # only here: it is no use without numpy

        return arrays.call_array_function(self, func, types, args, kwargs)

    # A W that is a class.

    @final
    def __instancecheck__(self, instance: Any, /) -> bool:
        return isinstance(instance, use(self))

    @final
    def __subclasscheck__(self, subclass: Any, /) -> bool:
        return issubclass(operand(subclass), use(self))

    @final
    def __mro_entries__(self, bases: Any, /) -> tuple[Any, ...]:
        return types.resolve_bases((use(self),))

    # Comparison, with W's own answer for an operand of another type. An onlooker compares objects.

    @final
    def __eq__(self, other: object, /) -> Any:
        value, other = value_or_pending(self), compared(other)
        return NotImplemented if value is PENDING or other is PENDING else operator.eq(value, other)

    @final
    def __ne__(self, other: object, /) -> Any:
        value, other = value_or_pending(self), compared(other)
        return NotImplemented if value is PENDING or other is PENDING else operator.ne(value, other)

    @final
    def __lt__(self, other: Any, /) -> Any:
        value, other = value_or_pending(self), compared(other)
        return NotImplemented if value is PENDING or other is PENDING else operator.lt(value, other)

    @final
    def __le__(self, other: Any, /) -> Any:
        value, other = value_or_pending(self), compared(other)
        return NotImplemented if value is PENDING or other is PENDING else operator.le(value, other)

    @final
    def __gt__(self, other: Any, /) -> Any:
        value, other = value_or_pending(self), compared(other)
        return NotImplemented if value is PENDING or other is PENDING else operator.gt(value, other)

    @final
    def __ge__(self, other: Any, /) -> Any:
        value, other = value_or_pending(self), compared(other)
        return NotImplemented if value is PENDING or other is PENDING else operator.ge(value, other)

    # Arithmetic. The operator itself is applied to both values, so that precedence of subclasses,
    # reflected methods and NotImplemented come out as Python has them.

    @final
    def __add__(self, other: Any, /) -> Any:
        return operator.add(use(self), operand(other))

    @final
    def __sub__(self, other: Any, /) -> Any:
        return operator.sub(use(self), operand(other))

    @final
    def __mul__(self, other: Any, /) -> Any:
        return operator.mul(use(self), operand(other))

    @final
    def __matmul__(self, other: Any, /) -> Any:
        return operator.matmul(use(self), operand(other))

    @final
    def __truediv__(self, other: Any, /) -> Any:
        return operator.truediv(use(self), operand(other))

    @final
    def __floordiv__(self, other: Any, /) -> Any:
        return operator.floordiv(use(self), operand(other))

    @final
    def __mod__(self, other: Any, /) -> Any:
        return operator.mod(use(self), operand(other))

    @final
    def __divmod__(self, other: Any, /) -> Any:
        return divmod(use(self), operand(other))

    @final
    def __lshift__(self, other: Any, /) -> Any:
        return operator.lshift(use(self), operand(other))

    @final
    def __rshift__(self, other: Any, /) -> Any:
        return operator.rshift(use(self), operand(other))

    @final
    def __and__(self, other: Any, /) -> Any:
        return operator.and_(use(self), operand(other))

    @final
    def __xor__(self, other: Any, /) -> Any:
        return operator.xor(use(self), operand(other))

    @final
    def __or__(self, other: Any, /) -> Any:
        return operator.or_(use(self), operand(other))

    @final
    def __pow__(self, other: Any, modulus: Any = None, /) -> Any:
        return pow(use(self), operand(other), operand(modulus))

    @final
    def __radd__(self, other: Any, /) -> Any:
        return reflected(self, operator.add, operator.iadd, other)

    @final
    def __rsub__(self, other: Any, /) -> Any:
        return reflected(self, operator.sub, operator.isub, other)

    @final
    def __rmul__(self, other: Any, /) -> Any:
        return reflected(self, operator.mul, operator.imul, other)

    @final
    def __rmatmul__(self, other: Any, /) -> Any:
        return reflected(self, operator.matmul, operator.imatmul, other)

    @final
    def __rtruediv__(self, other: Any, /) -> Any:
        return reflected(self, operator.truediv, operator.itruediv, other)

    @final
    def __rfloordiv__(self, other: Any, /) -> Any:
        return reflected(self, operator.floordiv, operator.ifloordiv, other)

    @final
    def __rmod__(self, other: Any, /) -> Any:
        return reflected(self, operator.mod, operator.imod, other)

    @final
    def __rdivmod__(self, other: Any, /) -> Any:
        return divmod(other, use(self))

    @final
    def __rlshift__(self, other: Any, /) -> Any:
        return reflected(self, operator.lshift, operator.ilshift, other)

    @final
    def __rrshift__(self, other: Any, /) -> Any:
        return reflected(self, operator.rshift, operator.irshift, other)

    @final
    def __rand__(self, other: Any, /) -> Any:
        return reflected(self, operator.and_, operator.iand, other)

    @final
    def __rxor__(self, other: Any, /) -> Any:
        return reflected(self, operator.xor, operator.ixor, other)

    @final
    def __ror__(self, other: Any, /) -> Any:
        return reflected(self, operator.or_, operator.ior, other)

    @final
    def __rpow__(self, other: Any, modulus: Any = None, /) -> Any:
        if modulus is None:
            return reflected(self, operator.pow, operator.ipow, other)
        return pow(other, use(self), operand(modulus))

    @final
    def __neg__(self) -> Any:
        return operator.neg(use(self))

    @final
    def __pos__(self) -> Any:
        return operator.pos(use(self))

    @final
    def __abs__(self: Await[SupportsAbs[R] | N]) -> R:
        return abs(use(self))

    @final
    def __invert__(self) -> Any:
        return operator.invert(use(self))

    # In place: the name stays bound to an Await.

    @final
    def __iadd__(self, other: Any, /) -> Self:
        return in_place(self, operator.iadd, other)

    @final
    def __isub__(self, other: Any, /) -> Self:
        return in_place(self, operator.isub, other)

    @final
    def __imul__(self, other: Any, /) -> Self:
        return in_place(self, operator.imul, other)

    @final
    def __imatmul__(self, other: Any, /) -> Self:
        return in_place(self, operator.imatmul, other)

    @final
    def __itruediv__(self, other: Any, /) -> Self:
        return in_place(self, operator.itruediv, other)

    @final
    def __ifloordiv__(self, other: Any, /) -> Self:
        return in_place(self, operator.ifloordiv, other)

    @final
    def __imod__(self, other: Any, /) -> Self:
        return in_place(self, operator.imod, other)

    @final
    def __ilshift__(self, other: Any, /) -> Self:
        return in_place(self, operator.ilshift, other)

    @final
    def __irshift__(self, other: Any, /) -> Self:
        return in_place(self, operator.irshift, other)

    @final
    def __iand__(self, other: Any, /) -> Self:
        return in_place(self, operator.iand, other)

    @final
    def __ixor__(self, other: Any, /) -> Self:
        return in_place(self, operator.ixor, other)

    @final
    def __ior__(self, other: Any, /) -> Self:
        return in_place(self, operator.ior, other)

    @final
    def __ipow__(self, other: Any, /) -> Self:
        return in_place(self, operator.ipow, other)


# What only some Ws have is not in this class, but in those derived from it.
_one_sided = {name: method for name, method in vars(Await).items() if name in ONE_SIDED}
for _name in _one_sided:
    delattr(Await, _name)
if core is not None:
    # The class takes each special method that its compiled base has too from there.
    for _name, _method in vars(AwaitBase).items():
        if type(_method) is types.WrapperDescriptorType and _name in vars(Await):
            setattr(Await, _name, _method)
making.register(Await, _one_sided, Call)
if core is not None:
    core.connect(
        await_type=Await,
        everything=making.classes.everything,
        by_value=making.classes.by_value,
        by_function=making.classes.by_function,
        learn_value=making.classes.learn_value,
        learn_function=making.classes.learn_function,
        widen=making.classes.widen,
        delayed_type=Call,
        partial_type=functools.partial,
        pending=PENDING,
        released_function=released_function,
        nowait_function=nowait_function,
        own_names=frozenset(OWN),
        kinds_of_modules=onlookers.kinds,
        ordinary=onlookers.ORDINARY,
        looks_on=onlookers.looks_on,
        no_value=no_value,
        remote_results=claims.remote_results,
        receive=receive,
        run_dependencies=run_dependencies,
        import_named=import_named,
        import_inside_import=import_inside_import,
        run_recorded=recording.run,
        wait_recorded=functools.partial(claims.wait_recorded, wait=core.wait_for_holder),
        refuse_cycle_of=claims.refuse_cycle_of,
        for_one_more=for_one_more,
        run_for_special=run_for_special_method,
        run_for_attribute=run_for_attribute,
        run_for_iteration=wait_for_iteration,
        swallowed=swallowed,
        swallowed_for_attribute=swallowed_for_attribute,
        refuse_own=refuse_own,
        read_class=read_class,
        read_pending=read_pending,
        read_signature=read_signature,
        length_of_tensor=length_of_tensor,
    )
