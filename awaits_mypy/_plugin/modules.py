"""Modules that are imported when they are used: which ones a file names, and what mypy knows of them.

mypy has in memory what the files import. So the names are found where a file has just been parsed, and
count as its imports: mypy loads the modules, and reports those that are missing, as at a statement.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    Expression,
    Import,
    ImportAll,
    ImportFrom,
    MemberExpr,
    MypyFile,
    NameExpr,
    Node,
    StrExpr,
)
from mypy.options import Options
from mypy.plugin import AttributeContext, FunctionContext, MethodContext
from mypy.types import Instance, LiteralType, Type, UnboundType, get_proper_type

from awaits_mypy._plugin.mypy_internals import (
    AnyContext,
    checked_module,
    module_in,
    type_of_expression,
    type_of_member,
    type_of_module,
    union_of,
    whole_module,
    whole_tree,
)
from awaits_mypy._plugin.names import MODULE_TYPE
from awaits_mypy._plugin.receivers import items_of
from awaits_mypy._plugin.statements import nodes_in

_AWAITABLE: Final = "awaits.awaitable"
_DELAYED: Final = "awaits.delayed"
_IMPORT_MODULE: Final = "importlib.import_module"
_LAZY_IMPORT: Final = "awaits.lazy_import"
_DELAYED_IMPORT: Final = f"{_DELAYED}({_IMPORT_MODULE})"  # no name, but what it means
_FUNCTIONS: Final = (_AWAITABLE, _DELAYED, _IMPORT_MODULE, _LAZY_IMPORT)

# As of an import in a function: it need not come first where modules import each other.
_PRIORITY: Final = 20


class _Meanings(NamedTuple):
    """What the names of a file stand for, as far as the file alone shows it."""

    functions: dict[str, str]
    texts: dict[str, str]


class _Named(NamedTuple):
    """The module that a call names, and what is wanted of it, with dots."""

    module: str
    attribute: str


class LazyImports:
    """Answers for the calls that name modules."""

    def __init__(self) -> None:
        self._file: MypyFile | None = None
        self._meanings = _Meanings({}, {})

    def modules_named_in(self, file: MypyFile, options: Options) -> list[tuple[int, str, int]]:
        """Return the modules that calls in this file name, as mypy wants to have imports."""
        if not _may_name_modules(file):
            return []
        nodes = list(nodes_in(whole_tree(file, options)))
        meanings = _meanings_in(file, nodes)
        calls = [node for node in nodes if isinstance(node, CallExpr)]
        named = [(call.line, found.module) for call in calls if (found := _named_by(call, meanings))]
        # mypy reports a missing module at the first place that it is told of.
        return [(_PRIORITY, module, line) for line, module in sorted(named)]

    def give_named(self, ctx: FunctionContext, _: str) -> Type:
        """Answer for `lazy_import(name)`: an Await of what is named, or of some module."""
        named = self._named_here(ctx)
        if named is not None:
            return _of(ctx, _type_of_named(ctx, named))
        is_attribute = any(isinstance(name, StrExpr) and ":" in name.value for name in ctx.args[0])
        some_module = ctx.api.named_generic_type(MODULE_TYPE, [])
        return ctx.default_return_type if is_attribute else _of(ctx, some_module)

    def give_imported(self, ctx: FunctionContext | MethodContext, _: str) -> Type:
        """Answer for a call that makes an Await of `importlib.import_module(name)`."""
        result = get_proper_type(ctx.default_return_type)
        w = get_proper_type(result.args[0]) if isinstance(result, Instance) else None
        if not isinstance(w, Instance) or w.type.fullname != MODULE_TYPE:
            return ctx.default_return_type
        named = self._named_here(ctx)
        return ctx.default_return_type if named is None else _of(ctx, _type_of_named(ctx, named))

    def _named_here(self, ctx: FunctionContext | MethodContext) -> _Named | None:
        file = checked_module(ctx)
        if file is not self._file:
            self._file, self._meanings = file, _meanings_in(file, nodes_in(file))
        call = ctx.context
        if not isinstance(call, CallExpr):
            return None
        name = _name_in(call, self._meanings)
        if isinstance(name, NameExpr) and not _is_constant(ctx, name, self._meanings):
            return None
        return _named_by(call, self._meanings)


def give_whole_module(ctx: FunctionContext, _: str) -> Type:
    """Answer for `awaitable_wait(aw)`: a module that comes out has all that a module has to mypy."""
    return whole_module(ctx, ctx.default_return_type)


def analyze_module_attribute(ctx: AttributeContext, name: str) -> Type:
    """Answer for an attribute of a module that came out of an Await; to mypy, any module has any."""
    modules = [item for item in items_of(ctx.type) if module_in(item) is not None]
    types = [type_of_member(ctx, name, module, ctx.type) for module in modules]
    return union_of(types) if types else ctx.default_attr_type


def _type_of_named(ctx: AnyContext, named: _Named) -> Type:
    w = type_of_module(ctx, named.module)
    for name in filter(None, named.attribute.split(".")):
        w = type_of_member(ctx, name, w, w)
    module, proper = module_in(w), get_proper_type(w)
    if module is not None:
        return type_of_module(ctx, module)
    # An int, of a constant that is 3.
    return proper.copy_modified(last_known_value=None) if isinstance(proper, Instance) else w


def _of(ctx: FunctionContext | MethodContext, w: Type) -> Type:
    await_type = get_proper_type(ctx.default_return_type)
    return await_type.copy_modified(args=[w]) if isinstance(await_type, Instance) else await_type


def _may_name_modules(file: MypyFile) -> bool:
    imported = set(_imported_by(file).values())
    makes_awaits, imports_modules = {_AWAITABLE, _DELAYED}, {_IMPORT_MODULE, "importlib"}
    return bool(
        imported & {_LAZY_IMPORT, "awaits"} or (imported & makes_awaits and imported & imports_modules)
    )


def _imported_by(file: MypyFile) -> dict[str, str]:
    """Return what is imported of the packages that matter here, by the names that it is given."""
    return {
        name: imported
        for statement in file.imports
        if not statement.is_unreachable
        for name, imported in _names_bound_by(statement)
        if imported.partition(".")[0] in ("awaits", "importlib")
    }


def _names_bound_by(statement: Node) -> Iterator[tuple[str, str]]:
    if isinstance(statement, Import):
        for module, alias in statement.ids:
            package = module.partition(".")[0]
            yield (alias, module) if alias else (package, package)
    elif isinstance(statement, ImportFrom) and not statement.relative:
        for name, alias in statement.names:
            yield alias or name, f"{statement.id}.{name}"
    elif isinstance(statement, ImportAll) and not statement.relative:
        for function in _FUNCTIONS:
            module, _, name = function.rpartition(".")
            if module == statement.id:
                yield name, function


def _meanings_in(file: MypyFile, nodes: Iterable[Node]) -> _Meanings:
    meanings = _Meanings(_imported_by(file), {})
    for node in nodes:
        if isinstance(node, AssignmentStmt):
            meaning = _meaning_of(node.rvalue, meanings)
            for target in node.lvalues:
                if isinstance(target, NameExpr):
                    if meaning == _DELAYED_IMPORT:
                        meanings.functions[target.name] = meaning
                    elif isinstance(node.rvalue, StrExpr) and _is_final(node):
                        meanings.texts[target.name] = node.rvalue.value
    return meanings


def _is_final(statement: AssignmentStmt) -> bool:
    declared = statement.unanalyzed_type
    return isinstance(declared, UnboundType) and declared.name.rpartition(".")[2] == "Final"


def _meaning_of(expression: Expression, meanings: _Meanings) -> str:
    """Return the name of the function, or module, that this stands for; else nothing that is one."""
    if isinstance(expression, NameExpr):
        return meanings.functions.get(expression.name, "")
    if isinstance(expression, MemberExpr):
        return f"{_meaning_of(expression.expr, meanings)}.{expression.name}"
    if isinstance(expression, CallExpr) and len(expression.args) == 1:
        function, argument = (
            _meaning_of(each, meanings) for each in (expression.callee, *expression.args)
        )
        return f"{function}({argument})"
    return ""


def _is_constant(ctx: AnyContext, name: NameExpr, meanings: _Meanings) -> bool:
    """Say whether this is the constant of this name in the file, and no variable of another scope."""
    typ = get_proper_type(type_of_expression(ctx, name))
    literal = typ.last_known_value if isinstance(typ, Instance) else typ
    return isinstance(literal, LiteralType) and literal.value == meanings.texts.get(name.name)


def _named_by(call: CallExpr, meanings: _Meanings) -> _Named | None:
    """Return what this call names, if it makes an Await of a module or of what is in one."""
    text = _text_of(_name_in(call, meanings), meanings)
    if text is None:
        return None
    takes_attribute = _meaning_of(call.callee, meanings) == _LAZY_IMPORT
    module, colon, attribute = text.partition(":") if takes_attribute else (text, "", "")
    is_name = _is_dotted(module) and (not colon or _is_dotted(attribute))
    return _Named(module, attribute) if is_name else None


def _name_in(call: CallExpr, meanings: _Meanings) -> Expression | None:
    function = _meaning_of(call.callee, meanings)
    arguments = list(zip(call.args, call.arg_names, strict=True))
    if function == _AWAITABLE and arguments and _meaning_of(call.args[0], meanings) == _IMPORT_MODULE:
        del arguments[0]
    elif function not in (_LAZY_IMPORT, _DELAYED_IMPORT):
        return None
    return next((argument for argument, name in arguments if name in (None, "name")), None)


def _text_of(name: Expression | None, meanings: _Meanings) -> str | None:
    if isinstance(name, NameExpr):
        return meanings.texts.get(name.name)
    return name.value if isinstance(name, StrExpr) else None


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))
