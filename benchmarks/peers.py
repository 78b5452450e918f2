"""What other lazy values do where an Await makes a promise: `python -m benchmarks.peers`.

Prints the table of docs/comparison.md, with a column for each that is installed. Every answer is found
by doing it here, each library in a process of its own; the figures of the last two rows are those that
the pages on the plugin and on speed give.
"""

import importlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.lazies import LAZIES, Make
from benchmarks.probes import PROBES, Use, ask

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TIMEOUT_S = 300


def read_x(lazy: Any) -> Any:
    """Use a lazy value in the least way."""
    return lazy.x


def compute(lazy: Any) -> Any:
    """Use what dask makes, which does nothing by itself."""
    return lazy.compute(scheduler="sync")


def torchrec() -> Make:
    """Make it with a class of TorchRec's kind whose result is that of the function."""
    base = importlib.import_module("torchrec.distributed.types").LazyAwaitable

    class Pending(base):  # type: ignore[misc, valid-type]
        def __init__(self, function: Callable[[], Any]) -> None:
            super().__init__()
            self._function = function

        def _wait_impl(self) -> Any:
            return self._function()

    # Where pickle looks for it.
    Pending.__qualname__ = Pending.__name__
    globals()[Pending.__name__] = Pending
    return Pending


def dask() -> Make:
    """Make it with `dask.delayed`."""
    delayed = importlib.import_module("dask").delayed
    return lambda function: delayed(function, pure=False)()


class Peer(NamedTuple):
    """A library: the package to look for, how to make and to use one, and how mypy's user makes one."""

    package: str
    make: Callable[[], Make]
    typed: str
    use: Use = read_x
    speed: tuple[str, ...] = ()  # its columns in docs/speed.md


PEERS = {
    "awaits": Peer(
        "awaits",
        lambda: importlib.import_module("awaits").awaitable,
        "import awaits; lazy = awaits.awaitable(name)",
        speed=("awaits, compiled", "awaits, pure"),
    ),
    "wrapt": Peer(
        "wrapt",
        LAZIES["wrapt"],
        "import wrapt; lazy = wrapt.LazyObjectProxy(name)",
        speed=("wrapt",),
    ),
    "lazy-object-proxy": Peer(
        "lazy_object_proxy",
        LAZIES["lazy-object-proxy"],
        "import lazy_object_proxy; lazy = lazy_object_proxy.Proxy(name)",
        speed=("lazy-object-proxy",),
    ),
    "ProxyStore": Peer(
        "proxystore",
        LAZIES["ProxyStore"],
        "from proxystore.proxy import Proxy; lazy = Proxy(name)",
        speed=("ProxyStore",),
    ),
    "torch": Peer(
        "torch", LAZIES["torch"], "import torch; lazy = torch.jit._awaitable(name)", speed=("torch",)
    ),
    "TorchRec": Peer(
        "torchrec",
        torchrec,
        "from torchrec.distributed.types import LazyAwaitable\n"
        "class Pending(LazyAwaitable[str]):\n"
        "    def _wait_impl(self) -> str: return name()\n"
        "lazy = Pending()",
    ),
    "dask.delayed": Peer("dask", dask, "import dask; lazy = dask.delayed(name)()", use=compute),
}


def installed() -> list[str]:
    """Return the names of those that can be asked here."""
    return [name for name, peer in PEERS.items() if find_spec(peer.package)]


def answers(name: str) -> dict[str, str]:
    """Return what a library does, row by row, as found in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    found = dict(line.split("\t") for line in ran.stdout.splitlines() if "\t" in line)
    return {row: found.get(row, "ends Python") for row in PROBES}


# What mypy says of it, and the figures of other pages.

TYPED = """\
def name() -> str: ...
{typed}
reveal_type(lazy)
lazy.nope
lazy + 1
"""


def verdicts(names: list[str]) -> dict[str, dict[str, str]]:
    """Return what mypy says of a lazy str of each library, with its plugin where it has one."""
    plugins = ["awaits_mypy", *(["proxystore.mypy_plugin"] if find_spec("proxystore") else [])]
    config = ["[mypy]", f"plugins = {','.join(plugins)}", "follow_imports = silent"]
    programs = {
        f"peer{number}.py": TYPED.format(typed=PEERS[name].typed) for number, name in enumerate(names)
    }
    with tempfile.TemporaryDirectory() as folder:
        for file, text in {**programs, "mypy.ini": "\n".join(config)}.items():
            Path(folder, file).write_text(text)
        said = subprocess.run(
            [sys.executable, "-m", "mypy", *programs],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    return {
        name: dict(
            _verdict(program.splitlines(), re.findall(rf"^{file}:(\d+): (.*)$", said, re.MULTILINE))
        )
        for name, (file, program) in zip(names, programs.items(), strict=True)
    }


def _verdict(program: list[str], messages: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    (type_,) = re.findall(r'Revealed type is "(.*)"', "\n".join(text for _, text in messages))
    unqualified = re.sub(r"\w+\.", "", type_)
    yield "mypy: type of `lazy`, of a str", f"`{unqualified}`"
    refused = {program[int(line) - 1] for line, text in messages if text.startswith("error")}
    for statement in ("lazy.nope", "lazy + 1"):
        yield f"mypy: `{statement}`", "refused" if statement in refused else "accepted"


def figures(name: str) -> dict[str, str]:
    """Return what the pages on speed and on the plugin give for a library."""
    table = (DOCS / "speed.md").read_text(encoding="utf-8")
    columns, row = (
        [
            cell.strip()
            for cell in re.findall(rf"^\| {title} \|(.*)\|$", table, re.MULTILINE)[0].split("|")
        ]
        for title in ("times W itself", "read an attribute")
    )
    times = [row[columns.index(column)] for column in PEERS[name].speed]
    page = " ".join((DOCS / "plugin.md").read_text(encoding="utf-8").split())
    agreement = re.search(
        r"agreed in (?P<awaits>[\d.]+%) for `Await` and in (?P<ProxyStore>[\d.]+%) for the `Proxy`",
        page,
    )
    if agreement is None:
        raise LookupError("docs/plugin.md no longer has the figures of agreement where they were")
    return {
        "mypy: same verdict as of the W": agreement.groupdict().get(name, ""),
        "reading an attribute, times W's": " / ".join(times),
    }


def table() -> dict[str, dict[str, str]]:
    """Return the columns of those that are installed: what each does, row by row."""
    names = installed()
    typed = verdicts(names)
    return {name: {**answers(name), **typed[name], **figures(name)} for name in names}


def markdown(columns: dict[str, dict[str, str]]) -> Iterator[str]:
    """Give the lines of the table."""
    yield f"| | {' | '.join(columns)} |"
    yield "| --- " * (len(columns) + 1) + "|"
    for row in next(iter(columns.values())):
        yield f"| {row} | {' | '.join(cells[row] for cells in columns.values())} |"


def main(arguments: list[str]) -> None:
    """Print the table, or for one library its rows as they are found."""
    if not arguments:
        print(*markdown(table()), sep="\n")
        return
    peer = PEERS[arguments[0]]
    make = peer.make()
    for row, probe in PROBES.items():
        print(row, ask(probe, peer.use, make), sep="\t", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
