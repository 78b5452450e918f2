"""Compare what mypy says of real packages on Awaits with what it says of them on plain values.

    pip install --group packages
    python -m tests.typing.differential click rich sqlalchemy

A copy of each package has a function around each value that is asked for something (an attribute, an
item, an operator, a call ...). It is checked twice: the function gives an Await of the value, and as a
control the value itself. What is expected of a value does not reach it in the same way through a
function. So what mypy says of the package as it was counts as well: a line differs if the Awaits agree
with neither. Prints a table in Markdown, and what differs for no cause in `causes.py`; fails if that is
more than one line in 5,000 places.
"""

import argparse
import re
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

from tests.typing.differential.causes import CAUSES, FOLLOWS, cause_of
from tests.typing.differential.checking import Checked, check
from tests.typing.differential.consequences import lines_that_follow
from tests.typing.differential.rewriting import WRAP, rewrite, without_ignores
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
    plain: list[str]
    awaits: list[str]
    cause: str | None = field(init=False)

    def __bool__(self) -> bool:
        return bool(self.plain or self.awaits)

    def __post_init__(self) -> None:
        self.cause = cause_of(self.plain, self.awaits)

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
    for path in (folder / package).rglob("*.py"):
        path.write_text(without_ignores(path.read_text()))
    (original,) = check_all(folder, package, {"original": "W"})
    rewritten = {}
    for file, expressions in original.types.items():
        path = folder / file
        wrapped = frozenset(each.span for each in expressions if each.is_value)
        others = frozenset(each.span for each in expressions if not each.is_value)
        if path.suffix == ".py":
            rewritten[file] = rewrite(path.read_text(), wrapped - others, without)
            path.write_text(rewritten[file].text)
    places = sum((each.places for each in rewritten.values()), Counter[str]())
    plain, awaits = check_all(folder, package, {"plain": "W", "awaits": result})
    original = original.moved({file: text.line_of for file, text in rewritten.items()})
    differences = list(differences_between(plain, awaits, original))
    for file, text in rewritten.items():
        name_consequences(text.text, [each for each in differences if each.file == file])
    return Compared(package, version, places, differences)


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


def differences_between(plain: Checked, awaits: Checked, original: Checked) -> Iterator[Difference]:
    """Yield each line at which messages differ, or else the types of expressions."""
    said, said_of_plain, said_before = map(_said, (awaits, plain, original))
    types, types_of_plain, types_before = map(_types, (awaits, plain, original))
    for place in sorted({*said, *said_of_plain}):
        found = _difference(place, said_of_plain, said)
        if all(text.startswith("note: ") for text in [*found.plain, *found.awaits]):
            continue  # the verdict is the same
        if found and (found.cause is not None or said[place] != said_before[place]):
            yield found
    # What mypy makes of an expression after an error in it says nothing of the Await.
    without_types = {place for lines in (said, said_of_plain) for place, texts in lines.items() if texts}
    for place in sorted({*types, *types_of_plain} - without_types):
        found = _difference(place, types_of_plain, types)
        if not found:
            continue
        of_original = {_without_column(text) for text in types_before[place]}
        is_as_before = {_without_column(text) for text in found.awaits} <= of_original
        if not is_as_before or len(found.plain) > len(found.awaits):  # some have no type any more
            yield found


def name_consequences(source: str, differences: Sequence[Difference]) -> None:
    """Name the cause of those of a file's differences that follow from others."""
    causes = {each.line for each in differences if each.cause is not None}
    others = {each.line for each in differences if each.cause is None}
    follow = lines_that_follow(source, causes, others)
    for each in differences:
        if each.cause is None and each.line in follow:
            each.cause = FOLLOWS


Lines = dict[tuple[str, int], Counter[str]]


def _difference(place: tuple[str, int], plain: Lines, awaits: Lines) -> Difference:
    of_plain, of_awaits = plain[place], awaits[place]
    return Difference(*place, [*(of_plain - of_awaits).elements()], [*(of_awaits - of_plain).elements()])


def _said(checked: Checked) -> Lines:
    lines: Lines = defaultdict(Counter)
    for message in checked.messages:
        lines[message.file, message.line][in_one_order(without_holder(message.text, AWAIT))] += 1
    return lines


def _types(checked: Checked) -> Lines:
    lines: Lines = defaultdict(Counter)
    for file, expressions in checked.types.items():
        for each in filter(lambda each: each.lasts, expressions):
            typ = in_one_order(without_holder(each.text, AWAIT))
            text = f"{each.kind} at {each.span.column}: {typ}"
            lines[file, each.span.line][text] += 1
    return lines


def in_one_order(text: str) -> str:
    """Return the text with the items of each union sorted: their order is no part of a type."""
    inside = re.compile(r"\[([^][]*)\]")
    inner: list[str] = []
    while match := inside.search(text):  # the innermost brackets first
        inner.append(", ".join(map(_sorted_union, match[1].split(", "))))
        text = f"{text[: match.start()]}<{len(inner) - 1}>{text[match.end() :]}"
    text = re.sub(r"[^ \"(),:]+( \| [^ \"(),:]+)+", lambda union: _sorted_union(union[0]), text)
    for position in reversed(range(len(inner))):
        text = text.replace(f"<{position}>", f"[{inner[position]}]")
    return text


def _sorted_union(text: str) -> str:
    return " | ".join(sorted(text.split(" | ")))


def _without_column(text: str) -> str:
    """Return what is said of an expression, wherever in its line that stands."""
    return re.sub(r" at \d+:", ":", text, count=1)


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
