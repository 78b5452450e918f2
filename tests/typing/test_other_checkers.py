"""Checkers without the plugin find no error in ordinary uses, and infer what is asserted there."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, RunMypy

USES = ROOT / "tests" / "typing" / "ordinary_uses.py"
BESIDE_PYTHON = Path(sys.executable).parent

COMMANDS = {
    "pyright": [sys.executable, "-m", "pyright"],
    # Without the preset it would take the looser settings that it makes of those for mypy.
    # From 1.5 on it takes an Await in a condition for a coroutine that somebody forgot to await.
    "pyrefly": [
        *(str(BESIDE_PYTHON / "pyrefly"), "check", "--preset", "default"),
        *("--ignore", "unused-coroutine"),
    ],
    "ty": [str(BESIDE_PYTHON / "ty"), "check", "--python", sys.prefix],
}


@pytest.mark.parametrize("checker", COMMANDS)
def test_checker_finds_no_error_in_ordinary_uses(checker: str) -> None:
    if not (importlib.util.find_spec(checker) and shutil.which(checker, path=str(BESIDE_PYTHON))):
        pytest.skip(f"{checker} is not installed: pip install --group checkers")
    result = subprocess.run(
        [*COMMANDS[checker], str(USES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_mypy_with_the_plugin_finds_no_error_in_ordinary_uses(run_mypy: RunMypy) -> None:
    result = run_mypy(ROOT, str(USES))
    assert result.returncode == 0, result.stdout + result.stderr


def test_mypy_without_the_plugin_finds_no_error_in_ordinary_uses(
    tmp_path: Path, run_mypy: RunMypy
) -> None:
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\nwarn_unreachable = true\n")
    shutil.copy(USES, tmp_path)
    result = run_mypy(tmp_path, USES.name, pythonpath=str(ROOT))
    assert result.returncode == 0, result.stdout + result.stderr
