"""The call of a lazy import, and what Python's import system says of the thread that runs it."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Final

_IMPORT_SYSTEM: Final = "<frozen importlib._bootstrap>"


def import_named(name: str, /) -> Any:
    """Import the module of this name; with an attribute behind a colon, return what that is."""
    module_name, _, attributes = name.partition(":")
    __import__(module_name)
    found: Any = sys.modules[module_name]
    for attribute in filter(None, attributes.split(".")):
        found = getattr(found, attribute)
    return found


# Messages and traces have the name that users know, by which pickle finds the function here.
import_named.__name__ = import_named.__qualname__ = "lazy_import"
lazy_import = import_named
import_named.__annotations__ = {}  # nothing is known of what it gives, so nobody has to read that


def is_importing() -> bool:
    """Say whether the calling thread imports some module now, and so may have locks of that system."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == _IMPORT_SYSTEM:
            return True
        frame = frame.f_back
    return False


def is_whole(name: str) -> bool:
    """Say whether the module of this name has been imported to its end."""
    spec = getattr(sys.modules.get(name.partition(":")[0]), "__spec__", None)
    return not getattr(spec, "_initializing", False)
