"""No use of an Await ends the interpreter: what cannot be is one of Python's own errors."""

import os
import subprocess
import sys
from typing import Any

import pytest

from awaits import BUILD, Await, awaitable
from awaits._state.slots import core
from tests.runtime import needs

# Uses that would go on without end on an Await that is its own value.
ENDLESS = (
    *("aw + 1", "1 + aw", "aw + aw", "aw - 1", "aw * 2", "aw @ 1", "aw / 1", "aw // 1", "aw % 1"),
    *("divmod(aw, 1)", "aw ** 1", "pow(aw, 1, 2)", "aw << 1", "aw >> 1", "aw & 1", "aw | 1", "aw ^ 1"),
    *("aw += 1", "-aw", "+aw", "~aw", "abs(aw)", "int(aw)", "float(aw)", "complex(aw)", "round(aw)"),
    *("operator.index(aw)", "bool(aw)", "not aw", "str(aw)", "bytes(aw)", "format(aw)", "hash(aw)"),
    *("len(aw)", "operator.length_hint(aw)", "aw[0]", "aw[0] = 1", "del aw[0]", "1 in aw", "aw in aw"),
    *("iter(aw)", "next(aw)", "reversed(aw)", "aw()", "aw(1, x=2)", "aw == 1", "aw < 1", "aw == aw"),
    *("aw.x", "aw.x = 1", "del aw.x", "hasattr(aw, 'x')", "repr(aw)", "isinstance(1, aw)"),
    *("exec('with aw: pass')", "os.fspath(aw)", "copy.copy(aw)", "pickle.dumps(aw)", "math.floor(aw)"),
)
ITSELF = """\
box = []
aw = awaits.awaitable(lambda: box[0])
box.append(aw)
awaits.awaitable_wait(aw)
"""
# Too deep for any stack: Python 3.14 no longer counts, and goes on while there is room.
NESTED = """\
aw = awaits.awaitable(lambda: 5)  # of which nothing is known
for _ in range(1_000_000):
    aw = awaits.awaitable_nowait(aw)
"""
TRY = """
import copy, gc, math, operator, os, pickle, sys
import awaits
{make}
for use in {uses!r}:
    print(use, end=" ", flush=True)  # the last one is what ended the process, if any did
    try:
        exec(use, {{**globals(), "aw": aw}})
    except RecursionError:
        print("RecursionError")
    except Exception as error:
        print(type(error).__name__)
    else:
        print("nothing")
del aw
gc.collect()
print("the end")
"""


def run(program: str, environment: dict[str, str] | None = None) -> str:
    """Return what a program prints, which comes to its end and has nothing to complain of."""
    needs.processes()
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stdout[-500:]
    return result.stdout


def outcomes(make: str) -> dict[str, str]:
    *lines, end = run(TRY.format(make=make, uses=ENDLESS)).splitlines()
    assert end == "the end"
    return dict(line.rsplit(" ", 1) for line in lines)


def test_an_await_that_is_its_own_value_is_endless_recursion() -> None:
    found = outcomes(ITSELF)
    assert {use: error for use, error in found.items() if error != "RecursionError"} == {}


def test_awaits_nested_a_million_deep_are_too_deep() -> None:
    found = outcomes(NESTED)
    assert {use: error for use, error in found.items() if error != "RecursionError"} == {}


@pytest.mark.parametrize("state", ["pending", "done"])
@pytest.mark.parametrize("name", [5, None, b"real", ("real",)])
def test_a_name_that_is_no_str_is_refused(state: str, name: Any) -> None:
    aw: Any = awaitable(int, "5")
    if state == "done":
        assert aw.real == 5
    refused = "attribute name must be string, not"
    with pytest.raises(TypeError, match=refused):
        Await.__getattribute__(aw, name)
    with pytest.raises(TypeError, match=refused):
        Await.__setattr__(aw, name, 1)
    with pytest.raises(TypeError, match=refused):
        Await.__delattr__(aw, name)
    assert aw.real == 5


def test_a_name_of_a_class_derived_from_str_is_one() -> None:
    class Name(str):
        __slots__ = ()

    aw: Any = awaitable(int, "5")
    assert getattr(aw, Name("real")) == 5
    assert callable(getattr(aw, Name("fn")))


# What C calls where no Python function runs: at the end of the interpreter, and first in a thread. Three
# of these fail as they do on the value.
FRAMELESS = """
import _thread, atexit, sys, time
from awaits import awaitable, awaitable_done, awaitable_nowait, trace

failures = []
# Newer versions of Python say more of a missing attribute.
sys.unraisablehook = lambda it: failures.append(str(it.exc_value).partition(" and no ")[0])
aws = [awaitable(str, n) for n in range(5)]
uses = (
    (getattr, aws[0], "real"), (hash, aws[1]), (len, aws[2]), (setattr, aws[3], "x", 1), (repr, aws[4]),
    (getattr, awaitable_nowait(1), "__signature__"),
)

def report():
    print([awaitable_done(aw) for aw in aws])
    print(*sorted(failures), sep="\\n")
"""
REPORT = """\
[True, True, True, True, False]
'int' object has no attribute '__signature__'
'str' object has no attribute 'real'
'str' object has no attribute 'x'
"""
IN_THREADS = """
for use in uses:
    _thread.start_new_thread(use[0], use[1:])
while len(failures) < 3 or not all(map(awaitable_done, aws[:4])):
    time.sleep(0.001)
report()
"""
AT_THE_END = """
atexit.register(report)
for use in uses:
    atexit.register(*use)
seen = trace().__enter__()
atexit.register(awaitable, int)
atexit.register(awaitable_nowait, 5)
"""


@pytest.mark.parametrize("program", [IN_THREADS, AT_THE_END], ids=["in a thread", "at the end"])
def test_a_use_without_a_frame_of_python_is_one(program: str) -> None:
    needs.threads()
    assert run(FRAMELESS + program) == REPORT


WRONG_ARGUMENTS = """
import itertools
from contextlib import suppress

from awaits import awaitable, awaitable_release, awaitable_wait
from awaits._state.slots import PENDING, core

USES = awaitable_wait, int, repr, awaitable_release, lambda aw: (aw + 1, aw.real, aw.fn())

for name, function in sorted(vars(core).items()):
    print(name, end=" ", flush=True)  # the last one is what ended the process, if any did
    for count in range(5) if callable(function) else ():
        for drawn in itertools.product((5, int, PENDING, awaitable), repeat=count):
            for keywords in ({}, {"await_type": int}):
                core.tell_of_new(None)  # as nothing that is told here can be called
                aws = [awaitable(int, "5")]
                with suppress(Exception):
                    aws += [function(*[aws[0] if x is awaitable else x for x in drawn], **keywords)]
                for aw, use in itertools.product(aws, USES):
                    with suppress(Exception):
                        use(aw)
    print()
print("the end")
"""


def test_wrong_arguments_of_the_compiled_part_are_refused() -> None:
    if core is None:
        pytest.skip("the pure build is in Python")
    assert run(WRONG_ARGUMENTS).endswith("the end\n")


def test_use_for_which_memory_runs_out_is_a_memory_error_and_leaves_the_await_usable() -> None:
    if not hasattr(pytest.importorskip("_testcapi"), "set_nomemory"):
        pytest.skip("this Python cannot be made to run out of memory")
    if BUILD == "pure" and sys.version_info < (3, 14):
        pytest.skip(
            "older versions of Python do not survive it, and the pure build is nothing but Python"
        )
    assert ": passed, " in run("from tests.runtime import shortage; shortage.main()")


SECOND_IMPORT = """
import gc, sys
import awaits as first

aws = [first.awaitable(int, "5"), first.awaitable_nowait(6), first.awaitable(lambda: aws[0] + aws[1])]
kept = {kept!r}
for name in [name for name in sys.modules if name.partition(".")[0] == "awaits"]:
    if name not in kept:
        del sys.modules[name]
import awaits as second

print(second is not first, second.BUILD)
more = [first.awaitable(int, "8"), second.awaitable(int, "9"), second.awaitable_nowait([1])]
more[2] += [2]
print(repr(aws[0]), aws[2] + 1, aws[1].real, more[0] + more[1], more[2][1], len(more[2]))
del aws, more, first
gc.collect()
print(second.awaitable(str, 5).upper())
"""
IN_ANOTHER_INTERPRETER = """
import sys
import awaits

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
aw = awaits.awaitable(int, "5")
# The same files: another installation has a compiled part of its own.
program = f"import sys; sys.path[:] = {sys.path!r}; "
program += "import awaits; print(awaits.awaitable(int, '6') + 1, awaits.BUILD)"
for kind in {"_interpreters": ("legacy", "isolated")}.get(interpreters.__name__, (False, True)):
    create = interpreters.create
    made = create(kind) if isinstance(kind, str) else create(isolated=kind)
    failure = interpreters.run_string(made, program)
    assert failure is None, failure
    interpreters.destroy(made)
print(aw + 1, awaits.awaitable_nowait(1) + 1)
"""


@pytest.fixture
def not_insisting() -> dict[str, str]:
    """Return an environment that insists on no compiled build, which a second import does not get."""
    insists = os.environ.get("AWAITS_BUILD") == "compiled"
    return {name: value for name, value in os.environ.items() if name != "AWAITS_BUILD" or not insists}


@pytest.mark.parametrize("kept", [(), ("awaits._state._core",)])
def test_second_import_leaves_the_awaits_of_the_first_alone(
    kept: tuple[str, ...], not_insisting: dict[str, str]
) -> None:
    printed = "True pure\n<Await pending: int> 12 6 17 2 2\n5\n"
    assert run(SECOND_IMPORT.format(kept=kept), not_insisting) == printed


def test_second_interpreter_leaves_the_awaits_of_the_first_alone(not_insisting: dict[str, str]) -> None:
    assert run(IN_ANOTHER_INTERPRETER, not_insisting) == "7 pure\n7 pure\n6 2\n"
