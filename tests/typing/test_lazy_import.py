"""What mypy says of lazily imported modules in every way that it runs, also after a module changed."""

import os
from collections.abc import Iterator
from pathlib import Path

import mypy.version
import pytest

from .conftest import RunMypy, dmypy

COLD = ("--cache-dir", os.devnull)

needs_mypy_2 = pytest.mark.skipif(
    int(mypy.version.__version__.split(".")[0]) < 2, reason="mypy 2 runs in parallel"
)

FILES = {
    "mypy.ini": "[mypy]\nplugins = awaits_mypy\nstrict = true\n",
    "shop/__init__.py": "from shop import tax\nfrom shop.prices import total as total\n",
    "shop/prices.py": """\
class Price:
    cents: int
class TooHigh(Exception):
    limit: int
def total(prices: list[int]) -> int: return sum(prices)
""",
    "shop/tax.py": "rate = 1\n",
    "lazy.py": """\
from typing import TYPE_CHECKING
from awaits import lazy_import
json = lazy_import("json")
minidom = lazy_import("xml.dom.minidom")
prices = lazy_import("shop.prices")
shop = lazy_import("shop")
later = lazy_import("nope")
total = lazy_import("shop.prices:total")
if not TYPE_CHECKING:
    other = lazy_import("nope_at_all")
""",
    "main.py": """\
import lazy
from lazy import prices
def of_json() -> int: return lazy.json.dumps({})
def of_minidom() -> None: lazy.minidom.nope
def of_submodule() -> str: return lazy.shop.tax.rate
def call() -> int: return prices.total([1])
def call_attribute() -> int: return lazy.total([1])
def call_of_package() -> int: return lazy.shop.total([1])
def missing() -> object: return prices.missing
def instance() -> int: return prices.Price().cents
def later() -> int: return lazy.later.x
def narrowed(value: object) -> int:
    if isinstance(value, prices.Price):
        return value.cents
    try: ...
    except prices.TooHigh as error: return error.limit
    return 0
def write() -> None: lazy.shop.tax.rate = 2
""",
}

SAID = """\
lazy.py:7: error: Cannot find implementation or library stub for module named "nope"  [import-not-found]
lazy.py:7: note: See https://mypy.readthedocs.io/en/stable/running_mypy.html#missing-imports
main.py:3: error: Incompatible return value type (got "str", expected "int")  [return-value]
main.py:4: error: Module has no attribute "nope"  [attr-defined]
main.py:5: error: Incompatible return value type (got "int", expected "str")  [return-value]
main.py:9: error: Module has no attribute "missing"  [attr-defined]
main.py:11: error: Returning Any from function declared to return "int"  [no-any-return]
"""

# numpy takes mypy seconds, so only some of the tests have it.
OF_NUMPY = """\
from awaits import lazy_import
np = lazy_import("numpy")
def of_numpy() -> str: return np.array([1]).ndim
def of_submodule() -> None: np.linalg.nope
def narrowed(value: object) -> str:
    if isinstance(value, np.ndarray):
        return value.size
    return ""
"""

SAID_OF_NUMPY = """\
of_numpy.py:3: error: Incompatible return value type (got "int", expected "str")  [return-value]
of_numpy.py:4: error: Module has no attribute "nope"  [attr-defined]
of_numpy.py:7: error: Incompatible return value type (got "int", expected "str")  [return-value]
"""

EDITS = {
    "result of a function": ("shop/prices.py", "list[int]) -> int", "list[int]) -> str"),
    "parameter of a function": ("shop/prices.py", "prices: list[int]", "prices: list[str]"),
    "attribute of a class": ("shop/prices.py", "cents: int", "cents: str"),
    "attribute of an exception": ("shop/prices.py", "limit: int", "limit: str"),
    "name added": ("shop/prices.py", "class Price:", "missing = 1\nclass Price:"),
    "class removed": ("shop/prices.py", "class TooHigh", "class Other"),
    "variable of a submodule": ("shop/tax.py", "1", "''"),
    "submodule not imported any more": ("shop/__init__.py", "from shop import tax\n", ""),
    "export removed": ("shop/__init__.py", "import total as total", "import total"),
    "module added": ("nope.py", "", "x = ''\n"),
    "another module": ("lazy.py", '"shop.prices"', '"shop.tax"'),
    "another attribute": ("lazy.py", "prices:total", "prices:Price.cents"),
    "module missing": ("lazy.py", '"json"', '"nope"'),
}


def write_project(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write(folder / name, text)
    (folder / "nope.py").unlink(missing_ok=True)
    return folder


def write(file: Path, text: str) -> None:
    """Write a file that mypy takes for changed, though edits follow at once, if it has."""
    if not file.exists() or file.read_text() != text:
        time_s = file.stat().st_mtime + 2 if file.exists() else None
        file.write_text(text)
        if time_s is not None:
            os.utime(file, (time_s, time_s))


def edit(folder: Path, name: str) -> None:
    path, before, after = EDITS[name]
    text = FILES.get(path, "")
    assert before in text
    write(folder / path, text.replace(before, after, 1))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of a project on which mypy's daemon runs."""
    folder = write_project(tmp_path_factory.mktemp("daemon"))
    yield folder
    dmypy(folder, "stop")


@pytest.fixture
def with_numpy(project: Path) -> Path:
    write(project / "of_numpy.py", OF_NUMPY)
    return project


def in_order(said: str) -> list[str]:
    lines = said.replace("builtins.", "").splitlines()
    return sorted(line for line in lines if not line.startswith("Found "))


def errors_in(said: str) -> list[str]:
    """Return the errors alone: the daemon may show a note that mypy shows once at another line."""
    return [line for line in in_order(said) if ": error: " in line]


MODULES = ("main.py", "of_numpy.py")
ALL = in_order(SAID + SAID_OF_NUMPY)


def test_cold_and_warm_runs_say_the_same(with_numpy: Path, run_mypy: RunMypy) -> None:
    assert in_order(run_mypy(with_numpy, *MODULES).stdout) == ALL
    assert in_order(run_mypy(with_numpy, *MODULES).stdout) == ALL
    for name, text in [("main.py", FILES["main.py"]), ("of_numpy.py", OF_NUMPY)]:
        write(with_numpy / name, text + "# more\n")
    assert in_order(run_mypy(with_numpy, *MODULES).stdout) == ALL


@needs_mypy_2
def test_parallel_runs_say_the_same(with_numpy: Path, run_mypy: RunMypy) -> None:
    assert in_order(run_mypy(with_numpy, "-n", "2", *MODULES).stdout) == ALL
    write(with_numpy / "main.py", FILES["main.py"] + "# more\n")
    assert in_order(run_mypy(with_numpy, "-n", "2", *MODULES).stdout) == ALL
    assert in_order(run_mypy(with_numpy, *MODULES).stdout) == ALL


def test_daemon_that_starts_from_a_cache_follows_an_edit(project: Path, run_mypy: RunMypy) -> None:
    options = ("--local-partial-types", "--cache-fine-grained", "main.py")
    before = errors_in(run_mypy(project, *options).stdout)
    try:
        dmypy(project, "run", "--", "--use-fine-grained-cache", *options)
        edit(project, "result of a function")
        said = dmypy(project, "run", "--", "--use-fine-grained-cache", *options)
        # mypy leaves out what it said before, of any module whose errors are in the cache.
        new = set(errors_in(run_mypy(project, *options).stdout)).difference(before)
        assert new
        assert new.issubset(errors_in(said))
    finally:
        dmypy(project, "stop")


@pytest.mark.parametrize(
    "name",
    [
        "result of a function",
        "name added",
        "submodule not imported any more",
        "module added",
        "another attribute",
    ],
)
def test_warm_run_after_an_edit_says_what_a_cold_run_says(
    name: str, project: Path, run_mypy: RunMypy
) -> None:
    unedited = run_mypy(project, "main.py").stdout
    edit(project, name)
    warm = run_mypy(project, "main.py").stdout
    assert in_order(warm) == in_order(run_mypy(project, "main.py", *COLD).stdout)
    assert warm != unedited


@pytest.mark.parametrize("name", EDITS)
def test_daemon_after_an_edit_says_what_a_cold_run_says(
    name: str, daemon: Path, run_mypy: RunMypy
) -> None:
    write_project(daemon)
    unedited = dmypy(daemon, "run", "--", "main.py")
    assert errors_in(unedited) == errors_in(SAID)
    edit(daemon, name)
    said = dmypy(daemon, "run", "--", "main.py")
    assert errors_in(said) == errors_in(run_mypy(daemon, "main.py", *COLD).stdout)
    assert errors_in(said) != errors_in(unedited)


def test_daemon_follows_a_lazy_import_to_another_module(project: Path, run_mypy: RunMypy) -> None:
    """What a function depends on is recorded also where the daemon checks that function alone."""
    dmypy(project, "run", "--", "main.py")
    try:
        edit(project, "another module")
        for text in [
            "# more\n",
            "total = 1\n",
            "def total(x: list[int]) -> int: ...\n",
            "missing: int\n",
        ]:
            write(project / "shop/tax.py", "rate = 1\n" + text)
            said = dmypy(project, "run", "--", "main.py")
            assert errors_in(said) == errors_in(run_mypy(project, "main.py", *COLD).stdout)
    finally:
        dmypy(project, "stop")
