"""What is checked, and how: one session for each task, for people and for CI alike.

`nox -l` lists them, `nox` alone runs what a change is to pass before it is committed, `nox -s NAME`
runs one, and what follows `--` goes to it. Environments stay in .nox/ and are used again; the package is
built anew each time.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

nox.needs_version = ">=2026.10"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "compiled"]

PACKAGE = [
    "awaits",
    "awaits_mypy",
    "awaits_pytest",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "setup.py",
]
TESTS = ["tests", "docs", "examples", "benchmarks", "README.md", "SECURITY.md", "pyproject.toml"]
LAYERS_TESTS = "tests/test_layers.py"
WHEEL_TESTS = "tests/typing/test_wheel.py"
RECIPES_TESTS = "tests/typing/test_recipes.py"
BROWSER_TESTS = "tests/runtime/test_trace_pages.py"
PYTEST_TESTS = "tests/runtime/test_pytest.py"
# What has little to do with the build, or the version of Python: sessions of their own have these.
WITHOUT_SLOW = ["--ignore", BROWSER_TESTS, "--ignore", PYTEST_TESTS]
CHECKERS_TESTS = ["tests/typing/test_other_checkers.py", "tests/typing/test_editors.py"]
CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
MYPY = os.environ.get("MYPY", "1.17.0 1.20.2 2.0.0 2.*").split()
PYTEST = ["7.4.*", "8.0.*", "8.4.*", "9.0.*", "9.*"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15", "3.13t", "3.14t", "3.15t"]
# Also where NOX_DEFAULT_VENV_BACKEND names uv, which leaves an installed package as it is.
in_venv = nox.session(venv_backend="venv")


def install(
    session: nox.Session, *requirements: str, extra: str = "", env: dict[str, str] | None = None
) -> None:
    """Install these and the package, which pip builds anew."""
    session.install("--upgrade", "pip")  # before 25.1 it knows no groups
    # From a copy: what an earlier build left does not get in, and two sessions may build at once.
    with TemporaryDirectory() as copy:
        session.run_install("cp", "-r", *PACKAGE, copy, external=True)
        session.install(*requirements, copy + extra, env=env)


@contextmanager
def elsewhere(session: nox.Session) -> Iterator[None]:
    """Go to a copy of the tests, where the package is the installed one and not the checkout's."""
    with TemporaryDirectory() as copy:
        session.run("cp", "-r", *TESTS, copy, external=True)
        with session.chdir(copy):
            yield


@contextmanager
def clean_clone(session: nox.Session) -> Iterator[None]:
    """Go to a clone of the checkout, which has what is committed and nothing else."""
    with TemporaryDirectory() as clone:
        session.run("git", "clone", "--quiet", ".", clone, external=True)
        with session.chdir(clone):
            yield


def need(session: nox.Session, *programs: str) -> None:
    """Stop the session if a program that pip does not install is missing."""
    for program in programs:
        if not shutil.which(program):
            session.error(f"{session.name} needs {program}, which is not on the path.")


def python_of(name: str) -> str | None:
    """Return the path of Python 3.14, or of 3.14t without the GIL, if it is there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    from_debian = cache / "typed-awaits/interpreters" / name / "bin/python3"  # nox -s interpreters
    if from_debian.exists():
        return str(from_debian)
    version, is_free_threaded = name.removesuffix("t"), name.endswith("t")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = (
        folder
        for folder in pyenv.glob(f"versions/{version}.*")
        if is_free_threaded == folder.name.endswith("t")
    )
    of_pyenv = [path for folder in folders if (path := folder / "bin/python3").exists()]
    if of_pyenv:
        return str(max(of_pyenv, key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))]))
    found = shutil.which(f"python{name}")
    return found if found and Path(found).parent != pyenv / "shims" else None


@in_venv
def lint(session: nox.Session) -> None:
    """Check layout, style, and that imports point one way."""
    session.install("--upgrade", "pip")
    session.install("--group", "lint", "pytest>=8")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("lint-imports", "--no-cache")
    # That a wrong import would be found. Without the options for pytest, which need a plugin of its own.
    session.run("python", "-m", "pytest", "-q", "-o", "addopts=", LAYERS_TESTS)


@in_venv
def types(session: nox.Session) -> None:
    """Run mypy, strict, with our own plugin, other type checkers, and their language servers."""
    install(session, "--group", "dev")
    sources = ["awaits", "awaits_mypy", "awaits_pytest", "tests", "examples", "benchmarks", "noxfile.py"]
    session.run("mypy", *sources, "--exclude", "mistakes")
    session.run("python", "-m", "pytest", "-q", *CHECKERS_TESTS)


@in_venv
def tests(session: nox.Session) -> None:
    """Run the typing tests on the built wheel, or what follows --, which goes to pytest."""
    install(session, "--group", "test")
    of_the_checkout = [LAYERS_TESTS, WHEEL_TESTS]  # its imports, and the wheel that is built from it
    ignored = [word for file in of_the_checkout for word in ("--ignore", file)]
    with elsewhere(session):
        # `runtime` and `compiled` have the others.
        session.run("python", "-m", "pytest", *ignored, *(session.posargs or ["tests/typing"]))
    if not session.posargs:
        session.run("python", "-m", "pytest", *of_the_checkout)


@nox.session(venv_backend="none")
@nox.parametrize("words", ["examples/config.py", "-m pytest"], ids=["example", "tests"])
def readme(session: nox.Session, words: str) -> None:
    """Run a command of the README to the letter, in a clean clone."""
    lines = Path("README.md").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("python3 -m venv") and words in line]
    with clean_clone(session):
        session.run("bash", "-euo", "pipefail", "-c", line)


@in_venv
def parity(session: nox.Session) -> None:
    """Compare what mypy says of Await[C] with what it says of C, in a few modules or those after --."""
    install(session, "--group", "test")
    modules = session.posargs or ["datetime", "fractions", "json", "pathlib", "--shown", "0"]
    session.run("python", "-m", "tests.typing.parity", *modules)


@in_venv
def compiled(session: nox.Session) -> None:
    """Test the compiled part: debug allocator, leaks, gcc's sanitizers (all under these: -- all)."""
    need(session, "gcc")
    session.env["AWAITS_BUILD"] = "compiled"
    runtime = ["tests/runtime", *WITHOUT_SLOW]
    names = "attributes await copy_and_pickle data_model failure functions numpy operators once trace"
    in_c = [f"tests/runtime/test_{name}.py" for name in names.split()]
    build = ["python", "setup.py", "--quiet", "build_ext", "--inplace"]
    with clean_clone(session):
        install(session, "--group", "test")
        session.run(*build)
        debug = {"PYTHONMALLOC": "debug"}
        session.run("python", "-X", "dev", "-m", "pytest", "-q", *runtime, env=debug)
        session.run("python", "-m", "tests.runtime.leaks", "20000")

        flags = "-fsanitize=address,undefined -fno-omit-frame-pointer"
        session.run(*build, "--force", env={"CFLAGS": f"-O1 -g {flags}", "LDFLAGS": flags})
        # Neither the interpreter's own leaks nor those of processes that the tests start are meant.
        sanitizers = {
            "LD_PRELOAD": " ".join(library_of_gcc(session, name) for name in ("libasan", "libubsan")),
            "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "halt_on_error=1",
            "PYTHONMALLOC": "malloc",
        }
        chosen = runtime if session.posargs == ["all"] else in_c
        without = ["--ignore", "tests/runtime/test_build.py"]
        session.run("python", "-m", "pytest", "-q", *chosen, *without, env=sanitizers)


def library_of_gcc(session: nox.Session, name: str) -> str:
    """Return the path of a library that comes with gcc."""
    path = session.run("gcc", f"-print-file-name={name}.so", external=True, silent=True)
    return (path or "").strip()


@nox.session(venv_backend="none")
def interpreters(session: nox.Session) -> None:
    """Get the Pythons of `runtime` that are not there, or those after --, from Debian by apt."""
    session.run(".ci/interpreters", *session.posargs, external=True)


@in_venv
@nox.parametrize("python", [nox.param(python_of(name) or False, id=name) for name in PYTHONS])
def runtime(session: nox.Session) -> None:
    """Run the runtime tests on a version of Python, on the compiled and on the pure build."""
    if not session.python:
        session.skip("this Python is not here; `nox -s interpreters` gets it")
    need(session, "gcc")
    install(session, "pytest>=9", env={"AWAITS_BUILD": "compiled"})
    for requirement in nox.project.load_toml("pyproject.toml")["dependency-groups"]["runtime"]:
        try:
            session.install("--only-binary", ":all:", requirement)
        except nox.command.CommandFailed:
            session.warn(f"no {requirement} for this Python: the tests that need it are skipped")
    session.run("python", "-VV")
    session.run("python", "-m", "pip", "freeze")
    # pyproject.toml has options for a plugin of pytest that only the typing tests need.
    options = ["-q", "-rs", "-o", "addopts=", *WITHOUT_SLOW]
    # A test that hangs ends the run, and shows where.
    options += ["-o", "faulthandler_timeout=300", "-o", "faulthandler_exit_on_timeout=true"]
    options += session.posargs
    with elsewhere(session):
        for build in ["compiled", "pure"]:
            env = {"AWAITS_BUILD": build}
            session.run("python", "-m", "pytest", *options, "tests/runtime", env=env)


@in_venv
@nox.parametrize("build", ["pure", "compiled"], ids=["pure", "compiled"])
def stress(session: nox.Session, build: str) -> None:
    """Let many threads use the same Awaits in every way, and interrupt them 50,000 times."""
    if build == "compiled":
        need(session, "gcc")
    session.env["AWAITS_BUILD"] = build
    install(session)
    with elsewhere(session):
        session.run("python", "-m", "tests.runtime.stress", *session.posargs)
        session.run("python", "-m", "tests.runtime.stress", "--interrupts", "50000")


@nox.session(venv_backend="venv", python=python_of("3.13t-tsan") or False)
def races(session: nox.Session) -> None:
    """Look for data races in the compiled part: `stress` without the GIL, under ThreadSanitizer."""
    if not session.python:
        session.skip("this Python is not here; `nox -s interpreters -- 3.13t-tsan` gets it")
    symbolizer = "llvm-symbolizer-19"
    need(session, "clang-19", symbolizer)
    session.env["AWAITS_BUILD"] = "compiled"
    known = Path(str(session.python)).parents[1] / "share/suppressions_free_threading.txt"
    with TemporaryDirectory() as logs:
        options = f"suppressions={known} log_path={logs}/log history_size=4 exitcode=0"
        session.env["TSAN_OPTIONS"] = f"{options} external_symbolizer_path={shutil.which(symbolizer)}"
        # This Python compiles what is in C as it was compiled itself, for the sanitizer.
        install(session)
        with elsewhere(session):
            session.run("python", "-m", "tests.runtime.stress", *session.posargs)
        reports = "".join(log.read_text() for log in Path(logs).iterdir()).split("WARNING: ")[1:]
    ours = [report for report in reports if "_core." in report]
    session.log(f"ThreadSanitizer warned {len(reports)} times, {len(ours)} times of the compiled part")
    if ours:
        session.error("\n".join(ours))


@in_venv
def oldest(session: nox.Session) -> None:
    """Test what depends most on mypy's version on 1.17.0 and the compiled wheel; 1.16.1 is refused."""
    need(session, "gcc")
    install(session, "--group", "test", "mypy==1.17.0", env={"AWAITS_BUILD": "compiled"})
    with elsewhere(session):
        is_compiled = "import awaits; assert awaits.BUILD == 'compiled', awaits.__file__"
        session.run("python", "-c", is_compiled)
        # The rest runs on the newest mypy, and on this one in `versions`. Of the edits that the daemon
        # is to follow, a few are enough here: this mypy takes long to start.
        few = ["-k", "not daemon_after_an_edit or protocol or inherited"]
        names = ["command", "error_codes", "failures", "lazy_import", "modes"]
        files = [f"tests/typing/test_{name}.py" for name in names]
        files += map(str, Path("tests/typing").glob("*.yml"))
        session.run("python", "-m", "pytest", "-q", *files, *few)

        session.install("mypy==1.16.1")
        refusal = session.run("mypy", "examples/config.py", success_codes=[2], silent=True) or ""
    session.log(refusal)
    if "awaits_mypy needs mypy 1.17 or newer" not in refusal or "Traceback" in refusal:
        session.error("mypy 1.16.1 is not refused as it should be.")


@in_venv
@nox.parametrize("mypy", MYPY, ids=MYPY)
def versions(session: nox.Session, mypy: str) -> None:
    """Run the typing tests on one version of mypy (MYPY='1.18.2 1.19.1' in front takes others)."""
    install(session, "--group", "test", f"mypy=={mypy}")
    session.run("mypy", "--version")
    session.run("python", "-m", "pytest", "tests/typing", "-q", *session.posargs)


@in_venv
@nox.parametrize("version", PYTEST, ids=PYTEST)
def pytest(session: nox.Session, version: str) -> None:
    """Run the tests of the plugin for pytest on one version of it."""
    install(session, f"pytest=={version}", "pytest-xdist", "attrs")
    with elsewhere(session):
        # pyproject.toml has options for a plugin of pytest that only the typing tests need.
        session.run("python", "-m", "pytest", "-q", "-o", "addopts=", PYTEST_TESTS)


@in_venv
def dask(session: nox.Session) -> None:
    """Test what needs dask, on a cluster of two processes, and the comparison with other lazy values."""
    # The versions that docs/comparison.md names.
    peers = ["dask==2026.8.0", "distributed==2026.8.0", "lazy-object-proxy==1.13.0"]
    peers += ["proxystore==1.1.0", "wrapt==2.5.2"]
    install(session, "--group", "test", "loky", *peers, extra="[dask]")
    files = ["tests/runtime/test_dask.py", "tests/typing/test_peers.py"]
    with elsewhere(session):
        # No test may be skipped for want of dask, no column for want of a library.
        needed = "awaits.dask, distributed, loky, lazy_object_proxy, proxystore, wrapt"
        session.run("python", "-c", f"import {needed}")
        session.run("python", "-m", "pytest", "-q", *files)


@in_venv
def torch(session: nox.Session) -> None:
    """Test what needs torch, on PyTorch 2.13.0, with mypy over it, the example and the guide."""
    install(session, "--group", "test", "torch==2.13.0")
    names = ["runtime/test_torch", "runtime/test_torch_await", "runtime/test_numpy"]
    names += ["typing/test_torch", "typing/test_by_class", "typing/test_peers", "typing/test_examples"]
    with elsewhere(session):
        session.run("python", "-c", "import awaits.torch")  # no test may be skipped for want of torch
        session.run("python", "-m", "pytest", "-q", *(f"tests/{name}.py" for name in names))


@in_venv
def tools(session: nox.Session) -> None:
    """Let debuggers, notebooks and other tools look at Awaits, on both builds: nothing runs."""
    need(session, "gcc")
    install(session, "--group", "tools", env={"AWAITS_BUILD": "compiled"})
    # pyproject.toml has options for a plugin of pytest that only the typing tests need.
    test = ["python", "-m", "pytest", "-q", "-rs", "-o", "addopts=", "tests/tools", *session.posargs]
    with elsewhere(session):
        session.run("python", "-m", "pip", "freeze")
        for build in ["compiled", "pure"]:
            said = session.run(*test, env={"AWAITS_BUILD": build}, silent=True) or ""
            session.log(said)
            if "--group tools" in said:
                session.error("No test may be skipped for want of a tool.")


@in_venv
def libraries(session: nox.Session) -> None:
    """Let other libraries use Awaits, and test what the plugin says where they go by the class."""
    need(session, "gcc")
    groups = ["--group", "test", "--group", "libraries"]
    install(session, *groups, env={"AWAITS_BUILD": "compiled"})
    with elsewhere(session):
        session.run("python", "-m", "pip", "freeze")
        for build in ["compiled", "pure"]:
            test = [
                "python",
                "-m",
                "pytest",
                "-q",
                "-rs",
                "tests/libraries",
                "tests/runtime/test_offers.py",
            ]
            said = session.run(*test, env={"AWAITS_BUILD": build}, silent=True) or ""
            session.log(said)
            if "--group libraries" in said:
                session.error("No test may be skipped for want of a library.")
        session.run("python", "-c", "import django, flask, pandas, requests, yaml")  # nor may these
        session.run("python", "-m", "pytest", "-q", "tests/typing/test_by_class.py")


@in_venv
def recipes(session: nox.Session) -> None:
    """Run the workflows and the pre-commit hooks of the pages as they are shown (a minute)."""
    need(session, "git")
    session.install("--upgrade", "pip")
    session.install("--group", "recipes")
    with TemporaryDirectory() as copy:  # where no other session builds the wheel
        session.run("cp", "-r", *{*PACKAGE, *TESTS}, copy, external=True)
        with session.chdir(copy):
            session.run("python", "-m", "pytest", "-q", RECIPES_TESTS, env={"AWAITS_BUILD": "pure"})


@in_venv
def docs(session: nox.Session) -> None:
    """Build the documentation as a site, without a warning, and leave it in the folder after --."""
    session.install("--upgrade", "pip")
    session.install("--group", "docs")
    with TemporaryDirectory() as folder:
        (site,) = session.posargs or [folder]
        mkdocs = ["python", "-m", "mkdocs", "build", "--strict", "--site-dir", site]
        # Material for MkDocs says at each start that it has a successor. That is no warning about these
        # pages.
        said = session.run(*mkdocs, env={"NO_MKDOCS_2_WARNING": "1"}, silent=True) or ""
    # What --strict does not count, such as a deprecation, is not to be lost either.
    complaints = [line for line in said.splitlines() if not line.startswith("INFO ")]
    if complaints:
        session.error("\n".join(["mkdocs complains:", *complaints]))


@in_venv
def browser(session: nox.Session) -> None:
    """Open what a trace writes in Chromium, which apt installs if there is none."""
    if not any(map(shutil.which, CHROMIUM)):
        if not shutil.which("apt-get"):
            session.error("browser needs Chromium, and there is no apt-get to install it.")
        session.run("apt-get", "update", "-qq", external=True)
        apt = ["apt-get", "install", "-qq", "-y", "--no-install-recommends"]
        session.run(*apt, "chromium", external=True)
    install(session, "--group", "test")
    with elsewhere(session):
        said = session.run("python", "-m", "pytest", "-q", "-rs", BROWSER_TESTS, silent=True) or ""
    session.log(said)
    if "SKIPPED" in said:
        session.error("No test may be skipped for want of Chromium, or of rich.")


@in_venv
def pyodide(session: nox.Session) -> None:
    """Run the runtime tests on Pyodide's CPython 3.14 and 3.15, or on npm's versions after --."""
    need(session, "node", "npm")
    session.install("--upgrade", "pip")
    for version in session.posargs or ["314", "~315.0.0-alpha"]:  # of 3.15 there is a preview
        with TemporaryDirectory() as work:
            npm = ["npm", "install", "--prefix", work, "--loglevel=error", "--no-audit", "--no-fund"]
            session.run(*npm, "--no-save", f"pyodide@{version}", external=True)
            lock = json.loads(Path(work, "node_modules/pyodide/pyodide-lock.json").read_text())
            python = ".".join(lock["info"]["python"].split(".")[:2])
            any_platform = ["--platform", "any", "--implementation", "py", "--abi", "none"]
            session.install(
                *("--target", f"{work}/site", "--python-version", python),
                *("--only-binary", ":all:", *any_platform),
                *("cloudpickle", "hypothesis", "pytest>=8.3", "typing-extensions"),
            )
            session.run("node", ".ci/pyodide.mjs", work, str(Path.cwd()), external=True)
