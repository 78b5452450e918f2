"""What the result of a call is declared to be, read without running any code and without an import.

That is the class that is called, or what the annotation of the function says. A name in an annotation is
looked up where the function would find it, in plain dicts; what would take more than that is unknown.
"""

from __future__ import annotations

import abc
import builtins
import functools
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple


class Declared(NamedTuple):
    """The classes one of which the result is declared to be an instance of; none, if that is not known.

    `is_open` says that the result may well be of another class, which offers more: a protocol or an
    abstract class is declared, or nothing.
    """

    classes: tuple[type, ...]
    is_open: bool


UNKNOWN: Final = Declared((), True)

# Not `cls.__mro__` and so on, for which a metaclass can have code of its own.
_mro: Final[Callable[[type], tuple[type, ...]]] = vars(type)["__mro__"].__get__
_namespace: Final[Callable[[type], Mapping[str, Any]]] = vars(type)["__dict__"].__get__
_flags: Final[Callable[[type], int]] = vars(type)["__flags__"].__get__
_name: Final[Callable[[type], str]] = vars(type)["__name__"].__get__
_HAS_ABSTRACT_METHODS: Final = 1 << 20
_GENERATOR: Final = 0x20
_COROUTINE: Final = 0x80
_ASYNC_GENERATOR: Final = 0x200

_CACHE: Final = type(functools.cache(int))
# What `typing` makes of `List[int]`, `Union[int, str]`, `Literal[1]` and so on.
_ALIASES: Final = frozenset(
    type(alias)
    for alias in (
        *(list[int], int | None, typing.List, typing.List[int], typing.Optional[int]),  # noqa: UP006, UP045
        *(typing.Literal[1], typing.Annotated[int, 1], typing.Callable, typing.Callable[[], int]),
        Callable[[], int],
        *(typing.Tuple, typing.Deque, typing.ClassVar[int]),  # noqa: UP006
    )
)
_UNIONS: Final = (typing.Union, types.UnionType)
# What stands for a class in an annotation, by its id: not everything there has a hash.
_FORMS: Final[Mapping[int, type]] = {
    id(None): type(None),
    id(typing.LiteralString): str,
    id(typing.TypeGuard): bool,
    id(getattr(typing, "TypeIs", typing.TypeGuard)): bool,
}


def declared(function: object) -> Declared:
    """Return what the result of calling this is declared to be."""
    owner: object = None
    while True:
        kind = type(function)
        if kind is functools.partial:
            function = function.func  # type: ignore[attr-defined]
        elif kind is types.MethodType:
            owner, function = function.__self__, function.__func__  # type: ignore[attr-defined]
        elif kind is staticmethod:
            function = function.__func__  # type: ignore[attr-defined]
        elif kind is _CACHE:
            function = object.__getattribute__(function, "__wrapped__")
        else:
            break
    if issubclass(kind, type):
        return _of_class_called(function)  # type: ignore[arg-type]
    if kind in _ALIASES:
        return _closed(_of_annotation(function, _Names()))
    if kind is types.FunctionType:
        return _of_function(function, owner)  # type: ignore[arg-type]
    if kind is typing.NewType:
        return _of_annotation(function, _Names())
    call = _found(kind, "__call__")
    return _of_function(call, function) if type(call) is types.FunctionType else UNKNOWN


def names(declaration: Declared) -> set[str]:
    """Return the names that a value so declared has: its class's, and what that says of instances."""
    found: set[str] = set()
    for cls in declaration.classes:
        for base in _mro(cls):
            namespace = _namespace(base)
            found.update(name for name in namespace if type(name) is str)
            found.update(_declared_of_instances(namespace))
    return found


# Where a class has the names of what its instances have.
_OF_INSTANCES: Final = ("__annotations__", "__annotations_cache__", "__static_attributes__")


def _declared_of_instances(namespace: Mapping[str, Any]) -> Iterable[str]:
    for place in _OF_INSTANCES:
        holder = namespace.get(place)
        if type(holder) is dict or type(holder) is tuple:
            yield from [name for name in holder if type(name) is str]
    yield from _evaluated(namespace.get("__annotate_func__"))


def _found(cls: type, name: str) -> object:
    """Return what stands in a class under this name, as it stands there."""
    for base in _mro(cls):
        if name in _namespace(base):
            return _namespace(base)[name]
    return None


def _closed(declaration: Declared) -> Declared:
    return declaration._replace(is_open=not declaration.classes)


def _of_class_called(cls: type) -> Declared:
    """Return what calling a class gives: an instance, unless its metaclass has ideas of its own."""
    if _is_typed_dict(cls):
        return Declared((dict,), False)
    answers_itself = _found(type(cls), "__call__") is not vars(type)["__call__"]
    return UNKNOWN if answers_itself else Declared((cls,), False)


def _of_function(function: types.FunctionType, owner: object) -> Declared:
    flags = function.__code__.co_flags
    for flag, cls in (
        (_COROUTINE, types.CoroutineType),
        (_ASYNC_GENERATOR, types.AsyncGeneratorType),
        (_GENERATOR, types.GeneratorType),
    ):
        if flags & flag:
            return Declared((cls,), False)
    # The annotations of a wrapper are those of what it wraps, whatever it makes of the result.
    if "__wrapped__" in function.__dict__:
        return UNKNOWN
    annotation = _return_annotation(function)
    return _of_annotation(annotation, _Names(function, owner))


class _Missing:
    """Stand for an annotation that is not there, or for what cannot be told without running code."""


def _return_annotation(function: types.FunctionType) -> object:
    annotate = getattr(function, "__annotate__", None)
    if annotate is None:
        return function.__annotations__.get("return", _Missing)
    return _evaluated(annotate).get("return", _Missing)  # since Python 3.14


def _evaluated(annotate: object) -> Mapping[str, object]:
    """Return what the function that the compiler makes of annotations gives, with stand-ins for names.

    Not by `annotationlib`, which evaluates them too when it is asked for their texts.
    """
    if type(annotate) is not types.FunctionType or annotate.__code__.co_name != "__annotate__":
        return {}
    evaluated = _with_stand_ins(annotate)
    return evaluated if type(evaluated) is dict else {}


def _with_stand_ins(evaluate: types.FunctionType) -> object:
    """Run a function that the compiler has made of annotations, with stand-ins for all that it names."""
    names = _Names(evaluate)
    cells = []
    for name, cell in zip(evaluate.__code__.co_freevars, evaluate.__closure__ or (), strict=True):
        if name == "__classdict__":
            of_class = cell.cell_contents
            cells.append(types.CellType({key: _StandIn(of_class[key]) for key in of_class}))
        else:
            cells.append(types.CellType(names[name]))
    function = types.FunctionType(evaluate.__code__, names, closure=tuple(cells))
    try:
        return function(2)  # the format: with stand-ins for what it names
    except Exception:  # they cannot do all that the names can
        return _Missing


# Texts that nothing but names can be told of: no calls, no arithmetic.
_PLAIN: Final = re.compile(r"""(?:[\w\s.,|\[\]-]|"[^"\\]*"|'[^'\\]*')*""")


def _read(text: str, names: _Names) -> object:
    """Return what this text stands for, as far as it can be told."""
    if text.isidentifier() and text != "None":
        return names[text]
    if not _PLAIN.fullmatch(text):
        return _Missing
    try:
        return eval(compile(text.strip(), "annotation", "eval"), {}, names)  # noqa: S307 - by stand-ins
    except Exception:
        return _Missing


class _Names(dict[str, Any]):
    """What the names in the annotation of a function stand for, each with a stand-in."""

    def __init__(self, function: Any = None, owner: object = None) -> None:
        self.function = function
        self.owner = owner

    def __missing__(self, name: str) -> _StandIn:
        return _StandIn(self.find(name))

    def find(self, name: str) -> object:
        """Return what a name stands for in the function."""
        if self.function is None:
            return vars(builtins).get(name, _Missing)
        for parameter in getattr(self.function, "__type_params__", ()):
            if parameter.__name__ == name:
                return parameter
        for function in (self.function, getattr(self.function, "__annotate__", None)):
            found = _in_cells(function, name)
            if found is not _Missing:
                return found
        found = self.function.__globals__.get(name, _Missing)
        return vars(builtins).get(name, _Missing) if found is _Missing else found


def _in_cells(function: object, name: str) -> object:
    """Return what a name stands for in the functions and the class around this one."""
    if type(function) is not types.FunctionType:
        return _Missing
    for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            contents = cell.cell_contents
        except ValueError:  # it has none yet
            continue
        if free == name:
            return contents
        if free == "__classdict__" and type(contents) is dict and name in contents:
            return contents[name]
    return _Missing


class _StandIn:
    """Stand for an object in an annotation, and do what can be done there without running its code."""

    __slots__ = ("it",)

    def __init__(self, it: object) -> None:
        self.it = it

    def __getattr__(self, name: str) -> _StandIn:
        return _StandIn(_attribute(self.it, name))

    def __getitem__(self, items: Any) -> object:
        return _subscript(self.it, items if type(items) is tuple else (items,))

    def __or__(self, other: object) -> _Union:
        return _Union([self, other])

    def __ror__(self, other: object) -> _Union:
        return _Union([other, self])


class _Union:
    """A union in an annotation."""

    def __init__(self, items: list[object]) -> None:
        self.items = items

    def __or__(self, other: object) -> _Union:
        return _Union([self, other])

    def __ror__(self, other: object) -> _Union:
        return _Union([other, self])


def _attribute(holder: object, name: str) -> object:
    """Return what stands in a module under this name, or which class in a class."""
    if type(holder) is types.ModuleType:
        return vars(holder).get(name, _Missing)
    if issubclass(type(holder), type):
        found = _found(holder, name)  # type: ignore[arg-type]
        return found if issubclass(type(found), type) else _Missing
    return _Missing


def _subscript(origin: object, items: tuple[Any, ...]) -> object:
    if origin is typing.Union:
        return _Union(list(items))
    if origin is typing.Optional:
        return _Union([items[0], None])
    if origin is typing.Annotated:
        return items[0]
    if origin is typing.Literal:
        return _Union([_Missing if type(item) is _StandIn else type(item) for item in items])
    return _StandIn(origin)


def _of_annotation(annotation: object, where: _Names) -> Declared:
    """Return what an annotation says. Any object can stand there, and none is asked but those known."""
    while type(annotation) is str:  # a text can be that of a text
        annotation = _read(annotation, where)
    if type(annotation) is _StandIn:
        annotation = annotation.it
    kind = type(annotation)
    if id(annotation) in _FORMS:
        return Declared((_FORMS[id(annotation)],), False)
    if kind is _Union:
        return _of_items([_of_annotation(item, where) for item in annotation.items])  # type: ignore[attr-defined]
    if kind in _ALIASES:
        return _of_alias(annotation, where)
    if kind is typing.NewType:
        return _of_annotation(annotation.__supertype__, where)  # type: ignore[attr-defined]
    if annotation is typing.Self:
        return _of_self(where.owner)
    if issubclass(kind, type):
        return _of_class(annotation)  # type: ignore[arg-type]
    evaluate = getattr(annotation, "evaluate_value", None) if kind is _ALIAS_STATEMENT else None
    if type(evaluate) is types.FunctionType:
        return _of_annotation(_with_stand_ins(evaluate), _Names(evaluate))
    return UNKNOWN


# What `type X = int` makes. Before Python 3.14 its value cannot be read without being evaluated.
_ALIAS_STATEMENT: Final = getattr(typing, "TypeAliasType", None)


def _of_alias(alias: Any, where: _Names) -> Declared:
    origin = typing.get_origin(alias) or alias.__origin__
    if origin in _UNIONS:
        return _of_items([_of_annotation(item, where) for item in typing.get_args(alias)])
    if origin is typing.Literal:
        return _of_items([_of_class(type(item)) for item in typing.get_args(alias)])
    if origin is typing.Annotated:
        return _of_annotation(alias.__origin__, where)
    return _of_annotation(origin, where)


def _of_items(items: Iterable[Declared]) -> Declared:
    """Return the union of these."""
    items = tuple(items)
    classes = dict.fromkeys(cls for item in items for cls in item.classes)
    return Declared(tuple(classes), any(item.is_open for item in items))


def _of_self(owner: object) -> Declared:
    if owner is None:
        return UNKNOWN
    cls = owner if issubclass(type(owner), type) else type(owner)
    return _of_class(cls)  # type: ignore[arg-type]


def _is_typed_dict(cls: type) -> bool:
    return _name(type(cls)) == "_TypedDictMeta"


def _of_class(cls: type) -> Declared:
    """Return what the name of a class says as an annotation."""
    if cls is object or cls is typing.Any or cls is _Missing:
        return UNKNOWN
    if _is_typed_dict(cls):
        return Declared((dict,), False)
    return Declared((cls,), _is_abstract(cls))


def _is_abstract(cls: type) -> bool:
    """Say whether the class is a protocol, has abstract methods, or is abstract and says no more."""
    if _namespace(cls).get("_is_protocol", False) or _flags(cls) & _HAS_ABSTRACT_METHODS:
        return True
    above = [base for base in _mro(cls)[1:] if base not in (abc.ABC, typing.Generic, typing.Protocol)]
    return _is_of_abc(cls) and not any(map(_is_of_abc, above))


def _is_of_abc(cls: type) -> bool:
    return issubclass(type(cls), abc.ABCMeta)
