"""Many threads use the same Awaits at once: a short form of `python -m tests.runtime.stress`.

Each family runs in a process of its own: one that goes wrong may hang, and interrupts strike anything.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime import needs
from tests.runtime.stress import FAMILIES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_must_hold_holds_while_many_threads_use_the_same(family: str) -> None:
    needs.threads()
    needs.processes()
    command = [sys.executable, "-m", "tests.runtime.stress", "--seconds", "0.3", family]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert result.stdout.endswith("passed\n"), result.stdout + result.stderr
