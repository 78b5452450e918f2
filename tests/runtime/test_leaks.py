"""No operation holds memory: a short form of `python -m tests.runtime.leaks`."""

import pytest

from tests.runtime import needs
from tests.runtime.leaks import IN_THREADS, LIMIT, NAMES, leaked


@pytest.mark.parametrize("name", NAMES)
def test_no_operation_leaks(name: str) -> None:
    if name in IN_THREADS:
        needs.threads()
    if name == "endless recursion":
        needs.endless_recursion()
    assert leaked(name, 200) < LIMIT
