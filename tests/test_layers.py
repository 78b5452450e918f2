"""Imports point one way: by the syntax trees of the files, and by import-linter with its contracts.

Both see imports inside functions and for type checking too, and both find a wrong one that is planted.
"""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("awaits", "awaits_mypy", "awaits_pytest")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()

# A wrong import as it may come: in the file, where it stands, and what import-linter says of it.
WRONG_IMPORTS = {
    "at the top": ("awaits/_state/slots.py", "from awaits._running import calls\n", "awaits BROKEN"),
    "inside a function": (
        "awaits/_running/claims.py",
        "def late() -> None:\n    from awaits._running.calls import run\n",
        "awaits._running BROKEN",
    ),
    "for type checking": (
        "awaits/_running/implicit.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from awaits._await import Await\n",
        "awaits BROKEN",
    ),
    "of the package": ("awaits/_tracing/runs.py", "from awaits import Await\n", "awaits BROKEN"),
    "in the plugin": (
        "awaits_mypy/_plugin/receivers.py",
        "from awaits_mypy._plugin import operators\n",
        "awaits_mypy._plugin BROKEN",
    ),
    "of the other package": (
        "awaits/_state/errors.py",
        "def late() -> None:\n    import awaits_mypy._plugin.names\n",
        "the packages BROKEN",
    ),
}


def modules_of(root: Path) -> dict[str, Path]:
    files = {file for package in PACKAGES for file in (root / package).rglob("*.py")}
    return {name_of(file.relative_to(root)): file for file in files}


def name_of(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def imported_by(file: Path, modules: dict[str, Path]) -> Iterator[str]:
    """Yield the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} has a relative import, which is not looked at here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else str(node.module) for name in names]
        else:
            continue
        yield from (name for name in names if name in modules)


def circle_in(root: Path) -> list[str]:
    """Return a circle of modules that import one another, or nothing."""
    modules = modules_of(root)
    graph = {name: set(imported_by(file, modules)) for name, file in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a folder with the packages and the contracts, to plant imports in."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.so", "*.pyd")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(root: Path, file: str, source: str) -> None:
    with (root / file).open("a") as end:
        end.write(source)


def test_no_file_imports_what_imports_it() -> None:
    assert len(modules_of(ROOT)) > 60
    assert circle_in(ROOT) == []


@pytest.mark.parametrize(
    ("file", "source"), [wrong[:2] for name, wrong in WRONG_IMPORTS.items() if "other" not in name]
)
def test_planted_import_makes_a_circle(file: str, source: str, copied: Path) -> None:
    plant(copied, file, source)
    assert name_of(Path(file)) in circle_in(copied)


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    if find_spec("importlinter") is None:
        pytest.skip("import-linter is not installed: it is in the group lint")
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts_are_kept() -> None:
    result = lint_imports(ROOT)
    assert (result.returncode, f"{len(CONTRACTS)} kept, 0 broken" in result.stdout) == (0, True)


@pytest.mark.parametrize(("file", "source", "broken"), WRONG_IMPORTS.values(), ids=WRONG_IMPORTS)
def test_planted_import_breaks_a_contract(file: str, source: str, broken: str, copied: Path) -> None:
    plant(copied, file, source)
    result = lint_imports(copied)
    assert result.returncode == 1
    assert broken in result.stdout


def test_file_that_no_floor_has_breaks_a_contract(copied: Path) -> None:
    (copied / "awaits/_state/new.py").touch()
    result = lint_imports(copied)
    assert result.returncode == 1
    assert "awaits._state BROKEN" in result.stdout


def test_contributing_shows_the_floors_of_the_contracts() -> None:
    [block] = re.findall(r"```text\n(awaits\n.*?)```", CONTRIBUTING, re.DOTALL)
    shown: dict[str, list[str]] = {}
    container = ""
    for line in block.splitlines():
        if line.startswith("  "):
            shown[container].append(line.strip())
        elif line:
            container = line
            shown[container] = []
    assert shown == {
        contract["name"]: contract["layers"] for contract in CONTRACTS if "containers" in contract
    }
    assert all(
        [contract["name"]] == contract.get("containers", [contract["name"]]) for contract in CONTRACTS
    )


def test_contributing_names_files_that_are_there() -> None:
    named = re.findall(r"`((?:awaits|awaits_mypy|tests|docs|\.ci)/[^`* ]*)`", CONTRIBUTING)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []
