"""The plugin as mypy loads it."""

import keyword
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mypy.errors import CompileError

import awaits_mypy

from .conftest import RunMypy

CONFIGURATIONS = {
    "pyproject.toml": '[tool.mypy]\nplugins = ["awaits_mypy"]\n',
    "mypy.ini": "[mypy]\nplugins = awaits_mypy\n",
    "setup.cfg": "[mypy]\nplugins = awaits_mypy\n",
}

PROGRAM = """\
from awaits import awaitable
awaitable(str, 5).shout
"""

VERDICT = 'main.py:2: error: "str" has no attribute "shout"  [attr-defined]\n'


@pytest.mark.parametrize("file", CONFIGURATIONS)
def test_one_line_in_any_mypy_configuration_turns_it_on(
    file: str, tmp_path: Path, run_mypy: RunMypy
) -> None:
    (tmp_path / file).write_text(CONFIGURATIONS[file])
    (tmp_path / "main.py").write_text(PROGRAM)
    assert run_mypy(tmp_path, "main.py").stdout.startswith(VERDICT)


@pytest.mark.parametrize("version", ["0.991", "1.16.1"])
def test_old_mypy_is_refused_in_one_sentence_that_says_what_to_install(version: str) -> None:
    with pytest.raises(CompileError) as caught:
        awaits_mypy.plugin(version)
    assert caught.value.messages == [
        f"awaits_mypy needs mypy 1.17 or newer and this is mypy {version}:"
        ' install one with: pip install --upgrade "mypy>=1.17"'
    ]


@pytest.mark.parametrize("version", ["1.17.0", "1.20.2", "2.4.1", "2.5.0+dev.0123abc"])
def test_newer_mypy_gets_the_plugin(version: str) -> None:
    assert awaits_mypy.plugin(version).__name__ == "AwaitsPlugin"


# Some of them: each takes mypy three starts.
PACKAGE = Path(awaits_mypy.__file__).parent
PLUGIN_FILES = [PACKAGE / "__init__.py", *sorted(PACKAGE.glob("_plugin/*.py"))[::10]]


def test_mypy_starts_without_importing_awaits() -> None:
    program = """\
import sys, awaits_mypy, mypy.version
from mypy.options import Options
awaits_mypy.plugin(mypy.version.__version__)(Options())
print([name for name in sys.modules if name.partition(".")[0] == "awaits"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("file", PLUGIN_FILES, ids=lambda file: file.name)
def test_a_change_to_any_file_of_the_plugin_invalidates_the_cache(
    file: Path, tmp_path: Path, run_mypy: RunMypy
) -> None:
    package = tmp_path / "plugin" / "awaits_mypy"
    shutil.copytree(PACKAGE, package)
    (tmp_path / "mypy.ini").write_text(CONFIGURATIONS["mypy.ini"])
    (tmp_path / "main.py").write_text("from awaits import awaitable\nawaitable(str, 5).lower()\n")

    def is_checked_anew() -> bool:
        result = run_mypy(tmp_path, "-v", "main.py", pythonpath=str(package.parent))
        assert result.returncode == 0, result.stdout
        return "Parsing main.py (main)" in result.stderr

    assert is_checked_anew()
    assert not is_checked_anew()
    with (package / file.relative_to(PACKAGE)).open("a") as changed:
        changed.write("# changed\n")
    assert is_checked_anew()


# What may come of an attribute that no Await was asked for before.
FIRST_USES = """\
from typing import Any, ClassVar, Final, Protocol, overload
from awaits import Await

class Field:
    def __get__(self, instance: object, owner: Any) -> str: return ""
    @overload
    def __set__(self, instance: object, value: int) -> None: ...
    @overload
    def __set__(self, instance: object, value: list[int]) -> None: ...
    def __set__(self, instance: object, value: object) -> None: ...

class C:
    __slots__ = ("read", "written", "wrong", "final", "deleted", "added")
    read: int
    written: int
    wrong: int
    added: int
    deleted: int
    final: Final = 1
    shared: ClassVar[int] = 1
    field = Field()
    def method(self) -> None: ...
    def replaced(self) -> None: ...

class Reader(Protocol):
    @property
    def read_by_protocol(self) -> int: ...
class Writer(Protocol):
    written: int
def take(reader: Reader) -> None: ...
def take_writer(writer: Writer) -> None: ...

{before}

def use(aw: Await[C], of_class: type[Await[C]], nested: Await[Await[C]]) -> None:
    Await.read
    of_class.written
    Await.written = 1
    Await.mro()
    Await[C].read
    reveal_type(aw.read)
    aw.missing
    aw.written = 1
    aw.wrong = ""
    aw.unknown = 1
    aw.final = 2
    aw.shared = 2
    aw.field = b""
    reveal_type(aw.field)
    aw.replaced = None
    aw.method(1)
    aw.added += ""
    del aw.deleted
    del aw.undeletable
    take(aw)
    take_writer(aw)
    reveal_type(nested.read)
    nested.missing
    if hasattr(aw, "maybe"):
        aw.maybe
    else:
        reveal_type(aw)
"""


def test_verdicts_do_not_depend_on_what_was_read_before(tmp_path: Path, run_mypy: RunMypy) -> None:
    names = sorted(set(re.findall(r"\w+", FIRST_USES)) - {"lambda"})
    reads = "; ".join(f"aw.{name}" for name in names if name.islower() and not keyword.iskeyword(name))
    first = FIRST_USES.format(before="def read(aw: Await[Any]) -> None: ...")
    later = FIRST_USES.format(before=f"def read(aw: Await[Any]) -> None: {reads}")
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\nstrict = true\n")
    said = []
    for program in (first, later):
        (tmp_path / "program.py").write_text(program)
        said.append(run_mypy(tmp_path, "program.py").stdout)
    assert said[0].count("error:") > 15
    assert said[1] == said[0]
