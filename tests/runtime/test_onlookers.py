"""To code that only looks, a pending Await is a plain object, and nothing runs."""

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from awaits import Await, awaitable, awaitable_done, awaitable_nowait, awaitable_wait, onlooker, trace

from . import needs


class W:
    """It has something for every look."""

    x = 1
    _value = 2

    def __init__(self) -> None:
        raise BaseException("a look has run the call")


def code_of(module: str, source: str) -> Callable[..., Any]:
    """Return a function `look` that stands in a module of that name."""
    names: dict[str, Any] = {"__name__": module}
    exec(source, names)
    function: Callable[..., Any] = names["look"]
    return function


def look(expression: str, module: str = "a_tool.views") -> Callable[[Any], Any]:
    return code_of(
        module,
        "import builtins, copy, functools, inspect, math, operator, os, pprint, reprlib, sys, typing\n"
        f"def look(aw):\n return ({expression})",
    )


onlooker("a_tool")

PENDING = "<Await pending: W>"
ANSWERS: dict[str, Any] = {
    "str(aw)": PENDING,
    "repr(aw)": PENDING,
    "ascii(aw)": PENDING,
    "format(aw)": PENDING,
    "f'{aw:>20}'": f"{PENDING:>20}",
    "'%s' % aw": PENDING,
    "'%s' % [aw]": f"[{PENDING}]",
    "'{}'.format(aw)": PENDING,
    "pprint.pformat([aw])": f"[{PENDING}]",
    "reprlib.repr([aw])": f"[{PENDING}]",
    "bool(aw)": True,
    "not aw": False,
    "hash(aw) == builtins.object.__hash__(aw)": True,
    "aw in {aw}": True,
    "aw == aw": True,
    "aw == 1": False,
    "1 == aw": False,
    "aw != 1": True,
    "aw in [1]": False,
    "hasattr(aw, 'x')": False,
    "getattr(aw, '_value', None)": None,
    "getattr(aw, '__iter__', None)": None,
    "getattr(aw, '__len__', None)": None,
    "getattr(aw, '__call__', None)": None,
    "getattr(aw, '__dict__', None)": None,
    "aw.__class__": Await,
    "aw.__doc__": Await.__doc__,
    "aw.__module__": "awaits",
    "isinstance(aw, (int, str, typing.Awaitable)) and aw.__class__": Await,
    "operator.length_hint(aw, 5)": 5,
    "aw.fn()": W,
    "aw.args()": (),
    "aw.is_nowait()": False,
    "copy.copy(aw) is aw": False,
    "inspect.unwrap(aw) is aw": True,
    "inspect.getdoc(aw)": Await.__doc__ and __import__("inspect").cleandoc(Await.__doc__),
    "inspect.getattr_static(aw, 'x', None)": None,
    "inspect.isfunction(aw)": False,
    "sys.getsizeof(aw) > 0": True,
}


def answers_equal(found: Any, expected: Any) -> bool:
    return type(found) is type(expected) and bool(found == expected)


@pytest.mark.parametrize("expression", ANSWERS)
def test_an_onlooker_is_answered_without_a_run(expression: str) -> None:
    assert answers_equal(look(expression)(awaitable(W)), ANSWERS[expression])


REFUSED = [
    *("aw.x", "aw._value", "aw.__iter__", "aw.__name__"),
    *(
        "iter(aw)",
        "list(aw)",
        "[*aw]",
        "tuple(aw)",
        "dict(aw)",
        "next(aw)",
        "reversed(aw)",
        "sorted(aw)",
    ),
    *("len(aw)", "1 in aw", "aw in aw", "aw[0]", "aw[1:]", "aw()", "aw(1, a=2)", "map(str, aw)"),
    *("aw + 1", "1 + aw", "aw + aw", "[] + aw", "aw @ 1", "aw % 1", "divmod(aw, 1)", "divmod(1, aw)"),
    *(
        "aw ** 2",
        "2 ** aw",
        "pow(aw, 2, 3)",
        "aw << 1",
        "1 | aw",
        "aw & aw",
        "-aw",
        "+aw",
        "~aw",
        "abs(aw)",
    ),
    *("aw < 1", "aw <= aw", "1 > aw", "aw >= 1", "max([aw, aw])"),
    *(
        "int(aw)",
        "float(aw)",
        "complex(aw)",
        "operator.index(aw)",
        "range(aw)",
        "round(aw)",
        "bytes(aw)",
    ),
    *("math.trunc(aw)", "math.floor(aw)", "math.ceil(aw)", "os.fspath(aw)", "isinstance(1, aw)"),
    *("issubclass(int, aw)", "aw.__enter__", "builtins.aiter(aw)", "''.join(aw)", "vars(aw)"),
    *(
        "setattr(aw, 'x', 1)",
        "delattr(aw, 'x')",
        "operator.setitem(aw, 0, 1)",
        "operator.delitem(aw, 0)",
    ),
    *("operator.iadd(aw, 1)", "operator.imul([1], aw)", "operator.attrgetter('x')(aw)"),
]


@pytest.mark.parametrize("expression", REFUSED)
def test_an_onlooker_is_refused_as_by_a_plain_object(expression: str) -> None:
    with pytest.raises((TypeError, AttributeError)) as of_plain_object:
        look(expression)(object())
    with pytest.raises((TypeError, AttributeError)) as refused:
        look(expression)(awaitable(W))
    assert refused.type is of_plain_object.type


def test_a_statement_of_an_onlooker_is_refused() -> None:
    for statement in (
        "with aw: pass",
        "for _ in aw: pass",
        "a, b = aw",
        "aw.x = 1",
        "aw += 1",
        "del aw.x",
    ):
        statements = code_of("a_tool", f"def look(aw):\n {statement}")
        with pytest.raises((TypeError, AttributeError)):
            statements(awaitable(W))


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(
        TypeError, match=r"W has not run, and this code only looks on: awaitable_wait\(\)"
    ):
        look("aw + 1")(awaitable(W))


def test_a_running_await_is_not_waited_for() -> None:
    needs.threads()
    started, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        started.set()
        go_on.wait()
        return 3

    aw = awaitable(slow)
    thread = threading.Thread(target=awaitable_wait, args=[aw])
    thread.start()
    started.wait()
    try:
        assert look("str(aw)")(aw).startswith("<Await running: ")
        assert look("hasattr(aw, 'real')")(aw) is False
    finally:
        go_on.set()
        thread.join()


@pytest.mark.parametrize(
    "expression", ["str(aw)", "aw.real", "aw + 1", "hash(aw)", "aw == 3", "f'{aw}'"]
)
def test_a_complete_await_is_its_value_to_an_onlooker_too(expression: str) -> None:
    assert answers_equal(look(expression)(awaitable_nowait(3)), eval(expression, {"aw": 3}))


def test_a_complete_await_beside_a_pending_one() -> None:
    done, pending = awaitable_nowait(3), awaitable(W)
    assert code_of("a_tool", "def look(a, b): return a == b, b == a, a != b")(done, pending) == (
        *(False, False),
        True,
    )


@pytest.mark.parametrize(
    "module", ["__main__", "a_toolbox", "a_tooling.views", "my.a_tool", "", 5, None]
)
def test_ordinary_code_runs_the_call(module: Any) -> None:
    for expression in (
        "str(aw)",
        "aw.real",
        "aw + 1",
        "hash(aw)",
        "len([*range(aw)])",
        "bool(aw)",
        "-aw",
    ):
        aw = awaitable(int, "3")
        look(expression, module)(aw)
        assert awaitable_done(aw)


@pytest.mark.parametrize("expression", ["inspect.getdoc(aw)", "inspect.getmembers(aw)"])
def test_what_asks_for_ordinary_code_runs_the_call(expression: str) -> None:
    aw = awaitable(int, "3")
    look(expression, "__main__")(aw)
    assert awaitable_done(aw)


def test_code_without_a_module_runs_the_call() -> None:
    aw = awaitable(int, "3")
    assert eval("aw + 1", {"aw": aw}) == 4


def test_an_onlooker_can_wait_by_name() -> None:
    wait = code_of(
        "a_tool", "from awaits import awaitable_wait\ndef look(aw): return awaitable_wait(aw)"
    )
    inner = awaitable(int, "3")
    # C calls str here, without a frame between that and the onlooker's: it is no look.
    assert wait(awaitable(str, inner)) == "3"
    code = "from asyncio import run\ndef look(aw):\n async def of(): return await aw\n return run(of())"
    assert code_of("a_tool", code)(awaitable(str, awaitable(int, "4"))) == "4"


def test_what_an_onlooker_calls_runs_calls() -> None:
    aw = awaitable(int, "3")
    called = code_of("a_tool", "def look(function): return function()")
    assert called(lambda: aw + 1) == 4


def test_what_a_call_uses_is_run_also_when_an_onlooker_waits() -> None:
    inner = awaitable(int, "3")
    wait = code_of("a_tool", "from awaits import awaitable_wait as wait\ndef look(aw): return wait(aw)")
    assert wait(awaitable(lambda: inner + 1)) == 4


def test_a_function_can_be_an_onlooker() -> None:
    onlooker("a_module:View.show")
    source = (
        "class View:\n def show(self, aw): return str(aw)\n def use(self, aw): return str(aw)\n"
        "def look(name, aw): return getattr(View(), name)(aw)"
    )
    view = code_of("a_module", source)
    assert view("show", awaitable(W)) == PENDING
    assert view("use", awaitable(int, "3")) == "3"


def test_an_onlooker_is_added_after_its_first_look() -> None:
    shows = look("str(aw)", "late_tool.views")
    assert shows(awaitable(int, "3")) == "3"
    onlooker("late_tool")
    assert shows(awaitable(W)) == PENDING


@pytest.mark.parametrize("name", ["", ".", "a.", "a..b", "a b", "a:", ":f", "a:b:c", "a/b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"package\.module"):
        onlooker(name)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="needs the name of a module, not 'module'"):
        onlooker(sys)  # type: ignore[arg-type]


def test_a_look_is_not_traced() -> None:
    with trace() as seen:
        aw = awaitable(W)
        look("str(aw)")(aw)
        look("hasattr(aw, 'x')")(aw)
        with pytest.raises(TypeError):
            look("[*aw]")(aw)
    assert not seen.runs


def test_threads_add_onlookers_while_others_look() -> None:
    needs.threads()
    wrong: list[object] = []

    def add(number: int) -> None:
        for i in range(200):
            shows = look("str(aw)", f"tool_{number}_{i}")
            if shows(awaitable(int, "3")) != "3":
                wrong.append(i)
            onlooker(f"tool_{number}_{i}")
            if shows(awaitable(W)) != PENDING:
                wrong.append(i)

    threads = [threading.Thread(target=add, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_gather_still_takes_awaits_by_identity() -> None:
    async def both() -> Any:
        aw: Any = awaitable(list, "ab")
        return await asyncio.gather(aw, aw)

    assert asyncio.run(both()) == [["a", "b"], ["a", "b"]]
