"""The README's example: what mypy says of it and what it prints are what the README shows."""

import re
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT, RunMypy

README = (ROOT / "README.md").read_text(encoding="utf-8")


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run_program(folder: Path, name: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, name], cwd=folder, capture_output=True, text=True, timeout=99, check=False
    )


def test_example_is_checked_and_runs_as_shown(tmp_path: Path, run_mypy: RunMypy) -> None:
    program, *_ = code_blocks("python")
    (toml,) = code_blocks("toml")
    mypy_says, it_prints, _ = code_blocks("text")
    (tmp_path / "example.py").write_text(program)
    (tmp_path / "pyproject.toml").write_text(toml)
    (tmp_path / "README.md").write_text(README)
    assert run_mypy(tmp_path, "example.py").stdout == mypy_says
    ran = run_program(tmp_path, "example.py")
    assert ran.stdout + ran.stderr.splitlines(keepends=True)[-1] == it_prints


def test_graph_is_checked_as_shown_and_lazy(tmp_path: Path, run_mypy: RunMypy) -> None:
    _, program, _ = code_blocks("python")
    *_, mypy_says = code_blocks("text")
    (tmp_path / "graph.py").write_text(program)
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\n")
    (tmp_path / "README.md").write_text("one\nthe longest\n")
    assert run_mypy(tmp_path, "graph.py").stdout == mypy_says
    ran = run_program(tmp_path, "graph.py")
    printed = "<Await pending: longest>\nreading README.md\nTHE LONGEST 2\n"
    assert (ran.returncode, ran.stdout) == (0, printed)


def test_many_at_once_is_checked_and_runs(tmp_path: Path, run_mypy: RunMypy) -> None:
    *_, program = code_blocks("python")
    (tmp_path / "many.py").write_text(program)
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\nstrict = true\n")
    assert run_mypy(tmp_path, "many.py").stdout == "Success: no issues found in 1 source file\n"
    ran = run_program(tmp_path, "many.py")
    assert (ran.returncode, ran.stdout) == (0, "[7, 19, 33]\n[3, 5, 6]\n158\n")


def test_ini_configuration_is_accepted(tmp_path: Path, run_mypy: RunMypy) -> None:
    (ini,) = code_blocks("ini")
    (tmp_path / "mypy.ini").write_text(ini)
    (tmp_path / "main.py").write_text("from awaits import awaitable\nawaitable(str, 5).missing\n")
    assert '"str" has no attribute "missing"' in run_mypy(tmp_path, "main.py").stdout
