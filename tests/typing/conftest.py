"""Run mypy as a user does: as a program, in a folder, with a configuration file."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_mypy_plugins.item import OutputChecker

from awaits_mypy._command.main import main

ROOT = Path(__file__).parents[2]

# pytest-mypy-plugins runs the `mypy` that is first on the path: it must be the one beside this Python,
# in an environment that is not activated too.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

# Until mypy 1.20, "builtins.list[int]" stood where now "list[int]" stands.
_check = OutputChecker.check


def _check_without_builtins(self: OutputChecker, ret_code: int, stdout: str, stderr: str) -> None:
    _check(self, ret_code, stdout.replace("builtins.", ""), stderr)


OutputChecker.check = _check_without_builtins  # type: ignore[method-assign]


def pytest_configure(config: pytest.Config) -> None:
    """Give the cases of mypy a folder, and so a cache, that no other run uses at the same time."""
    if config.option.mypy_testing_base == tempfile.gettempdir():
        base = tempfile.TemporaryDirectory()
        config.add_cleanup(base.cleanup)
        config.option.mypy_testing_base = base.name


Command = Callable[..., tuple[int, str, str]]
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


def dmypy(folder: Path, *arguments: str) -> str:
    """Return what mypy's daemon prints in this folder."""
    result = subprocess.run(
        [sys.executable, "-m", "mypy.dmypy", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def command(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return a function that runs the command in the test's folder: its exit code and what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYPY_CACHE_DIR", str(cache))
    (tmp_path / ".git").mkdir()  # mypy looks no higher

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the checkout, alone in its folder."""
    folder = tmp_path_factory.mktemp("wheel")
    # setuptools is among the test requirements, so that this needs no network.
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", "."]
    built = subprocess.run([*pip, ROOT], cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("typed_awaits-*.whl")
    return found
