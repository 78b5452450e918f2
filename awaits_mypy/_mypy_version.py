"""The versions of mypy that the plugin takes."""

_OLDEST_MYPY = (1, 17)


def refusal_of(version: str) -> str | None:
    """Say what to do about this version of mypy, if it is too old."""
    major, minor = version.split(".")[:2]
    if (int(major), int(minor)) >= _OLDEST_MYPY:
        return None
    return (
        f"awaits_mypy needs mypy 1.17 or newer and this is mypy {version}:"
        ' install one with: pip install --upgrade "mypy>=1.17"'
    )
