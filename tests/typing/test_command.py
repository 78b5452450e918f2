"""The command `awaits-mypy`: what it writes, what it says and the codes it exits with."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from mypy.options import Options
from mypy.version import __version__ as mypy_version

from awaits import __version__
from awaits_mypy._command import check

from .conftest import ROOT, Command, RunMypy

KNOWS_NONE_FLAG = hasattr(Options(), "strict_equality_for_none")  # since mypy 1.18


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without what `init` asks mypy in the end, where a test is about what it writes."""
    monkeypatch.setattr(check, "findings", lambda _, **__: [])


def known(text: str) -> str:
    """Return the lines of a configuration that this mypy knows."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if KNOWS_NONE_FLAG or "strict_equality_for_none" not in line)


TOML_LINES = """\
plugins = ["awaits_mypy"]
strict_equality = true
strict_equality_for_none = true
enable_error_code = ["unused-awaitable"]
"""
INI_LINES = """\
plugins = awaits_mypy
strict_equality = True
strict_equality_for_none = True
enable_error_code = unused-awaitable
"""
REPORTED = [  # what `init` says of these lines
    " (in all code, mypy now reports == and in between values that are never equal)\n",
    " (in all code, mypy now reports == with None of what is never None)\n",
    " (in all code, mypy now reports an awaitable that is dropped,"
    " such as create_task() on a line of its own)\n",
]
FLAGS = "strict_equality = true\nstrict_equality_for_none = true\n"
INI_FLAGS = "strict_equality = True\nstrict_equality_for_none = True\n"
CODES = 'enable_error_code = ["unused-awaitable"]\n'
APART = """
[project]
[[tool.x]]
[tool.y.z]
[tool.y]

[[tool.mypy.overrides]]
module = "a"
"""

# The file, what is in it, and what is in it afterwards.
LAYOUTS = {
    "toml_empty": ("pyproject.toml", "", f"[tool.mypy]\n{TOML_LINES}"),
    "toml_of_other_tools": (
        "pyproject.toml",
        "[tool.ruff]\nline-length = 99 # wide\n",
        f"[tool.ruff]\nline-length = 99 # wide\n\n[tool.mypy]\n{TOML_LINES}",
    ),
    "toml_table_between_comments_of_others": (
        "pyproject.toml",
        "[tool.mypy]\nwarn_unreachable = true # why\n# and so on\n\n# about ruff\n[tool.ruff]\n",
        f"[tool.mypy]\nwarn_unreachable = true # why\n{TOML_LINES}"
        "# and so on\n\n# about ruff\n[tool.ruff]\n",
    ),
    "toml_empty_table_without_line_ending": (
        "pyproject.toml",
        "[tool.mypy] # here",
        f"[tool.mypy] # here\n{TOML_LINES}",
    ),
    "toml_empty_table_with_comment": (
        "pyproject.toml",
        "[tool.mypy]\n# nothing yet\n\n[tool.x]\n",
        f"[tool.mypy]\n{TOML_LINES}# nothing yet\n\n[tool.x]\n",
    ),
    "toml_last_line_without_ending": (
        "pyproject.toml",
        "[tool.mypy]\npretty = true",
        f"[tool.mypy]\npretty = true\n{TOML_LINES}",
    ),
    "toml_only_overrides": (
        "pyproject.toml",
        '[[tool.mypy.overrides]]\nmodule = "a"\nignore_errors = true\n',
        '[[tool.mypy.overrides]]\nmodule = "a"\nignore_errors = true\n\n[tool.mypy]\n' + TOML_LINES,
    ),
    "toml_overrides_apart": (  # tomlkit 0.15 does not read this file
        "pyproject.toml",
        f"[tool.mypy]\npretty = true\n{APART}",
        f"[tool.mypy]\npretty = true\n{TOML_LINES}{APART}",
    ),
    "toml_list_in_a_line": (
        "pyproject.toml",
        '[tool.mypy]\nplugins = [ "a.b" ]  # ours\n',
        f'[tool.mypy]\nplugins = [ "a.b", "awaits_mypy" ]  # ours\n{FLAGS}{CODES}',
    ),
    "toml_list_on_lines_with_tabs": (
        "pyproject.toml",
        '[tool.mypy]\nplugins = [\n\t"a.b", # first\n\t# and\n\t"c.py",\n] # ours\npretty = true\n',
        '[tool.mypy]\nplugins = [\n\t"a.b", # first\n\t# and\n\t"c.py",\n\t"awaits_mypy",\n] # ours\n'
        f"pretty = true\n{FLAGS}{CODES}",
    ),
    "toml_string": (
        "pyproject.toml",
        "[tool.mypy]\nplugins = 'a, b'\nenable_error_code = \"truthy-bool,\"\n",
        "[tool.mypy]\nplugins = 'a, b, awaits_mypy'\n"
        f'enable_error_code = "truthy-bool, unused-awaitable"\n{FLAGS}',
    ),
    "toml_dotted": (
        "pyproject.toml",
        '[tool]\nmypy.pretty = true\n\n[project]\nname = "a"\n',
        "[tool]\nmypy.pretty = true\n"
        + "".join(f"mypy.{line}" for line in reversed(TOML_LINES.splitlines(keepends=True)))
        + '\n[project]\nname = "a"\n',
    ),
    "toml_strict": (
        "pyproject.toml",
        "[tool.mypy]\n  strict = true\n",
        '[tool.mypy]\n  strict = true\n  plugins = ["awaits_mypy"]\n  strict_equality_for_none = true\n'
        f"  {CODES}",
    ),
    "toml_header_in_a_string": (
        "pyproject.toml",
        '[project]\ntext = """\n[tool.mypy]\n"""\n[ tool . mypy ]\npretty = true\n',
        f'[project]\ntext = """\n[tool.mypy]\n"""\n[ tool . mypy ]\npretty = true\n{TOML_LINES}',
    ),
    "toml_line_that_looks_like_a_header": (
        "pyproject.toml",
        '[tool.mypy]\nexclude = """\n[ab]/\n"""\n# last\n[project]\n',
        f'[tool.mypy]\nexclude = """\n[ab]/\n"""\n{TOML_LINES}# last\n[project]\n',
    ),
    "ini_empty": ("mypy.ini", "", f"[mypy]\n{INI_LINES}"),
    "ini_hidden": (".mypy.ini", "[mypy]\n", f"[mypy]\n{INI_LINES}"),
    "ini_sections_after": (
        "mypy.ini",
        "; ours\n[mypy]\npretty = True\n\n# not ours\n[mypy-a.*]\nignore_errors = True\n",
        f"; ours\n[mypy]\npretty = True\n{INI_LINES}\n# not ours\n[mypy-a.*]\nignore_errors = True\n",
    ),
    "ini_only_sections_of_modules": (
        "mypy.ini",
        "[mypy-a.*]\nignore_errors = True",
        f"[mypy-a.*]\nignore_errors = True\n\n[mypy]\n{INI_LINES}",
    ),
    "ini_commas": (
        "setup.cfg",
        "[flake8]\nplugins = a\n[mypy]\nplugins=a.b,c\nenable_error_code : truthy-bool,\n",
        "[flake8]\nplugins = a\n[mypy]\nplugins=a.b,c, awaits_mypy\n"
        f"enable_error_code : truthy-bool, unused-awaitable\n{INI_FLAGS}",
    ),
    "ini_lines": (
        "setup.cfg",
        "[mypy]\nplugins =\n    a.b,\n    # and\n    c\n    # last\n\n"
        "enable_error_code =\n\ttruthy-bool,\n",
        "[mypy]\nplugins =\n    a.b,\n    # and\n    c,\n    awaits_mypy\n    # last\n\n"
        f"enable_error_code =\n\ttruthy-bool,\n\tunused-awaitable,\n{INI_FLAGS}",
    ),
    "ini_nothing_in_the_list": (
        "mypy.ini",
        "[mypy]\nplugins =\n",
        f"[mypy]\nplugins = awaits_mypy\n{INI_FLAGS}enable_error_code = unused-awaitable\n",
    ),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("name", "before", "after"), LAYOUTS.values(), ids=LAYOUTS)
def test_init_adds_its_lines_and_leaves_every_other_byte(
    name: str, before: str, after: str, ending: str, tmp_path: Path, command: Command
) -> None:
    if "\n" not in before and ending == "\r\n":
        pytest.skip("no line says which ending is the file's")
    file = tmp_path / name
    file.write_bytes(before.replace("\n", ending).encode())
    assert command("init")[0] == 0
    expected = known(after).replace("\n", ending).encode()
    assert file.read_bytes() == expected
    code, printed, _ = command("init")
    assert (code, printed.splitlines()[0]) == (0, f"{name}: nothing to add")
    assert file.read_bytes() == expected


@pytest.mark.usefixtures("unchecked")
def test_init_keeps_bytes_that_are_not_utf8(tmp_path: Path, command: Command) -> None:
    before = b"[mypy]\npretty = true\n" + "# für uns\n[flake8]\n".encode("latin-1")
    (tmp_path / "setup.cfg").write_bytes(before)
    code, _, error = command("init")
    if code == 0:  # mypy reads the file in the locale's encoding, where that takes any byte
        assert (tmp_path / "setup.cfg").read_bytes().endswith(b"# f\xfcr uns\n[flake8]\n")
    else:
        assert "mypy cannot read its configuration" in error
        assert (tmp_path / "setup.cfg").read_bytes() == before


@pytest.mark.usefixtures("unchecked")
def test_init_says_each_line_that_it_adds(tmp_path: Path, command: Command) -> None:
    _, printed, _ = command("init")
    fits = f"all fits: mypy {mypy_version}, awaits {__version__} and mypy.ini\n"
    assert printed == known(
        "mypy.ini: added plugins = awaits_mypy\n"
        f"mypy.ini: added strict_equality = true{REPORTED[0]}"
        f"mypy.ini: added strict_equality_for_none = true{REPORTED[1]}"
        f"mypy.ini: added enable_error_code = unused-awaitable{REPORTED[2]}" + fits
    )
    assert (tmp_path / "mypy.ini").read_text() == known(f"[mypy]\n{INI_LINES}")


WITHOUT_AWAITS = """\
import asyncio
async def main(name: str) -> None:
    print(name == 5)
    print(name == None)
    asyncio.create_task(main(name))
"""


def test_init_newly_reports_what_it_says_and_the_plugin_alone_nothing(
    tmp_path: Path, command: Command, run_mypy: RunMypy
) -> None:
    program = tmp_path / "program.py"
    program.write_text(WITHOUT_AWAITS)
    assert command("init", "--plugin-only")[0] == 0
    assert run_mypy(tmp_path, "program.py").stdout == "Success: no issues found in 1 source file\n"
    assert command("init")[0] == 0
    said = run_mypy(tmp_path, "program.py").stdout
    lines = [line.split(":")[1] for line in said.splitlines() if ": error: " in line]
    assert lines == ["3", "4", "5"] if KNOWS_NONE_FLAG else ["3", "5"]


@pytest.mark.parametrize("name", ["pyproject.toml", "mypy.ini", "setup.cfg"])
def test_init_adds_the_plugin_alone_where_that_is_wanted(
    name: str, tmp_path: Path, command: Command
) -> None:
    section, line = "[mypy]\n", "plugins = awaits_mypy\n"
    if name == "pyproject.toml":
        section, line = "[tool.mypy]\n", 'plugins = ["awaits_mypy"]\n'
    before = f"{section}strict_equality = false\n\n[other]\na = 1\n"
    (tmp_path / name).write_text(before)
    fits = f"all fits: mypy {mypy_version}, awaits {__version__} and {name}\n"
    assert command("init", "--plugin-only") == (0, f"{name}: added plugins = awaits_mypy\n{fits}", "")
    assert (tmp_path / name).read_text() == before.replace("\n\n", f"\n{line}\n")
    assert command("init", "--plugin-only") == (0, f"{name}: nothing to add\n{fits}", "")
    assert command("check", "--plugin-only") == (0, fits, "")
    code, printed, _ = command("check")
    assert (code, "(unused-awaitable): add unused-awaitable" in printed) == (1, True)


def test_check_of_the_plugin_alone_finds_that_it_is_off(tmp_path: Path, command: Command) -> None:
    (tmp_path / "mypy.ini").write_text("[mypy]\ndisable_error_code = await-isinstance\n")
    code, printed, _ = command("check", "--plugin-only")
    assert (code, "run awaits-mypy init" in printed) == (1, True)
    code, printed, _ = command("init", "--plugin-only")
    assert code == 1
    takes_codes = tuple(map(int, mypy_version.split(".")[:2])) >= (1, 19)
    advice = (
        "take await-isinstance out of disable_error_code" if takes_codes else "take mypy 1.19 or newer"
    )
    assert advice in printed


@pytest.mark.usefixtures("unchecked")
def test_init_keeps_mode_and_link_of_the_file(tmp_path: Path, command: Command) -> None:
    real = tmp_path / "real.ini"
    real.write_text("[mypy]\n")
    real.chmod(0o640)
    (tmp_path / "mypy.ini").symlink_to(real)
    assert command("init")[0] == 0
    assert (tmp_path / "mypy.ini").is_symlink()
    assert "awaits_mypy" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == [".git", "mypy.ini", "real.ini"]


def test_init_diff_shows_the_lines_and_writes_nothing(tmp_path: Path, command: Command) -> None:
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = True\nstrict_equality_for_none = True\n")
    code, printed, said = command("init", "--diff")
    added = [line for line in printed.splitlines() if line.startswith("+")]
    assert added == ["+++ mypy.ini", "+plugins = awaits_mypy", "+enable_error_code = unused-awaitable"]
    assert said == (
        f"mypy.ini: plugins = awaits_mypy\nmypy.ini: enable_error_code = unused-awaitable{REPORTED[2]}"
    )
    assert code == 1
    assert "awaits_mypy" not in (tmp_path / "mypy.ini").read_text()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("files", "edited"),
    [
        (["mypy.ini", "pyproject.toml"], "mypy.ini"),
        (["pyproject.toml", "setup.cfg"], "pyproject.toml"),
        (["setup.cfg"], "setup.cfg"),
    ],
)
def test_init_edits_the_file_that_mypy_takes(
    files: list[str], edited: str, tmp_path: Path, command: Command
) -> None:
    for name in files:
        (tmp_path / name).write_text("[tool.mypy]\n" if name.endswith("toml") else "[mypy]\n")
    command("init")
    assert [name for name in files if "awaits_mypy" in (tmp_path / name).read_text()] == [edited]


@pytest.mark.usefixtures("unchecked")
def test_init_in_a_project_within_a_repository(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "src" / "app").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "src" / "app")
    assert command("init")[1].startswith("../../pyproject.toml: added plugins")
    assert "awaits_mypy" in (tmp_path / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pyproject.toml", "[tool.mypy\n", "mypy cannot read its configuration: pyproject.toml: "),
        ("mypy.ini", "plugins\n", "mypy cannot read its configuration: mypy.ini: "),
        (
            "pyproject.toml",
            "[tool.mypy]\nplugins = 3\n",
            "awaits-mypy: ",
        ),  # mypy 1.17 itself fails on it
        ("pyproject.toml", "[tool]\nmypy.overrides = []\n", "pyproject.toml must be edited by hand"),
    ],
)
def test_init_refuses_what_it_cannot_edit_and_writes_nothing(
    name: str, content: str, message: str, tmp_path: Path, command: Command
) -> None:
    (tmp_path / name).write_text(content)
    code, _, error = command("init")
    assert (code, message in error, "Traceback" in error) == (2, True, False), error
    assert (tmp_path / name).read_text() == content


def test_init_does_not_overrule_what_the_project_decided(tmp_path: Path, command: Command) -> None:
    before = "[mypy]\nstrict_equality = False\ndisable_error_code = unused-awaitable\n"
    (tmp_path / "mypy.ini").write_text(before)
    code, printed, _ = command("init")
    assert code == 1
    assert printed.startswith(
        "mypy.ini: left as it is: strict_equality = False\n"
        "mypy.ini: left as it is: disable_error_code has unused-awaitable\n"
        "mypy.ini: added plugins = awaits_mypy\n"
    )
    assert "(unused-awaitable): take unused-awaitable out of disable_error_code" in printed
    assert (tmp_path / "mypy.ini").read_text().startswith(before)


@pytest.mark.parametrize("name", ["pyproject.toml", "mypy.ini", "setup.cfg"])
def test_all_fits_after_init(name: str, tmp_path: Path, command: Command) -> None:
    (tmp_path / name).touch()
    assert command("init", "--config", name)[0] == 0
    assert command("check")[:2] == (
        0,
        f"all fits: mypy {mypy_version}, awaits {__version__} and {name}\n",
    )


FITTING = known(
    "[mypy]\nplugins = awaits_mypy\nenable_error_code = unused-awaitable\n"
    "strict_equality = True\nstrict_equality_for_none = True\n"
)
GREEDY_PLUGIN = """\
from mypy.plugin import Plugin
class Greedy(Plugin):
    def get_attribute_hook(self, fullname):
        return lambda ctx: ctx.default_attr_type
def plugin(version):
    return Greedy
"""

# What is wrong with a configuration, and what `check` says of it.
MISFITS = {
    "no_plugin": ("[mypy]\n", "awaits_mypy is not among the plugins in mypy.ini: run awaits-mypy init"),
    "no_section": ("[mypy-a]\n", "mypy.ini has no settings for mypy: run awaits-mypy init"),
    "unknown_option": (f"{FITTING}plugin = a\n", "Unrecognized option: plugin = a"),
    "silenced": (f"{FITTING}ignore_errors = True\n", "mypy reports nothing"),
    "skipped": (f"{FITTING}[mypy-awaits.*]\nfollow_imports = skip\n", "drop follow_imports = skip"),
    "no_equality": (
        FITTING.replace("strict_equality = True", ""),
        "does not report a comparison that never holds (comparison-overlap): set strict_equality = true",
    ),
    "no_unused_awaitable": (
        FITTING.replace("enable_error_code = unused-awaitable", ""),
        "does not report an Await that nobody waits for (unused-awaitable): add unused-awaitable to",
    ),
    "everywhere_disabled": (
        f"{FITTING}[mypy-*.*]\ndisable_error_code = await-hidden, await-isinstance\n",
        "does not report an isinstance() that is never true (await-isinstance): something",
    ),
    "greedy_plugin": (
        FITTING.replace("= awaits_mypy", "= greedy.py, awaits_mypy"),
        "put awaits_mypy in front of greedy.py, which may answer first",
    ),
}


@pytest.mark.parametrize(("configuration", "finding"), MISFITS.values(), ids=MISFITS)
def test_check_says_what_does_not_fit(
    configuration: str, finding: str, tmp_path: Path, command: Command
) -> None:
    if "*.*" in configuration and mypy_version.startswith(("1.17", "1.18")):
        pytest.skip("these take no code of a plugin in a configuration")
    (tmp_path / "mypy.ini").write_text(configuration)
    (tmp_path / "greedy.py").write_text(GREEDY_PLUGIN)
    code, printed, _ = command("check")
    assert all(line.startswith("does not fit: ") for line in printed.splitlines())
    assert finding in printed
    assert code == 1


def test_check_says_where_awaits_is_missing(tmp_path: Path, command: Command) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "python"  # sees nothing of the environment that these tests run in
    python.write_text(f'#!/bin/sh\nexec env -u PYTHONPATH "{tmp_path}/venv/bin/python" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "mypy.ini").write_text(f"{FITTING}python_executable = {python}\n")
    code, printed, _ = command("check")
    assert code == 1
    assert (
        f"mypy does not find awaits: run {python} -m pip install typed-awaits=={__version__}" in printed
    )


def test_check_says_that_the_versions_differ(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "__version__", "9.9")
    (tmp_path / "mypy.ini").write_text(FITTING)
    code, printed, _ = command("check")
    assert code == 1
    assert "mypy reads another version of awaits than 9.9, the plugin's: run" in printed


def other_project(folder: Path, *, has_the_package: bool) -> Path:
    """Make a folder, to be put on the path, in which another project has a package called awaits."""
    information = folder / "awaits-0.0.14.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: awaits\nVersion: 0.0.14\n")
    (information / "top_level.txt").write_text("awaits\n")
    if has_the_package:
        (folder / "awaits").mkdir()
        (folder / "awaits" / "__init__.py").write_text("def awaitable(): ...\n")
    return folder


# This one may be installed, or on the path alone.
OWNERS = " ".join(sorted({"awaits", *packages_distributions().get("awaits", ())}))
CLASH = (
    "the package awaits is in another distribution too, awaits 0.0.14, whose files may lie over ours:"
    f" run {sys.executable} -m pip uninstall {OWNERS},"
    f" then {sys.executable} -m pip install 'typed-awaits[mypy]'"
)


def test_check_says_that_another_distribution_has_the_package_too(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mypy.ini").write_text(FITTING)
    assert "distribution" not in command("check")[1]
    monkeypatch.setenv("PYTHONPATH", str(other_project(tmp_path / "site", has_the_package=False)))
    code, printed, _ = command("check")
    assert (code, printed) == (1, f"does not fit: {CLASH}\n")
    # Whatever the configuration is.
    (tmp_path / "mypy.ini").unlink()
    assert command("check")[:2] == (code, printed)


def test_check_looks_into_the_environment_that_mypy_reads(tmp_path: Path, command: Command) -> None:
    site = other_project(tmp_path / "site", has_the_package=False)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "mypy.ini").write_text(f"{FITTING}python_executable = {python}\n")
    code, printed, _ = command("check")
    assert code == 1
    assert f"too, awaits 0.0.14, whose files may lie over ours: run {python} -m" in printed


@pytest.mark.parametrize("is_known", [True, False])
def test_package_of_another_project_in_the_place_of_ours_is_told(is_known: bool, tmp_path: Path) -> None:
    site = other_project(tmp_path / "site", has_the_package=True)
    if not is_known:
        shutil.rmtree(site / "awaits-0.0.14.dist-info")
    (tmp_path / "mypy.ini").write_text(FITTING)
    (tmp_path / "a.py").touch()

    def run(*command: str) -> tuple[int, str]:
        result = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in result.stdout + result.stderr
        return result.returncode, result.stdout + result.stderr

    install = f"run {sys.executable} -m pip install 'typed-awaits[mypy]' --force-reinstall"
    error = f"cannot import name 'Await' from 'awaits' ({site}/awaits/__init__.py)"
    unknown = f"the package awaits is not that of typed-awaits, or not all of it ({error}): {install}"
    said = CLASH if is_known else unknown
    assert run("awaits_mypy", "check") == (1, f"does not fit: {said}\n")
    assert run("awaits_mypy", "init") == (2, f"awaits-mypy: {said}\n")
    assert run("awaits_mypy", "--version") == (0, "awaits-mypy of unknown version\n")
    code, printed = run("mypy", "a.py")
    assert (code, said in printed) == (2, True)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (None, "mypy finds no configuration in this folder: run awaits-mypy init"),
        ("mypy", "mypy cannot read its configuration: mypy.ini: "),
        (
            "[mypy]\nplugins = awaits_mypy, nope\n",
            'mypy does not run with mypy.ini:\nmypy.ini:2: error: Error importing plugin "nope"',
        ),
        ("[mypy]\npython_executable = /no/python\n", "Invalid python executable '/no/python'"),
    ],
)
def test_check_fails_where_it_cannot_be_told(
    configuration: str | None, message: str, tmp_path: Path, command: Command
) -> None:
    if configuration is not None:
        (tmp_path / "mypy.ini").write_text(configuration)
    code, _, error = command("check")
    assert (code, message in error) == (2, True), error


@pytest.mark.parametrize("name", ["check", "report"])
def test_in_a_folder_above_configurations_they_are_named(
    name: str, tmp_path: Path, command: Command
) -> None:
    for file in (
        "api/pyproject.toml",
        "libs/core/setup.cfg",
        "web/mypy.ini",
        "web/node_modules/x/mypy.ini",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("[tool.mypy]\n" if file.endswith("toml") else "[mypy]\n")
    (tmp_path / ".tox" / "py").mkdir(parents=True)
    (tmp_path / ".tox" / "py" / "mypy.ini").write_text("[mypy]\n")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    (tmp_path / "venv" / "mypy.ini").write_text("[mypy]\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pyproject.toml").write_text("[project]\n")  # without settings for mypy
    (tmp_path / "docs" / "mypy.ini").write_text("no settings")
    assert command(name) == (
        2,
        "",
        "awaits-mypy: mypy finds no configuration in this folder. There are some below it:\n"
        "  api/pyproject.toml\n  libs/core/setup.cfg\n  web/mypy.ini\n"
        "go to the folder of one of them, or name it with --config\n",
    )


def test_configuration_of_the_user_is_not_edited(tmp_path: Path) -> None:
    home = tmp_path / "home"
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    home.mkdir()
    (home / ".mypy.ini").write_text("[mypy]\n")
    result = subprocess.run(
        [sys.executable, "-m", "awaits_mypy", "init", "--diff"],
        cwd=project,
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.startswith("--- mypy.ini\n"), result.stderr


def test_without_mypy_the_command_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['mypy'] = None;"
        " from awaits_mypy._command.main import main; sys.exit(main())"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, "check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    install = f"run {sys.executable} -m pip install 'typed-awaits[mypy]'"
    assert result.stderr == f"awaits-mypy: {sys.executable} has no mypy: {install}\n"


def test_plugin_loads_nothing_of_the_command() -> None:
    program = "import sys, awaits_mypy; awaits_mypy.plugin('1.17.0'); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    assert "awaits_mypy._plugin.plugin" in loaded
    command = ("awaits_mypy._command", "awaits_mypy.__main__")
    assert [name for name in loaded if name.startswith(command)] == []


PROJECT = {
    "mypy.ini": "[mypy]\nplugins = awaits_mypy\nfiles = app\n",
    "app/__init__.py": "",
    "app/load.py": """\
from awaits import awaitable, awaitable_wait

config = awaitable(str, 5)
print(config.upper(), len(config))
print(awaitable_wait(config).upper())
print(config.lower())  # type: ignore[await-implicit]
reveal_type(config)
""",
    "app/sub/__init__.py": 'from app.load import config\ntotal: int = config + "!"\n',
}
TEXT = """\
app.load: 2
  app/load.py:4:7: Await[str] for "upper"
  app/load.py:4:27: Await[str] for "__len__"
app.sub: 1
  app/sub/__init__.py:2:14: Await[str] for "__add__"
3 implicit waits in 2 modules; mypy reports 1 other error
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, content in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def test_report_lists_the_waits_by_module(project: Path, command: Command) -> None:
    assert command("report") == (1, TEXT, "")


def test_report_does_not_depend_on_how_the_project_has_mypy_print(
    project: Path, command: Command
) -> None:
    printing = (
        "pretty = True\nshow_error_context = True\nshow_absolute_path = False\njunit_xml = out.xml\n"
    )
    with (project / "mypy.ini").open("a") as file:
        file.write(printing)
    assert command("report") == (1, TEXT, "")
    assert not (project / "out.xml").exists()


def test_report_without_arguments_checks_this_folder_where_no_other_is_named(
    project: Path, command: Command
) -> None:
    (project / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\n")
    (project / "other.py").write_text("from app.load import config\nconfig.title()\n")
    said = TEXT.replace(
        "3 implicit waits in 2",
        'other: 1\n  other.py:2:1: Await[str] for "title"\n4 implicit waits in 3',
    )
    assert command("report") == (1, said, "")
    assert command("report", "--disable-error-code", "assignment")[1] == said.partition(";")[0] + "\n"
    assert command("report", "other.py", "--follow-imports=silent")[1].startswith("other: 1\n")


def test_each_command_takes_the_configuration_that_is_named(project: Path, command: Command) -> None:
    (project / "mypy.ini").rename(project / "named.ini")
    assert command("init", "--config", "named.ini", "--plugin-only")[0] == 0
    assert command("check", "--config", "named.ini", "--plugin-only")[0] == 0
    assert command("report", "--config", "named.ini") == (1, TEXT, "")
    for name in ("check", "report"):
        code, _, error = command(name, "--config", "nowhere.ini")
        assert (code, "nowhere.ini" in error) == (2, True)


def test_report_hands_arguments_on_to_mypy(project: Path, command: Command) -> None:
    code, printed, _ = command(
        "report", "--disable-error-code=assignment", "--follow-imports", "silent", "app/sub"
    )
    assert code == 1
    assert printed.splitlines() == [
        "app.sub: 1",
        '  app/sub/__init__.py:2:14: Await[str] for "__add__"',
        "1 implicit wait in 1 module",
    ]
    assert command("report", "-m", "app.load")[1].splitlines()[-1] == "2 implicit waits in 1 module"


def test_report_without_waits_is_zero_whatever_else_mypy_reports(
    project: Path, command: Command
) -> None:
    (project / "clean.py").write_text("x: int = ''\n")
    printed = "0 implicit waits in 0 modules; mypy reports 1 other error\n"
    assert command("report", "clean.py") == (0, printed, "")


def test_report_follows_the_sections_of_modules(project: Path, command: Command) -> None:
    with (project / "mypy.ini").open("a") as file:
        file.write("[mypy-app.load]\nignore_errors = True\n")
    assert "app.load" not in command("report")[1]


def test_report_as_json(project: Path, command: Command) -> None:
    code, printed, error = command("report", "--format", "json")
    assert (code, error) == (1, TEXT.splitlines(keepends=True)[-1])
    document = json.loads(printed)
    modules = document.pop("modules")
    assert document == {
        "version": 1,
        "awaits": __version__,
        "mypy": mypy_version,
        "total": 3,
        "other_errors": 1,
    }
    assert [(module["module"], module["total"]) for module in modules] == [
        ("app.load", 2),
        ("app.sub", 1),
    ]
    assert modules[1]["waits"] == [
        {"file": "app/sub/__init__.py", "line": 2, "column": 14, "type": "Await[str]", "use": "__add__"}
    ]


def test_report_as_sarif_locates_the_waits_in_the_repository(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SARIF 2.1.0 and code hosts require: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""
    nested = project / "the project"
    nested.mkdir()
    for name in ("app", "mypy.ini"):
        (project / name).rename(nested / name)
    monkeypatch.chdir(nested)
    assert command("report", "--format", "sarif", "--output", "out.sarif", "-m", "app.load")[:2] == (
        1,
        "",
    )
    document = json.loads((nested / "out.sarif").read_text())
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "awaits-mypy"
    (rule,) = driver["rules"]
    assert {"shortDescription", "fullDescription", "help"} <= rule.keys()
    first, second = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == (rule["id"], 0, "warning")
    assert first["message"] == {"text": 'Implicit wait on "Await[str]" for "upper"'}
    (location,) = first["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "the%20project/app/load.py", "uriBaseId": "%SRCROOT%"}
    assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
    assert (place["region"]["startLine"], place["region"]["startColumn"]) == (4, 7)
    assert first["partialFingerprints"] != second["partialFingerprints"]


def test_fingerprints_stay_when_lines_move(project: Path, command: Command) -> None:
    def fingerprints() -> list[dict[str, str]]:
        run = json.loads(command("report", "--format", "sarif")[1])["runs"][0]
        return [result["partialFingerprints"] for result in run["results"]]

    before = fingerprints()
    load = project / "app" / "load.py"
    load.write_text("# moved\n" + load.read_text())
    assert fingerprints() == before
    assert len({json.dumps(each) for each in before}) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bad.py"], "mypy could not check the project:\nbad.py:1: error: "),
        (["good.py", "twice/good.py"], "the project:\ntwice/good.py: error: Duplicate module"),
        (["missing.py"], "missing.py"),
        (["--no-such-option"], "mypy: error: unrecognized arguments: --no-such-option"),
        (
            ["--config-file", "setup.cfg", "app"],
            "setup.cfg does not turn the plugin on: run awaits-mypy init",
        ),
        (["--config-file=", "app"], "mypy finds no configuration in this folder: run awaits-mypy init"),
    ],
)
def test_report_fails_with_the_words_of_mypy(
    arguments: list[str], message: str, project: Path, command: Command
) -> None:
    (project / "bad.py").write_text("def (:\n")
    (project / "twice").mkdir()
    for folder in (project, project / "twice"):
        (folder / "good.py").touch()
    (project / "setup.cfg").write_text("[mypy]\nstrict = True\n")
    code, printed, error = command("report", *arguments)
    assert (code, printed, message in error) == (2, "", True), error


def test_report_leaves_the_cache_of_the_project(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MYPY_CACHE_DIR")
    command("report")
    assert [file.name for file in (project / ".mypy_cache").iterdir()] == ["awaits"]


@pytest.mark.parametrize("arguments", [[], ["chek"], ["init", "--dif", "x"], ["check", "app"]])
def test_wrong_usage_fails(arguments: list[str], command: Command) -> None:
    with pytest.raises(SystemExit) as caught:
        command(*arguments)
    assert caught.value.code == 2
