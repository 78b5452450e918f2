"""Run mypy as a user does: as a program, in a folder, with a configuration file."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

RunMypy = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_mypy() -> RunMypy:
    """Return a function that runs mypy with these arguments in this folder."""

    def run(
        folder: Path, *arguments: str, python: str = sys.executable, pythonpath: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "mypy", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": pythonpath},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
