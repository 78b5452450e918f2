"""`await-by-class`: functions that know a value by its class, and take its Await for something else.

`Counter(aw)` of a dict counts the keys, as an Await is no Mapping. mypy accepts such a call, as the
parameter takes any iterable, or any object. What fails at run time with an error, what mypy refuses, and
what works as with the value is not in the table; but `json.dumps` is, which programs meet most.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeVar

from mypy.nodes import CallExpr, DictExpr, Expression, ListExpr, SetExpr, TupleExpr, TypeInfo
from mypy.plugin import FunctionContext, MethodContext
from mypy.types import Instance, NoneType, ProperType, TupleType, Type, TypeType

from awaits_mypy._plugin.codes import AWAIT_BY_CLASS
from awaits_mypy._plugin.mypy_internals import (
    beyond_all_filters,
    format_type,
    is_subtype,
    type_of_expression,
)
from awaits_mypy._plugin.names import SINGLE_DISPATCH
from awaits_mypy._plugin.parameters import Argument, CallContext, arguments_of, types_of_parameters
from awaits_mypy._plugin.receivers import awaited_types, awaits_in, class_of, has_await, items_of

Ctx = TypeVar("Ctx", FunctionContext, MethodContext)

# Kinds of W, by the names of their classes. "None" is None, and "builtins.type" any class.
_BYTES: Final = ("builtins.bytes", "builtins.bytearray")
_CLASS: Final = ("builtins.type",)
_EXCEPTION: Final = ("builtins.BaseException", *_CLASS)
_FRAME: Final = ("pandas.core.frame.DataFrame",)
_FUNCTION: Final = ("builtins.function",)
_MAPPING: Final = ("typing.Mapping",)
_MODULE: Final = ("types.ModuleType",)
_NONE: Final = ("None",)
_NUMBER: Final = ("builtins.int", "builtins.float", "builtins.complex")
_SERIES: Final = ("pandas.core.series.Series",)
_SET: Final = ("typing.AbstractSet",)
_TEXT: Final = ("builtins.str", "builtins.bytes")
_TIME: Final = ("datetime.date", "datetime.timedelta")
_TUPLE: Final = ("builtins.tuple",)
_SCALAR: Final = (*_NUMBER, *_TEXT, *_TIME, *_NONE)
_ANYTHING: Final = ("builtins.object", *_CLASS, *_NONE)
_RESPONSE: Final = (*_TEXT, *_TUPLE, *_MAPPING, "builtins.list", "werkzeug.wrappers.response.Response")


class _Asked(NamedTuple):
    """A parameter, and the kinds of W of which the function takes an Await for something else."""

    parameter: str | int  # its name, or its position where it need not have one
    kinds: tuple[str, ...]
    is_within: bool = False  # also an Await in a container
    unless: tuple[str, ...] = ()  # not where there is an argument for one of these parameters


_MOCK: Final = (
    _Asked("spec", _ANYTHING),
    _Asked("spec_set", _ANYTHING),
    _Asked("side_effect", _EXCEPTION),
)
# Told what to make of them, numpy and pandas ask numbers and the like for their values.
_ARRAY: Final = (
    _Asked(0, (*_NUMBER, *_TIME), is_within=True, unless=("dtype",)),
    _Asked(0, (*_TEXT, *_NONE, *_MAPPING, *_SET), is_within=True),
)
_VERBS: Final = ("delete", "get", "head", "options", "patch", "post", "put")
_SENT: Final = (
    _Asked("data", (*_TEXT, *_MAPPING, *_TUPLE, "builtins.list")),
    _Asked("data", _TEXT, is_within=True),
    _Asked("params", _TEXT, is_within=True),
)
_ANSWERS: Final = ("", "BadRequest", "Forbidden", "Gone", "NotFound", "ServerError")
_CONTENT: Final = (_Asked("content", (*_BYTES, "builtins.memoryview")),)
_APPROX: Final = (
    _Asked("expected", (*_NUMBER, "decimal.Decimal"), is_within=True),
    _Asked("expected", _MAPPING),
)
_COLUMN: Final = _Asked("data", _SCALAR, is_within=True, unless=("dtype",))
_JSON: Final = (_Asked("obj", _ANYTHING, is_within=True, unless=("default", "cls")),)
_KEY: Final = (_Asked(0, _SCALAR, is_within=True),)

# What is asked by each function, by its name where it is defined, or declared in a stub. The tests use
# each of them.
_ASKED: Final[dict[str, tuple[_Asked, ...]]] = {
    # The standard library
    "_csv.Writer.writerow": (_Asked(0, _NONE, is_within=True),),
    "_csv.Writer.writerows": (_Asked(0, _NONE, is_within=True),),
    "array.array": (_Asked(1, _BYTES),),
    "asyncio.base_futures.isfuture": (_Asked(0, ("_asyncio.Future",)),),
    "asyncio.coroutines.iscoroutine": (_Asked(0, ("typing.Coroutine",)),),
    "asyncio.coroutines.iscoroutinefunction": (_Asked(0, _FUNCTION),),
    "asyncio.futures.isfuture": (_Asked(0, ("_asyncio.Future",)),),  # to mypy 1.17
    "builtins.OSError": (_Asked(0, ("builtins.int",)),),
    "builtins.SystemExit": (_Asked(0, ("builtins.int", *_NONE)),),
    "collections.Counter": (_Asked(0, _MAPPING),),
    "collections.Counter.subtract": (_Asked(0, _MAPPING),),
    "collections.Counter.update": (_Asked(0, _MAPPING),),
    "csv.DictWriter.writerow": (_Asked(0, _NONE, is_within=True),),
    "csv.DictWriter.writerows": (_Asked(0, _NONE, is_within=True),),
    SINGLE_DISPATCH: (_Asked(0, _ANYTHING),),
    "inspect.getmodule": (_Asked(0, _MODULE),),
    "inspect.isasyncgen": (_Asked(0, ("typing.AsyncGenerator",)),),
    "inspect.isasyncgenfunction": (_Asked(0, _FUNCTION),),
    "inspect.isbuiltin": (_Asked(0, _FUNCTION),),
    "inspect.isclass": (_Asked(0, _CLASS),),
    "inspect.iscoroutine": (_Asked(0, ("typing.Coroutine",)),),
    "inspect.iscoroutinefunction": (_Asked(0, _FUNCTION),),
    "inspect.isfunction": (_Asked(0, _FUNCTION),),
    "inspect.isgenerator": (_Asked(0, ("typing.Generator",)),),
    "inspect.isgeneratorfunction": (_Asked(0, _FUNCTION),),
    "inspect.ismethod": (_Asked(0, _FUNCTION),),
    "inspect.ismodule": (_Asked(0, _MODULE),),
    "inspect.isroutine": (_Asked(0, _FUNCTION),),
    "json.dump": _JSON,
    "json.dumps": _JSON,
    "unittest.mock.AsyncMock": _MOCK,
    "unittest.mock.MagicMock": _MOCK,
    "unittest.mock.Mock": _MOCK,
    "unittest.mock.create_autospec": (_Asked("spec", (*_FUNCTION, *_CLASS)),),
    "urllib.parse.urlencode": (_Asked("query", ("builtins.bytes",), is_within=True),),
    # django, with django-stubs
    **dict.fromkeys((f"django.http.response.HttpResponse{name}" for name in _ANSWERS), _CONTENT),
    # flask
    "flask.helpers.make_response": (_Asked("args", _RESPONSE),),
    # numpy
    "numpy._core.fromnumeric.cumsum": _ARRAY,
    "numpy._core.fromnumeric.sort": _ARRAY,
    "numpy._core.multiarray.array": _ARRAY,
    "numpy._core.multiarray.asanyarray": _ARRAY,
    "numpy._core.multiarray.asarray": _ARRAY,
    "numpy._core.multiarray.ascontiguousarray": _ARRAY,
    "numpy._core.multiarray.asfortranarray": _ARRAY,
    "numpy._core.multiarray.concatenate": _ARRAY,
    "numpy._core.numeric.full": (_Asked("fill_value", _SCALAR, unless=("dtype",)),),
    "numpy._core.numeric.isscalar": (_Asked("element", (*_NUMBER, *_TEXT)),),
    "numpy.lib._arraysetops_impl.unique": _ARRAY,
    "numpy.ndarray.__getitem__": (_Asked(0, _TUPLE),),
    # pandas
    "pandas.core.dtypes.inference.is_bool": (_Asked(0, ("builtins.bool",)),),
    "pandas.core.dtypes.inference.is_float": (_Asked(0, ("builtins.float",)),),
    "pandas.core.dtypes.inference.is_integer": (_Asked(0, ("builtins.int",)),),
    "pandas.core.dtypes.inference.is_number": (_Asked(0, _NUMBER),),
    "pandas.core.dtypes.inference.is_scalar": (_Asked(0, (*_TEXT, *_TIME, *_NONE)),),
    "pandas.core.frame.DataFrame": (_COLUMN, _Asked("data", _MAPPING, is_within=True)),
    "pandas.core.frame.DataFrame.__setitem__": _KEY,
    "pandas.core.frame.DataFrame.fillna": (_Asked("value", _SCALAR, is_within=True),),
    "pandas.core.frame.DataFrame.get": _KEY,
    "pandas.core.frame.DataFrame.isin": (
        _Asked("values", (*_MAPPING, *_SERIES, *_FRAME)),
        _Asked("values", _TEXT, is_within=True),
    ),
    "pandas.core.frame._AtIndexerFrame.__getitem__": _KEY,
    "pandas.core.frame._GetItemHack.__getitem__": (_Asked(0, (*_SCALAR, *_TUPLE), is_within=True),),
    "pandas.core.frame._LocIndexerFrame.__getitem__": _KEY,
    "pandas.core.frame._LocIndexerFrame.__setitem__": _KEY,
    "pandas.core.generic.NDFrame.__contains__": _KEY,
    "pandas.core.indexes.base.Index": (_COLUMN,),
    "pandas.core.indexes.base.Index.__contains__": _KEY,
    "pandas.core.indexes.base.Index.isin": (_Asked("values", _TEXT, is_within=True),),
    "pandas.core.indexing._AtIndexer.__getitem__": _KEY,
    "pandas.core.series.Series": (_COLUMN, _Asked("data", (*_MAPPING, *_SERIES))),
    "pandas.core.series.Series.__getitem__": _KEY,
    "pandas.core.series.Series.fillna": (_Asked("value", _SCALAR, is_within=True),),
    "pandas.core.series.Series.get": _KEY,
    "pandas.core.series.Series.isin": (_Asked("values", _TEXT, is_within=True),),
    "pandas.core.series.Series.replace": (_Asked("to_replace", _SCALAR, is_within=True),),
    "pandas.core.series._LocIndexerSeries.__getitem__": _KEY,
    "pandas.core.tools.numeric.to_numeric": (_Asked("arg", (*_NUMBER, *_TEXT)),),
    # pytest
    "_pytest.approx.approx": _APPROX,
    "_pytest.python_api.approx": _APPROX,  # to pytest 9.1
    # requests
    "requests.api.request": _SENT,
    **dict.fromkeys((f"requests.api.{verb}" for verb in _VERBS), _SENT),
    "requests.models.Request": _SENT,
    "requests.sessions.Session.request": _SENT,
    **dict.fromkeys((f"requests.sessions.Session.{verb}" for verb in _VERBS), _SENT),
    # torch
    "torch.is_tensor": (_Asked(0, ("torch._tensor.Tensor",)),),
    # yaml, with types-PyYAML
    "yaml.dump": (_Asked("data", _ANYTHING, is_within=True, unless=("Dumper",)),),
    "yaml.dump_all": (_Asked("documents", _ANYTHING, is_within=True, unless=("Dumper",)),),
}

FUNCTIONS: Final = frozenset(_ASKED)
_METHODS: Final = frozenset(name.rpartition(".")[2] for name in _ASKED)


def goes_by_class(function: str) -> bool:
    """Say whether the function of this name knows some values by their class."""
    return function in FUNCTIONS


def may_go_by_class(function: str) -> bool:
    """Say whether this may be a method that does, of the class that declares it or of one derived."""
    cls, _, method = function.rpartition(".")
    return method in _METHODS and not cls.startswith("builtins.")


def declared_name(cls: TypeInfo, method: str) -> str:
    """Return the name of the method where it is declared, which may be a base of the class."""
    declaring = cls.get_containing_type_info(method)
    return f"{cls.fullname if declaring is None else declaring.fullname}.{method}"


def check_by_class(hook: Callable[[Ctx], Type] | None, ctx: Ctx, function: str) -> Type:
    """Answer as the hook does, if there is one, and report what is taken for something else."""
    for asked in _ASKED[function]:
        if not any(_may_be_given(ctx, parameter) for parameter in asked.unless):
            for argument in _given_for(ctx, asked.parameter):
                _check_argument(ctx, function, asked, argument)
    return ctx.default_return_type if hook is None else hook(ctx)


def _may_be_given(ctx: CallContext, parameter: str) -> bool:
    """Say whether there is an argument for this parameter, or a `**` in which it may be."""
    has_stars = any(kind.is_star() for kinds in ctx.arg_kinds for kind in kinds)
    return has_stars or bool(_given_for(ctx, parameter))


def _given_for(ctx: CallContext, parameter: str | int) -> list[Argument]:
    """Return the arguments for this parameter, which may be one of those that `**` stands for."""
    position = parameter
    if isinstance(parameter, str) and parameter in ctx.callee_arg_names:
        position = ctx.callee_arg_names.index(parameter)
    return [each for each in arguments_of(ctx) if parameter == each.name or position == each.parameter]


def _check_argument(ctx: CallContext, function: str, asked: _Asked, argument: Argument) -> None:
    within = _found_within(ctx, argument.expression) if asked.is_within else ()
    found = [(argument.expression, await_type) for await_type in awaits_in(argument.typ)]
    for place, await_type in [*found, *within]:
        value = _value_of_kind(await_type, asked.kinds)
        if value is not None and _is_accepted(ctx, function, argument):
            _report(ctx, function, await_type, value, place)


def _is_accepted(ctx: CallContext, function: str, argument: Argument) -> bool:
    """Say whether mypy has nothing to say about this argument, for a parameter that means no Await."""
    parameters = types_of_parameters(ctx, arguments_of(ctx), function)
    wanted = None if parameters is None else parameters[argument.parameter]
    return wanted is not None and is_subtype(argument.typ, wanted) and not has_await(wanted)


def _report(
    ctx: CallContext, function: str, await_type: Instance, value: ProperType, place: Expression
) -> None:
    asking = _named(ctx, function)
    whole, wanted = format_type(ctx, await_type), format_type(ctx, value)
    message = (
        f"{asking} goes by the class, and {whole} is no {wanted}: hand it the result of awaitable_wait()"
    )
    # mypy tries overloads, and takes an error for a failed attempt.
    with beyond_all_filters(ctx):
        ctx.api.fail(message, place, code=AWAIT_BY_CLASS)


def _named(ctx: CallContext, function: str) -> str:
    name = function.rpartition(".")[2]
    if function == SINGLE_DISPATCH and isinstance(ctx.context, CallExpr):
        name = getattr(ctx.context.callee, "name", name)
    elif isinstance(ctx, MethodContext) and (owner := class_of(ctx.type)):
        return f'"{name}" of "{owner.name}"'
    return f'"{name}"'


def _found_within(ctx: CallContext, container: Expression) -> Iterator[tuple[Expression, Instance]]:
    """Return the Awaits in this container, at any depth, each with its place in the program."""
    for item in _items_displayed(container):
        for await_type in awaits_in(type_of_expression(ctx, item)):
            yield item, await_type
        yield from _found_within(ctx, item)
    if not _items_displayed(container):
        for await_type in _held_by(type_of_expression(ctx, container)):
            yield container, await_type


def _items_displayed(container: Expression) -> list[Expression]:
    if isinstance(container, DictExpr):
        return [value for _, value in container.items]
    return container.items if isinstance(container, (ListExpr, SetExpr, TupleExpr)) else []


def _held_by(typ: Type) -> Iterator[Instance]:
    """Return the Awaits that a container of this type holds."""
    for item in items_of(typ):
        held: list[Type] = []
        if isinstance(item, TupleType):
            held = item.items
        elif isinstance(item, Instance) and item.type.has_base("typing.Iterable"):
            held = [*item.args]
        for each in held:
            yield from awaits_in(each)
            yield from _held_by(each)


def _value_of_kind(await_type: Instance, kinds: tuple[str, ...]) -> ProperType | None:
    """Return what the Await may hold that is of one of these kinds."""
    for w in awaited_types(await_type):
        for item in items_of(w):
            inner = [_value_of_kind(each, kinds) for each in awaits_in(item)]
            if any(inner) or (not inner and _is_of(item, kinds)):
                return next(filter(None, inner), item)
    return None


def _is_of(w: ProperType, kinds: tuple[str, ...]) -> bool:
    if isinstance(w, NoneType):
        return "None" in kinds
    if isinstance(w, TypeType):
        return "builtins.type" in kinds
    info = class_of(w)
    # The numbers of numpy are numbers of Python too, but are asked for an array first.
    return info is not None and not info.has_base("numpy.generic") and any(map(info.has_base, kinds))
