"""One verdict in every way that mypy runs: cold, warm, in the daemon, in parallel, for any Python."""

import os
from collections.abc import Iterator
from pathlib import Path

import mypy.version
import pytest

from .conftest import RunMypy, dmypy

CONFIG = "[mypy]\nplugins = awaits_mypy\nstrict = true\n"

# The class, in a module that the user's module does not import.
BEFORE = """\
from collections.abc import Generator, Iterator
from typing import NamedTuple
class Base:
    inherited: int
class C(Base):
    x: int
    def method(self) -> int: ...
    def __len__(self) -> int: ...
    def __add__(self, other: int) -> "C": ...
    def __getitem__(self, index: int) -> int: ...
    def __setitem__(self, index: int, value: int) -> None: ...
    def __truediv__(self, other: int) -> int: ...
    def __rtruediv__(self, other: int) -> int: ...
    def __lt__(self, other: int) -> bool: ...
    def __isub__(self, other: int) -> "C": ...
    def __neg__(self) -> int: ...
    def __call__(self, argument: int) -> int: ...
    def __iter__(self) -> "Iterator[int]": ...
    def __await__(self) -> "Generator[None, None, int]": ...
    def __int__(self) -> int: ...
    def __radd__(self, other: int) -> "C": ...
class Manager:
    def __enter__(self) -> int: ...
    def __exit__(self, *exc_info: object) -> None: ...
class Pair(NamedTuple):
    first: int
    second: str
def make_pair() -> Pair: ...
"""

BETWEEN = """\
from collections.abc import Callable
from awaits import Await, awaitable
import b
def make() -> Await[b.C]: return awaitable(b.C)
def open_it() -> Await[b.Manager]: return awaitable(b.Manager)
def kind() -> Await[type[b.C]]: return awaitable(lambda: b.C)
def pair() -> Await[b.Pair]: return awaitable(b.make_pair)
def either() -> Await[b.C] | Await[b.Manager]: return awaitable(b.C)
"""

PROGRAM = """\
import a
def read() -> int: return a.make().x
def inherited() -> int: return a.make().inherited
def call() -> int: return a.make().method()
def write() -> None: a.make().x = 1
def length() -> int: return len(a.make())
def add() -> None: a.make() + 1
def index() -> int: return a.make()[0]
def missing() -> object: return a.make().later
def enter() -> int:
    with a.open_it() as n:
        return n
def set_item() -> None: a.make()[0] = 1
def divide() -> int: return a.make() / 1
def divide_by() -> int: return 1 / a.make()
def compare() -> bool: return a.make() < 1
def negate() -> int: return -a.make()
def called() -> int: return a.make()(1)
def items() -> list[int]: return [item for item in a.make()]
def sequence() -> list[int]: return list(a.make())
async def awaited() -> int: return await a.make()
def as_int() -> int: return int(a.make())
def total() -> object: return sum([a.make()])
def made() -> object: return a.kind()(1)
def in_place() -> None:
    aw = a.make()
    aw -= 1
def union() -> int: return a.either().x
def unpack() -> int:
    first, second = a.pair()
    return first
def unpack_each() -> list[int]: return [first for first, second in [a.pair()]]
"""

COLD = ("--cache-dir", os.devnull)

EDITS = {
    "attribute": ("    x: int", "    x: str"),
    "inherited attribute": ("    inherited: int", "    inherited: str"),
    "method": ("def method(self) -> int", "def method(self) -> str"),
    "attribute removed": ("    x: int\n", ""),
    "protocol member": ("    def __len__(self) -> int: ...\n", ""),
    "operator": ("other: int", "other: str"),
    "index": ("index: int) -> int", "index: int) -> str"),
    "attribute added": ("    x: int", "    x: int\n    later: int"),
    "item assignment": ("value: int", "value: str"),
    "operator without a protocol": ("__truediv__(self, other: int)", "__truediv__(self, other: str)"),
    "reflected operator": ("__rtruediv__(self, other: int)", "__rtruediv__(self, other: str)"),
    "comparison": ("__lt__(self, other: int)", "__lt__(self, other: str)"),
    "in-place operator": ("__isub__(self, other: int)", "__isub__(self, other: str)"),
    "unary operator": ("__neg__(self) -> int", "__neg__(self) -> str"),
    "call": ("argument: int", "argument: str"),
    "iteration": ("Iterator[int]", "Iterator[str]"),
    "await": ("Generator[None, None, int]", "Generator[None, None, str]"),
    "conversion": ("    def __int__(self) -> int: ...\n", ""),
    "sum": ("__radd__(self, other: int)", "__radd__(self, other: str)"),
    "constructor": (
        "    x: int",
        "    x: int\n    def __init__(self, n: int = 1) -> None: ...",
    ),
    "unpacked item": ("    first: int", "    first: str"),
    "number of unpacked items": ("    second: str\n", "    second: str\n    third: int = 0\n"),
    "context": ("def __enter__(self) -> int", "def __enter__(self) -> str"),
}


def write_project(folder: Path) -> None:
    (folder / "mypy.ini").write_text(CONFIG + "[mypy-b]\ndisable_error_code = empty-body\n")
    (folder / "b.py").write_text(BEFORE)
    (folder / "a.py").write_text(BETWEEN)
    (folder / "main.py").write_text(PROGRAM)


def edit(folder: Path, name: str | None) -> None:
    """Make one edit to the module as it was; with None, undo the last one."""
    before, after = EDITS[name] if name else ("", "")
    assert before in BEFORE
    file = folder / "b.py"
    time_s = file.stat().st_mtime + 2
    file.write_text(BEFORE.replace(before, after, 1))
    # mypy takes a file of the same size and time for unchanged, and these edits follow at once.
    os.utime(file, (time_s, time_s))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of a project on which mypy's daemon runs."""
    folder = tmp_path_factory.mktemp("daemon")
    write_project(folder)
    yield folder
    dmypy(folder, "stop")


@pytest.mark.parametrize(
    "name", ["attribute", "inherited attribute", "attribute added", "protocol member", "operator"]
)
def test_warm_run_after_an_edit_says_what_a_cold_run_says(
    name: str, project: Path, run_mypy: RunMypy
) -> None:
    unedited = run_mypy(project, "main.py").stdout
    edit(project, name)
    warm = run_mypy(project, "main.py").stdout
    assert warm == run_mypy(project, "main.py", *COLD).stdout
    assert warm != unedited


def test_daemon_follows_an_await_to_another_class(project: Path, run_mypy: RunMypy) -> None:
    """What a function depends on is recorded also where the daemon checks that function alone."""
    other = BEFORE.replace("class C(Base)", "class D(Base)").replace('"C"', '"D"')
    (project / "d.py").write_text(other)
    (project / "mypy.ini").write_text(CONFIG + "[mypy-b,d]\ndisable_error_code = empty-body\n")
    dmypy(project, "run", "--", "main.py", "d.py")
    try:
        (project / "a.py").write_text(BETWEEN.replace("b.C", "d.D").replace("import b", "import b, d"))
        dmypy(project, "run", "--", "main.py", "d.py")
        for time_s, name in enumerate(["operator without a protocol", "attribute", "index"]):
            other = other.replace(*EDITS[name])
            (project / "d.py").write_text(other)
            os.utime(project / "d.py", (time_s, time_s))
            said = dmypy(project, "run", "--", "main.py", "d.py")
            assert said == run_mypy(project, "main.py", "d.py", *COLD).stdout
    finally:
        dmypy(project, "stop")


@pytest.mark.parametrize("name", EDITS)
def test_daemon_after_an_edit_says_what_a_cold_run_says(
    name: str, daemon: Path, run_mypy: RunMypy
) -> None:
    edit(daemon, None)
    unedited = dmypy(daemon, "run", "--", "main.py")
    edit(daemon, name)
    said = dmypy(daemon, "run", "--", "main.py")
    assert said == run_mypy(daemon, "main.py", *COLD).stdout
    assert said != unedited


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14", "3.15"])
def test_verdict_is_the_same_for_every_python_version(
    version: str, project: Path, run_mypy: RunMypy
) -> None:
    edit(project, "attribute")
    result = run_mypy(project, "main.py", "--python-version", version)
    if "error: argument --python-version" in result.stderr:
        pytest.skip(f"this mypy does not know Python {version}")
    assert result.stdout == run_mypy(project, "main.py", *COLD).stdout


@pytest.mark.skipif(int(mypy.version.__version__.split(".")[0]) < 2, reason="mypy 2 runs in parallel")
def test_parallel_run_says_what_a_cold_run_says(project: Path, run_mypy: RunMypy) -> None:
    edit(project, "attribute")
    parallel = run_mypy(project, "-n", "2", "main.py", "a.py", "b.py", "--cache-dir", "parallel")
    alone = run_mypy(project, "main.py", "a.py", "b.py")
    assert sorted(parallel.stdout.splitlines()) == sorted(alone.stdout.splitlines())


@pytest.mark.parametrize(
    "flag", ["--warn-unreachable", "--no-strict-equality", "--strict-equality-for-none"]
)
def test_strictness_flags_do_not_change_what_is_said_of_attributes(
    flag: str, project: Path, run_mypy: RunMypy
) -> None:
    edit(project, "attribute")
    result = run_mypy(project, "main.py", flag)
    if "unrecognized arguments" in result.stderr:
        pytest.skip(f"this mypy has no {flag}")
    assert result.stdout == run_mypy(project, "main.py", *COLD).stdout
