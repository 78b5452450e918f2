"""`d[aw]`, `d.pop(aw)`, `xs.index(aw)`: an Await is found by its hash and by `==`, which are its W's.

So the containers of the standard library that look for an object in this way take an Await[W] where mypy
wants a W. What keeps the object (`d[aw] = 1`, `a_set.add(aw)`) would keep the Await: that stays refused.
`a_set |= aw` is here too: a set leaves what is no set to the other operand, whose operator is its W's.
So is `array[aw]`: numpy reads what is no array as a number, or makes an array of it.
"""

from typing import Final

from mypy.nodes import (
    ComparisonExpr,
    Expression,
    IntExpr,
    LambdaExpr,
    OperatorAssignmentStmt,
    StrExpr,
    TypeInfo,
)
from mypy.plugin import MethodSigContext
from mypy.types import CallableType, FunctionLike, Instance

from awaits_mypy._plugin.implicit import is_on, report_wait
from awaits_mypy._plugin.mypy_internals import is_subtype, record_dependency, type_of_expression
from awaits_mypy._plugin.receivers import awaits_within, class_of, items_of, values_within
from awaits_mypy._plugin.statements import is_operated_on_in_place

# The methods whose first argument is only looked for, by the class that has them, and how they look.
_BY_HASH: Final = {
    "builtins.dict": ("__getitem__", "__delitem__", "__setitem__", "get", "pop"),
    "collections.OrderedDict": ("move_to_end", "pop"),
    "collections.UserDict": ("__getitem__", "__delitem__"),
    "builtins.set": ("discard", "remove"),
    **dict.fromkeys(
        ("weakref.WeakKeyDictionary", "weakref.WeakValueDictionary"),
        ("__getitem__", "__delitem__", "get", "pop"),
    ),
    "_weakrefset.WeakSet": ("discard", "remove"),
}
_BY_EQUALITY: Final = {
    "builtins.list": ("count", "index", "remove"),
    "builtins.range": ("count", "index"),
    "array.array": ("count", "index", "remove"),
    "collections.deque": ("count", "index", "remove"),
    "collections.UserList": ("count", "index", "remove"),
}
# What an array keeps is at the index, and not the index.
_BY_INDEX: Final = {"numpy.ndarray": ("__getitem__", "__setitem__")}
# The operators of a set in place, and what they ask the other operand for.
_OPERATORS: Final = {f"builtins.set.__i{name}__": f"__r{name}__" for name in ("and", "or", "sub", "xor")}
_ASKED: Final = _OPERATORS | {
    f"{cls}.{method}": asked
    for table, asked in ((_BY_HASH, "__hash__"), (_BY_EQUALITY, "__eq__"), (_BY_INDEX, "__index__"))
    for cls, methods in table.items()
    for method in methods
}

METHODS: Final = frozenset(name.rpartition(".")[2] for name in _ASKED)

_NO_AWAITS: Final = (StrExpr, IntExpr, LambdaExpr, ComparisonExpr)

# Its `__missing__` keeps nothing.
_COUNTER: Final = "collections.Counter"


def takes_awaits(cls: TypeInfo, method: str) -> bool:
    """Say whether this method of the class takes an Await for its value."""
    return _asked_by(cls, method) is not None


def _asked_by(cls: TypeInfo, method: str) -> str | None:
    """Return the member of its argument that the method asks for; None if it is another method."""
    declaring = cls.get_containing_type_info(method)
    return None if declaring is None else _ASKED.get(f"{declaring.fullname}.{method}")


def take_awaits(ctx: MethodSigContext, method: str) -> FunctionLike:
    """Answer with the signature that takes the Await that is there, if it takes the W."""
    signature, key, cls = ctx.default_signature, _key_in(ctx), class_of(ctx.type)
    asked = None if cls is None else _asked_by(cls, method)
    if key is None or cls is None or asked is None:
        return signature
    if not isinstance(signature, CallableType) or not signature.arg_types:
        return signature
    typ = type_of_expression(ctx, key)
    awaits = awaits_within(typ)
    if not awaits or not is_subtype(values_within(typ), signature.arg_types[0]):
        return signature
    if asked == "__index__" and not all(map(_is_array_or_number, awaits)):
        return signature
    if asked in _OPERATORS.values() and not isinstance(ctx.context, OperatorAssignmentStmt):
        return signature  # `a_set.__ior__(aw)` gives NotImplemented
    if asked == "__hash__" and _may_keep(ctx, cls, method):
        return signature
    if is_on(ctx):
        report_wait(ctx, awaits, asked, key)
    return signature.copy_modified(arg_types=[typ, *signature.arg_types[1:]])


def _is_array_or_number(await_type: Instance) -> bool:
    """Say whether numpy reads this Await as an index: a slice, None or a tuple it knows by its class."""
    classes = map(class_of, items_of(values_within(await_type)))
    return all(
        cls and (cls.has_base("numpy.ndarray") or cls.has_base("builtins.int")) for cls in classes
    )


def _key_in(ctx: MethodSigContext) -> Expression | None:
    """Return the first argument, unless it is no Await by the look of it."""
    key = ctx.args[0][0] if ctx.args and ctx.args[0] else None
    return None if isinstance(key, _NO_AWAITS) else key


def _may_keep(ctx: MethodSigContext, cls: TypeInfo, method: str) -> bool:
    """Say whether the Await may come to stand among the keys, or be handed to a user's method."""
    record_dependency(ctx, ctx.type, "__missing__")
    missing = cls.get_containing_type_info("__missing__")
    if method == "__setitem__":
        # With `d[aw] += 1` the key is there already, or `d[aw]` has failed.
        return missing is not None or not is_operated_on_in_place(ctx, ctx.context)
    return method == "__getitem__" and missing is not None and missing.fullname != _COUNTER
