"""Read settings from a TOML or JSON file, but only when something asks for one of them.

Usage: python config.py [FILE]     (the default is this project's own pyproject.toml)
"""

import json
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awaits import Await, awaitable, awaitable_done


@dataclass
class Settings:
    """The part of a project's settings that this program needs."""

    name: str
    requires_python: str
    dependencies: list[str]

    def summary(self) -> str:
        """Return one line that describes the project."""
        needs = ", ".join(self.dependencies) or "nothing"
        return f"{self.name} (Python {self.requires_python}) needs {needs}"


def load_settings(path: Path) -> Settings:
    """Parse the file, which may be TOML or JSON with the same tables."""
    text = path.read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    project = data["project"]
    return Settings(project["name"], project["requires-python"], project["dependencies"])


def main(arguments: list[str]) -> None:
    """Describe the project whose settings file is named, or this one."""
    here = Path(__file__).parent.parent / "pyproject.toml"
    settings: Await[Settings] = awaitable(load_settings, Path(arguments[0]) if arguments else here)
    print("before the first use:", "parsed" if awaitable_done(settings) else "not parsed yet")
    print(settings.summary())
    print("after it:", "parsed, once" if awaitable_done(settings) else "not parsed yet")


if __name__ == "__main__":
    main(sys.argv[1:])
