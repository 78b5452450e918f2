"""Compare what mypy says of real packages on Awaits with what it says of them on plain values.

    pip install --group packages
    python -m tests.typing.differential click rich sqlalchemy

A copy of each package has a function around each value that is asked for something (an attribute, an
item, an operator, a call ...). It is checked twice: the function gives an Await of the value, and as a
control the value itself. Prints a table in Markdown, and what differs for no cause in `causes.py`; fails
if that is more than one line in 5,000 places.
"""

import argparse
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tests.typing.differential.causes import CAUSES, cause_of
from tests.typing.differential.checking import Checked, check
from tests.typing.differential.rewriting import WRAP, rewrite
from tests.typing.parity.__main__ import AWAIT, without_holder

PLACES_FOR_EACH_UNDOCUMENTED: Final = 5_000
FLAGS: Final = (
    *("--strict", "--config-file", "mypy.ini"),
    "--hide-error-context",
    "--no-pretty",
    "--no-error-summary",
    "--show-traceback",
)

WRAPPER: Final = f"""\
from typing import Any, TypeVar
from awaits import Await
W = TypeVar("W")
def {WRAP}(value: W) -> {{result}}: ...
"""


@dataclass
class Difference:
    """What mypy says at one line of the plain values only, and of the Awaits only."""

    file: str
    line: int
    plain: list[str] = field(default_factory=list)
    awaits: list[str] = field(default_factory=list)

    @property
    def cause(self) -> str | None:
        return cause_of(self.plain, self.awaits)

    def __str__(self) -> str:
        said = [f"\n      w:  {text}" for text in self.plain] + [
            f"\n      aw: {text}" for text in self.awaits
        ]
        return f"{self.file}:{self.line}{''.join(said)}"


@dataclass
class Compared:
    """How much of a package was rewritten, and the lines of which mypy says something else."""

    package: str
    version: str
    places: Counter[str]
    differences: list[Difference]

    def undocumented(self) -> list[Difference]:
        return [difference for difference in self.differences if difference.cause is None]


def compare(
    source: Path, version: str, folder: Path, without: Sequence[str] = (), result: str = "Await[W]"
) -> Compared:
    """Check a copy of this package's source twice, and compare what mypy says."""
    package = source.name
    shutil.copytree(source, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (original,) = check_all(folder, package, {"original": "W"})
    places: Counter[str] = Counter()
    for file, expressions in original.types.items():
        path = folder / file
        wrapped = frozenset(each.span for each in expressions if each.is_value)
        others = frozenset(each.span for each in expressions if not each.is_value)
        if path.suffix == ".py":
            rewritten = rewrite(path.read_text(), wrapped - others, without)
            path.write_text(rewritten.text)
            places += rewritten.places
    plain, awaits = check_all(folder, package, {"plain": "W", "awaits": result})
    return Compared(package, version, places, list(differences_between(plain, awaits)))


def check_all(folder: Path, package: str, results: dict[str, str]) -> list[Checked]:
    """Check the package in this folder with functions that give what they wrap as these types."""
    (folder / "mypy.ini").write_text("[mypy]\nplugins = awaits_mypy\n")
    with ProcessPoolExecutor(mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        checks = []
        for name, result in results.items():
            variant = folder / name
            variant.mkdir()
            (variant / "_wrapper.pyi").write_text(WRAPPER.format(result=result))
            if (folder / "original/cache").exists():  # what the package imports is there already
                shutil.copytree(folder / "original/cache", variant / "cache")
            checks.append(pool.submit(check, folder, variant, package, FLAGS))
        return [each.result() for each in checks]


def differences_between(plain: Checked, awaits: Checked) -> Iterator[Difference]:
    """Yield each line at which messages differ, or else the types of expressions."""
    said = [_by_line(plain), _by_line(awaits)]
    typed = [_types_by_line(plain), _types_by_line(awaits)]
    for by_line in (said, typed):
        for file, line in sorted({*by_line[0], *by_line[1]}):
            of_plain, of_awaits = (each.get((file, line), Counter()) for each in by_line)
            if of_plain != of_awaits and (
                by_line is said or said[0].get((file, line)) == said[1].get((file, line))
            ):
                yield Difference(file, line, [*(of_plain - of_awaits)], [*(of_awaits - of_plain)])


Lines = dict[tuple[str, int], Counter[str]]


def _by_line(checked: Checked) -> Lines:
    lines: Lines = defaultdict(Counter)
    for message in checked.messages:
        lines[message.file, message.line][without_holder(message.text, AWAIT)] += 1
    return lines


def _types_by_line(checked: Checked) -> Lines:
    lines: Lines = defaultdict(Counter)
    for file, expressions in checked.types.items():
        for each in filter(lambda each: each.lasts, expressions):
            text = f"{each.kind} at {each.span.column}: {without_holder(each.text, AWAIT)}"
            lines[file, each.span.line][text] += 1
    return lines


def table(compared: list[Compared]) -> str:
    """Return the table, a row a package, with a column for each cause that occurs."""
    counts = [Counter(difference.cause for difference in each.differences) for each in compared]
    causes = [cause for cause in CAUSES if any(count[cause] for count in counts)]
    rows = [["package", "places", "lines that differ", *causes, "for no documented cause"]]
    rows.append(["---"] * len(rows[0]))
    for each, count in zip(compared, counts, strict=True):
        numbers = [each.places.total(), count.total(), *(count[cause] for cause in causes), count[None]]
        rows.append([f"{each.package} {each.version}", *(f"{number:,}" for number in numbers)])
    total = sum(counts, Counter[str | None]())
    numbers = [sum(each.places.total() for each in compared), total.total()]
    numbers += [*(total[cause] for cause in causes), total[None]]
    rows.append(["all", *(f"{number:,}" for number in numbers)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    """Compare the packages that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.typing.differential",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "packages", nargs="+", metavar="PACKAGE", help="packages that are installed here"
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="KIND", help="kinds of places to leave alone"
    )
    parser.add_argument("--shown", type=int, default=20, help="undocumented differences to show of each")
    parser.add_argument("--all", action="store_true", help="show the documented differences too")
    options = parser.parse_args()
    compared = []
    for package in options.packages:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            parser.error(f"{package} is no package that is installed here")
        version = metadata.version(metadata.packages_distributions()[package][0])
        with tempfile.TemporaryDirectory() as folder:
            source = Path(spec.submodule_search_locations[0])
            found = compare(source, version, Path(folder), options.without)
        compared.append(found)
        print(
            f"{package} {version}: {len(found.differences)} lines differ, {dict(found.places)}",
            flush=True,
        )
        shown = found.differences if options.all else found.undocumented()[: options.shown]
        for difference in shown:
            print(f"   {difference.cause or 'undocumented'}: {difference}")
    print(f"\n{table(compared)}")
    places = sum(each.places.total() for each in compared)
    undocumented = sum(len(each.undocumented()) for each in compared)
    return int(undocumented * PLACES_FOR_EACH_UNDOCUMENTED > places)


if __name__ == "__main__":
    sys.exit(main())
