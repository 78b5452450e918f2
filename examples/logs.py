"""Read a folder of web servers' logs, on threads, on processes or on a local dask cluster.

It writes the logs first, if they are not there, always the same from the same seed. In a folder that is
named, these are 40 files, 219 MB; without one, 8 small ones in a folder that it removes again. Each is
parsed by a delayed call, and the counts are put together two by two: a graph of Awaits, of which nothing
runs before `wait_all`.

Usage: python logs.py [FOLDER] [--on threads|processes|dask] [--files N] [--lines N] [--seed N]
                               [--picture FILE]
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from awaits import Await, delayed
from awaits.executors import Cluster, wait_all

STATUSES = [200] * 90 + [304] * 5 + [404] * 4 + [500]


@dataclass
class Counts:
    """What is counted in some logs."""

    lines: int = 0
    bytes_sent: int = 0
    failures: int = 0
    paths: Counter[str] = field(default_factory=Counter)


def write_log(path: Path, lines: int, seed: int) -> None:
    """Write a log of so many requests, one a line."""
    chance = random.Random(seed)  # noqa: S311
    moment = datetime(2026, 1, 1)
    with path.open("w", encoding="ascii") as file:
        for _ in range(lines):
            moment += timedelta(milliseconds=chance.randrange(2000))
            page = min(chance.randrange(1, 200) for _ in range(3))
            status, size = chance.choice(STATUSES), chance.randrange(100, 50_000)
            file.write(f'{moment:%d/%b/%Y:%H:%M:%S} "GET /page/{page} HTTP/1.1" {status} {size}\n')


@delayed
def parse(path: Path) -> Counts:
    """Count what is in one log."""
    counts = Counts()
    with path.open(encoding="ascii") as file:
        for line in file:
            _, request, rest = line.split('"')
            status, size = rest.split()
            counts.lines += 1
            counts.bytes_sent += int(size)
            counts.failures += status >= "400"
            counts.paths[request.split()[1]] += 1
    return counts


@delayed
def merge(one: Counts, other: Counts) -> Counts:
    """Put the counts of two parts together."""
    return Counts(
        one.lines + other.lines,
        one.bytes_sent + other.bytes_sent,
        one.failures + other.failures,
        one.paths + other.paths,
    )


def counted(paths: list[Path]) -> Await[Counts]:
    """Return an Await of the counts of all these logs."""
    parts = [parse(path) for path in paths]
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [*(merge(one, other) for one, other in pairs), *parts[len(parts) // 2 * 2 :]]
    return parts[0]


@contextmanager
def workers(kind: str) -> Iterator[Executor | Cluster]:
    """Start what the calls are to run on."""
    if kind == "dask":
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            sys.exit("--on dask needs dask: pip install 'typed-awaits[dask]'")
        with LocalCluster(dashboard_address=None) as cluster, Client(cluster) as client:
            yield client
    else:
        with ProcessPoolExecutor() if kind == "processes" else ThreadPoolExecutor() as executor:
            yield executor


def draw(aw: Await[Counts], picture: Path) -> None:
    """Draw the graph, which needs dask and graphviz."""
    try:
        from awaits.dask import to_delayed

        to_delayed(aw).visualize(str(picture))
    except (ImportError, RuntimeError) as missing:
        sys.exit(
            f"--picture needs dask and graphviz: pip install 'typed-awaits[dask]' graphviz ({missing})"
        )


def main() -> None:
    """Read the command line, and count in the folder that it names or in one made for it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--on", choices=["threads", "processes", "dask"], default="processes")
    parser.add_argument("--files", type=int, help="40, or 8 without a folder")
    parser.add_argument("--lines", type=int, help="100,000 in each, or 5,000 without a folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", type=Path, help="draw the graph too, with dask and graphviz")
    args = parser.parse_args()
    files, lines = (40, 100_000) if args.folder else (8, 5_000)
    args.files, args.lines = args.files or files, args.lines or lines
    if args.folder:
        count(args.folder, args)
    else:
        with tempfile.TemporaryDirectory() as folder:
            count(Path(folder), args)


def count(folder: Path, args: argparse.Namespace) -> None:
    """Write what is missing in this folder, count, and print a summary."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"access-{number:03}.log" for number in range(args.files)]
    for number, path in enumerate(paths):
        if not path.exists():
            write_log(path, args.lines, args.seed + number)
    aw = counted(paths)
    if args.picture:
        draw(aw, args.picture)
    with workers(args.on) as executor:
        (counts,) = wait_all([aw], executor, progress=True)
    print(f"{counts.lines:,} requests, {counts.bytes_sent:,} bytes, {counts.failures:,} failures")
    for name, times in counts.paths.most_common(3):
        print(f"{times:8,} {name}")


if __name__ == "__main__":
    main()
