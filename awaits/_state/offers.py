"""What the class of an Await offers to those who ask the class and not the object: what W's class does.

There is one class for each set of special methods that Ws have, made when the first such Await is. All
of them are derived from `Await`, which has what every Await offers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import (
    BuiltinFunctionType,
    FunctionType,
    GenericAlias,
    MappingProxyType,
    MethodType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any, Final, TypeVar

from awaits._state.slots import AwaitBase, core

if TYPE_CHECKING:  # for users of mypy, who would have three more modules checked
    ref: Callable[[object, Callable[[object], None]], Callable[[], object]]
else:
    from weakref import ref

T = TypeVar("T")

# The special methods that an Await has if W does, and who asks for them. The others it always has:
# Python asks for those of arithmetic and comparison where it uses them, and asyncio puts what is to be
# awaited into a dict, whether W has a hash or not.
ONE_SIDED: Final[Mapping[str, str]] = {
    "__call__": "callable",
    "__iter__": "collections.abc.Iterable",
    "__next__": "collections.abc.Iterator",
    "__reversed__": "collections.abc.Reversible",
    "__len__": "collections.abc.Sized",
    "__length_hint__": "list, for how much it is to hold",
    "__getitem__": "iter and reversed, for a sequence",
    "__setitem__": "PySequence_SetItem",
    "__delitem__": "PySequence_DelItem",
    "__contains__": "collections.abc.Container",
    "__enter__": "contextlib.AbstractContextManager",
    "__exit__": "the same",
    "__aenter__": "contextlib.AbstractAsyncContextManager",
    "__aexit__": "the same",
    "__aiter__": "collections.abc.AsyncIterable",
    "__anext__": "collections.abc.AsyncIterator",
    "__fspath__": "os.PathLike",
    "__int__": "typing.SupportsInt, PyNumber_Check",
    "__float__": "typing.SupportsFloat, PyNumber_Check",
    "__complex__": "typing.SupportsComplex",
    "__index__": "typing.SupportsIndex, PyIndex_Check",
    "__trunc__": "int, before Python 3.14",
    "__floor__": "math.floor",
    "__ceil__": "math.ceil",
    "__round__": "typing.SupportsRound",
    "__buffer__": "collections.abc.Buffer, PyObject_CheckBuffer",
}
_NUMBERS: Final = ("__int__", "__float__", "__complex__", "__floor__", "__ceil__")
# What a W can do that has no special method for it: Python knows these classes, or they are registered
# as sequences, and it would not know an Await.
_BESIDE: Final[Mapping[type, tuple[str, ...]]] = {
    str: (*_NUMBERS, "__fspath__", "__reversed__"),
    bytes: (*_NUMBERS, "__fspath__", "__reversed__"),
    bytearray: (*_NUMBERS, "__reversed__"),
    memoryview: (*_NUMBERS, "__contains__", "__reversed__"),
    tuple: ("__reversed__",),
    type({}.values()): ("__contains__",),
    type: ("__getitem__",),  # list[int]
}
# They have items and a length, and are no sequences to Python.
_HAVE_KEYS: Final[tuple[type, ...]] = (dict, MappingProxyType)
# A generator, a coroutine or an asynchronous generator, as `inspect` has the flags of their code.
_MAKES_ANOTHER: Final = 0x20 | 0x80 | 0x200
# Without these Python goes through the items, unless the class says by a None that it is not to.
_HAVE_OTHER_WAYS: Final = frozenset({"__iter__", "__reversed__", "__contains__"})
_TAKEN_BACK: Final = "no "
SEQUENCE: Final = "PySequence_Check"
EVERYTHING: Final = frozenset({*ONE_SIDED, SEQUENCE})

# Not `cls.__mro__` and so on, for which a metaclass can have code of its own.
_mro: Final[Callable[[type], tuple[type, ...]]] = vars(type)["__mro__"].__get__
_namespace: Final[Callable[[type], Mapping[str, Any]]] = vars(type)["__dict__"].__get__
set_class: Final[Callable[[object, type], None]] = vars(object)["__class__"].__set__


# The classes that are known for objects, by the ids of these. A reference says whose entry it is: an
# object that is gone leaves its id to another, and may leave its entry too, as where what is called
# then is interrupted.
Table = dict[object, tuple[Callable[[], object], type]]


class Classes:
    """The classes of Awaits, by what they offer; which Await has which."""

    def __init__(self, base: type[AwaitBase], methods: Mapping[str, Any], delayed_type: type) -> None:
        self.base = base
        self.methods = methods  # the one-sided ones
        self.delayed_type = delayed_type
        self.by_offers: dict[frozenset[str], type] = {}
        self.offers: dict[type, frozenset[str]] = {}
        self.by_value: Table = {}  # by a class, for Awaits of its objects
        self.by_function: Table = {}  # by what an Await calls
        self.by_annotation: Table = {}  # by what stands in an annotation, or by code with a text
        self.everything = self.offering(EVERYTHING)

    def offering(self, offers: frozenset[str]) -> type:
        """Return the class that offers this."""
        cls = self.by_offers.get(offers)
        if cls is None:
            cls = self._make(offers)
            self.offers[cls] = offers
            cls = self.by_offers.setdefault(offers, cls)  # another thread may have made it
        return cls

    def _make(self, offers: frozenset[str]) -> type:
        methods = {name: self.methods[name] for name in offers if name in self.methods}
        # In Python a class with items is a sequence, and would be gone through.
        is_none = core is None and "__getitem__" in offers and not offers & {SEQUENCE, "__iter__"}
        for name in _HAVE_OTHER_WAYS - offers:
            if is_none or _TAKEN_BACK + name in offers:
                methods[name] = None
        if core is None:
            names = {"__slots__": (), "__module__": self.base.__module__, "__doc__": self.base.__doc__}
            return type("Await", (self.base,), {**names, **methods}, offers=offers)
        cls: type = core.make_class(self.base, offers)
        cls.__name__ = self.base.__name__
        cls.__doc__ = self.base.__doc__
        for name in methods.keys() - _namespace(cls).keys():
            try:
                setattr(cls, name, methods[name])
            except AttributeError:  # what Python makes of a lack of memory since 3.13
                raise MemoryError from None
        return cls

    def of_value(self, kind: type) -> type:
        """Return the class of an Await of an object of this class."""
        return known_in(self.by_value, id(kind), kind) or self.learn_value(kind)

    def learn_value(self, kind: type) -> type:
        """Return the same, and keep it."""
        return self._keep(self.by_value, id(kind), kind, offers_of(kind))

    def of_function(self, function: Any) -> type:
        """Return the class of an Await that calls this."""
        return known_in(self.by_function, id(function), function) or self.learn_function(function)

    def learn_function(self, function: Any) -> type:
        """Return the same, and keep it, unless there will be another such object the next time."""
        kind = type(function)
        if kind is BuiltinFunctionType or (kind is FunctionType and _says_nothing(function)):
            return self.everything
        if kind is MethodType:
            return self.of_function(function.__func__)
        if kind is partial:
            return self.of_function(function.func)
        if kind is self.delayed_type:
            offers = self.offers[self.of_function(function.function)]
            return self._keep(self.by_function, id(function), function, offers)
        if kind is FunctionType and "<locals>" in function.__qualname__:
            return self._of_inner_function(function)
        return self._keep(self.by_function, id(function), function, _offers_declared_by(function))

    def _of_inner_function(self, function: Any) -> type:
        """Return the same of a function in a function, of which there is a new one at each call."""
        annotation = _own_annotation(function)
        if annotation is None or _names_another(annotation, function):
            return self.offering(_offers_declared_by(function))
        asked = function.__code__ if type(annotation) is str else annotation
        key = (id(asked), annotation) if type(annotation) is str else id(asked)
        cls = known_in(self.by_annotation, key, asked)
        return cls or self._keep(self.by_annotation, key, asked, _offers_declared_by(function))

    def _keep(self, table: Table, key: object, asked: object, offers: frozenset[str]) -> type:
        cls = self.offering(offers)

        def forget(_: object) -> None:
            table.pop(key, None)

        with suppress(TypeError):  # of what has no weak references
            table[key] = ref(asked, forget), cls
        return cls

    def narrow(self, aw: object, kind: type) -> None:
        """Have an Await offer what objects of this class do, where its function does not say it."""
        set_class(aw, self.of_value(kind))

    def widen(self, aw: object, value: object) -> None:
        """Have an Await that has become complete offer what its value does."""
        offers, own = self.offers[type(aw)], self.offers[self.of_value(type(value))]
        if not own <= offers:
            set_class(aw, self.offering(offers | own))


def known_in(
    table: Mapping[Any, tuple[Callable[[], object], T]], key: object, asked: object
) -> T | None:
    """Return what is known of this object, if anything is."""
    entry = table.get(key)
    return entry[1] if entry is not None and entry[0]() is asked else None


def _names_another(text: object, function: Any) -> bool:
    """Say whether a text in an annotation may name what each function of this `def` has its own of."""
    return type(text) is str and any(name in text for name in function.__code__.co_freevars)


def _own_annotation(function: Any) -> Any:
    """Return what all functions of the same `def` have for the annotation of their result, if anything.

    That is the class, the text, or the code that Python 3.14 has for it.
    """
    if "__wrapped__" in function.__dict__ or function.__code__.co_flags & _MAKES_ANOTHER:
        return None
    if sys.version_info >= (3, 14) and (annotate := function.__annotate__) is not None:
        if type(annotate) is not FunctionType or annotate.__closure__ is not None:
            return None
        is_shared = not any(_names_another(text, function) for text in annotate.__code__.co_consts)
        return annotate.__code__ if is_shared else None
    annotation = function.__annotations__.get("return")
    if type(annotation) is GenericAlias:
        annotation = annotation.__origin__
    return annotation if type(annotation) is str or issubclass(type(annotation), type) else None


def _says_nothing(function: Any) -> bool:
    """Say whether nothing can be known of what a function returns."""
    if function.__code__.co_flags & _MAKES_ANOTHER:
        return False
    if sys.version_info >= (3, 14) and function.__annotate__ is not None:
        return False
    annotation = function.__annotations__.get("return", "Any")
    return type(annotation) is str and annotation == "Any"


def _offers_declared_by(function: object) -> frozenset[str]:
    from awaits._state.declared import declared  # only here: most are known

    declaration = declared(function)
    return EVERYTHING if declaration.is_open else offers_of(*declaration.classes)


def offers_of(*classes: type) -> frozenset[str]:
    """Return what objects of these classes offer."""
    return frozenset().union(*map(_offers_of, classes))


def _offers_of(cls: type) -> Iterable[str]:
    offered: set[str] = set()
    methods: dict[str, object] = {}
    for base in _mro(cls):
        namespace = _namespace(base)
        offered.update(_BESIDE.get(base, ()))
        for name in ONE_SIDED.keys() - methods.keys() & namespace.keys():
            methods[name] = namespace[name]
    for name, method in methods.items():
        if method is not None:
            offered.add(name)
        elif name in _HAVE_OTHER_WAYS:
            offered.add(_TAKEN_BACK + name)
    is_sequence = _is_sequence(cls, methods)
    if is_sequence:
        offered.add(SEQUENCE)
    # Python would go through the items itself, where W may refuse it.
    if "__iter__" not in methods and (is_sequence or issubclass(cls, type)):
        offered.add("__iter__")
    return offered


def _is_sequence(cls: type, methods: Mapping[str, object]) -> bool:
    """Say whether an object of this class is a sequence to Python, as each with items is.

    In C a class has one slot for what is at a number and one for what is at a key, which cannot be told
    apart from Python. Who has the first has a length too, and a number of numpy or a match has not.
    """
    get_item = methods.get("__getitem__")
    is_in_c = type(get_item) is WrapperDescriptorType
    has_items = get_item is not None and ("__len__" in methods or not is_in_c)
    return has_items and not issubclass(cls, _HAVE_KEYS)
