"""Write a module anew with a function around each value that is asked for something.

Only inside functions, as what stands in a module or class body may be a declaration to mypy.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

WRAP: Final = "_wrap"
_IMPORT: Final = f"from _wrapper import {WRAP}"

# What mypy reads in its own way: it narrows a type by these, or takes an argument for a type.
_SPECIAL_FUNCTIONS: Final = (
    *("assert_never", "assert_type", "callable", "cast", "hasattr", "isinstance", "issubclass", "len"),
    *("reveal_type", "super"),
)
# What is no variable or result: mypy finds the type of these by where they stand.
_DISPLAYS: Final = (
    *(ast.Constant, ast.Dict, ast.DictComp, ast.IfExp, ast.JoinedStr, ast.Lambda, ast.List),
    *(ast.ListComp, ast.NamedExpr, ast.Set, ast.SetComp, ast.GeneratorExp, ast.Slice, ast.Starred),
    *(ast.Tuple, ast.Yield, ast.YieldFrom),
)


class Span(NamedTuple):
    """Where an expression stands, as Python and mypy count."""

    line: int
    column: int
    end_line: int
    end_column: int


# A comment that would hide what mypy says of a line.
_IGNORES: Final = re.compile(r"#\s*type:\s*ignore\b(\[[^]]*\])?")


class Rewritten(NamedTuple):
    """The new text of a module, how many values of each kind are in it, and where the import is."""

    text: str
    places: Counter[str]
    import_after: int

    def line_of(self, original: int) -> int:
        """Return which line this one of the original is here."""
        return original + (original > self.import_after)


def without_ignores(source: str) -> str:
    """Return the same module with nothing that keeps mypy from speaking of a line."""
    return _IGNORES.sub("#", source)


def rewrite(source: str, values: frozenset[Span], without: Sequence[str] = ()) -> Rewritten:
    """Wrap each place, of any kind but some, where one of these expressions stands."""
    tree = ast.parse(source)
    narrowed = set(_narrowed(tree))
    kinds = {}
    for kind, node in _places(tree):
        if node in narrowed:
            continue
        span = Span(node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
        if span in values and kind not in without:
            kinds[span] = kind
    lines = source.encode().splitlines(keepends=True)
    for line, column, _, text in sorted(_insertions(kinds), reverse=True):
        lines[line - 1] = lines[line - 1][:column] + text + lines[line - 1][column:]
    import_after = _line_for_import(tree)
    lines.insert(import_after, f"{_IMPORT}\n".encode())
    return Rewritten(b"".join(lines).decode(), Counter(kinds.values()), import_after)


def _insertions(spans: dict[Span, str]) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield what goes where. What ends at a column goes before what begins there."""
    for span in spans:
        yield span.line, span.column, 1, f"{WRAP}(".encode()
        yield span.end_line, span.end_column, 0, b")"


def _line_for_import(tree: ast.Module) -> int:
    """Return the number of lines that go before the import: a docstring's, and those of `__future__`."""
    for position, statement in enumerate(tree.body):
        is_docstring = position == 0 and ast.get_docstring(tree) is not None
        is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not is_docstring and not is_future:
            decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
            return min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    return 0


def _places(node: ast.AST, function: str | None = None) -> Iterator[tuple[str, ast.expr]]:
    """Yield each value that is asked for something inside a function, and what it is asked for."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        parameters = [*node.args.posonlyargs, *node.args.args]
        first = parameters[0].arg if parameters else ""
        for statement in node.body:
            yield from _places(statement, first)
        return
    if isinstance(node, ast.ClassDef):
        for statement in node.body:
            yield from _places(statement)
        return
    if isinstance(node, ast.JoinedStr):
        return  # where its expressions stand is not known before Python 3.12
    if function is not None:
        for kind, place in asked(node, function):
            if not isinstance(place, _DISPLAYS) and not _is_special(place):
                yield kind, place
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.AnnAssign) and child is node.annotation):
            yield from _places(child, function)


def asked(node: ast.AST, first: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield what this node asks something of, and what; not where `first` is given an attribute."""
    match node:
        case ast.Attribute(ast.Name(name), ctx=ast.Store()) if name == first:
            pass  # where the attributes of a class are declared
        case ast.Attribute(attr="__class__"):
            pass  # an Await has a class of its own
        case ast.Attribute(value):
            yield "attribute", value
        case ast.Call(ast.Attribute()):
            pass  # its receiver is a place
        case ast.Call(function):
            yield "call", function
        case ast.BinOp(left, _, right):
            yield "operator", left
            yield "operator", right
        case ast.UnaryOp(op, operand) if not isinstance(op, ast.Not):
            yield "operator", operand
        case ast.AugAssign(value=value):
            yield "operator", value
        case ast.Compare(left, operators, others):
            if not any(isinstance(operator, (ast.Is, ast.IsNot)) for operator in operators):
                yield from (("comparison", operand) for operand in [left, *others])
        case ast.Subscript(value, index):
            yield "subscript", value
            bounds = [index.lower, index.upper] if isinstance(index, ast.Slice) else [index]
            yield from (("index", bound) for bound in bounds if bound is not None)
        case ast.Await(value):
            yield "await", value
        case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.comprehension(iter=value):
            yield "iteration", value
        case ast.YieldFrom(value):
            yield "iteration", value
        case ast.withitem(value):
            yield "with", value
        case ast.Assign([ast.Tuple()], value):
            yield "unpacking", value


def _narrowed(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the receivers of attributes and items that mypy gives a narrower type after a test.

    It knows those by what stands before the dot, and would not find `self.x` behind a function. In the
    same way it finds the type of an empty container by a later use of its name.
    """
    for node in ast.walk(tree):
        for tested in _tested(node):
            while isinstance(tested, (ast.Attribute, ast.Subscript)):
                tested = tested.value
                yield tested
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            empty = {name for statement in ast.walk(node) for name in _made_empty(statement)}
            yield from (use for use in ast.walk(node) if isinstance(use, ast.Name) and use.id in empty)


def _tested(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If(test) | ast.While(test) | ast.IfExp(test) | ast.Assert(test):
            return [test]
        case ast.comprehension(ifs=tests) | ast.BoolOp(values=tests):
            return tests
        case ast.UnaryOp(ast.Not(), operand):
            return [operand]
        case ast.Compare(left, [ast.Is() | ast.IsNot()], others):
            return [left, *others]
        case ast.Call(ast.Name(name), arguments) if name in _SPECIAL_FUNCTIONS:
            return arguments
    return []


def _made_empty(statement: ast.AST) -> Iterator[str]:
    match statement:
        case ast.Assign([ast.Name(name)], ast.List([]) | ast.Dict([]) | ast.Constant(None)):
            yield name
        case ast.Assign([ast.Name(name)], ast.Call(ast.Name("list" | "dict" | "set" | "defaultdict"))):
            yield name


def _is_special(place: ast.expr) -> bool:
    match place:
        case ast.UnaryOp(_, ast.Constant()):
            return True
        case ast.Name(name) | ast.Attribute(_, name) | ast.Call(ast.Name(name)):
            if name in _SPECIAL_FUNCTIONS:
                return True
    return ast.unparse(place).startswith(("sys.version_info", "sys.platform"))
