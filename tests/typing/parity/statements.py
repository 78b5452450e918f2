"""The statements that are compared: everything that can be said of one value `w`."""

from collections.abc import Iterator

BINARY = ["+", "-", "*", "@", "/", "//", "%", "**", "<<", ">>", "&", "^", "|"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]
OPERANDS = ["1", "'s'", "None", "[1]", "w"]

PROTOCOLS = [
    "Awaitable[Any]",
    "AsyncIterable[Any]",
    "AsyncIterator[Any]",
    "Callable[..., Any]",
    "Callable[[int], int]",
    "Collection[Any]",
    "Container[Any]",
    "ContextManager[Any]",
    "Hashable",
    "HasName",
    "Iterable[Any]",
    "Iterable[int]",
    "Iterator[Any]",
    "os.PathLike[Any]",
    "Reversible[Any]",
    "Sized",
    "SupportsAbs[Any]",
    "SupportsBytes",
    "SupportsComplex",
    "SupportsFloat",
    "SupportsIndex",
    "SupportsInt",
    "SupportsRound[Any]",
]

USES = [
    "-w",
    "+w",
    "~w",
    "not w",
    "len(w)",
    "abs(w)",
    "hash(w)",
    "iter(w)",
    "next(w)",
    "reversed(w)",
    "sorted(w)",
    "sum(w)",
    "max(w)",
    "list(w)",
    "dict(w)",
    "set(w)",
    "tuple(w)",
    "[*w]",
    "print(*w)",
    "{**w}",
    "dict(**w)",
    "enumerate(w)",
    "zip(w, w)",
    "map(w, [1])",
    "filter(w, [1])",
    "divmod(w, 1)",
    "divmod(1, w)",
    "round(w)",
    "round(w, 1)",
    "math.floor(w)",
    "math.trunc(w)",
    "operator.index(w)",
    "range(w)",
    "[1, 2][w]",
    "''.join(w)",
    "str(w)",
    "repr(w)",
    "f'{w}'",
    "f'{w:>9}'",
    "'%s' % w",
    "'{}'.format(w)",
    "w[0]",
    "w['k']",
    "w[0:1]",
    "w[w]",
    "w()",
    "w(1)",
    "w(1, key='s')",
    "1 in w",
    "'s' in w",
    "w in [1]",
    "w in ['s']",
    "w not in w",
    "w and 1",
    "1 < w < 2",
    "[x for x in w]",
    "callable(w)",
    "w == w == 1",
]

BLOCKS = [
    "w[0] = 1",
    "w['k'] = w",
    "del w[0]",
    "del w['k']",
    "for x in w: reveal_type(x)",
    "for x, y in w: reveal_type(y)",
    "with w as x: reveal_type(x)",
    "async with w as x: reveal_type(x)",
    "async for x in w: reveal_type(x)",
    "x = w(); reveal_type(x)",
    "*x, = w; reveal_type(x)",
    "while w: break",
    "yield from w",
    "assert w",
]


def attribute_statements(name: str) -> Iterator[tuple[str, str]]:
    """Yield each kind and statement for one attribute."""
    yield "read", f"reveal_type(w.{name})"
    yield "write", f"w.{name} = object()"
    yield "write", f"w.{name} = 0"
    yield "delete", f"del w.{name}"
    yield "call", f"reveal_type(w.{name}())"
    yield "call", f"reveal_type(w.{name}(1))"
    yield "call", f"x = w.{name}('s', key=2)"


def value_statements() -> Iterator[tuple[str, str]]:
    """Yield each kind and statement for the value itself."""
    for missing in ("is_not_there", "_is_not_there", "__is_not_there__"):
        for _, statement in attribute_statements(missing):
            yield "missing name", statement
    for operand in OPERANDS:
        for operator in BINARY + COMPARISONS:
            yield "operator", f"reveal_type(w {operator} {operand})"
            yield "operator", f"reveal_type({operand} {operator} w)"
        for operator in BINARY:
            yield "in place", f"w {operator}= {operand}"
    for use in USES:
        yield "operator", f"reveal_type({use})"
    for block in BLOCKS:
        yield "operator", block
    for protocol in PROTOCOLS:
        yield "protocol", f"x: {protocol} = w"
    yield "protocol", "reveal_type(first(w))"
    yield "protocol", "reveal_type(called(w))"
    yield "protocol", "reveal_type(entered(w))"
