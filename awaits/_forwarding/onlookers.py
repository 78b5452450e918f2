"""Code that looks at whatever it comes across: what it reads of a pending Await is the Await's own."""

from collections.abc import Mapping
from types import FrameType
from typing import Final

# Modules that do so, with the occasion.
ONLOOKERS: Final[Mapping[str, str]] = {
    "pydoc": "help shows the class",
    "rlcompleter": "a name is completed",
    "_pyrepl.fancycompleter": "the same",
    "_pytest.compat": "what stands in a module is searched for tests and fixtures",
    "_pytest.doctest": "the same",
    "_pytest.python": "the same, and a parameter of a test is given a name",
    "_pytest.unittest": "the same",
    "IPython.utils.dir2": "a notebook shows the value of its last line",
    "jedi.inference.compiled.access": "IPython completes a name",
}

# Functions that do the same: those behind `inspect.iscoroutinefunction` and the like, which mocks ask of
# all that a class holds, answer False for a pending Await.
PREDICATES: Final = frozenset(
    {
        ("inspect", "_signature_is_functionlike"),
        ("inspect", "_has_coroutine_mark"),
        ("inspect", "classify_class_attrs"),
        ("functools", "_unwrap_partialmethod"),
        ("asyncio.coroutines", "iscoroutinefunction"),
    }
)

# The modules whose code may look on. Any other is not asked what it is.
MODULES: Final = frozenset({"inspect", *ONLOOKERS, *(module for module, _ in PREDICATES)})


def looks_on(frame: FrameType | None) -> bool:
    """Say whether the code that asks for an attribute looks at whatever it comes across."""
    if frame is None:
        return False
    if (frame.f_globals.get("__name__"), frame.f_code.co_name) in PREDICATES:
        return True
    return asker(frame) in ONLOOKERS


def asker(frame: FrameType | None) -> str | None:
    """Return the name of the module that asks, by itself or through `inspect`."""
    while frame is not None and frame.f_globals.get("__name__") == "inspect":
        frame = frame.f_back
    return frame and frame.f_globals.get("__name__")
