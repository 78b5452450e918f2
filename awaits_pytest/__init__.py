"""The pytest plugin of `awaits`: in a failed assertion, pytest shows the value of a complete Await.

pytest finds it by the entry point `awaits`; `-p no:awaits` leaves it out. It never imports `awaits`, and
so is a package of its own. If no test imports `awaits`, nothing here runs.
"""

import sys
from operator import is_not
from types import ModuleType
from typing import Any, Final

import pytest

_CONTAINERS: Final = (list, tuple, set, frozenset, dict)
# Whom to ask about a comparison: the hooks of the test that runs, with those of its own conftests. None
# while they are asked.
_HOOKS: Final = pytest.StashKey[Any]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Remember whom to ask about the comparisons of this test."""
    item.config.stash[_HOOKS] = item.ihook


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Let pytest and its plugins explain the comparison of the values in place of complete Awaits."""
    hooks = config.stash.get(_HOOKS, None)
    if hooks is None or "awaits" not in sys.modules or op in {"is", "is not"}:
        return None
    values = _plain(left, {}), _plain(right, {})
    if values[0] is left and values[1] is right:
        return None
    config.stash[_HOOKS] = None
    try:
        explanations: list[list[str] | None] = hooks.pytest_assertrepr_compare(
            config=config, op=op, left=values[0], right=values[1]
        )
    finally:
        config.stash[_HOOKS] = hooks
    return next(filter(None, explanations), None)


def _plain(value: Any, seen: dict[int, Any]) -> Any:
    """Return the value in its Awaits, as far as they are complete, and with those in its parts.

    It is the same object where there is none. `seen` has what became of the containers, by their ids,
    and so ends with one that is in itself.
    """
    awaits = sys.modules["awaits"]
    # Not `isinstance`, for which other lazy values run.
    while issubclass(type(value), awaits.Await) and awaits.awaitable_done(value):
        value = awaits.awaitable_wait(value)
    if type(value) not in _CONTAINERS:
        return value
    if id(value) not in seen:
        seen[id(value)] = value
        parts = [*value, *value.values()] if type(value) is dict else list(value)
        plain = [_plain(part, seen) for part in parts]
        if any(map(is_not, parts, plain)):
            of_dict = zip(plain[: len(value)], plain[len(value) :], strict=True)
            seen[id(value)] = type(value)(of_dict if type(value) is dict else plain)
    return seen[id(value)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> None:
    """Hide the frames of `awaits` in a failure, which `--full-trace` shows."""
    if call.excinfo is not None and "awaits" in sys.modules:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] == "awaits" and isinstance(module, ModuleType):
                vars(module)["__tracebackhide__"] = True
