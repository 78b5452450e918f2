"""`lazy_import`: a module that is imported when it is first used."""

import copy
import importlib
import json
import pickle
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

from awaits import (
    Await,
    AwaitError,
    awaitable_done,
    awaitable_release,
    awaitable_wait,
    delayed,
    lazy_import,
    trace,
)
from tests.runtime import needs
from tests.runtime.crowds import Crowd


class Packages:
    """Modules in a folder of their own, which note that they are imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, *lines: str) -> None:
        path = self.folder.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        note = (
            f"import sys; vars(sys).setdefault('noted', []).append({name.removesuffix('.__init__')!r})"
        )
        path.write_text("\n".join([*lines[:1], note, *lines[1:]]))
        importlib.invalidate_caches()

    @property
    def imported(self) -> list[Any]:
        return vars(sys).setdefault("noted", [])  # type: ignore[no-any-return]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Packages(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]
    vars(sys).pop("noted", None)


def test_nothing_is_looked_for_before_the_first_use(packages: Packages) -> None:
    lazy: Any = lazy_import("lazily")
    assert (isinstance(lazy, Await), awaitable_done(lazy), packages.imported) == (True, False, [])
    packages.write("lazily", "x = 1")  # only now
    assert "pending" in repr(lazy)
    assert lazy.x == 1
    assert awaitable_wait(lazy) is sys.modules["lazily"]
    assert lazy.x == 1
    assert packages.imported == ["lazily"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("json", json),
        ("json.decoder", json.decoder),
        ("json:loads", json.loads),
        ("json.decoder:JSONDecoder.decode", json.JSONDecoder.decode),
        ("__main__", sys.modules["__main__"]),
    ],
)
def test_a_name_is_that_of_entry_points(name: str, found: object) -> None:
    assert awaitable_wait(lazy_import(name)) is found


@pytest.mark.parametrize("name", [b"json", 5, None, json, lazy_import("json:__name__")])
def test_what_is_no_str_is_refused_at_once(name: Any) -> None:
    with pytest.raises(TypeError, match=r"lazy_import\(\) needs the name of a module as a str, not "):
        lazy_import(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a.",
        "a..b",
        "a b",
        "1a",
        "a:",
        ":b",
        "a:b:c",
        "a:b.",
        "a:1",
        "a/b",
        "a.py:",
        "a-b",
        " a",
    ],
)
def test_what_is_no_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(ValueError, match=r"'package\.module' or 'package\.module:attribute'"):
        lazy_import(name)


@pytest.mark.parametrize("name", [".", ".a", "..a", ".a:b"])
def test_a_relative_name_is_refused_with_what_to_write(name: str) -> None:
    with pytest.raises(ValueError, match=r"is relative: .* __package__"):
        lazy_import(name)


@pytest.mark.parametrize(
    "name", ["is_not_there", "is_not_there.sub", "json.is_not_there", "is_not_there:a"]
)
@pytest.mark.parametrize(
    "use", [awaitable_wait, lambda aw: aw.x, lambda aw: aw == 1, hash, lambda aw: hasattr(aw, "x")]
)
def test_a_missing_module_is_said_at_the_use(name: str, use: Callable[[Any], object]) -> None:
    lazy = lazy_import(name)
    with pytest.raises(ModuleNotFoundError, match=r"No module named '.*is_not_there'"):
        use(lazy)
    assert not awaitable_done(lazy)


def test_a_missing_attribute_is_said_as_by_the_module() -> None:
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'nope'"):
        awaitable_wait(lazy_import("json:nope"))  # type: ignore[attr-defined]
    lazy: Any = lazy_import("json:nope")  # type: ignore[attr-defined]
    with pytest.raises(AwaitError) as error:
        _ = lazy.x  # which does not say that what is imported lacks x
    assert "lazy_import raised AttributeError while 'x' of its result was asked for" in str(error.value)


def test_a_module_that_fails_is_tried_again(packages: Packages) -> None:
    packages.write("fails", "", "raise ValueError('here')")
    lazy: Any = lazy_import("fails")
    for _ in range(2):
        with pytest.raises(ValueError, match="here"):
            _ = lazy.x
    packages.write("fails", "x = 1  # of another length, so that it is compiled anew")
    assert lazy.x == 1
    assert packages.imported == ["fails"] * 3


def test_what_is_not_imported_is_no_attribute(packages: Packages) -> None:
    packages.write("package.__init__")
    packages.write("package.part", "x = 1")
    lazy: Any = lazy_import("package")
    with pytest.raises(AttributeError, match="module 'package' has no attribute 'part'"):
        _ = lazy.part
    part: Any = lazy_import("package.part")
    assert part.x == 1
    assert lazy.part is awaitable_wait(part)
    assert packages.imported == ["package", "package.part"]


def test_a_namespace_package_has_parts(packages: Packages) -> None:
    packages.write("spaces.deep.part", "x = 1")
    spaces, part = lazy_import("spaces"), lazy_import("spaces.deep.part")
    assert part.x == 1
    assert spaces.deep.part is awaitable_wait(part)


def test_a_reload_is_seen(packages: Packages) -> None:
    packages.write("again", "x = 1")
    lazy: Any = lazy_import("again")
    assert lazy.x == 1
    packages.write("again", "x = 2  # of another length, so that it is compiled anew")
    importlib.reload(sys.modules["again"])
    assert lazy.x == 2
    assert importlib.reload(awaitable_wait(lazy)) is sys.modules["again"]


def test_a_module_can_be_patched(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.write("patched", "x = 1", "def f(): return x")
    lazy: Any = lazy_import("patched")
    with mock.patch("patched.x", 2):
        assert (lazy.x, lazy.f()) == (2, 2)
    with mock.patch.object(lazy, "x", 3):
        assert (sys.modules["patched"].x, lazy.f()) == (3, 3)
    with monkeypatch.context() as patch:
        patch.setattr(lazy, "x", 4)
        patch.setattr(lazy, "new", 5, raising=False)
        assert (sys.modules["patched"].x, lazy.f(), lazy.new) == (4, 4, 5)
    assert (lazy.x, hasattr(lazy, "new")) == (1, False)


def test_a_module_that_stands_in_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = ModuleType("stand_in")
    monkeypatch.setitem(sys.modules, "not_installed", stand_in)
    assert awaitable_wait(lazy_import("not_installed")) is stand_in
    monkeypatch.setitem(sys.modules, "json", None)
    with pytest.raises(ModuleNotFoundError):
        awaitable_wait(lazy_import("json"))


def test_threads_import_once(packages: Packages) -> None:
    needs.threads()
    packages.write("slow", "import time; time.sleep(0.05)", "x = 1")
    lazy, others = lazy_import("slow"), [lazy_import("slow") for _ in range(4)]
    uses = [partial(getattr, one, "x") for one in [lazy, lazy, *others]]
    found = Crowd(Random(), Counter()).together(*uses)
    assert (found, packages.imported) == ([1] * 6, ["slow"])


def test_modules_that_import_each_other_lazily(packages: Packages) -> None:
    packages.write(
        "left",
        "from awaits import lazy_import",
        "right = lazy_import('right')",
        "def name(): return 'left'",
        "both = [name(), right.name()]",
    )
    packages.write(
        "right",
        "from awaits import lazy_import",
        "left = lazy_import('left')",
        "def name(): return 'right'",
        "both = [left.name(), name()]",
    )
    right: Any = lazy_import("right")
    assert right.both == ["left", "right"]
    assert right.left.both == ["left", "right"]
    assert right.left.right is sys.modules["right"] or right.left.right.name() == "right"
    assert packages.imported == ["right", "left"]


def test_a_module_that_is_being_imported_is_used_as_far_as_it_is(packages: Packages) -> None:
    packages.write(
        "whole.__init__", "from awaits import lazy_import", "x = 1", "import whole.part", "y = 2"
    )
    packages.write(
        "whole.part",
        "from awaits import lazy_import",
        "whole = lazy_import('whole')",
        "x = whole.x",
        "has_y = hasattr(whole, 'y')",
    )
    whole: Any = lazy_import("whole")
    assert (whole.part.x, whole.part.has_y) == (1, False)
    assert whole.part.whole.y == 2


def test_a_module_whose_import_fails_later_is_not_kept(packages: Packages) -> None:
    packages.write("broken.__init__", "x = 1", "import broken.part", "raise ValueError('late')")
    packages.write(
        "broken.part",
        "from awaits import lazy_import",
        "me = lazy_import('broken')",
        "import sys; sys.noted.append(me)",
        "x = me.x",
    )
    with pytest.raises(ValueError, match="late"):
        awaitable_wait(lazy_import("broken"))
    [me] = [item for item in packages.imported if isinstance(item, Await)]
    assert not awaitable_done(me)
    sys.modules.pop("broken.part")
    packages.write("broken.__init__", "x = 2  # which is of another length, so that it is compiled anew")
    assert me.x == 2


def test_a_module_that_uses_the_await_that_imports_it(packages: Packages) -> None:
    packages.write("hub", "from awaits import lazy_import", "inner = lazy_import('outer.inner')")
    packages.write("outer.__init__", "import hub", "x = hub.inner.x")
    packages.write("outer.inner", "import hub", "x = 1", "y = hub.inner.x + hub.inner.x")
    hub: Any = importlib.import_module("hub")
    assert (hub.inner.x, hub.inner.y) == (1, 2)
    assert awaitable_done(hub.inner)
    assert packages.imported == ["hub", "outer", "outer.inner"]


@pytest.mark.parametrize("first", ["plain", "lazy"])
def test_imports_in_two_threads_that_need_each_other(packages: Packages, first: str) -> None:
    """The first imports `one`, which uses the lazy `two`; the second `two`, which imports `one`."""
    needs.threads()
    packages.write("meeting", "import threading", "met = threading.Barrier(2, timeout=10)")
    packages.write(
        "one",
        "import meeting, hub",
        "x = 1",
        "meeting.met.wait()",  # `two` is being imported by the other thread, for the same Await
        "has_x = hasattr(hub.two, 'x')",
    )
    packages.write("two", "import meeting", "meeting.met.wait()", "import one", "x = 2")
    packages.write("hub", "from awaits import lazy_import", "two = lazy_import('two')")
    hub: Any = importlib.import_module("hub")
    ways: dict[str, Callable[[], Any]] = {
        "plain": lambda: importlib.import_module("one"),
        "lazy": lambda: lazy_import("one").x,
    }
    threads = [
        threading.Thread(target=ways[first], daemon=True),
        threading.Thread(target=lambda: hub.two.x, daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    assert (hub.two.x, hub.two.one.x) == (2, 1)
    assert sorted(packages.imported) == ["hub", "meeting", "one", "two"]


@pytest.mark.parametrize("name", ["json", "json:loads", "json.decoder"])
@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize(
    "send",
    [lambda aw: pickle.loads(pickle.dumps(aw)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deep"],
)
def test_it_is_copied_and_pickled_as_its_name(
    name: str, is_done: bool, send: Callable[[Any], Any]
) -> None:
    lazy = lazy_import(name)
    if is_done:
        awaitable_wait(lazy)
    there = send(lazy)
    assert isinstance(there, Await)
    assert (there.args(), awaitable_done(lazy)) == ((name,), is_done)
    assert awaitable_wait(there) is awaitable_wait(lazy_import(name))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_imports_nothing(packages: Packages, protocol: int) -> None:
    packages.write("travels", "x = 1")
    there = pickle.loads(pickle.dumps({"key": [lazy_import("travels")]}, protocol))["key"][0]
    assert packages.imported == []
    assert there.x == 1


def test_it_repeats_the_import_by_its_call() -> None:
    lazy = lazy_import("json")
    assert lazy.fn()(*lazy.args()) is json
    assert not lazy.is_nowait()
    assert awaitable_release(lazy) is json
    with pytest.raises(AwaitError):
        lazy.fn()


def test_it_is_an_argument_as_any_await() -> None:
    @delayed
    def dump(module: Any, value: object) -> str:
        return module.dumps(value)  # type: ignore[no-any-return]

    assert str(dump(lazy_import("json"), [1])) == "[1]"


@pytest.mark.parametrize("is_inside", [False, True])
def test_a_trace_says_which_import_cost_what(packages: Packages, is_inside: bool) -> None:
    packages.write("costs", "x = 1")
    packages.write(
        "asks", "from awaits import lazy_import", "costs = lazy_import('costs')", "x = costs.x"
    )
    with trace() as seen:
        assert lazy_import("asks" if is_inside else "costs").x == 1
    assert [run.function for run in seen.runs] == ["lazy_import"] * (2 if is_inside else 1)
    assert all(run.duration_s > 0 for run in seen.runs)


def test_it_is_a_module_to_what_uses_one(packages: Packages) -> None:
    packages.write(
        "used",
        "'''What it is for.'''",
        "__all__ = ['x']",
        "x = 1",
        "def __getattr__(name): return name.strip('_')",
    )
    lazy: Any = lazy_import("used")
    assert lazy.__doc__ == "What it is for."
    assert (lazy.__name__, lazy.__file__) == ("used", str(packages.folder / "used.py"))
    assert (lazy.anything, lazy.__spec__.name) == ("anything", "used")
    assert "x" in vars(lazy)
    assert "x" in dir(lazy)
    lazy.y = 2
    assert sys.modules["used"].y == 2
    del lazy.y
    assert not {"y"} & set(vars(sys.modules["used"]))


def test_the_library_itself_imports_nothing_more_for_it() -> None:
    needs.processes()
    program = (
        "import sys; from awaits import lazy_import; before = set(sys.modules)\n"
        "[lazy_import(name) for name in ('numpy', 'json:loads')]\n"
        "print(set(sys.modules) - before)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
