"""What the tests of numpy and torch say of both: their functions take an Await for the value in it."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from awaits import awaitable, awaitable_nowait
from tests.runtime import needs
from tests.runtime.calls import failing_first


def results_on_await_and_value(
    make: Callable[[], Any], operation: Callable[[Any], object], *, pending: bool
) -> tuple[object, object]:
    aw = awaitable(make) if pending else awaitable_nowait(make())
    return operation(aw), operation(make())


def result_after_a_failure(make: Callable[[], Any], operation: Callable[[Any], Any]) -> Any:
    """Return what the operation gives once the call does not fail any more."""
    aw = awaitable(failing_first(make, AttributeError("not there")))
    with pytest.raises(AttributeError, match="not there"):
        operation(aw)
    return operation(aw)


def is_imported_with_awaits(module: str) -> bool:
    needs.processes()
    program = (
        "import sys, awaits; aw = awaits.awaitable_nowait([1]); len(aw), aw[0];"
        f" print({module!r} in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return {"True\n": True, "False\n": False}[result.stdout]
