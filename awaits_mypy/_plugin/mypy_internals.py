"""What the plugin uses of mypy beyond its plugin interface. Nothing else of it imports mypy's internals.

Checked with mypy 1.17.0, 1.20.2, 2.0.0 and 2.4.1.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

from mypy import messages
from mypy.checker import TypeChecker, infer_operator_assignment_method
from mypy.checker_state import checker_state
from mypy.checkmember import analyze_member_access
from mypy.defaults import PYTHON3_VERSION
from mypy.erasetype import erase_typevars
from mypy.errorcodes import ErrorCode
from mypy.errors import ErrorInfo, Errors, ErrorWatcher
from mypy.join import join_type_list
from mypy.maptype import map_instance_to_supertype
from mypy.meet import narrow_declared_type
from mypy.message_registry import CANNOT_ASSIGN_TO_METHOD, INCOMPATIBLE_TYPES_IN_ASSIGNMENT
from mypy.nodes import (
    GDEF,
    LAMBDA_NAME,
    MDEF,
    CallExpr,
    Context,
    Decorator,
    Expression,
    FuncDef,
    FuncItem,
    Import,
    ImportAll,
    ImportBase,
    ImportFrom,
    IndexExpr,
    MemberExpr,
    MypyFile,
    NameExpr,
    OperatorAssignmentStmt,
    OpExpr,
    RefExpr,
    SymbolTableNode,
    TempNode,
    TypeInfo,
    Var,
)
from mypy.options import Options
from mypy.plugin import (
    AttributeContext,
    FunctionContext,
    FunctionSigContext,
    MethodContext,
    MethodSigContext,
    Plugin,
)
from mypy.server.deps import DependencyVisitor
from mypy.server.trigger import make_trigger, make_wildcard_trigger
from mypy.subtypes import find_member, is_subtype
from mypy.typeops import bind_self, get_all_type_vars, make_simplified_union
from mypy.types import (
    AnyType,
    CallableType,
    ExtraAttrs,
    FunctionLike,
    Instance,
    LiteralType,
    Overloaded,
    Type,
    TypeOfAny,
    TypeType,
    TypeVarLikeType,
    UnionType,
    flatten_nested_unions,
    get_proper_type,
)
from mypy.typestate import type_state
from mypy.util import correct_relative_import

from awaits_mypy._plugin.names import MODULE, MODULE_TYPE

__all__ = [
    "AnyContext",
    "awaited_type",
    "beyond_all_filters",
    "beyond_filters",
    "bound_to",
    "callee_type",
    "check_in_place_operation",
    "check_item_assignment",
    "check_slots_of",
    "check_unpacking",
    "check_untyped_call",
    "checked_module",
    "classes_asked_for",
    "context_at",
    "enclosing_scope",
    "erase_typevars",
    "filter_errors",
    "find_member",
    "forget_subtype_checks",
    "format_type",
    "held_for_call",
    "hold_for_call",
    "hold_type",
    "is_callee",
    "is_checked_in",
    "is_enabled_here",
    "is_in_module",
    "is_protocol_probe",
    "is_subtype",
    "item_type_of",
    "join_type_list",
    "map_instance_to_supertype",
    "module_in",
    "plugins_in_use",
    "record_dependency",
    "records_dependencies",
    "release_for_call",
    "release_type",
    "replace_receiver",
    "retract_refusals_of_await",
    "spare_checks_of_self",
    "store_type",
    "take_back_declaration",
    "takes_operand",
    "type_expected_here",
    "type_of_attribute",
    "type_of_call",
    "type_of_expression",
    "type_of_member",
    "type_of_member_if_any",
    "type_of_module",
    "type_of_value",
    "type_variables_in",
    "union_of",
    "whole_module",
    "whole_tree",
]


# What knows the triggers of an attribute. The rest of it is not used.
_triggers = DependencyVisitor({}, PYTHON3_VERSION, defaultdict(set))

AnyContext = AttributeContext | FunctionContext | FunctionSigContext | MethodContext | MethodSigContext


def _checker_of(ctx: AnyContext) -> TypeChecker:
    """Return the type checker behind the interface that a hook is given."""
    return cast(TypeChecker, ctx.api)


def enclosing_scope(ctx: AnyContext) -> FuncItem | MypyFile:
    """Return the function that is being checked, or else the module.

    Of one with a type variable that has values, mypy checks a copy for each of these.
    """
    checker = _checker_of(ctx)
    function = checker.scope.current_function()
    if function is None:
        return checker.tree
    return function.expanded[-1] if function.expanded else function


def checked_module(ctx: AnyContext) -> MypyFile:
    """Return the module that is being checked."""
    return _checker_of(ctx).tree


def is_checked_in(ctx: AnyContext, packages: Sequence[str]) -> bool:
    """Say whether the module that is being checked is in one of these packages."""
    return _checker_of(ctx).tree.fullname.partition(".")[0] in packages


def type_of_member(
    ctx: AnyContext,
    name: str,
    owner: Type,
    displayed: Type,
    *,
    is_operator: bool = False,
    is_lvalue: bool = False,
    rvalue: Expression | None = None,
) -> Type:
    """Return what mypy says of the attribute `name` of `owner`, at the place that `ctx` is about.

    The plugin interface has `get_expression_type` for this, but it takes no type to display (in a
    union, mypy's message names the whole union as well as the item that lacks the attribute), and
    it has neither operators nor assignments.
    """
    proper = get_proper_type(owner)
    if isinstance(proper, Instance) and module_in(proper) is not None:
        return _type_of_module_attribute(ctx, name, proper, displayed, is_lvalue=is_lvalue)
    record_dependency(ctx, owner, name)
    return analyze_member_access(
        name,
        owner,
        ctx.context,
        is_lvalue=is_lvalue,
        is_super=False,
        is_operator=is_operator,
        original_type=displayed,
        self_type=owner,
        chk=_checker_of(ctx),
        rvalue=rvalue,
    )


def type_of_value(await_type: Instance) -> Type:
    """Return the W of an Await, narrowed as a W is that `hasattr` has found to have an attribute."""
    w = await_type.args[0]
    if await_type.extra_attrs is not None:
        checker = cast(TypeChecker, checker_state.type_checker)
        for name in await_type.extra_attrs.attrs:
            w = narrow_declared_type(w, checker.add_any_attribute_to_type(w, name))
    return w


def type_of_attribute(
    ctx: AttributeContext, name: str, await_type: Instance, place: MemberExpr, api: Any
) -> Type:
    """Return the type of `aw.name`, read from an Await; then nothing else is to be done about it.

    Most of what a program asks is this, and most of the plugin's time goes here: hence few calls, and
    few looks into `ctx`.
    """
    if name not in await_type.type.names:
        _declare_attribute(await_type.type, name)
    w = await_type.args[0] if await_type.extra_attrs is None else type_of_value(await_type)
    if type(w) is Instance:
        if w.type.fullname == MODULE and module_in(w) is not None:
            return _type_of_module_attribute(ctx, name, w, w)
        api.store_type(place.expr, w)
    else:
        replace_receiver(ctx, w)
    options = api.options
    if options.fine_grained_incremental or options.cache_fine_grained:
        record_dependency(ctx, w, name)
    return analyze_member_access(
        name,
        w,
        place,
        is_lvalue=False,
        is_super=False,
        is_operator=False,
        original_type=w,
        self_type=w,
        chk=api,
    )


def _declare_attribute(await_class: TypeInfo, name: str) -> None:
    """Have the class of Awaits declare this attribute, so that mypy finds it at once from now on.

    For a name that no class declares, mypy 2 goes through all the names of every class each time, and
    then analyses `__getattribute__`. Of a declared one it asks the plugin in the same way.
    """
    attribute = Var(name)  # of no type, as the plugin says it
    attribute.info = await_class
    attribute._fullname = f"{await_class.fullname}.{name}"
    await_class.names[name] = SymbolTableNode(MDEF, attribute, plugin_generated=True, no_serialize=True)


def take_back_declaration(await_class: SymbolTableNode | None, name: str) -> None:
    """Have the class of Awaits not declare this attribute any more, if it is the plugin that did."""
    if await_class is not None and isinstance(await_class.node, TypeInfo):
        names = await_class.node.names
        if name in names and names[name].plugin_generated:
            del names[name]


def spare_checks_of_self(await_class: SymbolTableNode | None) -> None:
    """Have mypy not compare an Await with the `self` of a special method before it asks the plugin.

    What those declare is for other type checkers. It often is a protocol, as in `Await[Iterable[R]]`,
    which takes longer to compare W with than all that the plugin does. mypy has a way without that for
    methods whose `self` has no annotation.
    """
    if await_class is not None and isinstance(await_class.node, TypeInfo):
        for symbol in await_class.node.names.values():
            if isinstance(symbol.node, Decorator):
                symbol.node.func.is_trivial_self = True


def type_of_member_if_any(ctx: AnyContext, name: str, owner: Type) -> Type | None:
    """Return the type of this member of `owner`, or None if it has none."""
    with ctx.api.msg.filter_errors() as errors:
        member = type_of_member(ctx, name, owner, owner, is_operator=name == "__call__")
    return None if errors.has_new_errors() else member


def type_variables_in(typ: Type) -> set[TypeVarLikeType]:
    """Return the type variables that this type mentions."""
    return set(get_all_type_vars(typ))


def union_of(types: Sequence[Type]) -> Type:
    """Return the union of these types; of a single one, exactly that one."""
    return types[0] if len(types) == 1 else make_simplified_union(types)


def check_slots_of(ctx: AttributeContext, owner: Type, name: str) -> None:
    """Report an assignment for which the `__slots__` of the owner leave no place."""
    target = MemberExpr(TempNode(owner, context=ctx.context), name)
    target.set_line(ctx.context)
    _checker_of(ctx).check_assignment_to_slots(target)


def retract_refusals_of_await(ctx: AttributeContext, name: str) -> None:
    """Take back that a final method of Await is assigned to: the question is what W has there."""
    errors = ctx.api.msg.errors
    reported = errors.error_info_map.get(errors.file, [])
    refusals = (
        CANNOT_ASSIGN_TO_METHOD,
        f'Cannot assign to final attribute "{name}"',
    )
    while reported and reported[-1].line == ctx.context.line:
        # Behind it may be a note, that a `type: ignore` on the line is one of another code.
        has_note = len(reported) > 1 and reported[-1].severity == "note"
        if reported[-2 if has_note else -1].message not in refusals:
            break
        del reported[-2 if has_note else -1 :]


def type_of_expression(ctx: AnyContext, expression: Expression) -> Type:
    """Return the type that mypy found for this expression, or finds now, without its errors.

    A name is cheap to look up anew, and may be the argument of a lambda that mypy infers again.
    """
    known = _checker_of(ctx).lookup_type_or_none(expression)
    if known is not None and not isinstance(expression, NameExpr):
        return known
    with ctx.api.msg.filter_errors():
        return ctx.api.get_expression_type(expression)


def store_type(ctx: AnyContext, expression: Expression, typ: Type) -> None:
    """Let mypy go on as if it had found this type for the expression."""
    _checker_of(ctx).store_type(expression, typ)


def hold_type(ctx: AnyContext, expression: Expression) -> None:
    """Let mypy take the type that it has found for this expression, and not look for it again."""
    checker = _checker_of(ctx)
    known = checker.lookup_type_or_none(expression)
    if known is not None:
        checker.expr_checker.type_overrides[expression] = known


def release_type(ctx: AnyContext, expression: Expression) -> None:
    """Let mypy look for the type of this expression again, after `hold_type`."""
    _checker_of(ctx).expr_checker.type_overrides.pop(expression, None)


held_for_call: list[Expression] = []


def hold_for_call(ctx: AnyContext, argument: Expression) -> None:
    """Let mypy take the type that it has found for this argument of the next method that is called."""
    hold_type(ctx, argument)
    held_for_call.append(argument)


def release_for_call() -> None:
    """Let mypy look for the types of such arguments again, now that the method is called."""
    overrides = cast(TypeChecker, checker_state.type_checker).expr_checker.type_overrides
    for argument in held_for_call:
        overrides.pop(argument, None)
    held_for_call.clear()


def type_of_call(ctx: AnyContext, call: CallExpr, expected: Type | None = None) -> Type:
    """Return the type of this call. Whether a None may be used there is asked elsewhere."""
    return _checker_of(ctx).expr_checker.accept(call, expected, allow_none_return=True)


def is_callee(ctx: AttributeContext) -> bool:
    """Say whether the attribute that mypy asks about is called in the program."""
    return _checker_of(ctx).expr_checker.is_callee


def is_protocol_probe(ctx: AttributeContext) -> bool:
    """Say whether mypy compares the Await with a protocol: it gives such a question no place."""
    return type(ctx.context) is Context


def replace_receiver(ctx: AttributeContext, receiver: Type) -> None:
    """Let mypy go on as if the expression before the dot had this type.

    It looks that type up again to find the plugin hooks for a method, to tell whether the method
    returns nothing but None, and for the daemon's dependencies. A union is left alone unless what is
    before the dot is called: if its attribute were compared, mypy would narrow the Await to an item.
    """
    checker = _checker_of(ctx)
    is_union = isinstance(get_proper_type(receiver), UnionType)
    if isinstance(ctx.context, MemberExpr) and (not is_union or checker.expr_checker.is_callee):
        checker.store_type(ctx.context.expr, receiver)


@contextmanager
def beyond_filters(ctx: AnyContext, depth: int) -> Iterator[None]:
    """Report errors past the innermost filters, which mypy put up while it looks for an operator.

    It does so to try one operand's method after the other, and would lose what is said of both.
    """
    watchers = ctx.api.msg.errors._watchers
    innermost = watchers[len(watchers) - depth :]
    del watchers[len(watchers) - depth :]
    try:
        yield
    finally:
        watchers.extend(innermost)


def beyond_all_filters(ctx: AnyContext) -> AbstractContextManager[None]:
    """Report errors past every filter, also where mypy only tries something."""
    return beyond_filters(ctx, len(ctx.api.msg.errors._watchers))


def filter_errors(ctx: AnyContext, is_replaced: Callable[[str, ErrorInfo], bool]) -> None:
    """Have each error shown to this before it is reported, which may report others in its place.

    What mypy filters out for itself, where it only tries something, is not shown.
    """
    errors = ctx.api.msg.errors
    if not errors._watchers or errors._watchers[0]._filter != is_replaced:
        errors._watchers.insert(0, ErrorWatcher(errors, filter_errors=is_replaced))


def context_at(error: ErrorInfo, receiver: Type) -> AttributeContext:
    """Return what a hook would be given of an object of this type at the place of an error."""
    place = TempNode(receiver)
    place.line, place.column = error.line, error.column
    place.end_line, place.end_column = error.end_line, error.end_column
    checker = cast(TypeChecker, checker_state.type_checker)
    return AttributeContext(get_proper_type(receiver), receiver, False, place, checker)


def callee_type(ctx: AttributeContext, typ: Type) -> Type:
    """Return a class object's type as mypy calls it; any other type as it is."""
    return _checker_of(ctx).expr_checker.analyze_type_type_callee(get_proper_type(typ), ctx.context)


def bound_to(function: FunctionLike, instance: Type | None, owner: Type) -> FunctionLike:
    """Return the type of this function as a method of the instance, or of its class if that is None."""
    definition = function.items[0].definition
    method = definition.func if isinstance(definition, Decorator) else definition
    if isinstance(method, FuncDef) and method.is_static:
        return function
    if isinstance(method, FuncDef) and method.is_class:
        return bind_self(function, owner, is_classmethod=True)
    if instance is not None:
        return bind_self(function, instance)
    # Read from the class, where its type variables are still open.
    owner = get_proper_type(owner)
    item = owner.item if isinstance(owner, TypeType) else owner
    variables = item.type.defn.type_vars if isinstance(item, Instance) else []
    items = [one.copy_modified(variables=[*variables, *one.variables]) for one in function.items]
    return items[0] if len(items) == 1 else Overloaded(items)


def awaited_type(ctx: AnyContext, typ: Type) -> Type | None:
    """Return the type of `await` on this type, which may be Any, or None if it is not awaitable.

    mypy asks this too before it says "Maybe you forgot to use await", but then Any counts for nothing.
    """
    with ctx.api.msg.filter_errors() as errors:
        awaited = _checker_of(ctx).expr_checker.check_awaitable_expr(
            typ, Context(), "", ignore_binder=True
        )
    return None if errors.has_new_errors() else awaited


def check_item_assignment(ctx: AnyContext, item: IndexExpr, value: Expression) -> None:
    """Check `item = value` as mypy checks the statement, and report what it reports."""
    _checker_of(ctx).check_indexed_assignment(item, value, ctx.context)


def check_untyped_call(ctx: AttributeContext, function: Type) -> None:
    """Report a call of a function without annotations, as mypy does where it is no Await's."""
    checker, call, function = _checker_of(ctx), ctx.context, get_proper_type(function)
    if not checker.options.disallow_untyped_calls or not checker.in_checked_function():
        return
    if not isinstance(function, CallableType) or not function.implicit or function.name == LAMBDA_NAME:
        return
    callee = call.callee if isinstance(call, CallExpr) else None
    name = f"{callee.fullname}." if isinstance(callee, RefExpr) else ""
    if not any(name.startswith(f"{excluded}.") for excluded in checker.options.untyped_calls_exclude):
        checker.msg.untyped_function_call(function, call)


def check_unpacking(ctx: AnyContext, targets: list[Expression], value: Type) -> None:
    """Check that this is unpacked into the targets as mypy checks it, and report what it reports."""
    expression = TempNode(value, context=ctx.context)
    _checker_of(ctx).check_multi_assignment(targets, expression, ctx.context, rv_type=value)


def takes_operand(ctx: AnyContext, method: str, owner: Type, operand: Expression) -> bool:
    """Say whether this method of `owner` takes the operand, without its reflected twin."""
    with ctx.api.msg.filter_errors() as errors:
        _checker_of(ctx).expr_checker.check_op(method, owner, operand, ctx.context)
    return not errors.has_new_errors()


def check_in_place_operation(
    ctx: AnyContext, statement: OperatorAssignmentStmt, target: Type, operand: Expression
) -> None:
    """Check `target op= operand` as mypy checks the statement, and report what it reports."""
    checker = _checker_of(ctx)
    in_place, method = infer_operator_assignment_method(target, statement.op)
    record_dependency(ctx, target, method)
    if in_place:
        result, _ = checker.expr_checker.check_op(method, target, operand, statement)
        if not is_subtype(result, target):
            checker.msg.incompatible_operator_assignment(statement.op, statement)
        return
    operation = OpExpr(statement.op, TempNode(target, context=statement), operand)
    operation.set_line(statement)
    checker.check_subtype(
        ctx.api.get_expression_type(operation),
        target,
        statement,
        INCOMPATIBLE_TYPES_IN_ASSIGNMENT,
        "expression has type",
        "variable has type",
    )


# mypy asks the plugin at each call of the program, of which these two are a good part.


def is_enabled_here(code: ErrorCode) -> bool:
    """Say whether errors of this code are reported in the module that is being checked, if one is."""
    checker: Any = checker_state.type_checker
    if checker is None:
        return False
    codes: set[ErrorCode] = checker.options.enabled_error_codes
    return bool(codes) and code in codes


def type_expected_here() -> Type | None:
    """Return what mypy expects of the expression that it is checking, if it expects something."""
    checker: Any = checker_state.type_checker
    expected: Type | None = None if checker is None else checker.expr_checker.type_context[-1]
    return expected


def plugins_in_use() -> Plugin:
    """Return all plugins of this run, as the one that mypy asks."""
    return cast(TypeChecker, checker_state.type_checker).plugin


def item_type_of(ctx: AnyContext, iterable: Type) -> Type | None:
    """Return the type of what one gets by iterating over this, or None if it is no iterable."""
    checker, proper = _checker_of(ctx), get_proper_type(iterable)
    if not checker.type_is_iterable(proper):
        return None
    with ctx.api.msg.filter_errors():
        return checker.iterable_item_type(proper, ctx.context)


def format_type(ctx: AnyContext, typ: Type) -> str:
    """Return the type as mypy's messages have it, in its quotes."""
    return messages.format_type(typ, ctx.api.options)


def classes_asked_for(ctx: FunctionContext, expression: Expression) -> list[Type] | None:
    """Return the classes in the second argument of `isinstance`; None if mypy cannot tell."""
    ranges = _checker_of(ctx).get_isinstance_type(expression)
    return None if ranges is None else [each.item for each in ranges]


def whole_tree(file: MypyFile, options: Options) -> MypyFile:
    """Return the file with all that is in it, where mypy has read no more than its imports yet.

    That is how mypy 2 reads a file that it hands on to a parallel worker.
    """
    raw_data = getattr(file, "raw_data", None)
    if raw_data is None:
        return file
    from mypy.parse import load_from_raw  # which mypy 1 lacks

    return load_from_raw(file.path, file.fullname, raw_data, Errors(options), options)


def type_of_module(ctx: AnyContext, name: str) -> Type:
    """Return the type of the module of this name, by which its attributes are found.

    It is Any if mypy has not loaded it, as the name that an `import` binds is then.
    """
    checker = _checker_of(ctx)
    _depend_on_module(checker, name)
    is_loaded = name in checker.modules
    return _module_type(checker, name) if is_loaded else AnyType(TypeOfAny.from_unimported_type)


def whole_module(ctx: AnyContext, typ: Type) -> Type:
    """Return the type of a module with the types of all that is in it; any other type as it is.

    mypy looks there where it compares the module with a protocol, or something in it is assigned to. In
    the type of an Await it would be too much, as mypy's cache has that of each variable.
    """
    checker, module = _checker_of(ctx), module_in(typ)
    tree = None if module is None else checker.modules.get(module)
    return typ if tree is None else _type_with_attributes(checker, tree)


def module_in(typ: Type) -> str | None:
    """Return the name of the module of which this is the type, if a lazy import names it."""
    typ = get_proper_type(typ)
    if isinstance(typ, Instance) and typ.type.fullname == MODULE:
        name = get_proper_type(typ.args[0])
        return str(name.value) if isinstance(name, LiteralType) else None
    return None


def is_in_module(ctx: AnyContext, name: str, module: str) -> bool:
    """Say whether the module of this name has such an attribute."""
    checker = _checker_of(ctx)
    return module in checker.modules and _symbol_in(checker, checker.modules[module], name) is not None


def _module_type(checker: TypeChecker, name: str) -> Instance:
    literal = LiteralType(name, checker.named_type("builtins.str"))
    file, _, cls = MODULE.rpartition(".")
    return Instance(cast(TypeInfo, checker.modules[file].names[cls].node), [literal])


def _type_with_attributes(checker: TypeChecker, module: MypyFile) -> Instance:
    typ = _module_type(checker, module.fullname)
    # Without the name of the module: by it mypy knows a module that has a name in the program, of which
    # it would take no attribute here for one that is there.
    typ.extra_attrs = ExtraAttrs(_extra_attributes(checker.expr_checker.module_type(module)))
    return typ


def _extra_attributes(typ: Instance) -> dict[str, Type]:
    return {} if typ.extra_attrs is None else typ.extra_attrs.attrs


def _type_of_module_attribute(
    ctx: AnyContext, name: str, owner: Instance, displayed: Type, *, is_lvalue: bool = False
) -> Type:
    """Return what mypy says of this attribute where the module is imported by a statement."""
    checker, place, module = _checker_of(ctx), ctx.context, module_in(owner)
    tree = checker.modules.get(module or "")
    if tree is None:
        return AnyType(TypeOfAny.from_unimported_type)
    _depend_on_module(checker, tree.fullname)
    named = checker.named_type(MODULE_TYPE)
    named.extra_attrs = ExtraAttrs({}, mod_name=tree.fullname)
    read_here = place if isinstance(place, MemberExpr) and place.name == name else None
    if read_here is not None:
        # From this the daemon knows on which module this place depends.
        checker.store_type(read_here.expr, named)
    symbol = _symbol_in(checker, tree, name)
    if symbol is None:
        found_by_hasattr = _extra_attributes(owner).get(name)
        return found_by_hasattr or analyze_member_access(
            name,
            named,
            place,
            is_lvalue=is_lvalue,
            is_super=False,
            is_operator=False,
            original_type=displayed if isinstance(get_proper_type(displayed), UnionType) else named,
            chk=checker,
            module_symbol_table=tree.names,
        )
    if isinstance(symbol.node, MypyFile):
        return _type_with_attributes(checker, symbol.node)
    is_of_one = isinstance(get_proper_type(getattr(ctx, "type", None)), Instance)
    reference = read_here if read_here is not None and is_of_one else MemberExpr(TempNode(named), name)
    reference.set_line(place)
    # As if mypy had found this itself: it asks again which class, constant or function is meant.
    reference.node, reference.kind, reference.fullname = symbol.node, symbol.kind, symbol.fullname or ""
    return checker.expr_checker.analyze_ref_expr(reference, lvalue=is_lvalue)


def _symbol_in(checker: TypeChecker, module: MypyFile, name: str) -> SymbolTableNode | None:
    """Return the symbol of this name in the module, as mypy finds it behind the name of a module."""
    symbol = module.names.get(name)
    if symbol is not None:
        return None if symbol.module_hidden else symbol
    submodule = f"{module.fullname}.{name}"
    found = checker.modules.get(submodule)
    if _is_imported(submodule, checker.tree) or (found and _is_of_package(submodule, module)):
        return SymbolTableNode(GDEF, found or Var(name, AnyType(TypeOfAny.from_unimported_type)))
    getter = module.names.get("__getattr__")
    function = None if getter is None else get_proper_type(getter.type)
    if isinstance(function, CallableType):
        return SymbolTableNode(GDEF, Var(name, function.ret_type))
    return None


def _is_imported(module: str, file: MypyFile) -> bool:
    """Say whether a statement in the file imports this module."""
    return any(
        _is_or_is_in(name, module)
        for statement in file.imports
        if not statement.is_unreachable
        for name in _modules_imported_by(statement, file)
    )


def _is_of_package(module: str, package: MypyFile) -> bool:
    """Say whether a package imports this module of its own: whether it has something of the module.

    Where it has its own name, as from `import package.module`, it may be this one.
    """
    top = package.fullname.partition(".")[0]
    taken = [symbol.fullname or "" for symbol in package.names.values()]
    return top in taken or any(_is_or_is_in(name, module) for name in taken)


def _is_or_is_in(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _modules_imported_by(statement: ImportBase, file: MypyFile) -> Iterator[str]:
    if isinstance(statement, Import):
        yield from (name for name, _ in statement.ids)
    elif isinstance(statement, (ImportFrom, ImportAll)):
        module, _ = correct_relative_import(
            file.fullname, statement.relative, statement.id, file.is_package_init_file()
        )
        yield module
        if isinstance(statement, ImportFrom):
            yield from (f"{module}.{name}" for name, _ in statement.names)


def _depend_on_module(checker: TypeChecker, name: str) -> None:
    """Check the current module again when this one has changed; in the daemon, the current function."""
    checker.module_refs.add(name)
    if checker.options.fine_grained_incremental or checker.options.cache_fine_grained:
        # The one is for what is in the module, the other for where it is added or removed.
        for trigger in (make_wildcard_trigger(name), make_trigger(name)):
            checker.tree.plugin_deps.setdefault(trigger, set()).add(checker.tscope.current_target())


def forget_subtype_checks() -> None:
    """Let the daemon compare Awaits with protocols anew.

    It remembers whether `Await[C]` is a `Sized` until Await changes, and not until C does.
    """
    type_state.reset_all_subtype_caches()


def records_dependencies(ctx: AnyContext) -> bool:
    """Say whether this run is the daemon's, or writes a cache for it."""
    options = ctx.api.options
    return options.fine_grained_incremental or options.cache_fine_grained


def record_dependency(ctx: AnyContext, owner: Type, name: str) -> None:
    """Let the daemon check the current function again when this attribute changes.

    From the expression alone mypy would record the attribute of the Await, which never changes.
    """
    if not records_dependencies(ctx):
        return
    checker = _checker_of(ctx)
    for trigger in _triggers.attribute_triggers(owner, name):
        checker.tree.plugin_deps.setdefault(trigger, set()).add(checker.tscope.current_target())
    # The daemon reads those when it checks a whole module. Where it checks a function alone, it takes
    # up which classes were compared with protocols, and a change to a member then counts as one to the
    # class.
    for item in flatten_nested_unions([owner]):
        item = get_proper_type(item)
        if isinstance(item, Instance):
            type_state._rechecked_types.add(item.type)
            attempted = type_state._attempted_protocols.setdefault(item.type.fullname, set())
            # With those the daemon would analyze the module builtins anew, which mypy 2.4 fails at.
            attempted.difference_update([each for each in attempted if each.startswith("builtins.")])
            type_state._checked_against_members.setdefault(item.type.fullname, set()).add(name)
