"""Why mypy says something else of an Await: the documented causes, told by what it says."""

import re
from typing import Final

IS_NO_W: Final = "an Await is no W"
HIDDEN: Final = "a member of the Await hides one"

# By a pattern of what mypy says of the Await, whose name is already left out of it.
CAUSES: Final = {
    r"\[await-hidden\]": HIDDEN,
    r'type "(.+)"( for ".+")?; expected( type)? "\1"': IS_NO_W,
    r'operand types for in \("str" and "str"\)': IS_NO_W,  # which wants a str by its class
    r'got "(.+)", expected "\1"': IS_NO_W,
}


def cause_of(plain: list[str], awaits: list[str]) -> str | None:
    """Return the documented cause of what mypy says of an Await only; None if there is none."""
    for pattern, cause in CAUSES.items():
        if any(re.search(pattern, text) for text in awaits):
            return cause
    return None
