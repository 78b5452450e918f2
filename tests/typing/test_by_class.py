"""`await-by-class`: each function of the table takes an Await for something else, and mypy says so."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from awaits import awaitable
from awaits_mypy._plugin.by_class import FUNCTIONS

from .conftest import RunMypy


class Use(NamedTuple):
    """A use of a function with a value `w` of the class W; what it comes to is bound to `found`."""

    w: str
    value: str
    code: str


IMPORTS = {
    "builtins": (
        "import array, asyncio, collections, csv, functools, inspect, io, json, sys\n"
        "import types, unittest.mock, urllib.parse\n"
        "from collections.abc import AsyncGenerator, Callable, Coroutine, Generator\n"
        "def twice(n: int) -> int: return 2 * n\n"
        "async def later() -> int: return 1\n"
        "async def numbers() -> AsyncGenerator[int]: yield 1\n"
        "def count() -> Generator[int]: yield 1\n"
        "@functools.singledispatch\n"
        "def kind(it: object) -> str: return 'another'\n"
        "@kind.register(list)\n"
        "def _(it: object) -> str: return 'list'\n"
        "class C:\n"
        "    def method(self, n: int) -> int: return n\n"
    ),
    "django": (
        "import django.conf\n"
        "from django.http import HttpResponse\n"
        "from django.http import HttpResponseBadRequest, HttpResponseForbidden, HttpResponseGone\n"
        "from django.http import HttpResponseNotFound, HttpResponseServerError\n"
        "if not django.conf.settings.configured: django.conf.settings.configure()\n"
    ),
    "flask": "import flask\napp = flask.Flask('app')\n",
    "numpy": "import numpy as np\n",
    "pandas": (
        "import pandas as pd\n"
        "df = pd.DataFrame({'ab': [1.0, 2.0], 'a': [3.0, 4.0]}, index=['xy', 'x'])\n"
        "s = pd.Series([1.0, 2.0], index=['xy', 'x'])\n"
    ),
    "requests": (
        "import requests\n"
        "send = unittest.mock.patch.object(requests.Session, 'send', lambda self, sent, **_: sent)\n"
    ),
    "_pytest": "import pytest\n",
    "torch": "import torch\n",
    "yaml": "import yaml\n",
}


def on_all(names: str, start: str, use: Use) -> dict[str, Use]:
    """Return this use for each of the functions, named in its code by `f`."""
    return {
        f"{start}.{name}": use._replace(code=use.code.replace("f(", f"{name}("))
        for name in names.split()
    }


ROW = "f = io.StringIO(); "
MOCK = "found = isinstance(unittest.mock.f(spec=w), C)"
SORT = "found = np.f([w, 2]).dtype"
PREDICATE = "found = inspect.f(w)"
BODY = Use("dict[str, str]", "{'a': '1'}", "with send: found = vars(f('http://h', data=w))['body']")
QUERY = Use("str", "'a b'", "with send: found = vars(f('http://h', params={'q': w}))['url']")
FRAME = "pandas.core.frame"
SERIES = "pandas.core.series"

AN_ASYNC = "Callable[[], Coroutine[object, object, int]]"

USES: dict[str, Use] = {
    "_csv.Writer.writerow": Use(
        "int | None", "None", ROW + "csv.writer(f).writerow([1, w]); found = f.getvalue()"
    ),
    "_csv.Writer.writerows": Use(
        "None", "None", ROW + "csv.writer(f).writerows([[1, w]]); found = f.getvalue()"
    ),
    "array.array": Use("bytes", "bytes(8)", "found = array.array('i', w)"),
    **dict.fromkeys(
        ("asyncio.base_futures.isfuture", "asyncio.futures.isfuture"),
        Use(
            "asyncio.Future[int]",
            "asyncio.Future(loop=asyncio.new_event_loop())",
            "found = asyncio.isfuture(w)",
        ),
    ),
    "asyncio.coroutines.iscoroutine": Use(
        "Coroutine[object, object, int]", "later()", "found = asyncio.iscoroutine(w)"
    ),
    "asyncio.coroutines.iscoroutinefunction": Use(
        AN_ASYNC, "later", "found = asyncio.iscoroutinefunction(w)"
    ),
    "builtins.OSError": Use("int", "2", "found = type(OSError(w, 'no such file'))"),
    "builtins.SystemExit": Use("int", "3", "found = type(SystemExit(w).code)"),
    "collections.Counter": Use("dict[str, int]", "{'a': 2}", "found = collections.Counter(w)"),
    "collections.Counter.subtract": Use(
        "dict[str, int]", "{'a': 2}", "found = collections.Counter('a'); found.subtract(w)"
    ),
    "collections.Counter.update": Use(
        "collections.Counter[str]",
        "collections.Counter('aa')",
        "found = collections.Counter('a'); found.update(w)",
    ),
    "csv.DictWriter.writerow": Use(
        "None",
        "None",
        ROW + "csv.DictWriter(f, ['a', 'b']).writerow({'a': 1, 'b': w}); found = f.getvalue()",
    ),
    "csv.DictWriter.writerows": Use(
        "None",
        "None",
        ROW + "csv.DictWriter(f, ['a', 'b']).writerows([{'a': 1, 'b': w}]); found = f.getvalue()",
    ),
    "functools._SingleDispatchCallable.__call__": Use("list[int]", "[1, 2]", "found = kind(w)"),
    **on_all("getmodule ismodule", "inspect", Use("types.ModuleType", "sys", PREDICATE)),
    **on_all("isfunction isroutine", "inspect", Use("Callable[[int], int]", "twice", PREDICATE)),
    "inspect.iscoroutinefunction": Use(AN_ASYNC, "later", "found = inspect.iscoroutinefunction(w)"),
    "inspect.isgeneratorfunction": Use(
        "Callable[[], Generator[int]]", "count", "found = inspect.isgeneratorfunction(w)"
    ),
    "inspect.isasyncgenfunction": Use(
        "Callable[[], AsyncGenerator[int]]", "numbers", "found = inspect.isasyncgenfunction(w)"
    ),
    "inspect.isasyncgen": Use("AsyncGenerator[int]", "numbers()", "found = inspect.isasyncgen(w)"),
    "inspect.isbuiltin": Use("Callable[[str], int]", "len", "found = inspect.isbuiltin(w)"),
    "json.dump": Use("list[int]", "[1]", ROW + "json.dump({'a': w}, f); found = f.getvalue()"),
    "json.dumps": Use("list[int]", "[1]", "found = json.dumps(w)"),
    "inspect.isclass": Use("type[C]", "C", "found = inspect.isclass(w)"),
    "inspect.iscoroutine": Use(
        "Coroutine[object, object, int]", "later()", "found = inspect.iscoroutine(w)"
    ),
    "inspect.isgenerator": Use("Generator[int]", "count()", "found = inspect.isgenerator(w)"),
    "inspect.ismethod": Use("Callable[[int], int]", "C().method", "found = inspect.ismethod(w)"),
    **on_all("AsyncMock MagicMock", "unittest.mock", Use("C", "C()", MOCK)),
    "unittest.mock.Mock": Use(
        "type[Exception]", "KeyError", "found = [unittest.mock.Mock(side_effect=w)()]"
    ),
    "unittest.mock.create_autospec": Use(
        "Callable[[int], int]", "twice", "found = type(unittest.mock.create_autospec(w))"
    ),
    "urllib.parse.urlencode": Use("bytes", "b'a b'", "found = urllib.parse.urlencode({'key': w})"),
    **on_all(
        "HttpResponse HttpResponseBadRequest HttpResponseForbidden HttpResponseGone "
        "HttpResponseNotFound HttpResponseServerError",
        "django.http.response",
        Use("bytes", "b'ab'", "found = f(w).content"),
    ),
    "flask.helpers.make_response": Use(
        "dict[str, int]",
        "{'a': 1}",
        "with app.test_request_context(): found = flask.make_response(w).get_data()",
    ),
    **on_all("cumsum sort", "numpy._core.fromnumeric", Use("int", "1", SORT)),
    **on_all(
        "array asanyarray asarray ascontiguousarray asfortranarray",
        "numpy._core.multiarray",
        Use("float", "1.5", SORT),
    ),
    "numpy._core.multiarray.concatenate": Use("int", "1", "found = np.concatenate([[w], [2]]).dtype"),
    "numpy._core.numeric.full": Use("int", "1", "found = np.full(2, w).dtype"),
    "numpy._core.numeric.isscalar": Use("str", "'a'", "found = np.isscalar(w)"),
    "numpy.lib._arraysetops_impl.unique": Use("int", "1", "found = np.unique([w, 2]).dtype"),
    "numpy.ndarray.__getitem__": Use("tuple[int, int]", "(0, 0)", "found = np.array([[5, 6]])[w]"),
    **on_all(
        "is_integer is_number",
        "pandas.core.dtypes.inference",
        Use("int", "1", "found = pd.api.types.f(w)"),
    ),
    "pandas.core.dtypes.inference.is_scalar": Use("str", "'a'", "found = pd.api.types.is_scalar(w)"),
    "pandas.core.dtypes.inference.is_bool": Use("bool", "True", "found = pd.api.types.is_bool(w)"),
    "pandas.core.dtypes.inference.is_float": Use("float", "1.5", "found = pd.api.types.is_float(w)"),
    f"{FRAME}.DataFrame": Use("dict[str, list[int]]", "{'a': [1]}", "found = pd.DataFrame(w)"),
    "pandas.core.generic.NDFrame.__contains__": Use("str", "'ab'", "found = w in df"),
    f"{FRAME}.DataFrame.fillna": Use(
        "float", "1.0", "found = pd.DataFrame({'a': [1.0, None]}).fillna({'a': w}).dtypes"
    ),
    f"{FRAME}.DataFrame.get": Use("str", "'ab'", "found = df.get(w)"),
    f"{FRAME}.DataFrame.isin": Use("dict[str, list[float]]", "{'a': [3.0]}", "found = df.isin(w)"),
    f"{FRAME}._GetItemHack.__getitem__": Use("str", "'ab'", "found = df[w]"),
    f"{FRAME}.DataFrame.__setitem__": Use("str", "'ab'", "found = df.copy(); found[w] = 5.0"),
    f"{FRAME}._AtIndexerFrame.__getitem__": Use("str", "'xy'", "found = df.at[w, 'a']"),
    f"{FRAME}._LocIndexerFrame.__getitem__": Use("str", "'xy'", "found = df.loc[w, 'a']"),
    f"{FRAME}._LocIndexerFrame.__setitem__": Use(
        "str", "'xz'", "found = df.copy(); found.loc[w, 'a'] = 5.0"
    ),
    "pandas.core.indexes.base.Index": Use("int", "1", "found = pd.Index([w]).dtype"),
    "pandas.core.indexes.base.Index.__contains__": Use("str", "'xy'", "found = w in s.index"),
    "pandas.core.indexes.base.Index.isin": Use("str", "'xy'", "found = s.index.isin([w])"),
    "pandas.core.tools.numeric.to_numeric": Use("str", "'1'", "found = pd.to_numeric(w)"),
    "pandas.core.indexing._AtIndexer.__getitem__": Use("str", "'xy'", "found = s.at[w]"),
    f"{SERIES}.Series": Use("dict[str, int]", "{'a': 1}", "found = pd.Series(w)"),
    f"{SERIES}.Series.fillna": Use(
        "float", "1.0", "found = pd.Series([1.0, None]).fillna({1: w}).dtype"
    ),
    f"{SERIES}.Series.get": Use("str", "'xy'", "found = s.get(w)"),
    f"{SERIES}.Series.isin": Use("str", "'a'", "found = pd.Series(['a']).isin([w])"),
    f"{SERIES}.Series.replace": Use("float", "1.0", "found = s.replace([w], [9.0])"),
    f"{SERIES}.Series.__getitem__": Use("str", "'xy'", "found = s[w]"),
    f"{SERIES}._LocIndexerSeries.__getitem__": Use("str", "'xy'", "found = s.loc[w]"),
    **{
        f"requests.{where}.{name}": use._replace(code=use.code.replace("f(", f"{made}.{name}("))
        for where, made in [("api", "requests"), ("sessions.Session", "requests.Session()")]
        for name, use in [
            *((name, QUERY) for name in ("delete", "get", "head", "options")),
            *((name, BODY) for name in ("patch", "post", "put")),
        ]
    },
    "requests.api.request": QUERY._replace(code=QUERY.code.replace("f(", "requests.request('GET', ")),
    "requests.models.Request": Use(
        "list[tuple[str, str]]",
        "[('a', '1')]",
        "found = requests.Request('POST', 'http://h', data=w).prepare().body",
    ),
    "requests.sessions.Session.request": BODY._replace(
        code=BODY.code.replace("f(", "requests.Session().request('POST', ")
    ),
    **dict.fromkeys(
        ("_pytest.approx.approx", "_pytest.python_api.approx"),
        Use("dict[str, float]", "{'a': 1.0}", "found = {'a': 2.0} == pytest.approx(w)"),
    ),
    "yaml.dump": Use("int", "3", "found = yaml.dump([w])"),
    "yaml.dump_all": Use("dict[str, int]", "{'a': 3}", "found = yaml.dump_all([w])"),
    "torch.is_tensor": Use("torch.Tensor", "torch.ones(1)", "found = torch.is_tensor(w)"),
}


def library_of(function: str) -> str:
    top = function.partition(".")[0]
    return top if top in IMPORTS else "builtins"


def test_each_function_of_the_table_has_a_use() -> None:
    assert set(USES) == FUNCTIONS


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("function", USES)
def test_function_takes_an_await_for_something_else(function: str) -> None:
    pytest.importorskip(library_of(function))
    use = USES[function]
    names: dict[str, Any] = {}
    exec(f"{IMPORTS['builtins']}{IMPORTS[library_of(function)]}", names)
    exec(f"def make() -> {use.w}: return {use.value}", names)
    assert outcome(use, names, awaitable(names["make"])) != outcome(use, names, names["make"]())


def outcome(use: Use, names: dict[str, Any], w: object) -> str:
    """Return what is found with this, or the error."""
    namespace = {**names, "w": w}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(use.code, namespace)
            return repr(namespace["found"])
        except Exception as error:
            return repr(error)


@pytest.mark.parametrize("library", IMPORTS)
def test_mypy_reports_the_await_and_not_the_value(
    library: str, tmp_path: Path, run_mypy: RunMypy
) -> None:
    pytest.importorskip(library)
    stubs = {"django": "django-stubs", "pandas": "pandas-stubs", "yaml": "yaml-stubs"}.get(library)
    if stubs and not importlib.util.find_spec(stubs):
        pytest.skip(f"mypy needs {stubs}")
    uses = {function: use for function, use in USES.items() if library_of(function) == library}
    lines = ["from awaits import Await", *IMPORTS["builtins"].splitlines()]
    lines += IMPORTS[library].splitlines() if library != "builtins" else []
    expected = set()
    for number, use in enumerate(uses.values()):
        lines += [f"def on_await{number}(w: Await[{use.w}]) -> None:", f"    {use.code}"]
        expected.add(len(lines))
        lines += [f"def on_value{number}(w: {use.w}) -> None:", f"    {use.code}"]
    (tmp_path / "uses.py").write_text("\n".join(lines) + "\n")
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\n")
    result = run_mypy(tmp_path, "uses.py", "--no-error-summary")
    assert not result.stderr
    reported = result.stdout.splitlines()
    assert {int(line.split(":")[1]) for line in reported} == expected, result.stdout
    assert all("awaitable_wait()  [await-by-class]" in line for line in reported), result.stdout
