"""What a test needs that not every platform has. Called where the test would use it."""

import sys
import sysconfig

import pytest


def threads() -> None:
    """Skip the test if no thread can start."""
    if sys.platform == "emscripten":
        pytest.skip("no threads in WebAssembly")


def processes() -> None:
    """Skip the test if no process can start."""
    if sys.platform == "emscripten":
        pytest.skip("no processes in WebAssembly")


def deep_nesting() -> None:
    """Skip the test if the interpreter does not survive the end of objects that are nested deep."""
    if sys.platform == "emscripten":
        pytest.skip("Pyodide ends when a tuple that is nested 100,000 deep is dropped")


def endless_recursion() -> None:
    """Skip the test if the interpreter does not survive a recursion that Python would end."""
    if sys.platform == "emscripten":
        pytest.skip("the stack of WebAssembly ends before Python's limit")


def counted_references() -> None:
    """Skip the test if an object may go later than its last reference."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):  # also where a module has switched the GIL on
        pytest.skip(
            "without the GIL what another thread drops goes once the thread that made it comes by"
        )
