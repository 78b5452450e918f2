"""Code that looks at whatever it comes across, as a debugger does. To it a pending Await is an object.

An onlooker is known by the module of the frame that asks. What would run the call of a pending Await
asks here first. If an onlooker asks, nothing runs: `str` and `format` give the Await's own `repr`, it is
true, equal to itself only, and has no operators, items, length or names but its own. A complete Await is
its value to an onlooker as to anybody else, as there is nothing to run.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from awaits._state.slots import core

# What looks on: a module with all below it, or a function of one after a colon; with the occasion. Not a
# whole tool where that also uses what it is given: `rich.progress.track` is to go through an Await.
ONLOOKERS: Final[Mapping[str, str]] = {
    # The standard library.
    "pdb": "whatis, display and the like show a value",
    "pydoc": "help shows the class",
    "rlcompleter": "a name is completed",
    "_pyrepl.fancycompleter": "the same",
    "inspect:getmodule": "the module of a function or a class is looked for",
    "logging:LogRecord.__init__": "a record is made, whose text nobody may want",
    # What `inspect.iscoroutinefunction` and the like ask of all that a class holds.
    "inspect:_signature_is_functionlike": "mocks ask whether it is a function",
    "inspect:_has_coroutine_mark": "the same",
    "inspect:classify_class_attrs": "the same",
    "functools:_unwrap_partialmethod": "the same",
    "asyncio.coroutines:iscoroutinefunction": "the same",
    # Debuggers: pydevd is in those of VS Code and PyCharm. What is typed there runs in the program.
    "_pydev_bundle": "a debug console completes a name",
    "_pydevd_bundle": "variables, watches and hovers are shown",
    "pudb.var_view": "variables are shown",
    "pysnooper": "variables are shown at each line",
    "snoop": "the same",
    # Notebooks and consoles.
    "IPython.core.completer": "a name is completed",
    "IPython.core.magics.namespace": "%whos and the like list variables",
    "IPython.core.oinspect": "aw? and Shift-Tab describe an object",
    "IPython.extensions.autoreload": "what a module held is compared with what it holds",
    "bpython.autocomplete": "a name is completed",
    "bpython.inspection": "the parameters of a call are shown",
    "IPython.utils.dir2": "a notebook shows the value of its last line",
    "IPython.utils.wildcard": "%psearch looks for names",
    "jedi.inference.compiled.access": "IPython completes a name",
    "ptpython.completer": "a name is completed",
    "ptpython.printer": "a result is shown",
    "ptpython.signatures": "the parameters of a call are shown",
    # Pretty printers and logs.
    "devtools.debug": "debug() shows what it is given",
    "devtools.prettier": "the same",
    "devtools.utils": "the same",
    "objgraph": "what refers to an object is drawn",
    "objprint": "an object is shown with what it holds",
    "pympler": "the size of an object is measured",
    "rich._inspect": "inspect() shows an object",
    "rich.pretty": "what is in containers and tracebacks is shown",
    "stackprinter": "a traceback has the values of variables",
    "structlog.processors": "the values of a log entry are shown",
    "wat.inspection": "an object is described",
    # What makes documentation, stubs and models of the names in a module or a class.
    "griffe": "a module is documented, as by mkdocstrings",
    "mypy.stubtest": "a module is compared with its stub",
    "mypy.stubgenc": "a stub is made of a module",
    "pdoc": "a module is documented",
    "pydantic._internal._fields": "a default is taken from the body of a class",
    "pydantic.json_schema": "the schema of a model has its defaults",
    "pydantic.plugin._schema_validator:create_schema_validator": "the same",
    "sphinx.ext.autodoc": "what stands in a module or a class is documented",
    "sphinx.util.inspect": "the same",
    # Test runners.
    "_pytest._code.code:getfslineno": "where something stands is found",
    "_pytest._code.source:getrawcode": "the same",
    "_pytest.assertion": "an assertion that failed is shown with its values",
    "_pytest.compat": "what stands in a module is searched for tests and fixtures",
    "_pytest.doctest": "the same",
    "_pytest.python": "the same, and a parameter of a test is given a name",
    "_pytest.unittest": "the same",
    "anyio.pytest_plugin": "the same",
}

# Modules that ask for whoever calls them, with all below them: it is the caller that looks on, or not.
ON_BEHALF: Final = ("inspect", "pprint", "pydantic.type_adapter", "reprlib", "typing")
# The same in this package: the special methods of an Await, up to where a call runs.
_OWN_PACKAGE: Final = __name__.partition(".")[0]
_OWN: Final = tuple(f"{_OWN_PACKAGE}.{name}" for name in ("_await", "_forwarding", "_running.implicit"))

# What a module is: an onlooker, of this package, one that asks for its caller, or none of these. Of the
# last some have functions that look on.
_LOOKS: Final = "looks on"
_OURS: Final = "ours"
_ASKS_FOR_CALLER: Final = "asks for its caller"
_HAS_ONLOOKERS: Final = "has onlookers"
ORDINARY: Final = "ordinary"

# Those of the table and those that `onlooker` has added. Never less, so that its length says whether it
# has changed. A module of which functions are here is here too, with a colon at its end.
_names: Final = {*ONLOOKERS, *(name.partition(":")[0] + ":" for name in ONLOOKERS if ":" in name)}
# What each module is that has asked so far. Most are ordinary, which costs one look.
kinds: Final[dict[str, str]] = {}


def onlooker(name: str, /) -> None:
    """Let a tool show variables without running the calls of Awaits, as a debugger does.

    `onlooker("package.module")` names a module and all modules in it,
    `onlooker("package.module:function")` one function. From now on, in every thread, a pending Await is
    a plain object to this code: `str` and `format` give its `repr`, it has no attributes, items, length
    or operators of its value, and nothing runs. `awaitable_wait(aw)` and `await aw` still run the call.
    The module need not be imported yet.

    Raises `TypeError` if `name` is not a str, and `ValueError` if it cannot be the name of a module or
    function.
    """
    if not isinstance(name, str):
        raise TypeError(f"onlooker() needs the name of a module, not {type(name).__name__!r}")
    module, colon, function = name.partition(":")
    parts = [*module.split("."), *(function.split(".") if colon else ())]
    if not all(part.isidentifier() or part == "<locals>" for part in parts):
        raise ValueError(f"onlooker() needs 'package.module' or 'package.module:function', not {name!r}")
    _names.update({name, f"{module}:"} if colon else {name})
    _forget_kinds()  # last: see `_learn`


def looks_on() -> bool:
    """Say whether the code that uses an Await now, outside of this package, only looks on.

    There is no frame where C asks and no Python code runs, as in a thread that begins with this.
    """
    depth = 0
    while True:
        depth += 1
        try:
            # Not by `f_back`, which without memory is None, with an error that comes up elsewhere.
            frame = sys._getframe(depth)
        except ValueError:
            return False
        module = frame.f_globals.get("__name__")
        if type(module) is not str:
            return False
        kind = kinds.get(module) or _learn(module)
        if kind is _OURS:
            continue
        if kind is ORDINARY:
            return False
        if kind is _LOOKS or f"{module}:{frame.f_code.co_qualname}" in _names:
            return True
        if kind is _HAS_ONLOOKERS:
            return False


def _learn(module: str) -> str:
    """Find out what a module is, and keep it."""
    while True:
        size = len(_names)
        kinds[module] = kind = _kind_of(module)
        if len(_names) == size:
            return kind
        # Another thread added one, and may have forgotten all before this was kept.
        _forget_kinds()


def _forget_kinds() -> None:
    kinds.clear()
    if core is not None:
        core.forget_last_ordinary()


def _kind_of(module: str) -> str:
    above = module
    while above:
        if above in _names:
            return _LOOKS
        if above in _OWN:
            return _OURS
        if above in ON_BEHALF:
            return _ASKS_FOR_CALLER
        above = above.rpartition(".")[0]
    return _HAS_ONLOOKERS if f"{module}:" in _names else ORDINARY
