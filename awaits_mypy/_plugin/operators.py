"""Operators, calls, indexing and await: the whole expression is asked of mypy again, on the W inside.

The method alone would not do. Either operand may be an Await, and mypy types some expressions by more
than a method: a tuple's item by its literal index, a TypedDict's by its key, `==` by what can be equal.
"""

from typing import Final, cast

from mypy.nodes import (
    ComparisonExpr,
    Decorator,
    Expression,
    IndexExpr,
    ListExpr,
    OperatorAssignmentStmt,
    OpExpr,
    TempNode,
    UnaryExpr,
)
from mypy.operators import normal_from_reverse_op, op_methods
from mypy.plugin import AttributeContext, MethodContext, MethodSigContext
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    NoneType,
    TupleType,
    Type,
    TypedDictType,
    TypeOfAny,
    TypeType,
    UninhabitedType,
    get_proper_type,
)

from awaits_mypy._plugin.attributes import analyze_attribute, is_named
from awaits_mypy._plugin.callables import function_returning
from awaits_mypy._plugin.implicit import is_on, report_wait
from awaits_mypy._plugin.mypy_internals import (
    AnyContext,
    awaited_type,
    beyond_filters,
    callee_type,
    check_in_place_operation,
    check_item_assignment,
    check_untyped_call,
    hold_for_call,
    hold_type,
    is_protocol_probe,
    is_subtype,
    record_dependency,
    records_dependencies,
    release_type,
    takes_operand,
    type_of_expression,
    union_of,
    whole_module,
)
from awaits_mypy._plugin.operands import is_settled, known_index, operand_on_values
from awaits_mypy._plugin.protocols import member_for_protocol
from awaits_mypy._plugin.receivers import (
    awaited_types,
    awaits_in,
    has_await,
    is_await,
    is_mixed,
    items_of,
    without_awaits,
)
from awaits_mypy._plugin.statements import value_assigned_to

# mypy's around the question for an operator's method: one around each attempt at the operation, and one
# around the search for a method.
_FILTERS: Final = 2


def analyze_operator(ctx: AttributeContext, name: str) -> Type:
    """Answer for a binary operator, straight or reflected, or an order comparison."""
    operands = _operands_of(ctx.context)
    if not operands:
        return analyze_attribute(ctx, name)
    _depend_on(ctx, name)
    if _is_answered_for_left(ctx, name, operands):
        return function_returning(ctx, AnyType(TypeOfAny.special_form))
    operation = _on_receiver(ctx, name)
    with ctx.api.msg.filter_errors() as errors:
        result = ctx.api.get_expression_type(operation, ctx.api.type_context[-1])
    answer = _refused(ctx, name) if errors.has_new_errors() else function_returning(ctx, result)
    if name == _straight_name(ctx.context) and len(operands) == 2:
        # The answer takes anything. mypy would count an error in the operand, which it has reported, for
        # a refusal by the answer.
        hold_for_call(ctx, operands[1])
    return answer


def _is_answered_for_left(ctx: AttributeContext, name: str, operands: list[Expression]) -> bool:
    """Say whether mypy asks of the right operand, and has its answer from the left one, an Await too."""
    return (
        name != _straight_name(ctx.context)
        and len(operands) == 2
        and all(is_await(get_proper_type(type_of_expression(ctx, operand))) for operand in operands)
    )


def _straight_name(operation: object) -> str | None:
    """Return the method of the left operand."""
    if isinstance(operation, OpExpr):
        return op_methods[operation.op]
    return op_methods[operation.operators[0]] if isinstance(operation, ComparisonExpr) else None


def _on_receiver(ctx: AttributeContext, name: str) -> Expression:
    """Return the operation on values, of which one is the W that the Await gives of which mypy asks.

    mypy asks about one item of a union at a time, and says which.
    """
    expression = ctx.context
    if not isinstance(expression, OpExpr):
        return cast(Expression, _on_values(ctx, expression))
    receiver = TempNode(without_awaits(ctx.type), context=expression)
    if name == _straight_name(expression):
        operation = OpExpr(expression.op, receiver, operand_on_values(ctx, expression.right))
    else:
        operation = OpExpr(expression.op, operand_on_values(ctx, expression.left), receiver)
    operation.set_line(expression)
    return operation


def _refused(ctx: AttributeContext, name: str) -> Type:
    """Report what mypy reports of the operation on the values, and answer so that it says nothing more.

    Where an operand may also be no Await, answer as for any attribute: mypy goes through the items of
    the union, and composes its message from the methods that are there. So too where the left operand's
    own method takes the Await itself.
    """
    operation, operands = _on_values(ctx, ctx.context), _operands_of(ctx.context)
    types = [type_of_expression(ctx, operand) for operand in operands]
    if operation is None or any(map(is_mixed, types)):
        return analyze_attribute(ctx, name)
    if name in normal_from_reverse_op:
        straight = normal_from_reverse_op[name]
        for left, operand in zip(types, operands[1:], strict=False):
            if not has_await(left) and takes_operand(ctx, straight, left, operand):
                return analyze_attribute(ctx, name)
    with beyond_filters(ctx, _FILTERS):
        return function_returning(ctx, ctx.api.get_expression_type(operation, ctx.api.type_context[-1]))


def analyze_unary(ctx: AttributeContext, name: str) -> Type:
    """Answer for `-aw`, `+aw` and `~aw`, which mypy types of a literal by its value."""
    operation = ctx.context
    if not isinstance(operation, UnaryExpr) or is_mixed(ctx.type):
        return analyze_attribute(ctx, name)
    _depend_on(ctx, name)
    on_values = UnaryExpr(operation.op, TempNode(without_awaits(ctx.type), context=operation))
    on_values.set_line(operation)
    return function_returning(ctx, ctx.api.get_expression_type(on_values, ctx.api.type_context[-1]), [])


def analyze_equality(ctx: AttributeContext, name: str) -> Type:
    """Answer for `==` and `!=`, which mypy refuses (strictly) though the methods accept anything."""
    _depend_on(ctx, name)
    result = _analyze_comparison(ctx, _FILTERS)
    return analyze_attribute(ctx, name) if result is None else function_returning(ctx, result)


def analyze_containment(ctx: AttributeContext, name: str) -> Type:
    """Answer for `in`, which mypy refuses (strictly) though the method accepts anything."""
    _depend_on(ctx, name, "__iter__")
    result = _analyze_comparison(ctx, filters=1)
    return analyze_attribute(ctx, name) if result is None else function_returning(ctx, result)


def hold_element(ctx: MethodSigContext, _: str) -> FunctionLike:
    """Let mypy not look at the element of `element in container` again, where either is an Await.

    It would count an error in the element, which it has reported, for a refusal by the container, and
    then compare the Await itself with the container's items.
    """
    element = _element_in(ctx)
    if element is not None and _is_released(ctx.default_signature):
        is_await_itself = has_await(type_of_expression(ctx, element))
        if is_await_itself or (has_await(ctx.type) and is_settled(ctx, element)):
            hold_type(ctx, element)
    return ctx.default_signature


def _is_released(signature: FunctionLike) -> bool:
    """Say whether mypy asks `analyze_element` too. It asks nothing if all overloads are refused."""
    definition = signature.definition if isinstance(signature, CallableType) else None
    return not (isinstance(definition, Decorator) and definition.is_overload)


def _element_in(ctx: MethodContext | MethodSigContext) -> Expression | None:
    """Return what stands before the `in`; None in a chain, where mypy does not say which `in` it is."""
    comparison = ctx.context
    if isinstance(comparison, ComparisonExpr) and len(comparison.operands) == 2:
        return comparison.operands[0]
    return None


def analyze_element(ctx: MethodContext, name: str) -> Type:
    """Answer for an Await as the element in `aw in container`."""
    element = _element_in(ctx)
    if element is not None:
        release_type(ctx, element)
    if isinstance(ctx.context, ComparisonExpr) and any(map(has_await, ctx.arg_types[0])):
        if is_on(ctx):
            report_wait(ctx, awaits_in(ctx.arg_types[0][0]), "__eq__", ctx.args[0][0])
        _analyze_comparison(ctx, filters=1)
    return ctx.default_return_type


def analyze_item_assignment(ctx: AttributeContext, name: str) -> Type:
    """Answer for `aw[index] = value`; in other statements that assign, as for any attribute."""
    target = ctx.context
    value = value_assigned_to(ctx, target) if isinstance(target, IndexExpr) else None
    if not isinstance(target, IndexExpr) or value is None:
        return analyze_attribute(ctx, name)
    _depend_on(ctx, name)
    item = IndexExpr(TempNode(without_awaits_only(ctx), context=target), target.index)
    item.set_line(target)
    check_item_assignment(ctx, item, value)
    any_index = AnyType(TypeOfAny.special_form)
    return function_returning(ctx, NoneType(), [any_index, type_of_expression(ctx, value)])


def analyze_repetition(ctx: MethodSigContext, _: str) -> FunctionLike:
    """Answer for `[...] * aw`: for an int mypy expects of the items what it does of the product's."""
    signature, operation, expected = ctx.default_signature, ctx.context, ctx.api.type_context[-1]
    if expected is None or not isinstance(operation, OpExpr) or not isinstance(operation.left, ListExpr):
        return signature
    count = type_of_expression(ctx, operation.right)
    is_int = is_subtype(without_awaits(count), ctx.api.named_generic_type("builtins.int", []))
    on_values = _on_values(ctx, operation)
    if (
        not is_int
        or on_values is None
        or not has_await(count)
        or not isinstance(signature, CallableType)
    ):
        return signature
    return signature.copy_modified(ret_type=ctx.api.get_expression_type(on_values, expected))


def analyze_index(ctx: AttributeContext, name: str) -> Type:
    """Answer for `aw[index]`."""
    if not isinstance(ctx.context, IndexExpr):
        return analyze_attribute(ctx, name)
    _depend_on(ctx, name)
    w = without_awaits_only(ctx)
    by_literal = all(isinstance(item, (TupleType, TypedDictType)) for item in items_of(w))
    if by_literal and is_on(ctx):
        asked = "__index__" if isinstance(items_of(w)[0], TupleType) else "__hash__"
        report_wait(ctx, awaits_in(type_of_expression(ctx, ctx.context.index)), asked, ctx.context.index)
    index = known_index(ctx, ctx.context.index, literals_on_values=by_literal)
    subscription = IndexExpr(TempNode(w, context=ctx.context), index)
    subscription.set_line(ctx.context)
    item = ctx.api.get_expression_type(subscription)
    # The answer takes any index, so that mypy need not look for the type of this one again.
    hold_type(ctx, ctx.context.index)
    return function_returning(ctx, item)


def release_index(ctx: MethodContext, _: str) -> Type:
    """Answer for the call of `__getitem__` for which the type of the index was held."""
    if isinstance(ctx.context, IndexExpr):
        release_type(ctx, ctx.context.index)
    return ctx.default_return_type


def analyze_in_place(ctx: AttributeContext, name: str) -> Type:
    """Answer for `aw op= value`: what W refuses is refused, and the name stays bound to an Await."""
    if not isinstance(ctx.context, OperatorAssignmentStmt):
        return analyze_attribute(ctx, name)
    operand = operand_on_values(ctx, ctx.context.rvalue)
    check_in_place_operation(ctx, ctx.context, without_awaits_only(ctx), operand)
    return function_returning(ctx, ctx.type)


def analyze_call(ctx: AttributeContext, name: str) -> Type:
    """Answer for `aw(...)` with W itself: a function has no member `__call__`, it is the callable."""
    if is_named(ctx.context, name):
        return analyze_attribute(ctx, name)
    _depend_on(ctx, name, "__init__", "__new__")  # the latter two if W is a class
    if not is_protocol_probe(ctx):
        for w in awaited_types(ctx.type):
            check_untyped_call(ctx, w)
        return without_awaits_only(ctx)
    w = get_proper_type(without_awaits_only(ctx))
    if isinstance(w, (FunctionLike, TypeType)):
        return callee_type(ctx, w) if isinstance(w, TypeType) else w
    return member_for_protocol(ctx, name)


def analyze_await(ctx: AttributeContext, name: str) -> Type:
    """Answer for `await aw`: what W awaits to, or W itself if it is not awaitable."""
    if is_named(ctx.context, name):
        return analyze_attribute(ctx, name)
    _depend_on(ctx, name)
    results = [_awaited(ctx, item) for w in awaited_types(ctx.type) for item in items_of(w)]
    any_type = AnyType(TypeOfAny.special_form)
    generator = ctx.api.named_generic_type("typing.Generator", [any_type, any_type, union_of(results)])
    return function_returning(ctx, generator, [])


def without_awaits_only(ctx: AttributeContext) -> Type:
    """Return the union of the W of every Await in the receiver, without its other items."""
    return union_of(awaited_types(ctx.type))


def _depend_on(ctx: AttributeContext, *names: str) -> None:
    """Let the daemon check this function again when one of these members of W changes.

    It is recorded here because what is asked of mypy again is no part of the program.
    """
    if records_dependencies(ctx):
        for name in names:
            record_dependency(ctx, without_awaits(ctx.type), name)


def _analyze_comparison(ctx: AnyContext, filters: int) -> Type | None:
    """Return what the comparison of the values gives, and report what mypy reports of it."""
    comparison = _on_values(ctx, ctx.context)
    if comparison is None:
        return None
    with beyond_filters(ctx, filters):
        return ctx.api.get_expression_type(comparison)


def _on_values(ctx: AnyContext, expression: object) -> Expression | None:
    """Return the same operation with each Await among its operands replaced by a W."""
    operation: Expression
    operands = [operand_on_values(ctx, operand) for operand in _operands_of(expression)]
    if isinstance(expression, OpExpr):
        left, right = operands
        operation = OpExpr(expression.op, left, right)
    elif isinstance(expression, ComparisonExpr):
        operation = ComparisonExpr(expression.operators, operands)
    else:
        return None
    operation.set_line(expression)
    return operation


def _operands_of(expression: object) -> list[Expression]:
    if isinstance(expression, OpExpr):
        return [expression.left, expression.right]
    return expression.operands if isinstance(expression, ComparisonExpr) else []


def _awaited(ctx: AttributeContext, w: Type) -> Type:
    if isinstance(w, UninhabitedType):
        return w  # which never comes; mypy lets one await it, for Any
    awaited = awaited_type(ctx, w)
    return whole_module(ctx, w) if awaited is None else awaited
