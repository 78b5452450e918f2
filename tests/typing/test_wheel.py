"""The built wheel, installed away from the source tree, gives mypy the plugin and the types."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from awaits import __version__

from .conftest import RunMypy

PROGRAM = """\
from awaits import awaitable
size = awaitable(str, 5).lower
reveal_type(size)
awaitable(3)
"""


def run(*command: object, cwd: Path, code: int = 0) -> str:
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel in it, and mypy borrowed from this one."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--quiet"]
    run(*pip, wheel, cwd=folder)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    # On the path after the wheel, whose packages therefore win.
    (Path(site.strip()) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.partition("/")[0] for name in names}
    assert folders == {"awaits", "awaits_mypy", "awaits_pytest", f"typed_awaits-{__version__}.dist-info"}
    assert {"awaits/py.typed", "awaits/_tracing/timeline.html", "awaits_mypy/py.typed"} <= set(names)
    assert any(name.endswith("LICENSE") for name in names)


def test_installed_packages_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    for package in ("awaits", "awaits_mypy", "awaits_pytest"):
        program = f"import {package}; print({package}.__file__)"
        file = run(installed, "-c", program, cwd=tmp_path)
        assert Path(file).is_relative_to(installed.parents[1])


def test_installed_wheel_gives_mypy_the_plugin_and_the_types(
    installed: Path, tmp_path: Path, run_mypy: RunMypy
) -> None:
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\nstrict = true\n")
    (tmp_path / "main.py").write_text(PROGRAM)
    lines = run_mypy(tmp_path, "main.py", python=str(installed)).stdout.splitlines()
    assert lines[0] in (  # mypy 1.17 and newer ones
        'main.py:3: note: Revealed type is "def () -> builtins.str"',
        'main.py:3: note: Revealed type is "def () -> str"',
    )
    assert lines[1].startswith('main.py:4: error: Argument 1 to "awaitable" has incompatible type "int"')
    assert len(lines) == 3


def test_installed_wheel_has_the_command(installed: Path, tmp_path: Path) -> None:
    assert (
        run(installed.parent / "awaits-mypy", "--version", cwd=tmp_path)
        == f"awaits-mypy {__version__}\n"
    )
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    assert "run awaits-mypy init" in run(installed, "-m", "awaits_mypy", "check", cwd=tmp_path, code=1)


def test_installed_wheel_has_the_plugin_of_pytest(installed: Path, tmp_path: Path) -> None:
    said = run(installed, "-m", "pytest", "--trace-config", "--collect-only", cwd=tmp_path, code=5)
    assert f"PLUGIN registered: <module 'awaits_pytest' from '{installed.parents[1]}" in said


def test_installed_wheel_runs(installed: Path, tmp_path: Path) -> None:
    program = "from awaits import awaitable; aw = awaitable(str, 5); print(repr(aw), aw.zfill(3))"
    assert run(installed, "-c", program, cwd=tmp_path) == "<Await pending: str> 005\n"
