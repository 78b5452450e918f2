"""The mypy plugin of `awaits`: what mypy says of an `Await[W]` is what it says of a W.

Turned on by `plugins = ["awaits_mypy"]` in the mypy configuration.
"""

from typing import TYPE_CHECKING

from awaits_mypy._distribution import foreign_package, looks_like_ours
from awaits_mypy._mypy_version import refusal_of

if TYPE_CHECKING:  # the command of this package starts without mypy too, to say that it is missing
    from mypy.plugin import Plugin


def plugin(version: str) -> "type[Plugin]":
    """Return the plugin class, for this version of mypy.

    Raises mypy's own `CompileError`, which mypy shows without a traceback, below mypy 1.17, and where
    another project's package `awaits` is in the place of ours.
    """
    refusal = refusal_of(version) or (None if looks_like_ours() else foreign_package())
    if refusal:
        from mypy.errors import CompileError

        raise CompileError([refusal])
    # Imported after the check, because an older mypy may lack what it needs.
    from awaits_mypy._plugin.plugin import AwaitsPlugin

    return AwaitsPlugin
