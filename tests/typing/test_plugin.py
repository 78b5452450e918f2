"""The plugin as mypy loads it."""

import shutil
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


PLUGIN_FILES = sorted(Path(awaits_mypy.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("file", PLUGIN_FILES, ids=lambda file: file.name)
def test_a_change_to_any_file_of_the_plugin_invalidates_the_cache(
    file: Path, tmp_path: Path, run_mypy: RunMypy
) -> None:
    package = tmp_path / "plugin" / "awaits_mypy"
    shutil.copytree(file.parent, package)
    (tmp_path / "mypy.ini").write_text(CONFIGURATIONS["mypy.ini"])
    (tmp_path / "main.py").write_text("from awaits import awaitable\nawaitable(str, 5).lower()\n")

    def is_checked_anew() -> bool:
        result = run_mypy(tmp_path, "-v", "main.py", pythonpath=str(package.parent))
        assert result.returncode == 0, result.stdout
        return "Parsing main.py (main)" in result.stderr

    assert is_checked_anew()
    assert not is_checked_anew()
    with (package / file.name).open("a") as changed:
        changed.write("# changed\n")
    assert is_checked_anew()
