"""In a project with two mistakes of each kind, mypy finds those and no others, as `init` leaves it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import mypy.version
import pytest

from .conftest import RunMypy, dmypy

PROJECT = Path(__file__).with_name("project_with_mistakes")
MYPY = tuple(map(int, mypy.version.__version__.split(".")[:2]))
ON = ("--enable-error-code", "await-implicit")
ERROR = re.compile(r"^(?P<file>\S+):(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$", re.MULTILINE)

pytestmark = pytest.mark.skipif(MYPY < (1, 19), reason="an older one finds less")

Found = set[tuple[str, int, str]]


def planted() -> Found:
    """Return file, line and code of each mistake, as the comments at its line have it."""
    mistakes = {
        (file.relative_to(PROJECT).as_posix(), number, line.partition("# mistake: ")[2])
        for file in PROJECT.rglob("*.py")
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if "# mistake: " in line
    }
    assert len(mistakes) == 10
    return mistakes


def found(said: str) -> Found:
    """Return file, line and code of each error that mypy printed; any other line but a note fails."""
    assert "INTERNAL ERROR" not in said
    errors = [(error["file"], int(error["line"]), error["code"]) for error in ERROR.finditer(said)]
    assert len(errors) == said.count(": error: ") == len(set(errors))
    return set(errors)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project as `awaits-mypy init` leaves it."""
    folder = tmp_path_factory.mktemp("begun") / "project"
    shutil.copytree(PROJECT, folder)
    init = [sys.executable, "-m", "awaits_mypy", "init"]
    said = subprocess.run(init, cwd=folder, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    return folder


@pytest.fixture(scope="module")
def project(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same with `await-implicit` on in all modules."""
    folder = tmp_path_factory.mktemp("on") / "project"
    shutil.copytree(begun, folder)
    with (folder / "pyproject.toml").open("a") as config:
        config.write(
            '\n[[tool.mypy.overrides]]\nmodule = "*.*"\nenable_error_code = ["await-implicit"]\n'
        )
    return folder


def test_cold_run_finds_the_ten(project: Path, run_mypy: RunMypy) -> None:
    assert found(run_mypy(project, "--cache-dir", "cold").stdout) == planted()


def test_command_line_turns_await_implicit_on_too(begun: Path, run_mypy: RunMypy) -> None:
    eight = {mistake for mistake in planted() if mistake[2] != "await-implicit"}
    assert found(run_mypy(begun).stdout) == eight
    assert found(run_mypy(begun, "--enable-error-code", "await-implicit").stdout) == planted()


def test_daemon_finds_the_ten_and_again_after_an_edit(project: Path) -> None:
    file = project / "shop/catalog.py"
    text = file.read_text()
    try:
        assert found(dmypy(project, "run", "--", "shop")) == planted()
        file.write_text(text.replace("price: int\n", "price: int\n    stock: int = 0\n"))
        moved = {(name, line + (name == "shop/catalog.py"), code) for name, line, code in planted()}
        assert found(dmypy(project, "run", "--", "shop")) == moved
    finally:
        dmypy(project, "kill")
        file.write_text(text)


@pytest.mark.skipif(MYPY < (2, 0), reason="mypy 2 runs in parallel")
def test_parallel_run_finds_the_ten(project: Path, run_mypy: RunMypy) -> None:
    assert found(run_mypy(project, "-n", "2", "--cache-dir", "parallel").stdout) == planted()
