"""Tools that look at whatever they come across: `docs/howto/tools.md`, row by row, by the tools."""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import inspect
import io
import os
import pdb
import re
import rlcompleter
import subprocess
import sys
import traceback
import unittest
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from awaits import BUILD, Await

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "tools.md"
ROW = re.compile(r"^\| (?P<tool>[^|]+) \| (?P<look>[^|]+) \| (?P<shown>[^|]+) \|$", re.MULTILINE)

PENDING = "<Await pending: work>"
FAILING = "<Await pending: fail>"

# What a program has that a tool looks at. Each run of a call is a line in RUNS.
PROGRAM = '''
"""What tools look at."""
from typing import Any
from awaits import awaitable, delayed
RUNS = []
def work() -> list[int]:
    RUNS.append("work")
    return [1, 2]
def fail() -> dict[str, int]:
    RUNS.append("fail")
    raise KeyError("no")
@delayed
def later(n: int) -> int:
    RUNS.append("later")
    return n
aw = awaitable(work)
failing = awaitable(fail)
many = [aw, failing]
class Holder:
    """It holds Awaits."""
    held = aw
    many = many
    @later
    def method(self):
        """Is no method."""
    def __init__(self) -> None:
        self.aw = aw
named = {"aw": aw, "failing": failing, "holder": Holder()}
holder = Holder()
def broken(aw, failing, many, named, holder):
    return 1 / 0, aw, failing, many[0], named["aw"], holder.aw
'''


class Looked:
    """The program, as a module, and where a tool may leave its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "looked_at.py"
        self.file.write_text(PROGRAM)
        spec = importlib.util.spec_from_file_location("looked_at", self.file)
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        names = ("aw", "failing", "many", "named", "holder")
        self.values = {name: vars(self.module)[name] for name in names}

    @property
    def runs(self) -> list[str]:
        """What has run."""
        found: list[str] = self.module.RUNS
        return found

    def fail(self) -> None:
        """Raise an error in a frame that has all of the values."""
        self.module.broken(**self.values)

    def run(self, *words: str, status: int = 0, **env: str) -> str:
        """Run a command where the program is a file, and return what it writes."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (self.folder, *PATH))), **env},
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


PATH = [Path(__file__).parents[2]] if (Path(__file__).parents[2] / "awaits").is_dir() else []


@pytest.fixture
def looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looked:
    monkeypatch.chdir(tmp_path)
    looked = Looked(tmp_path)
    monkeypatch.setitem(sys.modules, "looked_at", looked.module)
    return looked


LOOKS: dict[tuple[str, str], tuple[str, Callable[[Looked], str]]] = {}
Look = Callable[[Looked], str]


def row(tool: str, look: str, *needed: str) -> Callable[[Look], Look]:
    """Make the function the test of a row, which needs these modules."""

    def keep(function: Look) -> Look:
        LOOKS[tool, look] = (" ".join(needed), function)
        return function

    return keep


def rows() -> list[tuple[str, str, str]]:
    text = PAGE.read_text(encoding="utf-8")
    found = [(one["tool"], one["look"], one["shown"]) for one in ROW.finditer(text)]
    return [
        one
        for one in found
        if one[0] not in {"tool", "---"} and one[2] in {"`repr`", "names", "nothing"}
    ]


def test_each_row_has_a_test_and_each_test_a_row() -> None:
    assert {(tool, look) for tool, look, _ in rows()} == set(LOOKS)


@pytest.mark.parametrize(("tool", "look", "shown"), rows())
def test_nothing_runs_because_the_tool_looks(looked: Looked, tool: str, look: str, shown: str) -> None:
    needed, function = LOOKS[tool, look]
    for name in needed.split():
        if name == "cgitb" and sys.version_info >= (3, 13):
            pytest.skip("Python has no cgitb any more")
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not here: pip install --group tools")
    text = function(looked)
    assert not looked.runs
    # What shows the value of something shows the Await itself.
    if shown == "`repr`":
        assert PENDING in text
    if shown == "names":
        assert "append" in text


# Debuggers.

STOPPED = """
def main():
    from looked_at import aw, failing, many, named, holder, RUNS
    import awaits
    done = awaits.awaitable_nowait([5, 6])
    print("stop")
    print("typed:", len(RUNS), awaits.BUILD)
main()
"""


@row("debugpy (VS Code)", "variables, opened, and in lists, dicts and objects", "debugpy")
def debugpy_variables(looked: Looked) -> str:
    from tests.tools.debug_adapter import DebugAdapter

    program = looked.folder / "stopped.py"
    program.write_text(STOPPED)
    env = {"AWAITS_BUILD": BUILD, "PYTHONPATH": os.pathsep.join(map(str, PATH))}
    session = DebugAdapter(program, STOPPED.splitlines().index('    print("stop")') + 1, env)
    shown: dict[str, str] = {}
    for scope in session.request("scopes", frameId=session.frame())["scopes"]:
        shown |= session.variables(scope["variablesReference"], 2)
    assert (shown["aw"], shown["failing"]) == (PENDING, FAILING)
    assert shown["many"] == f"[{PENDING}, {FAILING}]"
    assert (shown["many.0"], shown["many.1"]) == (PENDING, FAILING)
    assert (shown["named.'aw'"], shown["holder.aw"]) == (PENDING, PENDING)
    assert shown["done"] == "<Await done: [5, 6]>"
    for context in ("hover", "watch", "repl", "clipboard", "variables"):
        for expression in ("aw", "failing", "many[0]", "holder.aw", "named['failing']"):
            assert session.evaluate(expression, context)["result"] in {PENDING, FAILING}
    completed = session.request("completions", frameId=session.frame(), text="aw.", column=4)
    assert {"append", "fn"} <= {target["label"] for target in completed["targets"]}
    session.request("next", threadId=session.thread)
    session.wait_for("stopped")
    assert "failing" in session.variables(
        session.request("scopes", frameId=session.frame())["scopes"][0]["variablesReference"], 0
    )
    # What is typed runs, as it would in the program.
    assert f"typed: 0 {BUILD}" not in session.output
    assert session.evaluate("aw[1] + 1", "watch")["result"] == "3"
    assert session.evaluate("len(RUNS)", "watch")["result"] == "1"
    assert f"typed: 1 {BUILD}" in session.end()
    return PENDING


@row("pydevd (PyCharm)", "what the view of variables asks of it", "pydevd")
def pydevd_variables(looked: Looked) -> str:
    code = (
        "import looked_at\n"
        "from _pydevd_bundle import pydevd_xml, pydevd_vars\n"
        "from _pydevd_bundle.pydevd_safe_repr import SafeRepr\n"
        "names = ('aw', 'failing', 'many', 'named', 'holder')\n"
        "shown = [pydevd_xml.frame_vars_to_xml(vars(looked_at))]\n"
        "for name in names:\n"
        "    value = vars(looked_at)[name]\n"
        "    shown += [SafeRepr()(value), pydevd_xml.var_to_xml(value, name)]\n"
        "    resolver = pydevd_xml.get_type(value)[2]\n"
        "    shown += [str(resolver.get_dictionary(value))]\n"
        "    shown += [str(resolver.get_contents_debug_adapter_protocol(value))]\n"
        "print(shown, looked_at.RUNS)\n"
    )
    shown = looked.run("-X", "frozen_modules=off", "-c", code, PYDEVD_DISABLE_FILE_VALIDATION="1")
    assert shown.rstrip().endswith(" []")
    return shown


def by_pdb(looked: Looked, debugger: type[pdb.Pdb], **options: Any) -> str:
    commands = "whatis aw\nwhatis failing\nwhatis many\np aw\npp many\nargs\ndisplay aw\ndisplay many\n"
    out = io.StringIO()
    one = debugger(
        stdin=io.StringIO(commands + "n\nn\nll\nwhere\nc\n"), stdout=out, nosigint=True, **options
    )

    def stopped(aw: Any, failing: Any, many: Any, named: Any, holder: Any) -> Any:
        one.set_trace(sys._getframe())
        result = aw
        return result  # noqa: RET504 - the debugger comes by

    stopped(**looked.values)
    return out.getvalue()


@row("pdb", "`whatis`, `p`, `pp`, `args`, `display`")
def by_pdb_itself(looked: Looked) -> str:
    return by_pdb(looked, pdb.Pdb, readrc=False)


@row("snoop", "variables at each line, and those that are watched", "snoop")
def by_snoop(looked: Looked) -> str:
    import snoop

    out = io.StringIO()
    config = snoop.Config(out=out)

    @config.snoop(watch=("many[0]",), watch_explode=("aw", "many", "holder"))  # type: ignore[untyped-decorator, unused-ignore]
    def watched(aw: Any, failing: Any, many: Any, named: Any, holder: Any) -> Any:
        other = aw
        return [other]

    watched(**looked.values)
    config.pp(looked.values["aw"], looked.values["many"])
    return out.getvalue()


@row("PySnooper", "variables at each line, and those that are watched", "pysnooper")
def by_pysnooper(looked: Looked) -> str:
    import pysnooper

    out = io.StringIO()
    watch = {"watch": ("many[0]",), "watch_explode": ("aw", "many", "named", "holder")}

    @pysnooper.snoop(out, color=False, **watch)  # type: ignore[untyped-decorator, unused-ignore]
    def watched(aw: Any, failing: Any, many: Any, named: Any, holder: Any) -> Any:
        other = aw
        return [other]

    watched(**looked.values)
    return out.getvalue()


@row("PuDB", "the view of variables", "pudb")
def by_pudb(looked: Looked) -> str:
    from pudb.var_view import FrameVarInfo, make_var_view

    shown: list[str] = []
    for kind in ("default", "type", "repr", "str"):
        infos = FrameVarInfo()
        for name in looked.values:
            info = infos.get_inspect_info(name, read_only=False)
            info.display_type, info.show_detail = kind, True
        shown += [str(widget.value_str) for widget in make_var_view(infos, looked.values, {})]
    return "".join(shown)


# Consoles and notebooks.


def cells(looked: Looked, *cells: str) -> str:
    """Return what IPython shows of these cells."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.user_ns.update(looked.values)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        for cell in cells:
            shell.run_cell(cell)
    return out.getvalue()


@row("IPython", "`aw?`, `aw??`, `%pdoc aw`, `%pdef aw`", "IPython")
def by_pinfo(looked: Looked) -> str:
    names = ("aw", "failing", "many", "many[0]", "holder.aw", "named['aw']")
    magics = [f"%{magic} aw" for magic in ("pdoc", "pdef", "psource", "pfile", "pinfo2")]
    return cells(looked, *(f"{name}{mark}" for name in names for mark in ("?", "??")), *magics)


@row("IPython", "`%whos`, `%who`, `%psearch a*`", "IPython")
def by_whos(looked: Looked) -> str:
    return cells(looked, "%whos", "%who", "%who_ls", "%whos Await", "%psearch a*", "%psearch aw.*")


@row("IPython", "a value at the end of a cell, `display(aw)`", "IPython")
def by_display(looked: Looked) -> str:
    return cells(looked, *looked.values, "display(aw, many)")


@row("IPython", "a traceback in the mode `Verbose`", "IPython")
def by_traceback_of_ipython(looked: Looked) -> str:
    return cells(looked, "%xmode Verbose", "def f(aw, many): 1 / 0", "f(aw, many)", "%xmode Context")


@row("IPython", "`%autoreload 2`, when a module was edited", "IPython")
def by_autoreload(looked: Looked) -> str:
    source = """
from awaits import awaitable
from looked_at import work
aw = awaitable(work)
many = [aw]
class K:
    held = aw
    many = many
    version = {full}
    def number(self): return {number}
if {full}:  # an edit of this takes a full reload, and that of a method a part of it
    pass
"""
    module = looked.folder / "edited.py"
    sys.path.insert(0, str(looked.folder))
    try:
        module.write_text(source.format(number=1, full=1))
        cells(looked, "%load_ext autoreload", "%autoreload 2", "import edited", "from edited import *")
        cells(looked, "k = edited.K()")
        for step, (number, full) in enumerate([(22, 1), (333, 1), (333, 22), (4444, 333)], 1):
            module.write_text(source.format(number=number, full=full))
            os.utime(module, (module.stat().st_mtime + 10 * step,) * 2)
            shown = cells(looked, "print('now', k.number(), edited.K.version, repr(edited.K.held))")
            assert f"now {number} {full} {PENDING}" in shown
    finally:
        cells(looked, "%autoreload 0")
        sys.path.remove(str(looked.folder))
        sys.modules.pop("edited", None)
    return shown


COMPLETED = ("aw.", "failing.", "a", "many[0].", "aw[", "named['", "holder.", "aw(", "holder.aw.")


@row("IPython", "completion of `aw.`, with jedi and without", "IPython")
def by_completion_of_ipython(looked: Looked) -> str:
    from IPython.core.completer import provisionalcompleter

    cells(looked)
    from IPython.core.interactiveshell import InteractiveShell

    completer = InteractiveShell.instance().Completer
    found = []
    for use_jedi in (True, False):
        completer.use_jedi = use_jedi
        with provisionalcompleter():
            for text in COMPLETED:
                found += [one.text for one in completer.completions(text, len(text))]
    return " ".join(found)


@row(
    "Jupyter (ipykernel)",
    "Shift-Tab, Tab, and a value at the end of a cell",
    "ipykernel",
    "jupyter_client",
)
def by_a_kernel(looked: Looked) -> str:
    from jupyter_client.manager import KernelManager

    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (looked.folder, *PATH)))}
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=env)
    client = manager.client()
    client.start_channels()
    shown: list[str] = []

    def execute(code: str, **options: Any) -> Any:
        def keep(message: Any) -> None:
            shown.append(str(message["content"]))

        return client.execute_interactive(code, output_hook=keep, timeout=60, **options)

    try:
        client.wait_for_ready(timeout=60)
        execute("from looked_at import *")
        for text in ("aw", "failing", "many", "many[0]", "holder.aw"):
            for detail in (0, 1):
                answer = client.inspect(text, len(text), detail, reply=True, timeout=60)
                shown.append(str(answer["content"]["data"]))
        for text in COMPLETED:
            answer = client.complete(text, len(text), reply=True, timeout=60)
            if text in {"aw.", "many[0]."}:
                assert "append" in answer["content"]["matches"]
        for code in ("aw", "many", "holder", "%whos"):
            execute(code, user_expressions={"x": "aw", "y": "failing"})
        execute("print('runs:', RUNS)")
        assert "runs: []" in shown[-2]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(shown)


@row("jedi", "completion, signatures and help of an interpreter's names", "jedi")
def by_jedi(looked: Looked) -> str:
    import jedi

    found = []
    for text in COMPLETED:
        for name in jedi.Interpreter(text, [looked.values]).complete()[:30]:
            found += [name.name, name.description, name.type]
    for text in ("aw(", "many[0]("):
        jedi.Interpreter(text, [looked.values]).get_signatures()
    for text in ("aw", "many"):
        one = jedi.Interpreter(text, [looked.values])
        found += [str(one.infer()), str(one.help()), str(one.goto())]
    return " ".join(found)


@row("rlcompleter (`python -i`)", "completion of `aw.`")
def by_rlcompleter(looked: Looked) -> str:
    completer = rlcompleter.Completer(looked.values)
    for text in ("a", "aw.", "failing.", "holder.", "aw.__"):
        completer.complete(text, 0)
    completer.complete("aw.", 0)
    return " ".join(vars(completer)["matches"])


@row("ptpython", "results, completion, signatures", "ptpython")
def by_ptpython(looked: Looked) -> str:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output.plain_text import PlainTextOutput
    from ptpython.completer import PythonCompleter
    from ptpython.repl import PythonRepl
    from ptpython.signatures import get_signatures_using_eval, get_signatures_using_jedi

    def values() -> dict[str, Any]:
        return {**looked.values}

    out = io.StringIO()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=PlainTextOutput(out)):
        repl = PythonRepl(get_globals=lambda: {"__name__": "__main__"}, get_locals=values)
        for expression in looked.values:
            repl._show_result(repl.eval(expression))
    completer = PythonCompleter(values, values, lambda: True)
    for text in COMPLETED:
        document = Document(text, len(text))
        found = [one.text for one in completer.get_completions(document, CompleteEvent())]
        if text == "aw.":
            assert "append" in found
        get_signatures_using_eval(document, values(), values())
        get_signatures_using_jedi(document, values(), values())
    return out.getvalue()


@row("bpython", "completion, parameters", "bpython")
def by_bpython(looked: Looked) -> str:
    from bpython import autocomplete, inspection

    with contextlib.suppress(AttributeError):
        inspection.getfuncprops("aw", looked.values["aw"])
    completions = [
        (autocomplete.AttrCompletion(), "aw."),
        (autocomplete.ExpressionAttributeCompletion(), "many[0]."),
        (autocomplete.DictKeyCompletion(), "aw["),
    ]
    found: list[str] = []
    for completion, text in completions:
        found += completion.matches(len(text), text, locals_=looked.values) or ()
    return " ".join(found)


# Pretty printers, tracebacks and logs.


def console() -> Any:
    from rich.console import Console

    return Console(file=io.StringIO(), width=200)


def written(console: Any) -> str:
    text: str = console.file.getvalue()
    return text


@row("rich", "a traceback with `show_locals=True`", "rich")
def by_traceback_of_rich(looked: Looked) -> str:
    from rich.traceback import Traceback

    to = console()
    with contextlib.suppress(ZeroDivisionError):
        try:
            looked.fail()
        except ZeroDivisionError:
            to.print(Traceback(show_locals=True))
            raise
    return written(to)


@row("rich", "`print([aw])`, `console.log(..., log_locals=True)`", "rich")
def by_print_of_rich(looked: Looked) -> str:
    to = console()
    many, named = looked.values["many"], looked.values["named"]
    to.print(many, named, (many, named))
    to.log(many, log_locals=True)
    return written(to)


@row("rich", "`pretty`, also as the display hook of the console", "rich")
def by_pretty(looked: Looked) -> str:
    from rich.pretty import install, pretty_repr

    to, hook = console(), sys.displayhook
    install(to)
    try:
        for value in looked.values.values():
            sys.displayhook(value)
    finally:
        sys.displayhook = hook
    return written(to) + pretty_repr(looked.values)


@row("rich", "`inspect`", "rich")
def by_inspect_of_rich(looked: Looked) -> str:
    import rich

    to = console()
    for value in looked.values.values():
        rich.inspect(value, console=to, all=True)
        rich.inspect(value, console=to, methods=True, help=True, private=True)
    return written(to)


APP = """
import typer
from looked_at import RUNS, aw, broken, failing, holder, many, named
app = typer.Typer(pretty_exceptions_show_locals=True)
@app.command()
def main() -> None:
    broken(aw, failing, many, named, holder)
try:
    app()
finally:
    import atexit
    atexit.register(lambda: print("runs:", RUNS))
"""


@row("typer", "a traceback with local variables", "typer", "rich")
def by_typer(looked: Looked) -> str:
    (looked.folder / "app.py").write_text(APP)
    shown = looked.run("app.py", status=1, COLUMNS="200")
    assert "runs: []" in shown
    return shown


@row("devtools", "`debug(aw)`, `pformat`", "devtools")
def by_devtools(looked: Looked) -> str:
    import devtools

    return str(devtools.debug.format(looked.values["aw"], **looked.values)) + devtools.pformat(
        looked.values
    )


@row("structlog", "the renderers of JSON, logfmt, `key=value` and the console", "structlog")
def by_structlog(looked: Looked) -> str:
    import structlog

    renderers: list[Any] = [
        *(structlog.processors.JSONRenderer(), structlog.processors.KeyValueRenderer()),
        *(structlog.processors.LogfmtRenderer(), structlog.dev.ConsoleRenderer(colors=False)),
    ]
    shown = [str(render(None, "info", {"event": "x", **looked.values})) for render in renderers]
    assert all(PENDING in text for text in shown)
    return shown[0]


@row("Sentry", "local variables in a traceback", "sentry_sdk")
def by_sentry(looked: Looked) -> str:
    import sentry_sdk

    events: list[object] = []

    def keep(event: object, hint: object) -> None:
        events.append(event)

    sentry_sdk.init("https://key@localhost/1", default_integrations=False, before_send=keep)
    try:
        looked.fail()
    except ZeroDivisionError:
        sentry_sdk.capture_exception()
    sentry_sdk.init()
    return str(events)


@row("loguru", "local variables in a traceback", "loguru")
def by_loguru(looked: Looked) -> str:
    import loguru

    out = io.StringIO()
    loguru.logger.remove()
    loguru.logger.add(out, diagnose=True, backtrace=True)
    try:
        looked.fail()
    except ZeroDivisionError:
        loguru.logger.exception("failed")
    return out.getvalue()


@row("better_exceptions", "local variables in a traceback", "better_exceptions")
def by_better_exceptions(looked: Looked) -> str:
    import better_exceptions

    try:
        looked.fail()
    except ZeroDivisionError:
        return "".join(better_exceptions.format_exception(*sys.exc_info()))
    return ""


@row("stack_data", "local variables in a traceback", "stack_data")
def by_stack_data(looked: Looked) -> str:
    import stack_data

    try:
        looked.fail()
    except ZeroDivisionError as error:
        return "".join(stack_data.Formatter(show_variables=True).format_exception(error))
    return ""


@row("stackprinter", "local variables in a traceback", "stackprinter")
def by_stackprinter(looked: Looked) -> str:
    import stackprinter

    try:
        looked.fail()
    except ZeroDivisionError:
        return str(stackprinter.format())
    return ""


@row("traceback", "`TracebackException` with `capture_locals=True`")
def by_traceback(looked: Looked) -> str:
    try:
        looked.fail()
    except ZeroDivisionError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return ""


@row("cgitb", "local variables in a traceback", "cgitb")
def by_cgitb(looked: Looked) -> str:
    cgitb: Any = importlib.import_module("cgitb")
    try:
        looked.fail()
    except ZeroDivisionError:
        return str(cgitb.text(sys.exc_info()) + cgitb.html(sys.exc_info()))
    return ""


@row("icecream", "`ic(aw)`", "icecream")
def by_icecream(looked: Looked) -> str:
    import icecream

    shown: list[str] = []
    ic = icecream.IceCreamDebugger(outputFunction=shown.append)
    aw, many = looked.values["aw"], looked.values["many"]
    ic(aw)
    ic(many)
    return "".join(shown)


@row("objprint", "`op(aw)`", "objprint")
def by_objprint(looked: Looked) -> str:
    import objprint

    return "".join(str(objprint.objstr(value)) for value in looked.values.values())


@row("wat", "`wat(aw)`", "wat")
def by_wat(looked: Looked) -> str:
    import wat

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for value in looked.values.values():
            wat(value)
            wat.all(value)
    return out.getvalue()


@row("objgraph", "`show_refs`, `show_backrefs`", "objgraph")
def by_objgraph(looked: Looked) -> str:
    import objgraph

    drawn = [looked.folder / name for name in ("refs.dot", "backrefs.dot")]
    values = [*looked.values.values()]
    objgraph.show_refs(values, filename=str(drawn[0]), max_depth=3)
    objgraph.show_backrefs(values[:1], filename=str(drawn[1]))
    return "".join(path.read_text() for path in drawn)


@row("pympler", "`asizeof`, `summary`", "pympler")
def by_pympler(looked: Looked) -> str:
    from pympler import asizeof, summary

    values = [*looked.values.values()]
    sizes = [asizeof.asizeof(value) for value in values]
    return "\n".join([str(sizes), *summary.format_(summary.summarize(values))])


# Documentation, stubs and models.


@row("Sphinx", "`autodoc` of a module and its classes", "sphinx")
def by_sphinx(looked: Looked) -> str:
    (looked.folder / "conf.py").write_text(
        "extensions = ['sphinx.ext.autodoc', 'sphinx.ext.autosummary']\n"
    )
    flags = ("members", "undoc-members", "private-members", "special-members", "inherited-members")
    options = "\n   ".join(f":{flag}:" for flag in flags)
    (looked.folder / "index.rst").write_text(
        f"T\n=\n\n.. automodule:: looked_at\n   {options}\n\n.. autodata:: looked_at.many\n\n"
        ".. autosummary::\n\n   looked_at.aw\n   looked_at.Holder\n"
    )
    code = (
        "import sys; from sphinx.cmd.build import main; import looked_at\n"
        "assert main(['-q', '-b', 'text', '.', 'out']) == 0; print('runs:', looked_at.RUNS)"
    )
    assert "runs: []" in looked.run("-c", code)
    return (looked.folder / "out" / "index.txt").read_text()


@row("pdoc", "the pages of a module", "pdoc")
def by_pdoc(looked: Looked) -> str:
    import pdoc

    return str(pdoc.pdoc("looked_at"))


@row("griffe (mkdocstrings)", "a module that is inspected", "griffe")
def by_griffe(looked: Looked) -> str:
    import griffe

    found = griffe.load("looked_at", force_inspection=True, search_paths=[str(looked.folder)])
    return str(found.as_dict())


@row("mypy", "`stubtest`", "mypy")
def by_stubtest(looked: Looked) -> str:
    stubs = looked.folder / "stubs"
    stubs.mkdir()
    stub = re.sub(r"^(\w+) = .*$", r"\1: Any", PROGRAM, flags=re.MULTILINE)
    (stubs / "looked_at.pyi").write_text(
        re.sub(r"^    (held|many) = .*$", r"    \1: Any", stub, flags=re.M)
    )
    code = (
        "import looked_at; from mypy import stubtest; sys = __import__('sys')\n"
        "sys.argv[1:] = ['looked_at']; stubtest.main(); print('runs:', looked_at.RUNS)"
    )
    shown = looked.run("-c", code, MYPYPATH=str(stubs))
    assert "runs: []" in shown
    return shown


@row("mypy", "`stubgen --inspect-mode`", "mypy")
def by_stubgen(looked: Looked) -> str:
    code = (
        "import looked_at; from mypy import stubgen; sys = __import__('sys')\n"
        "sys.argv[1:] = ['--inspect-mode', '-m', 'looked_at', '-o', 'out']; stubgen.main()\n"
        "print('runs:', looked_at.RUNS)"
    )
    assert "runs: []" in looked.run("-c", code)
    return (looked.folder / "out" / "looked_at.pyi").read_text()


@row("pydantic", "the default of a field, and its schema", "pydantic")
def by_pydantic(looked: Looked) -> str:
    import warnings

    import pydantic

    aw = looked.values["aw"]

    class Model(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
        one: Any = aw
        two: Any = pydantic.Field(default=aw)
        three: Await[list[int]] = aw

    @pydantic.dataclasses.dataclass
    class Data:
        one: Any = aw

    class Schema(pydantic.BaseModel):
        one: Any = aw

    with warnings.catch_warnings(action="ignore"):
        Schema.model_json_schema()
    assert Model().one is aw
    return repr(Model()) + repr(Data())


@row("inspect", "`getmodule(aw)`, which many tools ask")
def by_getmodule(looked: Looked) -> str:
    return str([inspect.getmodule(value) for value in looked.values.values()])


# Test runners.


@row("doctest, unittest, pytest, anyio, pytest-asyncio", "the collection of tests", "pytest")
def by_test_runners(looked: Looked) -> str:
    module: ModuleType = looked.module
    doctest.DocTestFinder().find(module)
    unittest.defaultTestLoader.loadTestsFromModule(module)
    (looked.folder / "test_looked_at.py").write_text(
        "import pytest\nfrom looked_at import *\nfrom looked_at import RUNS\n"
        "test_aw = aw\nclass TestHolder(Holder):\n    __init__ = object.__init__\n"
        "@pytest.mark.parametrize('one', many)\ndef test_one(one): assert not RUNS\n"
    )
    return looked.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", ".")


@row("pytest", "an assertion that fails", "pytest")
def by_assertions(looked: Looked) -> str:
    (looked.folder / "test_looked_at.py").write_text(
        "from looked_at import *\nfrom looked_at import RUNS\n"
        "class Never:\n    __eq__ = lambda *sides: False\n    __iter__ = lambda self: iter('ab')\n"
        "def test_equal(): assert Never() == aw\n"
        "def test_equal_in_list(): assert [Never()] == many[:1]\n"
        "def test_same(): assert aw is failing\n"
        "def test_in(): assert aw in []\n"
        "def test_type(): assert isinstance(aw, list)\n"
        "def test_runs(): assert not RUNS\n"
    )
    said = looked.run("-m", "pytest", "-vv", "-p", "no:cacheprovider", status=1)
    assert "5 failed, 1 passed" in said, said
    return said
