"""Run the tests of real code with every receiver and operand an Await, and compare their outcomes.

    pip install --group everything             # what the tests of the packages need
    pip install wrapt lazy-object-proxy        # for --wrapper only
    python -m tests.runtime.everything cpython more-itertools tomlkit

`cpython` are modules of the standard library with CPython's own tests of them, both rewritten; the
interpreter has to have its package `test`. Other names are those of packages, whose source archive pip
downloads: the package is rewritten, its tests are run by pytest as they are. In the bodies of functions,
what is asked for something (an attribute, an operator, an item, a call, an iteration ...) is handed
through a function. What is asked for a name that an Await has for itself, such as `args`, is left alone.
Each set of tests runs twice: the function gives an Await of the value, and the value itself. Prints a
table in Markdown, and each test whose outcome changed with its last words.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.runtime.everything.child import WRAPPERS

ROOT: Final = Path(__file__).parents[3]
# Of the standard library, what is rewritten with its tests: Python, and not what Awaits stand on.
MODULES: Final = (
    *(
        "argparse",
        "ast",
        "base64",
        "bisect",
        "calendar",
        "cmd",
        "colorsys",
        "configparser",
        "copy",
        "csv",
    ),
    *(
        "dataclasses",
        "decimal",
        "difflib",
        "dis",
        "enum",
        "filecmp",
        "fileinput",
        "fnmatch",
        "fractions",
    ),
    *("getopt", "gettext", "glob", "graphlib", "gzip", "heapq", "html", "ipaddress", "json"),
    *("mimetypes", "numbers", "optparse", "pathlib", "pickle", "plistlib", "pprint", "queue", "quopri"),
    *("random", "reprlib", "sched", "shelve", "shlex", "statistics", "string", "tarfile", "textwrap"),
    *("tokenize", "tomllib", "uuid", "zipfile"),
)
# Tests of the language, which rewrite nothing else than themselves.
LANGUAGE: Final = (
    *(
        "array",
        "augassign",
        "bool",
        "bytes",
        "collections",
        "compare",
        "complex",
        "contains",
        "contextlib",
    ),
    *(
        "decorators",
        "deque",
        "dict",
        "dictviews",
        "enumerate",
        "float",
        "format",
        "functools",
        "generators",
    ),
    *(
        "genexps",
        "grammar",
        "hash",
        "index",
        "int",
        "iter",
        "itertools",
        "list",
        "listcomps",
        "long",
        "math",
    ),
    *("memoryview", "operator", "pow", "property", "range", "richcmp", "set", "slice", "sort", "str"),
    *("struct", "tuple", "unpack", "userdict", "userlist", "userstring", "with", "zlib"),
)
# What is rewritten of each, and what pytest is told. What is left out measures time, starts servers,
# repeats one test thousands of times, has the time of day in the names of its tests, or takes too long.
PACKAGES: Final = {
    "arrow": ("arrow", "tests"),
    "attrs": ("attr", "tests"),
    "boltons": ("boltons", "tests"),
    "cachetools": ("cachetools", "tests"),
    "cattrs": ("cattrs", "tests --ignore tests/test_preconf.py"),
    "click": ("click", "tests -m 'not stress'"),
    "decorator": ("decorator", "tests/test.py"),
    "docutils": ("docutils", "test"),
    "humanize": ("humanize", "tests"),
    "inflection": ("inflection", "test_inflection.py"),
    "iniconfig": ("iniconfig", "testing"),
    "itsdangerous": ("itsdangerous", "tests"),
    "jinja2": ("jinja2", "tests"),
    "jsonschema": ("jsonschema", "jsonschema/tests"),
    "lark": ("lark", "tests"),
    "markdown": ("markdown", "tests"),
    "marshmallow": ("marshmallow", "tests -k 'not test_invalid_datetime_deserialization'"),
    "mistune": (
        "mistune",
        "tests --ignore-glob tests/test_security_* --ignore tests/test_inline_limits.py "
        "-k 'not quadratically'",
    ),
    "more-itertools": ("more_itertools", "tests"),
    "packaging": ("packaging", "tests"),
    "parso": ("parso", "test"),
    "pluggy": ("pluggy", "testing"),
    "pyparsing": ("pyparsing", "tests"),
    "python-dateutil": ("dateutil", "tests"),
    "simpleeval": ("simpleeval", "tests"),
    "sqlparse": ("sqlparse", "tests --ignore tests/test_dos_prevention.py"),
    "tabulate": ("tabulate", "test"),
    "tinydb": ("tinydb", "tests"),
    "tomlkit": ("tomlkit", "tests"),
    "toolz": ("toolz", "toolz"),
    "werkzeug": (
        "werkzeug",
        "tests --ignore tests/test_serving.py --ignore tests/test_debug.py "
        "--ignore tests/middleware/test_http_proxy.py",
    ),
    "xmltodict": ("xmltodict", "tests"),
}


@dataclass
class Compared:
    """How much was rewritten, how many tests ran, and the last words of those whose outcome changed.

    What fails on plain values is broken without an Await, and says nothing.
    """

    name: str
    places: int
    left_alone: int
    broken: int
    tests: int
    changed: dict[str, str]


def run(
    wrapper: str, modules: str, runner: str, arguments: list[str], folder: Path, path: list[str]
) -> Any:
    """Return what a process writes that runs these tests, or nothing where it ends without."""
    with TemporaryDirectory() as outside:
        out = Path(outside, "out.json")
        command = [sys.executable, "-m", "tests.runtime.everything.child"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *path])}
        environment["PYTHONSAFEPATH"] = "1"
        try:
            subprocess.run(
                [*command, str(out), wrapper, modules, runner, *arguments],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=900,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"places": {}, "outcomes": {}}
        return json.loads(out.read_text()) if out.exists() else {"places": {}, "outcomes": {}}


def compare(
    name: str,
    wrapper: str,
    modules: str,
    runner: str,
    arguments: list[str],
    folder: Path,
    path: list[str],
) -> Compared:
    """Run these tests with and without the wrapper."""
    plain = run("none", modules, runner, arguments, folder, path)
    wrapped = run(wrapper, modules, runner, arguments, folder, path)
    whole = {test: outcome for test, (outcome, _) in plain["outcomes"].items() if outcome != "failed"}
    changed = {
        test: " ".join(wrapped["outcomes"].get(test, ["did not run", ""]))
        for test, outcome in whole.items()
        if wrapped["outcomes"].get(test, [""])[0] != outcome
    }
    places = Counter(plain["places"])
    left_alone = places.pop("left alone", 0)
    broken = len(plain["outcomes"]) - len(whole)
    return Compared(name, places.total(), left_alone, broken, len(whole), changed)


def cpython(wrapper: str, folder: Path) -> Compared:
    """Compare the modules of the standard library one by one, and return the sum."""
    total = Compared(f"CPython {sys.version.split()[0]}", 0, 0, 0, 0, {})
    for name in (*MODULES, *LANGUAGE):
        test = f"test.test_{name}"
        modules = f"{name},{test}" if name in MODULES else test
        found = compare(name, wrapper, modules, "unittest", [test], folder, [])
        print(
            f"  {name}: {found.places} places, {found.tests} tests, {len(found.changed)} changed",
            flush=True,
        )
        total.places += found.places
        total.left_alone += found.left_alone
        total.broken += found.broken
        total.tests += found.tests
        total.changed |= found.changed
    return total


def package(name: str, wrapper: str, folder: Path) -> Compared:
    """Download a package's source archive, and compare its tests."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(folder), name], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())
    module, tests = PACKAGES[name]
    path = [str(source / "src" if (source / "src").is_dir() else source)]
    options = [
        "-c",
        os.devnull,
        "--rootdir",
        ".",
        "--continue-on-collection-errors",
        *shlex.split(tests),
    ]
    found = compare(source.name, wrapper, module, "pytest", options, source, path)
    if not found.tests:
        raise SystemExit(f"{name}: no test ran")
    return found


def main() -> None:
    """Compare what the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.runtime.everything",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="+", choices=["cpython", *PACKAGES], metavar="NAME")
    parser.add_argument("--wrapper", choices=[*WRAPPERS], default="pending")
    options = parser.parse_args()
    rows = []
    for name in options.names:
        with TemporaryDirectory() as folder:
            measure = cpython if name == "cpython" else partial(package, name)
            found = measure(options.wrapper, Path(folder))
        for test, words in found.changed.items():
            print(f"  {test}: {words}")
        print(f"{found.name}: {found.tests} tests, {len(found.changed)} changed", flush=True)
        numbers = [found.places, found.left_alone, found.broken, found.tests, len(found.changed)]
        rows.append(" | ".join([f"| {found.name}", *(f"{number:,}" for number in numbers)]) + " |")
    print(
        "\n".join(
            [
                "| tests of | places | left alone | broken without | tests | changed |",
                "| --- | --- | --- | --- | --- | --- |",
                *rows,
            ]
        )
    )


if __name__ == "__main__":
    main()
