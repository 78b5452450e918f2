"""With torch: mypy over the tests that use it, and the guide's blocks, checked and run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, RunMypy

pytest.importorskip("torch", reason="torch is not installed")

GUIDE = (ROOT / "docs" / "torch.md").read_text(encoding="utf-8")
TESTS = [
    "tests/runtime/test_torch.py",
    "tests/runtime/test_torch_await.py",
    "tests/runtime/test_numpy.py",
]


def test_mypy_finds_no_error_in_the_tests_and_ignores_refusals_only(run_mypy: RunMypy) -> None:
    assert run_mypy(ROOT, *TESTS).stdout == "Success: no issues found in 3 source files\n"
    lines = [line for name in TESTS for line in (ROOT / name).read_text().splitlines()]
    ignored = [line for line in lines if "type: ignore" in line]
    assert len(ignored) == 5
    body = (
        (ROOT / TESTS[1]).read_text().partition("def test_what_torch_lacks_is_refused_by_the_types")[2]
    )
    assert all(line in body for line in ignored)


def test_the_guide_has_no_type_error_and_runs(tmp_path: Path, run_mypy: RunMypy) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (tmp_path / "guide.py").write_text("\n".join(blocks))
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\nstrict = true\n")
    assert run_mypy(tmp_path, "guide.py").stdout == "Success: no issues found in 1 source file\n"
    subprocess.run([sys.executable, "guide.py"], cwd=tmp_path, check=True, timeout=300)


def test_the_example_saves_time() -> None:
    printed = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "overlap.py"), "0.2"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout
    assert re.fullmatch(r"overlapped, it takes \d\.\d\d of the time\n", printed)
