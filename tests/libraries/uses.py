"""What programs do with a value in other libraries, for `docs/howto/other_libraries.md`.

For each library: what its uses need, as a program; and the uses. A use is the value that `aw` stands for,
what is done with it, and at times a line that comes before, without which an Await is not taken for its
value. `value -> code <- line` is how a use is written here.
"""

from __future__ import annotations

from typing import NamedTuple


class Use(NamedTuple):
    """A use of a value, as the page shows it."""

    value: str
    code: str
    line: str = ""


class Library(NamedTuple):
    """A library, by the module that is imported, and its uses."""

    module: str
    program: str
    uses: list[Use]


def uses(text: str) -> list[Use]:
    """Read uses, one a line: `value -> code`, or `value -> code <- line`."""
    found = []
    for row in text.strip().splitlines():
        value, _, rest = row.strip().partition(" -> ")
        code, _, line = rest.partition(" <- ")
        found.append(Use(value.strip(), code.strip(), line.strip()))
    return found


DRAWING = """
import matplotlib
matplotlib.use("svg", force=True)
matplotlib.rcParams["svg.hashsalt"] = "same"
import io
import matplotlib.pyplot as plt
import numpy as np
ax = plt.figure().subplots()
def drawn(_):
    out = io.BytesIO()
    ax.figure.savefig(out, format="svg", metadata={"Date": None})
    plt.close("all")
    return out.getvalue()
"""

LIBRARIES: dict[str, Library] = {
    "Django": Library(
        "django",
        """
import django
from django.conf import settings
if not settings.configured:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        SECRET_KEY="x",
    )
    django.setup()
from django.db import connection, models
from django.http import HttpResponse, JsonResponse
from django.template import Context, Template
from django.apps import apps
if "tests" in apps.all_models and "person" in apps.all_models["tests"]:
    Person = apps.all_models["tests"]["person"]
else:
    class Person(models.Model):
        name = models.CharField(max_length=9)
        age = models.IntegerField(default=0)
        class Meta:
            app_label = "tests"
    with connection.schema_editor() as editor:
        editor.create_model(Person)
    Person.objects.create(name="Ann", age=3)
people = Person.objects
def render(text, **names):
    return Template(text).render(Context(names))
""",
        uses("""
3 -> render("{{ aw }}", aw=aw)
3 -> render("{% if aw == 3 %}yes{% endif %}", aw=aw)
[1, 2] -> render("{% for n in aw %}{{ n }},{% endfor %}", aw=aw)
{"a": 1} -> render("{{ aw.a }}", aw=aw)
"a<b" -> render("{{ aw|upper }}", aw=aw)
1.234 -> render("{{ aw|floatformat:1 }}", aw=aw)
"Ann" -> people.filter(name=aw).count()
3 -> people.filter(age=aw).count()
3 -> people.filter(age__gte=aw).count()
[3, 4] -> people.filter(age__in=aw).count()
"Ann" -> people.get(name=aw).age
"Bob" -> people.create(name=aw).name + ""
b"ab" -> HttpResponse(aw).content
"ab" -> HttpResponse(aw).content
{"a": 1} -> JsonResponse(aw).content
"""),
    ),
    "FastAPI": Library(
        "fastapi",
        """
import warnings
warnings.simplefilter("ignore")
from typing import Annotated, Any
from awaits import Await, awaitable_nowait, awaitable_wait
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
class Item(BaseModel):
    n: int
def answer(aw, declared=None, model=None):
    app = FastAPI()
    def get():
        return aw
    get.__annotations__ = {} if declared is None else {"return": declared}
    app.get("/", **({} if model is None else {"response_model": model}))(get)
    return TestClient(app).get("/").text
def depend(aw):
    app = FastAPI()
    @app.get("/")
    def get(it: Annotated[Any, Depends(lambda: aw)]) -> int:
        return it.n
    return TestClient(app).get("/").text
""",
        uses("""
Item(n=3) -> answer(aw, declared=Item)
Item(n=3) -> answer(aw, declared=Await[Item])
3 -> answer(aw, model=Await[int])
[1, 2] -> answer({"a": aw}, declared=dict[str, list[int]])
Item(n=3) -> depend(aw)
Item(n=3) -> answer(aw)
3 -> answer({"a": aw})
3 -> answer({"a": aw}) <- import fastapi.encoders; fastapi.encoders.encoders_by_class_tuples[awaitable_wait] = (Await,)
"""),
    ),
    "Flask": Library(
        "flask",
        """
import flask
app = flask.Flask("app")
def view(aw):
    app = flask.Flask("app")
    app.testing = True  # raises what is a page with the status 500 elsewhere
    app.add_url_rule("/", view_func=lambda: aw)
    return app.test_client().get("/").data
def template(text, aw):
    with app.app_context():
        return flask.render_template_string(text, aw=aw)
def jsonify(it):
    with app.app_context():
        return flask.jsonify(it).get_data()
""",
        uses("""
"ab" -> view(str(aw))
"ab" -> view(aw)
{"a": 1} -> view(aw)
3 -> template("{{ aw + 1 }}", aw)
3 -> jsonify({"a": aw})
3 -> jsonify({"a": aw}) <- import awaits; flask.json.provider.DefaultJSONProvider.default = staticmethod(awaits.awaitable_wait)
"""),
    ),
    "pydantic": Library(
        "pydantic",
        """
from typing import Any
from awaits import Await
from pydantic import BaseModel, ConfigDict
class Lazy(BaseModel):
    x: Await[int]
class Plain(BaseModel):
    x: int
class Loose(BaseModel):
    x: Any
class Names(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    real: int
class Real:
    def __init__(self, real):
        self.real = real
""",
        uses("""
3 -> Lazy(x=aw).x + 1
3 -> Lazy(x=aw).model_dump()
3 -> Lazy(x=aw).model_dump_json()
Real(3) -> Names.model_validate(aw)
3 -> Plain(x=aw)
3 -> Loose(x=aw).model_dump_json()
{"x": 1} -> Plain.model_validate(aw)
'{"x": 1}' -> Plain.model_validate_json(aw)
"""),
    ),
    "attrs": Library(
        "attrs",
        """
import attrs
from awaits import Await
@attrs.define(order=True)
class C:
    x: Await[int]
@attrs.define
class Converted:
    x: int = attrs.field(converter=int)
@attrs.define
class Checked:
    x: int = attrs.field(validator=attrs.validators.instance_of(int))
@attrs.define
class Inner:
    n: int
@attrs.define
class Bounded:
    x: int = attrs.field(validator=attrs.validators.gt(2))
""",
        uses("""
3 -> C(aw).x + 1
3 -> C(aw) == C(3)
3 -> C(aw) < C(4)
3 -> attrs.evolve(C(1), x=aw).x + 1
3 -> Converted(aw).x
3 -> Bounded(aw).x + 1
Inner(3) -> attrs.asdict(C(aw)) == {"x": {"n": 3}}
Inner(3) -> attrs.asdict(aw)
3 -> Checked(aw).x
"""),
    ),
    "dataclasses": Library(
        "dataclasses",
        """
import dataclasses
from awaits import Await
@dataclasses.dataclass(order=True)
class C:
    x: Await[int]
@dataclasses.dataclass
class Inner:
    n: int
""",
        uses("""
3 -> C(aw).x + 1
3 -> C(aw) < C(4)
3 -> dataclasses.replace(C(1), x=aw).x + 1
Inner(3) -> dataclasses.fields(aw)[0].name
Inner(3) -> dataclasses.asdict(C(aw)) == {"x": {"n": 3}}
Inner(3) -> dataclasses.asdict(aw)
"""),
    ),
    "cattrs": Library(
        "cattrs",
        """
import attrs, cattrs
from typing import get_args
from awaits import Await, awaitable_nowait, awaitable_wait
@attrs.define
class C:
    x: Await[int]
@attrs.define
class Plain:
    x: int
converter = cattrs.Converter()
""",
        uses("""
3 -> converter.structure({"x": aw}, Plain)
3 -> converter.unstructure({"x": aw})
3 -> converter.unstructure({"x": aw}) <- converter.register_unstructure_hook(Await, lambda aw: converter.unstructure(awaitable_wait(aw)))
"""),
    ),
    "SQLAlchemy": Library(
        "sqlalchemy",
        """
import sqlalchemy as sa
from awaits import Await, awaitable_wait
engine = sa.create_engine("sqlite://")
people = sa.Table("people", sa.MetaData(), sa.Column("name", sa.String), sa.Column("age", sa.Integer))
connection = engine.connect()
people.metadata.create_all(connection)
connection.execute(people.insert(), [{"name": "Ann", "age": 3}])
def found(condition):
    return connection.execute(sa.select(people).where(condition)).all()
def insert(**values):
    connection.execute(people.insert().values(**values))
    return connection.execute(sa.select(people)).all()
def of_default(value):
    table = sa.Table("defaults", sa.MetaData(), sa.Column("n", sa.Integer), sa.Column("d", sa.Integer, default=value))
    table.create(connection)
    connection.execute(table.insert(), {"n": 1})
    return connection.execute(sa.select(table)).all()
""",
        uses("""
3 -> found(people.c.age == aw)
"Ann" -> found(people.c.name == aw)
"Ann" -> found(people.c.name.startswith(aw))
[3, 4] -> found(people.c.age.in_(aw))
3 -> insert(name="Bob", age=aw)
3 -> connection.execute(sa.text("select :n + 1"), {"n": aw}).all()
3 -> of_default(aw)
"people" -> sa.Table(aw, sa.MetaData()).name + ""
"""),
    ),
    "psycopg": Library(
        "psycopg",
        """
import psycopg
from psycopg import sql
from psycopg._queries import PostgresQuery
from psycopg.adapt import Dumper, Transformer
from awaits import Await, awaitable_wait
def parameter(value):
    query = PostgresQuery(Transformer())
    query.convert("select %s", [value])
    return query.params, query.types, query.formats
def literal(value):
    return sql.Literal(value).as_string(None)
class OfAwait(Dumper):
    \"\"\"Write an Await as its value is written.\"\"\"

    def of_value(self, aw, format):
        return Transformer(self.connection).get_dumper(awaitable_wait(aw), format)

    def get_key(self, aw, format):
        return Await, self.of_value(aw, format).get_key(awaitable_wait(aw), format)

    def upgrade(self, aw, format):
        found = OfAwait(Await, self.connection)
        found.inner = self.of_value(aw, format)
        found.oid, found.format = found.inner.oid, found.inner.format
        return found

    def dump(self, aw):
        return self.inner.dump(awaitable_wait(aw))

    def quote(self, aw):
        return self.inner.quote(awaitable_wait(aw))
""",
        uses("""
3 -> parameter(int(aw))
3 -> parameter(aw)
3 -> literal(aw)
3 -> parameter(aw) <- psycopg.adapters.register_dumper(Await, OfAwait)
b"ab" -> parameter(aw) <- psycopg.adapters.register_dumper(Await, OfAwait)
[1, 2] -> parameter(aw) <- psycopg.adapters.register_dumper(Await, OfAwait)
1.5 -> literal(aw) <- psycopg.adapters.register_dumper(Await, OfAwait)
None -> parameter(aw) <- psycopg.adapters.register_dumper(Await, OfAwait)
"""),
    ),
    "sqlite3": Library(
        "sqlite3",
        """
import sqlite3
from awaits import Await, awaitable_wait
connection = sqlite3.connect(":memory:")
connection.execute("create table t (n, s)")
def many(rows):
    connection.executemany("insert into t values (?, ?)", rows)
    return connection.execute("select * from t").fetchall()
def named(values):
    try:
        return connection.execute("select :n", values).fetchall()
    except KeyError as error:  # in pure Python an Await of a dict passes for a sequence
        raise sqlite3.ProgrammingError from error
""",
        uses("""
(3, 4) -> connection.execute("select ? + ?", aw).fetchall()
{"n": 3} -> named(aw)
[(1, "a"), (2, "b")] -> many(aw)
"select 5" -> connection.execute(str(aw)).fetchall()
3 -> connection.execute("select ?", (aw,)).fetchall()
"ab" -> connection.execute("select ?", (aw,)).fetchall()
b"ab" -> connection.execute("select ?", (aw,)).fetchall()
None -> connection.execute("select ?", (aw,)).fetchall()
"""),
    ),
    "json": Library(
        "json",
        "import json\nfrom awaits import awaitable_wait",
        uses("""
"[1, 2]" -> json.loads(str(aw))
"[1, 2]" -> json.loads(aw)
3 -> json.dumps({"n": aw}, default=awaitable_wait)
3 -> json.dumps({"n": aw})
"""),
    ),
    "orjson": Library(
        "orjson",
        "import orjson\nfrom awaits import awaitable_wait",
        uses("""
3 -> orjson.dumps({"n": aw}, default=awaitable_wait)
[1, {"a": 2}] -> orjson.dumps({"n": aw}, default=awaitable_wait)
3 -> orjson.dumps({"n": aw})
b"[1]" -> orjson.loads(aw)
"""),
    ),
    "msgspec": Library(
        "msgspec",
        """
import msgspec
from awaits import Await, awaitable_wait
class S(msgspec.Struct):
    x: Await[int]
""",
        uses("""
3 -> S(aw).x + 1
3 -> msgspec.json.encode({"n": aw}, enc_hook=awaitable_wait)
3 -> msgspec.msgpack.encode(S(aw), enc_hook=awaitable_wait)
3 -> msgspec.to_builtins([aw], enc_hook=awaitable_wait)
3 -> msgspec.json.encode({"n": aw})
b"[1]" -> msgspec.json.decode(aw)
3 -> msgspec.convert(aw, int)
"""),
    ),
    "msgpack": Library(
        "msgpack",
        "import msgpack\nfrom awaits import awaitable_wait",
        uses("""
3 -> msgpack.packb({"n": aw}, default=awaitable_wait)
[1, 2] -> msgpack.packb(aw, default=awaitable_wait)
3 -> msgpack.packb({"n": aw})
msgpack.packb([1]) -> msgpack.unpackb(aw)
"""),
    ),
    "PyYAML": Library(
        "yaml",
        """
import yaml
from awaits import Await, awaitable_wait
""",
        uses("""
"a: [1]" -> yaml.safe_load(str(aw))
"a: [1]" -> yaml.safe_load(aw)
3 -> yaml.safe_dump({"n": aw})
3 -> yaml.dump({"n": aw})
3 -> yaml.safe_dump({"n": aw}) <- yaml.SafeDumper.add_multi_representer(Await, lambda dumper, aw: dumper.represent_data(awaitable_wait(aw)))
"""),
    ),
    "pandas": Library(
        "pandas",
        """
import io, os, tempfile
from pathlib import Path
import numpy as np
import pandas as pd
df = pd.DataFrame({"a": [1, 2, 3], "ab": [4, 5, 6]}, index=["x", "y", "xy"])
s = pd.Series([1, 2, 3], index=["x", "y", "xy"])
path = Path(tempfile.gettempdir(), "other_libraries.csv")
path.write_text("a,b\\n1,2\\n")
""",
        uses("""
df -> aw["a"].tolist()
df -> aw.groupby("a").sum()
s -> (aw + s).tolist()
2 -> (s * aw).tolist()
s -> (s + aw).tolist()
[1, 2] -> pd.Series(aw).tolist()
np.array([1, 2]) -> pd.Series(aw).tolist()
{"a": 1} -> pd.Series(aw)
{"a": [1]} -> pd.DataFrame(aw)
df -> pd.DataFrame(aw).shape
df -> pd.concat([df, aw]).shape
df -> df.merge(aw, on="a").shape
"ab" -> df[aw].tolist()
["a", "ab"] -> df[aw].shape
s > 1 -> df[aw].shape
"xy" -> df.loc[aw].tolist()
1 -> df.iloc[aw].tolist()
[7, 8, 9] -> df.assign(c=aw)["c"].tolist()
{1: 10, 2: 20} -> s.map(aw).tolist()
s > 1 -> s.where(aw).tolist()
9 -> s.where(s > 1, aw).tolist()
9 -> s.fillna(aw).tolist()
[1, 2] -> s.isin(aw).tolist()
path -> pd.read_csv(aw).shape
str(path) -> pd.read_csv(aw).shape
io.StringIO("a,b\\n1,2") -> pd.read_csv(aw).shape
"2020-01-02" -> pd.to_datetime(aw).year
"""),
    ),
    "polars": Library(
        "polars",
        """
import polars as pl
df = pl.DataFrame({"a": [1, 2, 3]})
""",
        uses("""
df -> aw["a"].to_list()
df -> aw.filter(pl.col("a") > 1).shape
2 -> df.filter(pl.col("a") > aw).shape
2 -> (df["a"] * aw).to_list()
[1, 2] -> pl.Series(aw).to_list()
{"a": [1]} -> pl.DataFrame(aw).shape
df -> pl.concat([df, aw]).shape
df -> df.join(aw, on="a").shape
"a" -> df[aw].to_list()
"a" -> df.select(aw).shape
1 -> df.head(aw).shape
"""),
    ),
    "pyarrow": Library(
        "pyarrow",
        """
import pyarrow as pa
import pyarrow.compute as pc
table = pa.table({"a": [1, 2]})
""",
        uses("""
table -> aw.column("a").to_pylist()
{"a": [1, 2]} -> pa.table(aw).num_rows
[1, 2] -> pa.array(aw).to_pylist()
3 -> pa.array([1, aw]).to_pylist()
3 -> pc.add(pa.array([1]), aw).to_pylist()
table -> pa.concat_tables([table, aw]).num_rows
3 -> pa.scalar(aw).as_py()
"""),
    ),
    "numpy": Library(
        "numpy",
        "import numpy as np\na = np.array([[1, 2], [3, 4]])\nnp.random.seed(0)",
        uses("""
a -> np.sum(aw)
a -> (a + aw).tolist()
a -> np.concatenate([a, aw]).shape
1 -> a[aw].tolist()
a -> np.linalg.inv(aw).shape
[1, 2] -> np.asarray(aw).tolist()
a -> np.asarray(aw).tolist()
3 -> np.zeros(aw).tolist()
1.5 -> np.full(2, aw).dtype.name
(0, 1) -> a[aw].tolist()
(2, 2) -> np.ones(aw).shape
"float32" -> np.zeros(1, dtype=aw).dtype.name
3 -> np.array([1, aw]).dtype.name
"""),
    ),
    "matplotlib": Library(
        "matplotlib",
        DRAWING,
        uses("""
np.array([1, 2]) -> drawn(ax.plot(aw))
np.array([1, 2]) -> drawn(ax.plot([1, 2], aw))
np.array([1, 2]) -> drawn(ax.scatter(aw, [3, 4]))
np.array([1, 2]) -> drawn(ax.bar(aw, [3, 4]))
np.array([1, 2]) -> drawn(ax.hist(aw))
np.array([1, 2]) -> drawn(ax.boxplot(aw))
np.array([1, 2]) -> drawn(ax.violinplot(aw))
np.array([1, 2]) -> drawn(ax.step([1, 2], aw))
np.array([1, 2]) -> drawn(ax.fill_between([1, 2], aw))
np.array([1, 2]) -> drawn(ax.errorbar([1, 2], aw, yerr=aw))
np.array([1, 2]) -> drawn(ax.pie(aw))
np.array([1, 2]) -> drawn(ax.stem(aw))
np.array([1, 2]) -> drawn(ax.stackplot([1, 2], aw))
np.array([[1, 2], [3, 4]]) -> drawn(ax.imshow(aw))
np.array([[1, 2], [3, 4]]) -> drawn(ax.contour(aw))
np.array([[1, 2], [3, 4]]) -> drawn(ax.pcolormesh(aw))
[1, 2] -> drawn(ax.plot(aw))
1.5 -> drawn(ax.axhline(aw))
"title" -> drawn(ax.set_title(aw))
"red" -> drawn(ax.plot([1, 2], color=aw))
"""),
    ),
    "scikit-learn": Library(
        "sklearn",
        """
import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
X = np.array([[1.0], [2.0], [3.0], [4.0]])
y = np.array([0, 0, 1, 1])
""",
        uses("""
LinearRegression().fit(X, y) -> aw.predict(X).round(6).tolist()
X -> LinearRegression().fit(aw, y).predict(X).round(6).tolist()
y -> LogisticRegression().fit(X, aw).predict(X).tolist()
X -> StandardScaler().fit_transform(aw).round(6).tolist()
y -> accuracy_score(y, aw)
X -> [part.shape for part in train_test_split(aw, y, random_state=0)]
2.0 -> LogisticRegression(C=aw).fit(X, y).predict(X).tolist()
"""),
    ),
    "xarray": Library(
        "xarray",
        """
import numpy as np
import xarray as xr
a = xr.DataArray([1, 2, 3], dims="x", coords={"x": [10, 20, 30]})
""",
        uses("""
a -> aw.mean().item()
a -> (a + aw).values.tolist()
2 -> (a * aw).values.tolist()
np.array([1, 2]) -> xr.DataArray(aw, dims="x").values.tolist()
20 -> a.sel(x=aw).item()
1 -> a.isel(x=aw).item()
{"a": a} -> list(xr.Dataset(aw))
a -> xr.concat([a, aw], "x").shape
"""),
    ),
    "networkx": Library(
        "networkx",
        "import networkx as nx\ng = nx.Graph([(1, 2), (2, 3)])",
        uses("""
g -> sorted(aw.nodes)
g -> nx.shortest_path(aw, 1, 3)
g -> nx.number_of_edges(aw)
1 -> nx.shortest_path(g, aw, 3)
1 -> g.degree(aw)
[(1, 2)] -> nx.Graph(aw).number_of_edges()
1 -> sorted(g.neighbors(aw))
g -> nx.compose(g, aw).number_of_nodes()
{1: [2]} -> nx.Graph(aw).number_of_edges()
"""),
    ),
    "click": Library(
        "click",
        """
import click
from click.testing import CliRunner
def run(*words, default=None, **options):
    @click.command()
    @click.option("--n", default=default, **options)
    def main(n):
        click.echo(f"{n}")
    return CliRunner().invoke(main, words, catch_exceptions=False).output
""",
        uses("""
3 -> run("--n", str(aw))
"3" -> run("--n", aw)
3 -> run(default=aw, type=int)
"a" -> run(default=aw)
["a", "b"] -> run("--n", "a", type=click.Choice(aw))
"text" -> run("--help", help=aw)
"ab" -> click.style(aw, fg="red")
"""),
    ),
    "typer": Library(
        "typer",
        """
import typer
from typer.testing import CliRunner
def run(default):
    app = typer.Typer()
    @app.command()
    def main(n: int = default):
        typer.echo(n + 1)
    return CliRunner().invoke(app, [], catch_exceptions=False).output
""",
        uses("""
3 -> run(default=aw)
3 -> run(default=typer.Option(aw))
"ab" -> typer.style(aw, fg="red")
"""),
    ),
    "Jinja2": Library(
        "jinja2",
        """
import jinja2
def render(text, aw):
    return jinja2.Template(text).render(aw=aw)
""",
        uses("""
3 -> render("{{ aw }}", aw)
3 -> render("{{ aw + 1 }}", aw)
3 -> render("{% if aw == 3 %}yes{% endif %}", aw)
[1, 2] -> render("{% for n in aw %}{{ n }}{% endfor %}", aw)
{"a": 1} -> render("{{ aw.a }}", aw)
"ab" -> render("{{ aw|upper }}", aw)
[2, 1] -> render("{{ aw|sort|join }}", aw)
len -> render("{{ aw([1]) }}", aw)
3 -> render("{{ aw is number }}", aw)
3 -> render("{{ aw|tojson }}", aw)
"""),
    ),
    "requests": Library(
        "requests",
        """
import io, json
import requests
def sent(method="POST", url="http://h/", **options):
    it = requests.Request(method, url, **options).prepare()
    return it.url, sorted(it.headers.items()), it.body
""",
        uses("""
"http://h/a" -> sent(url=aw)
{"q": "a b"} -> sent(params=aw)
"a b" -> sent(params={"q": aw})
{"a": "1"} -> sent(data=aw)
{"a": 1} -> sent(json=aw)
1 -> sent(json={"a": aw})
b"ab" -> sent(data=aw)
"ab" -> sent(data=aw)
{"X": "1"} -> sent(headers=aw)
"1" -> sent(headers={"X": aw})
("user", "word") -> sent(auth=aw)
{"c": "1"} -> sent(cookies=aw)
"""),
    ),
    "httpx": Library(
        "httpx",
        """
import httpx
def sent(method="POST", url="http://h/", **options):
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    it = client.request(method, url, **options).request
    return str(it.url), sorted(it.headers.items()), it.content
""",
        uses("""
"http://h/a" -> sent(url=str(aw))
{"q": "a b"} -> sent(params=aw)
"a b" -> sent(params={"q": aw})
{"a": "1"} -> sent(data=aw)
"http://h/a" -> sent(url=aw)
b"ab" -> sent(content=aw)
{"a": 1} -> sent(json=aw)
{"X": "1"} -> sent(headers=aw)
"1" -> sent(headers={"X": aw})
("user", "word") -> sent(auth=aw)
2.0 -> sent(timeout=aw)
"""),
    ),
    "structlog": Library(
        "structlog",
        """
import structlog
from awaits import awaitable_wait
out = []
def logged(*processors, **entry):
    structlog.configure(processors=[*processors], logger_factory=structlog.ReturnLoggerFactory())
    return structlog.get_logger().info("said", **entry)
""",
        uses("""
3 -> logged(structlog.processors.JSONRenderer(default=awaitable_wait), n=aw)
3 -> logged(structlog.processors.KeyValueRenderer(), n=aw)
3 -> logged(structlog.processors.JSONRenderer(), n=aw)
3 -> logged(structlog.processors.LogfmtRenderer(), n=aw)
"""),
    ),
    "loguru": Library(
        "loguru",
        """
import io
from loguru import logger
def logged(text, *args, **names):
    out = io.StringIO()
    logger.remove()
    logger.add(out, format="{message}")
    logger.info(text, *args, **names)
    return out.getvalue()
""",
        uses("""
3 -> logged("n is {}", aw)
3 -> logged("n is {n:03d}", n=aw)
"text" -> logged(str(aw))
"text" -> logged(aw)
"""),
    ),
    "pytest": Library(
        "pytest",
        """
import pytest, re
def raises(error):
    with pytest.raises(error):
        raise KeyError("a")
    return True
def matches(match):
    with pytest.raises(ValueError, match=match):
        raise ValueError("no number")
    return True
""",
        uses("""
0.1 + 0.2 -> aw == pytest.approx(0.3)
[0.1 + 0.2] -> aw == pytest.approx([0.3])
0.3 -> (0.1 + 0.2) == pytest.approx(aw)
[0.3] -> [0.1 + 0.2] == pytest.approx(aw)
"no n" -> matches(aw)
KeyError -> raises(aw)
"""),
    ),
    "hypothesis": Library(
        "hypothesis",
        """
from hypothesis import find, given, settings, strategies as st
""",
        uses("""
3 -> find(st.just(aw), lambda it: True) + 1
2 -> find(st.integers(min_value=0), lambda n: n >= aw)
st.integers(0, 9) -> find(aw, lambda n: n > 4)
[1, 2] -> find(st.sampled_from(aw), lambda it: it > 1)
2 -> find(st.integers(min_value=aw), lambda n: True)
"""),
    ),
    "joblib": Library(
        "joblib",
        """
import joblib, tempfile
memory = joblib.Memory(tempfile.mkdtemp(), verbose=0)
def double(n):
    return 2 * n
""",
        uses("""
3 -> joblib.hash(aw)
3 -> memory.cache(double)(aw)
3 -> joblib.Parallel(n_jobs=1)(joblib.delayed(double)(aw) for _ in range(2))
[1, 2] -> joblib.Parallel(n_jobs=1)(joblib.delayed(double)(n) for n in aw)
1 -> joblib.Parallel(n_jobs=aw)(joblib.delayed(double)(n) for n in [3])
"""),
    ),
    "graphql-core": Library(
        "graphql",
        """
from graphql import build_schema, graphql_sync
schema = build_schema("type T { n: Int } type Query { n: Int s: String ns: [Int] t: T }")
def answer(query, **root):
    result = graphql_sync(schema, query, root)
    if result.errors:
        raise result.errors[0]
    return result.data
""",
        uses("""
3 -> answer("{n}", n=aw)
"ab" -> answer("{s}", s=aw)
[1, 2] -> answer("{ns}", ns=aw)
{"n": 3} -> answer("{t {n}}", t=aw)
3 -> answer("{n}", n=lambda info: aw)
"""),
    ),
    "marshmallow": Library(
        "marshmallow",
        """
from marshmallow import Schema, fields
class S(Schema):
    n = fields.Integer()
    s = fields.String()
    ns = fields.List(fields.Integer())
class C:
    def __init__(self, n):
        self.n = n
def default(value):
    return Schema.from_dict({"n": fields.Integer(load_default=value)})().load({})["n"] + 1
def on_dump(value):
    return Schema.from_dict({"n": fields.Integer(dump_default=value)})().dump({})["n"] + 1
""",
        uses("""
3 -> S().dump({"n": aw})
"ab" -> S().dump({"s": aw})
[1, 2] -> S().dump({"ns": aw})
C(3) -> S().dump(aw)
{"n": 3} -> S().dump(aw)
{"n": 3} -> S().load(aw)
3 -> S().load({"n": aw})
"ab" -> S().load({"s": aw})
3 -> default(aw)
3 -> on_dump(aw)
"""),
    ),
}
