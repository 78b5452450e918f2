"""Waits that the program does not name: by a use, which is to run nothing if an onlooker asks.

During `aw.name`, `for x in aw` and the like, Python would swallow some exceptions that leave the
function. They arrive as `AwaitError` raised from the original, so that a failure is not taken for an
answer of Python's own.
"""

from __future__ import annotations

from typing import Any, TypeVar

from awaits._running.calls import run
from awaits._running.onlookers import looks_on
from awaits._state.errors import AwaitError
from awaits._state.held_call import function_name
from awaits._state.slots import PENDING, AwaitBase, get_function, get_value

E = TypeVar("E", bound=Exception)


def use(aw: AwaitBase) -> Any:
    """Return the value for a use of it; to an onlooker there is none, and so no such use."""
    value = get_value(aw)
    if value is PENDING:
        if looks_on():
            raise no_value(TypeError, aw)
        value = run(aw)
    return value


def value_or_pending(aw: AwaitBase) -> Any:
    """Return the value for a use of it; `PENDING` if an onlooker asks, for which there is an answer."""
    value = get_value(aw)
    if value is PENDING and not looks_on():
        value = run(aw)
    return value


def no_value(refusal: type[E], aw: AwaitBase) -> E:
    """Return what is raised where an onlooker uses a pending Await as its W."""
    function = function_name(get_function(aw))
    return refusal(
        f"{function} has not run, and this code only looks on: awaitable_wait() of the Await runs it"
    )


def wait_despite(aw: AwaitBase, unwanted: type[Exception]) -> Any:
    """Return the value where Python would swallow this exception of the function."""
    value = get_value(aw)
    if value is PENDING:
        if looks_on():
            raise no_value(TypeError, aw)
        try:
            value = run(aw)
        except unwanted as error:
            raise swallowed(aw, error) from error
    return value


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
    if value is PENDING:
        if looks_on():
            raise no_value(AttributeError, aw)
        value = run_for_attribute(aw, name)
    return value


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
