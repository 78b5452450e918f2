"""The distribution that these packages come in, and what else may have a package called `awaits`.

Another project on the public index is called `awaits`, as its package is. Where both are installed, the
files of one lie among those of the other, and whichever came last has `awaits/__init__.py`.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

NAME: Final = "typed-awaits"

# Run by the Python whose environment is in question; -P keeps it from looking into the current folder.
_OWNERS: Final = """\
import json
from importlib import metadata
names = set(metadata.packages_distributions().get("awaits", ()))
print(json.dumps(sorted((name, metadata.version(name)) for name in names)))
"""


def installation(python: str = sys.executable) -> str:
    """Return the command that installs this distribution, with the plugin, for this Python."""
    return f"{python} -m pip install '{NAME}[mypy]'"


# What only our `awaits/__init__.py` says.
_OURS: Final = "from awaits._await import Await\n"


def looks_like_ours() -> bool:
    """Say whether `import awaits` would give our package, by a look at its file only.

    mypy asks at each start, and the import takes longer than the rest of the plugin's.
    """
    spec = find_spec("awaits")
    try:
        return spec is not None and _OURS in Path(spec.origin or "").read_text(encoding="utf-8")
    except OSError:
        return False


def foreign_package() -> str | None:
    """Say what to do where `import awaits` gives another package here, or only a part of ours."""
    try:
        # What no other package of that name is likely to have.
        from awaits import Await, __version__  # noqa: F401
    except ImportError as error:
        other = other_owner(sys.executable)
        if other is None and (error.name or "").partition(".")[0] != "awaits":
            raise  # something else is missing
        return other or (
            f"the package awaits is not that of {NAME}, or not all of it ({error}):"
            f" run {installation()} --force-reinstall"
        )
    return None


def other_owner(python: str) -> str | None:
    """Say what to do where another distribution in the environment of this Python has the package too.

    A Python that cannot be asked has none.
    """
    asked = subprocess.run(  # noqa: S603 -- the Python that runs this, or that of the user's configuration
        [python, "-P", "-c", _OWNERS], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        return None
    owners = dict(json.loads(asked.stdout))
    others = [
        f"{name} {version}" for name, version in owners.items() if name.lower().replace("_", "-") != NAME
    ]
    if not others:
        return None
    return (
        f"the package awaits is in another distribution too, {', '.join(others)}, whose files may lie"
        f" over ours: run {python} -m pip uninstall {' '.join(owners)}, then {installation(python)}"
    )
