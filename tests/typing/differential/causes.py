"""Why mypy says something else of an Await: the documented causes, told by what it says."""

import re
from typing import Final

IS_NO_W: Final = "an Await is no W"
HIDDEN: Final = "a member of the Await hides one"
ABSTRACT: Final = "an abstract container"
AWAITED: Final = "every Await can be awaited"

# The containers that the plugin knows: what they refuse of an Await, they are to refuse of its W.
_KNOWN_CLASS = r'"(array|bytearray|bytes|deque|list|range|set|str|tuple)\b'
_ABSTRACT_CLASS = r'"(Mutable)?(Mapping|Sequence|MappingProxyType|ChainMap)\b'

EMPTY: Final = "an empty container"
OF_ANY: Final = "an Await of Any"
UNASKED: Final = "mypy asks no plugin there"
FOLLOWS: Final = "follows from one of these"

CAUSES: Final = (IS_NO_W, ABSTRACT, HIDDEN, AWAITED, EMPTY, OF_ANY, UNASKED, FOLLOWS)

# By a pattern of what mypy says of the Await, whose name is already left out of it.
_BY_PATTERN: Final = {
    r"\[await-by-class\]": IS_NO_W,
    r"\[await-hidden\]": HIDDEN,
    r'"Callable\[\[\], tuple\[Any, \.\.\.\]\]"': HIDDEN,  # the Await's own `args`, where W is Any
    r"def \(\) -> tuple\[Any, \.\.\.\]": HIDDEN,
    r'"Callable\[\[\], Callable\[\.\.\., Any\]\]"': HIDDEN,  # its own `fn`
    r'"__(copy|deepcopy)__" of "Await"': HIDDEN,
    r'\(got "str \| tuple\[Any, \.\.\.\]"': HIDDEN,  # the Await's own `__reduce_ex__`
    rf"Invalid index type .+ for {_ABSTRACT_CLASS}": ABSTRACT,
    rf'No overload variant of "__(get|del)item__" of {_ABSTRACT_CLASS}': ABSTRACT,
    r'operand types for in \(".+" and "str"\)': IS_NO_W,  # which wants a str by its class
    # A dict keeps it: to look for one is accepted. Other classes want the class that they name.
    rf"Invalid index type .+ for (?!{_KNOWN_CLASS})": IS_NO_W,
    rf'No overload variant of "__([gs]et|del)item__" of (?!{_KNOWN_CLASS})': IS_NO_W,
    rf'Argument 1 to "__(delitem|i\w+)__" of (?!{_KNOWN_CLASS}|"dict\b)': IS_NO_W,
    "TypedDict key must be a string literal": UNASKED,
    r'operand types for in \(".+" and "(Iterable|Iterator|Generator)\[': UNASKED,
    r'(type|types) "[^"]*\bslice\[': IS_NO_W,  # an index that is an Await of one; or its end may be None
    r"\[str-format\]": IS_NO_W,
    "Enum index should be a string": IS_NO_W,
    r"Need type annotation": EMPTY,
    r'No overload variant of "(get|pop)" of "dict" matches': EMPTY,  # whose first key was an Await
    r"Argument after \*\* must have string keys": EMPTY,
}

# Two types that mypy refuses, though without the names of the Awaits they are the same.
_REFUSED: Final = (
    r'type "([^"]+)"(?: for "[^"]+")?; expected(?: type)? "([^"]+)"',
    r'got "([^"]+)", expected "([^"]+)"',
    r'expression has type "([^"]+)", (?:variable|TypedDict item "[^"]+") has type "([^"]+)"',
)


def cause_of(plain: list[str], awaits: list[str]) -> str | None:
    """Return the documented cause of what mypy says of an Await only; None if there is none."""
    for pattern, cause in _BY_PATTERN.items():
        if any(re.search(pattern, text) for text in awaits):
            return cause
    if not awaits and any('Incompatible types in "await"' in text for text in plain):
        return AWAITED
    if not awaits and any('untyped function "__copy__"' in text for text in plain):
        return HIDDEN
    if _is_of_guard(plain, awaits):
        return UNASKED
    if plain and awaits and all(any(_is_more_exact(each, text) for each in plain) for text in awaits):
        return OF_ANY
    refused = (re.search(pattern, text) for pattern in _REFUSED for text in awaits)
    return IS_NO_W if any(found and _is_same(found[1], found[2]) for found in refused) else None


def _is_of_guard(plain: list[str], awaits: list[str]) -> bool:
    """Return whether a type is narrowed by the type variable of a function that tells types."""
    named = re.compile(r"\b_?T\b")
    return any(map(named.search, awaits)) and not any(map(named.search, plain))


def _is_same(given: str, wanted: str) -> bool:
    """Return whether one is the other, or an item of that union; Any is the same as anything."""
    given, wanted = map(_without_kinds_of_mapping, (given, wanted))
    return any(_fits(given, item) or _fits(item, given) for item in [wanted, *wanted.split(" | ")])


def _is_more_exact(plain: str, text: str) -> bool:
    """Return whether an expression has the same type, but for a part that is Any for the plain value."""
    without_any = re.sub(r"\bAny \| | \| Any\b", "", plain)
    without_any = re.sub(r"\bLiteral\[(True|False)\]", "bool", without_any)
    return " at " in plain and (_fits(plain, text) or _fits(without_any, text))


def _without_kinds_of_mapping(text: str) -> str:
    text = re.sub(r"\bAny \| | \| Any\b", "", text)
    return re.sub(r"\b(dict|MutableMapping)\b", "Mapping", text)


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(re.sub(r"\bAny\b(,\\ \\.\\.\\.)?", ".+", re.escape(pattern)), text) is not None
