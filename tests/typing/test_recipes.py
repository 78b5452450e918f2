"""The workflows and hooks of `docs/howto/ci.md`, run as the page shows them, in a project made for it.

The steps of a workflow run one after the other in the shell that GitHub takes, with a new virtual
environment as the Python of `setup-python`. `pre-commit` runs the hooks. The package is a wheel of this
checkout, and a small repository stands in for the mirror of the hook; all else comes from PyPI.
"""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from awaits_mypy._command.main import main

from .pages import PAGES

pytest.importorskip("pre_commit", reason="`nox -s recipes` has the environment for it")
yaml = import_module("yaml")  # comes with pre-commit, and has no types

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "shop"
version = "1"
dependencies = ["typed-awaits"]
"""
HEAD = """\
import json
from awaits import awaitable, awaitable_wait
text = awaitable(str, 5)
"""
CLEAN = HEAD + "print(awaitable_wait(text).upper())\n"
WAITS = HEAD + "print(text.upper())\n"
REFUSED = HEAD + "json.loads(text)\n"
REFUSAL = 'shop/__init__.py:4: error: Argument 1 to "loads" has incompatible type "Await[str]"'
MIRROR = "https://github.com/pre-commit/mirrors-mypy"
# What the mirror's own hook says, as far as it matters here.
HOOK = """\
- id: mypy
  name: mypy
  entry: mypy
  language: python
  types_or: [python, pyi]
  args: ["--ignore-missing-imports", "--scripts-are-modules"]
  require_serial: true
"""


class Ran(NamedTuple):
    """How a step or a command ended."""

    what: str
    code: int
    said: str


def files_of_the_page() -> dict[str, list[Any]]:
    """Return what the page shows, under the name of the file that it is for."""
    files: dict[str, list[Any]] = {}
    for block in PAGES["howto/ci.md"]:
        if block.title:
            files.setdefault(block.title, []).append(yaml.safe_load(block.text))
    return files


FILES = files_of_the_page()
TYPES, WAITS_WORKFLOW = ".github/workflows/types.yml", ".github/workflows/waits.yml"
HOOKS = ".pre-commit-config.yaml"
OR_SOME = " || [ $? -eq 1 ]"  # what has the job pass with implicit waits


def test_every_file_is_run() -> None:
    assert {name: len(shown) for name, shown in FILES.items()} == {TYPES: 1, WAITS_WORKFLOW: 1, HOOKS: 2}


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables of a machine with this Python and git, where pip finds the wheel."""
    folder = tmp_path_factory.mktemp("machine")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, timeout=120)
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    links = os.environ.get("PIP_FIND_LINKS", "")
    return {
        **inherited,
        "PATH": os.pathsep.join([str(folder / "venv/bin"), os.environ["PATH"]]),
        "PIP_FIND_LINKS": f"{wheel.parent} {links}".strip(),
        "MYPY_CACHE_DIR": str(folder / "cache"),
        "PRE_COMMIT_HOME": str(folder / "hooks"),
        **mirror_at_hand(folder / "mirror"),
    }


def mirror_at_hand(folder: Path) -> dict[str, str]:
    """Make a repository that stands in for the mirror, and return what has git take it instead."""
    revision = hook_of_the_mirror()["rev"]
    requirement = f"mypy=={revision.removeprefix('v')}"
    folder.mkdir()
    (folder / ".pre-commit-hooks.yaml").write_text(HOOK)
    setup = f"import setuptools\nsetuptools.setup(name='hook', install_requires=[{requirement!r}])\n"
    (folder / "setup.py").write_text(setup)
    commit_all(folder)
    subprocess.run(["git", "tag", revision], cwd=folder, check=True)
    # Not GIT_CONFIG_GLOBAL, which pre-commit takes away before it runs git.
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder}.insteadOf",
        "GIT_CONFIG_VALUE_0": MIRROR,
    }


def hook_of_the_mirror() -> Any:
    [repo] = [repo for shown in FILES[HOOKS] for repo in shown["repos"] if repo["repo"] == MIRROR]
    return repo


def commit_all(folder: Path) -> None:
    author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "-m", "All"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def make_project(folder: Path, program: str) -> None:
    """Write a package with this program, and the configuration that `awaits-mypy init` adds."""
    (folder / "shop").mkdir()
    (folder / "shop/__init__.py").write_text(program)
    (folder / "pyproject.toml").write_text(PROJECT)
    assert main(["init", "--config", str(folder / "pyproject.toml")]) == 0


def run(command: list[str], folder: Path, environment: dict[str, str]) -> Ran:
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(command[-1], ran.returncode, ran.stdout)


def run_workflow(name: str, folder: Path, environment: dict[str, str], without: str = "") -> list[Ran]:
    """Run the steps of the only job until one fails, and return how each ended."""
    [shown] = FILES[name]
    [job] = shown["jobs"].values()
    done: list[Ran] = []
    for step in job["steps"]:
        if "run" in step:
            # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: without
            # `shell`, it is `bash -e`.
            done.append(
                run(["bash", "-e", "-c", step["run"].removesuffix(without)], folder, environment)
            )
            if done[-1].code:
                return done
        elif "upload-sarif" in step["uses"]:
            assert json.loads((folder / step["with"]["sarif_file"]).read_text())["version"] == "2.1.0"
        else:
            assert step["uses"].startswith(("actions/checkout@", "actions/setup-python@"))
    return done


@pytest.mark.parametrize(
    ("program", "code", "line"),
    [(CLEAN, 0, "Success: no issues found"), (REFUSED, 1, REFUSAL)],
    ids=["clean", "refused"],
)
def test_workflow_of_types(
    program: str, code: int, line: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    make_project(tmp_path, program)
    *before, last = run_workflow(TYPES, tmp_path, environment)
    assert [step.code for step in before] == [0, 0], before
    assert (last.what, last.code) == ("mypy .", code), last.said
    assert last.said.startswith(line)


@pytest.mark.parametrize(("program", "results"), [(CLEAN, 0), (WAITS, 1)], ids=["clean", "waits"])
def test_workflow_of_waits(
    program: str, results: int, tmp_path: Path, environment: dict[str, str]
) -> None:
    make_project(tmp_path, program)
    done = run_workflow(WAITS_WORKFLOW, tmp_path, environment)
    assert [step.code for step in done] == [0, 0], done
    [analysis] = json.loads((tmp_path / "waits.sarif").read_text())["runs"]
    assert len(analysis["results"]) == results


@pytest.mark.parametrize(
    ("program", "without", "line"),
    [("def f(:\n", "", "mypy could not check the project"), (WAITS, OR_SOME, "1 implicit wait")],
    ids=["mypy cannot run", "as a gate"],
)
def test_workflow_of_waits_fails(
    program: str, without: str, line: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    make_project(tmp_path, program)
    *_, last = run_workflow(WAITS_WORKFLOW, tmp_path, environment, without)
    assert (last.what.startswith("awaits-mypy report"), last.code) == (True, 1), last.said
    assert line in last.said


def run_hooks(shown: Any, program: str, folder: Path, environment: dict[str, str]) -> Ran:
    """Run `pre-commit` with this configuration on all files of a new repository."""
    make_project(folder, program)
    (folder / HOOKS).write_text(yaml.safe_dump(shown))
    commit_all(folder)
    return run([sys.executable, "-m", "pre_commit", "run", "--all-files"], folder, environment)


@pytest.mark.parametrize("shown", FILES[HOOKS], ids=lambda shown: shown["repos"][0]["repo"])
@pytest.mark.parametrize(
    ("program", "code", "line"),
    [(CLEAN, 0, "Passed"), (REFUSED, 1, f"\n{REFUSAL}")],
    ids=["clean", "refused"],
)
def test_hooks(
    shown: Any, program: str, code: int, line: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    # The project's own environment, whose mypy the local hook runs.
    assert run(["pip", "install", "typed-awaits[mypy]"], tmp_path, environment).code == 0
    ran = run_hooks(shown, program, tmp_path, environment)
    assert ran.code == code, ran.said
    assert line in ran.said


def test_hook_of_the_mirror_keeps_its_mypy(tmp_path: Path, environment: dict[str, str]) -> None:
    hook = hook_of_the_mirror()
    run_hooks({"repos": [hook]}, CLEAN, tmp_path, environment)
    found = Path(environment["PRE_COMMIT_HOME"]).glob("*/*/lib/*/site-packages/mypy-*.dist-info")
    assert {folder.name for folder in found} == {f"mypy-{hook['rev'].removeprefix('v')}.dist-info"}


def test_hook_of_the_mirror_needs_the_plugin(tmp_path: Path, environment: dict[str, str]) -> None:
    bare = {"repos": [{**hook_of_the_mirror(), "hooks": [{"id": "mypy"}]}]}
    ran = run_hooks(bare, CLEAN, tmp_path, environment)
    assert ran.code == 1, ran.said
    assert "Error importing plugin \"awaits_mypy\": No module named 'awaits_mypy'" in ran.said
