"""What importing the package costs."""

import subprocess
import sys

from tests.runtime import needs

PROGRAM = """
import sys
before = set(sys.modules)
import awaits
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - sys.stdlib_module_names - {"typing_extensions", "awaits"}))
"""


def test_import_loads_only_the_standard_library() -> None:
    needs.processes()
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.split() == []


LATE = """
import sys
import awaits
assert "awaits._tracing.runs" not in sys.modules
from awaits import TracedRun
assert TracedRun.__module__ == "awaits"
print(sorted(name for name in awaits.__all__ if not hasattr(awaits, name)), hasattr(awaits, "nope"))
"""


def test_records_of_a_trace_are_made_when_somebody_asks() -> None:
    needs.processes()
    result = subprocess.run(
        [sys.executable, "-c", LATE], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "[] False\n"
