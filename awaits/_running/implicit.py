"""Waits that the program does not name: a failure must not be taken for an answer of Python's own.

During `aw.name`, `for x in aw` and the like, Python would swallow some exceptions that leave the
function. They arrive as `AwaitError` raised from the original.
"""

from __future__ import annotations

from typing import Any

from awaits._running.calls import run, wait
from awaits._state.errors import AwaitError
from awaits._state.held_call import function_name
from awaits._state.slots import PENDING, AwaitBase, get_function, get_value


def wait_despite(aw: AwaitBase, unwanted: type[Exception]) -> Any:
    """Return the value where Python would swallow this exception of the function."""
    try:
        return wait(aw)
    except unwanted as error:
        raise swallowed(aw, error) from error


def swallowed(aw: AwaitBase, error: Exception) -> AwaitError:
    """Return what is raised from an exception that Python would swallow."""
    function = function_name(get_function(aw))
    return AwaitError(f"{function} raised {type(error).__name__} during an implicit wait")


def wait_for_iteration(aw: AwaitBase) -> Any:
    """Return the value to iterate over, or to take the next item of."""
    # Python takes a StopIteration of `__next__` for the end, and `itertools.chain` one of `__iter__`.
    return wait_despite(aw, StopIteration)


def wait_for_attribute(aw: AwaitBase, name: str) -> Any:
    """Return the value whose attribute is asked for."""
    value = get_value(aw)
    return run_for_attribute(aw, name) if value is PENDING else value


def run_for_attribute(aw: AwaitBase, name: str) -> Any:
    """Run the call, so that its failure does not look like W lacking `name`."""
    try:
        return run(aw)
    except AttributeError as error:
        raise swallowed_for_attribute(aw, error, name) from error


def swallowed_for_attribute(aw: AwaitBase, error: Exception, name: str) -> AwaitError:
    """Return what is raised from the exception that would look like W lacking `name`."""
    function = function_name(get_function(aw))
    return AwaitError(
        f"{function} raised {type(error).__name__} while {name!r} of its result was asked for"
    )


def run_for_special_method(aw: AwaitBase, operation: str) -> Any:
    """Run the call for a special method in C, which has no frame of its own: a trace finds this one."""
    return run(aw)
