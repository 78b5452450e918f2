"""Run some tests with modules rewritten, and write the outcome of each into a file.

python -m tests.runtime.everything.child OUT WRAPPER MODULES unittest|pytest ARGUMENT...
"""

import json
import sys
import unittest
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from awaits import Await, awaitable, awaitable_nowait
from tests.runtime.everything import rewriting


def _of_lazy_object_proxy() -> Callable[[Any], Any]:
    proxy = import_module("lazy_object_proxy").Proxy
    return lambda value: value if type(value) is proxy else proxy(lambda: value)


def _of_wrapt() -> Callable[[Any], Any]:
    proxy = import_module("wrapt").LazyObjectProxy
    is_one = import_module("wrapt").ObjectProxy
    return lambda value: (
        value if issubclass(type(value), is_one) else proxy(lambda: value, interface=type(value))
    )


WRAPPERS: Final[dict[str, Callable[[], Callable[[Any], Any]]]] = {
    "none": lambda: lambda value: value,
    "pending": lambda: (
        lambda value: value if issubclass(type(value), Await) else awaitable(lambda: value)
    ),
    "complete": lambda: (
        lambda value: value if issubclass(type(value), Await) else awaitable_nowait(value)
    ),
    "lazy-object-proxy": _of_lazy_object_proxy,
    "wrapt": _of_wrapt,
}

ROOT: Final = Path(__file__).parents[3]
Outcomes = dict[str, list[str]]
"""The outcome of each test, and the last line of what failed."""


class _Recorder(unittest.TestResult):
    def __init__(self, outcomes: Outcomes) -> None:
        super().__init__()
        self.outcomes = outcomes

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().startTest(test)
        self.outcomes[test.id()] = ["passed", ""]

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        self.outcomes[test.id()] = ["skipped", ""]

    def _fail(self, test: unittest.TestCase, error: Any) -> None:
        text = self._exc_info_to_string(error, test)  # type: ignore[attr-defined]
        self.outcomes[test.id()] = ["failed", _last_lines(text)]

    def addError(self, test: unittest.TestCase, error: Any) -> None:  # noqa: N802
        self._fail(test, error)

    def addFailure(self, test: unittest.TestCase, error: Any) -> None:  # noqa: N802
        self._fail(test, error)

    def addExpectedFailure(self, test: unittest.TestCase, error: Any) -> None:  # noqa: N802
        self.outcomes[test.id()] = ["xfailed", ""]

    def addSubTest(self, test: Any, subtest: unittest.TestCase, error: Any) -> None:  # noqa: N802
        if error:
            self._fail(test, error)


def _last_lines(text: str) -> str:
    return " / ".join(text.strip().splitlines()[-4:])


def _run_unittest(names: list[str], outcomes: Outcomes) -> None:
    for name in names:
        try:
            suite = unittest.defaultTestLoader.loadTestsFromName(name)
        except BaseException as failure:
            outcomes[name] = ["failed", f"import: {failure!r}"]
            continue
        suite.run(_Recorder(outcomes))


class _Plugin:
    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.nodeid] = [report.outcome, _last_lines(report.longreprtext)]

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome == "failed":
            self.outcomes[report.nodeid] = [report.outcome, _last_lines(report.longreprtext)]


def main(out: str, wrapper: str, modules: str, runner: str, *arguments: str) -> None:
    """Do what this module says."""
    outcomes: Outcomes = {}
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]  # others have a package of this name
    sys.path[:] = [str(Path.cwd()), *(path for path in sys.path if Path(path) != ROOT)]
    rewriting.install(modules.split(","), WRAPPERS[wrapper]())
    if runner == "unittest":
        _run_unittest([*arguments], outcomes)
    else:
        import pytest

        # In an editable installation, pytest looks for our plugin in the folder that has left the path.
        without = [
            word for name in ("cacheprovider", "randomly", "awaits") for word in ("-p", f"no:{name}")
        ]
        pytest.main(["-q", *without, *arguments], [_Plugin(outcomes)])
    Path(out).write_text(json.dumps({"places": rewriting.places, "outcomes": outcomes}))


if __name__ == "__main__":
    # A process that a test starts would import this module again, which has left the path by then.
    sys.modules["__main__"] = ModuleType("__main__")
    main(*sys.argv[1:])
