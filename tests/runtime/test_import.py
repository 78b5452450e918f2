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
