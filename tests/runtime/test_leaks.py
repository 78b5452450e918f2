"""No operation holds memory: a short form of `python -m tests.runtime.leaks`."""

import pytest

from tests.runtime.leaks import OPERATIONS, leaked


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_leaks(name: str) -> None:
    assert leaked(name, 500) < 50
