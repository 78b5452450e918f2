"""The plugin class: which callback answers for which name, and nothing else."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mypy.options import Options
from mypy.plugin import AttributeContext, Plugin, ReportConfigContext
from mypy.types import Type

from awaits_mypy._attributes import see_through_attribute
from awaits_mypy._names import AWAIT

_AWAIT_MEMBER = f"{AWAIT}."


class AwaitsPlugin(Plugin):
    """Types an `Await[W]` as the W that it will produce."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._digest = _digest_of_this_package()

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Answer for the attributes that only `Await.__getattribute__` provides."""
        if fullname.startswith(_AWAIT_MEMBER):
            return partial(see_through_attribute, name=fullname.removeprefix(_AWAIT_MEMBER))
        return None

    def report_config_data(self, ctx: ReportConfigContext) -> str:
        """Invalidate mypy's cache when any file of the plugin changes.

        By itself mypy compares the text of the configured module only, which is `__init__.py`.
        """
        return self._digest


def _digest_of_this_package() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
