"""Every special method of the running Python is forwarded, or has the reason why it is not."""

import collections.abc
import inspect
import operator
import os
import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from awaits import Await, awaitable, awaitable_done, awaitable_nowait
from awaits._state.data_model import FOR_LIBRARIES, NOT_FORWARDED, OWN

BUILTINS = (
    *(type, object, int, float, complex, str, bytes, bytearray, memoryview, slice, range),
    *(list, tuple, dict, set, frozenset, property, super, BaseException),
    *(types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType, types.ModuleType),
    *(types.FunctionType, types.MethodType, types.GenericAlias, types.UnionType, operator),
)

# The special methods in the chapter "Data model" of the language reference. Its special attributes,
# such as `__slots__` and `__match_args__`, are not called: those of an Await are W's.
REFERENCE = """
__new__ __init__ __del__ __repr__ __str__ __bytes__ __format__
__lt__ __le__ __eq__ __ne__ __gt__ __ge__ __hash__ __bool__
__getattr__ __getattribute__ __setattr__ __delattr__ __dir__ __get__ __set__ __delete__
__init_subclass__ __set_name__ __mro_entries__ __prepare__
__instancecheck__ __subclasscheck__ __class_getitem__ __call__
__len__ __length_hint__ __getitem__ __setitem__ __delitem__ __missing__ __iter__ __reversed__
__contains__ __next__
__add__ __sub__ __mul__ __matmul__ __truediv__ __floordiv__ __mod__ __divmod__ __pow__
__lshift__ __rshift__ __and__ __xor__ __or__
__radd__ __rsub__ __rmul__ __rmatmul__ __rtruediv__ __rfloordiv__ __rmod__ __rdivmod__ __rpow__
__rlshift__ __rrshift__ __rand__ __rxor__ __ror__
__iadd__ __isub__ __imul__ __imatmul__ __itruediv__ __ifloordiv__ __imod__ __ipow__
__ilshift__ __irshift__ __iand__ __ixor__ __ior__
__neg__ __pos__ __abs__ __invert__ __complex__ __int__ __float__ __index__
__round__ __trunc__ __floor__ __ceil__
__enter__ __exit__ __buffer__ __release_buffer__
__await__ __aiter__ __anext__ __aenter__ __aexit__
"""

# The same in the chapters of the modules that look these up: copy, pickle, os, sys, abc, dataclasses.
LIBRARY = """
__copy__ __deepcopy__ __replace__ __reduce__ __reduce_ex__ __getstate__ __setstate__ __getnewargs__
__getnewargs_ex__ __fspath__ __sizeof__ __subclasshook__ __subclasses__ __post_init__
"""


def is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def special_methods() -> Iterator[str]:
    yield from REFERENCE.split()
    yield from LIBRARY.split()
    for holder in BUILTINS:
        yield from filter(is_special, methods_of(holder))
    protocols = [getattr(typing, name) for name in typing.__all__ if name.startswith("Supports")]
    abstract = [getattr(collections.abc, name) for name in collections.abc.__all__]
    for cls in [*protocols, *abstract, os.PathLike]:
        yield from filter(is_special, getattr(cls, "__abstractmethods__", ()))


def methods_of(holder: Any) -> set[str]:
    """Leave out what is data about the holder, such as `__doc__` and `__name__`: it is never called."""
    routines = {name for name, value in vars(holder).items() if inspect.isroutine(value)}
    return routines - {"__signature__"}


DATA_MODEL = frozenset(special_methods())
# The class `Await` has what all Awaits offer; that of one of which nothing is known has all the others.
EVERYTHING = type(awaitable(lambda: 0))
DEFINED = frozenset(filter(is_special, methods_of(Await) | methods_of(EVERYTHING)))


def test_the_walk_finds_what_it_should() -> None:
    everywhere = {"__repr__", "__matmul__", "__fspath__", "__anext__", "__prepare__", "__setstate__"}
    assert everywhere < DATA_MODEL
    assert not DATA_MODEL & {"__doc__", "__name__", "__dict__", "__class__", "__bases__", "__mro__"}


@pytest.mark.parametrize("name", sorted(DATA_MODEL))
def test_a_special_method_is_forwarded_or_has_its_reason(name: str) -> None:
    assert name in DEFINED or (OWN.get(name) or NOT_FORWARDED.get(name))


def test_every_special_method_of_the_class_is_one_that_python_knows() -> None:
    assert FOR_LIBRARIES.keys() == DEFINED - DATA_MODEL


def test_the_tables_and_the_class_do_not_contradict_each_other() -> None:
    assert not OWN.keys() & NOT_FORWARDED.keys()
    # What the class defines without forwarding it is what is about the Await and not about its W.
    assert NOT_FORWARDED.keys() & DEFINED == {"__new__", "__init_subclass__", "__dir__", "__repr__"}
    public = {name for name in vars(Await) if not name.startswith("_")}
    assert public == {name for name in OWN if not is_special(name)}


@pytest.mark.parametrize("name", sorted(OWN))
def test_reading_an_own_attribute_never_runs_the_call(name: str) -> None:
    aw = awaitable(object)
    getattr(aw, name, None)
    assert not awaitable_done(aw)


class Anything:
    """Holds attributes of any name."""


@pytest.mark.parametrize("name", sorted((DATA_MODEL | NOT_FORWARDED.keys()) - OWN.keys()))
def test_as_an_attribute_a_special_name_is_that_of_w(name: str) -> None:
    value, marker = Anything(), object()
    vars(value)[name] = marker
    assert getattr(awaitable_nowait(value), name) is marker
    assert getattr(awaitable(lambda: value), name) is marker
