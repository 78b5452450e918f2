"""The typed surface against the runtime, and both against the one table of special methods."""

import subprocess
import sys

import mypy.version
import pytest
from mypy import build
from mypy.modulefinder import BuildSource
from mypy.nodes import Decorator, TypeInfo
from mypy.options import Options

from awaits import Await, awaitable
from awaits._state.data_model import NOT_FORWARDED, OWN
from awaits_mypy._plugin.names import AWAIT
from awaits_mypy._plugin.plugin import _CALLBACKS

from .conftest import ROOT


def is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


# What Python itself puts into every class, or typing into every generic one.
OF_EVERY_CLASS = {
    "__annotations__",
    "__doc__",
    "__final__",
    "__firstlineno__",
    "__module__",
    "__orig_bases__",
    "__parameters__",
    "__slots__",
    "__static_attributes__",
    "__weakref__",
}

# What pydantic asks the class; the attribute of this name is W's, as any.
OF_THE_CLASS = {"__get_pydantic_core_schema__"}
# What only some Ws have is in the classes derived from Await: where W is not known, all of it.
EVERYTHING = {*vars(Await), *vars(type(awaitable(lambda: 0)))}
SPECIAL = {name for name in EVERYTHING if is_special(name)} - OF_EVERY_CLASS - OF_THE_CLASS
FORWARDED = SPECIAL - {*OWN, *NOT_FORWARDED}


@pytest.fixture(scope="module")
def typed_await() -> TypeInfo:
    """Return the class Await as mypy sees it."""
    options = Options()
    options.incremental = False
    result = build.build([BuildSource(None, "program", "import awaits")], options)
    info = result.files["awaits._await"].names["Await"].node
    assert isinstance(info, TypeInfo)
    assert info.fullname == AWAIT
    return info


@pytest.mark.skipif(
    int(mypy.version.__version__.split(".")[0]) < 2,
    reason="before mypy 2, stubtest takes what a module imports for what it defines",
)
def test_stubtest_finds_no_difference() -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "mypy.stubtest", "awaits", "--concise"),
            *("--allowlist", "tests/typing/stubtest_allowlist.txt", "--ignore-unused-allowlist"),
            *("--mypy-config-file", "pyproject.toml"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_every_forwarded_method_comes_to_the_plugin(typed_await: TypeInfo) -> None:
    plain = {name for name in FORWARDED if not isinstance(typed_await.names[name].node, Decorator)}
    # mypy asks the plugin by the name after the dot, once it has found this one.
    assert plain == {"__getattribute__"}


def test_mypy_sees_no_special_method_that_the_runtime_lacks(typed_await: TypeInfo) -> None:
    decorated = {
        name for name, symbol in typed_await.names.items() if isinstance(symbol.node, Decorator)
    }
    assert decorated - FORWARDED <= {*OWN, *NOT_FORWARDED}


def test_plugin_has_callbacks_for_forwarded_methods_only() -> None:
    # The Await's own: `__await__` has a result that depends on W, and the others hide what W has.
    assert _CALLBACKS.keys() - FORWARDED == {"__await__", "fn", "args", "is_nowait"}


def test_tables_do_not_contradict_each_other() -> None:
    assert OWN.keys() & NOT_FORWARDED.keys() == set()
