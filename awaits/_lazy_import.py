"""Modules that are imported when they are first used."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from awaits._await import Await
from awaits._running.imports import import_named
from awaits._state import making
from awaits._state.slots import PENDING

Name_co = TypeVar("Name_co", bound=str, covariant=True)

if TYPE_CHECKING:

    class Module(ModuleType, Generic[Name_co]):
        """To the plugin, the W of a lazy import: the module of this name, a literal."""


def lazy_import(name: str, /) -> Await[Any]:
    """Return an Await of a module, which is imported when it is first used.

    `lazy_import("package.module")` is the module that `importlib.import_module("package.module")`
    returns. `lazy_import("package.module:attribute")` is that attribute of the module. (Entry points and
    `pkgutil.resolve_name` write names in this way.) If the name is written in the call, the plugin knows
    the type of the module or attribute.

    Nothing is looked for now. The first use imports the module, once, in the thread that uses it. It
    raises what the import raises, such as `ModuleNotFoundError`. The exception is not kept: the next use
    tries again. If two modules import each other, one of them is used before its import has ended. That
    use sees what the module has so far, and the next use looks again.

    Copies and pickles contain only the name. Raises `TypeError` at once if `name` is not a str, and
    `ValueError` if it is relative or cannot be a name.
    """
    given: object = name
    if not isinstance(given, str):
        kind = type(given).__name__
        raise TypeError(f"lazy_import() needs the name of a module as a str, not {kind!r}")
    if name.startswith("."):
        raise ValueError(
            f"lazy_import() needs an absolute name, and {name!r} is relative:"
            " write the package too, which is __package__ in its modules"
        )
    module, colon, attribute = name.partition(":")
    if not _is_dotted(module) or (colon and not _is_dotted(attribute)):
        raise ValueError(
            f"lazy_import() needs a name as 'package.module' or 'package.module:attribute', not {name!r}"
        )
    aw: Await[Any] = making.new(import_named, (name,), {}, PENDING)
    if not colon:
        making.classes.narrow(aw, ModuleType)
    return aw


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


making.public["lazy_import"] = lazy_import
