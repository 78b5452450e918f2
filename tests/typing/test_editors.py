"""What language servers show of an Await, without and with the file that the page tells to write.

The servers are those of the checkers themselves, asked by the protocol that editors use.
"""

import importlib.util
import re
import shutil
import sys
import venv
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .language_server import LanguageServer, Place
from .pages import PAGES

BESIDE_PYTHON = Path(sys.executable).parent
COMMANDS = {
    "pyright": ["pyright-langserver", "--stdio"],
    "basedpyright": ["basedpyright-langserver", "--stdio"],
    "pyrefly": ["pyrefly", "lsp", "--indexing-mode", "none"],
    "ty": ["ty", "server"],
}
PAGE = PAGES["howto/daemon_and_editors.md"]
VIEW = {"typings/awaits/_await.pyi", "pyproject.toml"}

# Each use is one of a kind. It is noted where the servers see an error: with the file, rightly as of a W
# or wrongly, or without it.
USES = """\
from pathlib import Path
from typing import TYPE_CHECKING
from awaits import Await, awaitable, awaitable_nowait, awaitable_wait, delayed, lazy_import
import shapes

if TYPE_CHECKING:
    import json
else:
    json = lazy_import("json")

class Model:
    size: int = 0
    def grow(self, by: int) -> str:
        return str(self.size + by)

def take(model: Model) -> None: ...
def take_lazy(model: Await[Model]) -> None: ...

@delayed
def doubled(n: int) -> int:
    return 2 * n

class Holder:
    def __init__(self, field: Await[Model], either: Model | Await[Model]) -> None:
        self.field: Await[Model] = field
        self.either = either
        either.size.bit_length()

model = awaitable(Model)
model.size.nope  # with
model.size = 1
model.grow(1).upper()
model.grow("a")  # with
model.nope  # with
take(model)  # without
take_lazy(model)
number = awaitable(int, "3")
total = number + 1
number + "a"  # with
number += 1
twice = doubled(number)
twice.nope  # with
awaitable_wait(model).grow(1)
awaitable_wait(model).nope  # always
awaitable_wait(awaitable_nowait(model)).size
Holder(model, model).field.grow(1)
Holder(model, model).field.nope  # with
path = awaitable(Path, "a")
with open(path / "x") as file:
    file.read()
for name in awaitable_nowait(["a"]):
    name.upper()
flag = awaitable_nowait(True)
flag.bit_length()
print(len(awaitable_nowait("a")), repr(model), flag)
print(json.dumps(1), json.nope)  # always

async def later() -> int:
    return 1

async def main() -> None:
    (await awaitable(later)).bit_length()
    await number  # wrong

def whichever(model: Model | Await[Model]) -> Model:
    return awaitable_wait(model) if isinstance(model, Await) else model  # wrong except pyright

number.is_nowait()  # wrong
number.fn()  # wrong

door = shapes.load(Path("door.txt"))
door.sides.append(1.0)
door.nope  # with
shapes.area(shapes.scaled(door, 2))
shapes.area("a")  # always
"""
SEEN = {"with": {"with", "wrong", "always"}, "without": {"without", "always"}}
HOVERS = {  # a line, a name in it, and what is among what is shown with the file, and without it
    ("total = number", "total"): ("int", "Any"),
    ("model.grow(1)", "grow"): ("-> str", "Any"),
    ("door.sides.append", "sides"): ("list[float]", "Any"),
    ("for name in", "name"): ("str", "str"),
}
COMPLETED = {  # of each, names of W
    "model": {"size", "grow"},
    "number": {"bit_length", "as_integer_ratio"},
    "doubled(number)": {"bit_length"},
    "Holder(model, model).field": {"size", "grow"},
    "flag": {"bit_length"},
    "path": {"exists", "read_text"},
    "shapes.load(path)": {"sides", "name"},
    "shapes.scaled(door, 2)": {"sides", "name"},
}
OF_ANY_TYPE = {  # these are completed without the file too
    "awaitable_wait(model)": {"size", "grow"},
    "json": {"dumps", "loads"},
}


class Seen(NamedTuple):
    """What one server said."""

    server: str
    view: str
    errors: dict[int, str]
    hovers: dict[tuple[str, str], str]
    completions: dict[str, set[str]]


def settings_of(python: Path, *, errors: bool) -> dict[str, Any]:
    """Return what an editor with an active environment tells its servers."""
    analysis = {"typeCheckingMode": "standard" if errors else "off"}
    return {
        "python": {
            "pythonPath": str(python),
            "analysis": analysis,
            "pyrefly": {"displayTypeErrors": "force-on" if errors else "force-off"},
        },
        "basedpyright": {"analysis": analysis},
        "diagnosticMode": "openFilesOnly" if errors else "off",  # ty's
    }


def make_project(folder: Path, view: str) -> Path:
    """Write a project with an environment, in which there is the library of the page about libraries."""
    venv.create(folder / ".venv")
    (site_packages,) = folder.glob(".venv/lib/python*/site-packages")
    spec = importlib.util.find_spec("awaits")
    assert spec
    assert spec.origin
    shutil.copytree(Path(spec.origin).parent, site_packages / "awaits")
    library = {block.title: block.text for block in PAGES["howto/library_api.md"] if block.title}
    (site_packages / "shapes").mkdir()
    (site_packages / "shapes/__init__.py").write_text(library["shapes/__init__.py"])
    (site_packages / "shapes/py.typed").touch()
    if view == "with":
        files = {block.title: block.text for block in PAGE if block.title in VIEW}
        assert files.keys() == VIEW
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    (folder / "uses.py").write_text(USES)
    # A name that is not written yet is no syntax that may stand in the file of the errors.
    asked = [f"def f{n}() -> None:\n    {text}.\n" for n, text in enumerate(COMPLETED | OF_ANY_TYPE)]
    (folder / "completed.py").write_text("from uses import *\nimport shapes\n" + "".join(asked))
    return folder


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("editor")
    return {view: make_project(folder / view, view) for view in SEEN}


@pytest.fixture(scope="module", params=COMMANDS)
def command(request: pytest.FixtureRequest) -> list[str]:
    program, *arguments = COMMANDS[request.param]
    found = shutil.which(program, path=str(BESIDE_PYTHON))
    if not found:
        pytest.skip(f"{request.param} is not installed: pip install --group checkers")
    return [found, *arguments]


@pytest.fixture(scope="module", params=SEEN)
def seen(request: pytest.FixtureRequest, command: list[str], projects: dict[str, Path]) -> Seen:
    project = projects[request.param]
    python = project / ".venv/bin/python"
    uses, completed = project / "uses.py", project / "completed.py"
    with LanguageServer(command, project, settings_of(python, errors=True)) as server:
        server.open(uses)
        server.open(completed)
        return Seen(
            Path(command[0]).name,
            request.param,
            server.errors(uses),
            {key: server.hover(place_of(uses, *key)) for key in HOVERS},
            {text: complete(server, completed, text) for text in COMPLETED | OF_ANY_TYPE},
        )


def place_of(path: Path, line_with: str, name: str) -> Place:
    lines = path.read_text().splitlines()
    number = next(number for number, line in enumerate(lines) if line_with in line)
    return Place(path, number, lines[number].index(name))


def complete(server: LanguageServer, path: Path, text: str) -> set[str]:
    line = f"    {text}."
    place = place_of(path, line, text)
    return server.completions(place._replace(character=len(line)))


def test_names_are_completed(seen: Seen) -> None:
    for text, names in OF_ANY_TYPE.items():
        assert names <= seen.completions[text], text
    for text, names in COMPLETED.items():
        offered = seen.completions[text]
        if seen.view == "with":
            assert names <= offered, text
            assert "is_nowait" not in offered, text
        else:
            assert not names & offered, text
            assert "is_nowait" in offered, text


def test_types_are_shown(seen: Seen) -> None:
    for key, (with_file, without) in HOVERS.items():
        assert (with_file if seen.view == "with" else without) in seen.hovers[key]


def test_errors_are_those_that_the_page_names(seen: Seen) -> None:
    marks = [
        (number, mark[1], mark[2])
        for number, line in enumerate(USES.splitlines(), 1)
        if (mark := re.search(r"# (\w+)(?: except (\w+))?$", line))
    ]
    expected = {
        number
        for number, mark, exception in marks
        if mark in SEEN[seen.view] and not (exception and exception in seen.server)
    }
    assert seen.errors.keys() == expected, seen.errors


def test_names_are_completed_where_the_errors_are_left_to_mypy(
    command: list[str], projects: dict[str, Path]
) -> None:
    project = projects["with"]
    uses, completed = project / "uses.py", project / "completed.py"
    settings = settings_of(project / ".venv/bin/python", errors=False)
    with LanguageServer(command, project, settings) as server:
        server.open(uses)
        server.open(completed)
        assert not server.errors(uses)
        assert COMPLETED["model"] <= complete(server, completed, "model")
