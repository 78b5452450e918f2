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
    """Return an Await of the module of this absolute name, which is imported when it is first used.

    `lazy_import("package.module")` is what `import_module("package.module")` of `importlib` would give,
    and `lazy_import("package.module:attribute")` that attribute of it, in the notation of entry points
    and `pkgutil.resolve_name`. Nothing is looked for now. The first use imports the module, once, in
    whichever thread it is. It raises what the import raises, `ModuleNotFoundError` where there is no
    such module; that is not kept, and the next use tries again. A module that is not imported to its
    end, as where two modules import each other, is used as far as it is there, and not kept yet.
    Copies and pickles carry the name. Raises `TypeError` at once if `name` is no str, and `ValueError`
    if it cannot be a name.

    The plugin knows the type of the module or attribute where the name is a literal.
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
