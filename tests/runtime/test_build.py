"""Which build runs: the compiled one where there is one, or what AWAITS_BUILD asks for."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

import awaits
from awaits import awaitable
from tests.runtime import needs

HAS_COMPILED_PART = find_spec("awaits._state._core") is not None


def import_with(wanted: str | None) -> tuple[str, str]:
    """Import awaits in a new process; return the build that it names, and the last line of an error."""
    needs.processes()
    environment = {name: value for name, value in os.environ.items() if name != "AWAITS_BUILD"}
    if wanted is not None:
        environment["AWAITS_BUILD"] = wanted
    result = subprocess.run(
        [sys.executable, "-c", "import awaits; print(awaits.BUILD)"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.stdout.strip(), (result.stderr.splitlines() or [""])[-1]


def test_the_build_is_compiled_where_it_can_be() -> None:
    assert import_with(None) == ("compiled" if HAS_COMPILED_PART else "pure", "")


def test_the_environment_can_ask_for_the_pure_build() -> None:
    assert import_with("pure") == ("pure", "")


def test_the_environment_can_ask_for_the_compiled_build() -> None:
    build, error = import_with("compiled")
    assert (build == "compiled") is HAS_COMPILED_PART
    assert bool(error) is not HAS_COMPILED_PART


def test_the_environment_can_ask_for_nothing_else() -> None:
    assert import_with("fast") == (
        "",
        "ValueError: AWAITS_BUILD must be 'compiled' or 'pure', not 'fast'",
    )


@pytest.mark.skipif("AWAITS_BUILD" not in os.environ, reason="the environment asks for no build")
def test_these_tests_run_on_the_build_that_was_asked_for() -> None:
    assert os.environ["AWAITS_BUILD"] == awaits.BUILD


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python has a GIL")
def test_the_import_turns_no_gil_on() -> None:
    program = "import sys, awaits; print(sys._is_gil_enabled())"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout == "False\n", said.stderr


class Caller:
    """Gives the name of the function that uses it."""

    def __call__(self) -> str:
        return sys._getframe(1).f_code.co_name

    @property
    def name(self) -> str:
        return sys._getframe(1).f_code.co_name

    def __add__(self, other: object) -> str:
        return sys._getframe(1).f_code.co_name

    def __getitem__(self, index: int) -> str:
        return sys._getframe(1).f_code.co_name

    def __enter__(self) -> str:
        return sys._getframe(1).f_code.co_name

    def __exit__(self, *exception: object) -> None:
        pass


def enter(aw: Any) -> Any:
    with aw as name:
        return name


USES: list[tuple[Callable[[Any], Any], bool]] = [
    (lambda aw: aw(), True),
    (lambda aw: aw.name, True),
    (lambda aw: aw + 1, True),
    (lambda aw: aw[0], True),
    (enter, False),
]


@pytest.mark.parametrize(("use", "in_c"), USES)
def test_a_use_adds_a_frame_where_it_is_not_in_c(use: Callable[[Any], Any], in_c: bool) -> None:
    seen = use(awaitable(Caller))
    assert (seen == use.__code__.co_name) is (in_c and awaits.BUILD == "compiled")
