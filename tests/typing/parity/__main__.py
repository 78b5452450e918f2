"""Compare mypy's verdicts on `aw: Await[C]` with those on `w: C`, for every public class of modules.

    python -m tests.typing.parity json pathlib decimal
    python -m tests.typing.parity --all

Prints a table and the differences, grouped. Fails if an attribute is treated differently, or if less
than 99.9 % of the operators and protocols have the same verdict (docs/limits.md has the rest).
With ProxyStore installed, the same statements on its `Proxy[C]` under its own plugin are counted too.
"""

import argparse
import importlib
import inspect
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from awaits._state.data_model import OWN
from tests.typing.parity.modules import STANDARD_LIBRARY
from tests.typing.parity.statements import attribute_statements, value_statements

HEADER = """\
import math, operator, os, {module}
from typing import *
from awaits import Await
T = TypeVar("T")
class HasName(Protocol):
    @property
    def name(self) -> str: ...
def first(x: Iterable[T]) -> T: ...
def called(x: Callable[..., T]) -> T: ...
def entered(x: ContextManager[T]) -> T: ...
"""


@dataclass(frozen=True)
class Holder:
    """What holds a C lazily, and the plugin that is to see through it."""

    name: str
    annotation: str
    plugin: str
    import_line: str = ""


PLAIN = Holder("plain", "{}", "awaits_mypy")
AWAIT = Holder("awaits", "Await[{}]", "awaits_mypy")
PROXY = Holder(
    "proxystore", "Proxy[{}]", "proxystore.mypy_plugin", "from proxystore.proxy import Proxy\n"
)


@dataclass(frozen=True)
class Statement:
    """One statement, said of one value of a class."""

    cls: str
    kind: str
    text: str


def public_classes(module: str) -> Iterator[tuple[str, type]]:
    """Yield each class that the module offers under a public name of its own."""
    loaded = importlib.import_module(module)
    for name, cls in sorted(vars(loaded).items()):
        if name.startswith("_") or not inspect.isclass(cls) or name in ("Any", "Generic", "Protocol"):
            continue
        if getattr(cls, "__module__", "").lstrip("_").partition(".")[0] in (
            module.partition(".")[0],
            "builtins",
        ):
            yield f"{module}.{name}", cls


def statements_about(name: str, cls: type) -> Iterator[Statement]:
    """Yield every statement about a value of this class."""
    for attribute in sorted(set(dir(cls)) - set(OWN) - {"__abstractmethods__"}):
        for kind, text in attribute_statements(attribute):
            yield Statement(name, kind, text)
    for kind, text in value_statements():
        yield Statement(name, kind, text)


def write_program(
    file: Path, module: str, statements: Iterable[Statement], holder: Holder
) -> dict[int, int]:
    """Write one function a statement; return the statement's position by the number of its line."""
    lines = (HEADER.format(module=module) + holder.import_line).splitlines()
    lines += [""] * (20 - len(lines))
    positions = {}
    for position, statement in enumerate(statements):
        kind = "async def" if "async " in statement.text or "await " in statement.text else "def"
        annotation = holder.annotation.format(statement.cls)
        lines.append(f"{kind} f{position}(w: {annotation}) -> Any:")
        lines.append(f"    {statement.text}")
        positions[len(lines)] = position
    file.write_text("\n".join(lines) + "\n")
    return positions


def verdicts(
    folder: Path, module: str, statements: list[Statement], holder: Holder, flags: list[str]
) -> dict[int, list[str]]:
    """Return what mypy says of each statement, by its position."""
    file = folder / f"{holder.name}_{module.replace('.', '_')}.py"
    positions = write_program(file, module, statements, holder)
    config = folder / f"{holder.name}.ini"
    config.write_text(f"[mypy]\nplugins = {holder.plugin}\n")
    command = [
        *(sys.executable, "-m", "mypy", "--config-file", str(config), "--no-error-summary"),
        *("--hide-error-context", "--no-pretty", "--cache-dir", str(folder / f"cache_{holder.name}")),
        *flags,
        str(file),
    ]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, timeout=1800
    )
    if result.returncode not in (0, 1):
        sys.exit(f"mypy failed on {module}:\n{result.stdout[-3000:]}\n{result.stderr[-6000:]}")
    said: dict[int, list[str]] = {position: [] for position in positions.values()}
    unknown = set()
    for line in result.stdout.splitlines():
        match = re.match(rf"{re.escape(file.name)}:(\d+): (.*)", line)
        number = int(match[1]) if match else 0
        if match and number in positions:
            said[positions[number]].append(match[2].replace(file.stem, "program"))
        elif number + 1 in positions:
            unknown.add(positions[number + 1])  # mypy does not know the class
    return {position: messages for position, messages in said.items() if position not in unknown}


def without_holder(message: str, holder: Holder) -> str:
    """Read `Await[X]` as `X` in a message."""
    name = holder.annotation.partition("[")[0]
    opening = re.compile(rf"(?:[\w.]*\b)?{name}\[")
    while match := opening.search(message):
        depth = 1
        end = match.end()
        while depth:
            depth += {"[": 1, "]": -1}.get(message[end], 0)
            end += 1
        message = message[: match.start()] + message[match.end() : end - 1] + message[end:]
    return message


def verdict_of(messages: list[str]) -> list[str]:
    """Reduce messages to the verdict: refused, or accepted with these types."""
    if any(message.startswith("error:") for message in messages):
        return ["refused"]
    return [message for message in messages if "Revealed type" in message]


def compare(
    module: str,
    holder: Holder,
    folder: Path,
    flags: list[str],
    table: dict[str, Counter[str]],
    differences: dict[str, list[str]],
) -> None:
    """Add one module's comparison to the table."""
    statements = [s for name, cls in public_classes(module) for s in statements_about(name, cls)]
    plain = verdicts(folder, module, statements, PLAIN, flags)
    held = verdicts(folder, module, statements, holder, flags)
    for position, statement in enumerate(statements):
        if position not in plain or statement.text.endswith("Awaitable[Any] = w"):
            continue  # not typed; or by contract, as every Await can be awaited
        expected = [without_holder(message, PLAIN) for message in plain[position]]
        actual = [without_holder(message, holder) for message in held.get(position, [])]
        if expected == actual:
            outcome = "equal"
        elif verdict_of(expected) == verdict_of(actual):
            outcome = "same verdict"
            differences[f"{statement.kind}: message"].append(report(statement, expected, actual))
        else:
            outcome = "different"
            differences[f"{statement.kind}: verdict"].append(report(statement, expected, actual))
        table[statement.kind][outcome] += 1


def report(statement: Statement, expected: list[str], actual: list[str]) -> str:
    """Describe one difference."""
    only_expected = [message for message in expected if message not in actual]
    only_actual = [message for message in actual if message not in expected]
    return f"{statement.cls}: {statement.text}\n      w:  {only_expected}\n      aw: {only_actual}"


def print_table(title: str, table: dict[str, Counter[str]]) -> None:
    """Print how many statements of each kind agree, and how far."""
    print(f"\n{title}")
    print(f"{'kind':14}{'number':>9}{'equal':>8}{'same verdict':>13}{'different':>10}{'agree':>9}")
    total: Counter[str] = Counter()
    for kind, counts in [*sorted(table.items()), ("all", total)]:
        number = counts.total()
        agree = 100 * (number - counts["different"]) / max(number, 1)
        print(
            f"{kind:14}{number:9}{counts['equal']:8}{counts['same verdict']:13}"
            f"{counts['different']:10}{agree:8.2f}%"
        )
        if counts is not total:
            total.update(counts)


def is_enough(table: dict[str, Counter[str]]) -> bool:
    """Say whether attributes agree in all statements, and operators and protocols in 99.9 %."""
    others = table["operator"] + table["protocol"] + table["in place"]
    attributes = [
        counts for kind, counts in table.items() if kind not in ("operator", "protocol", "in place")
    ]
    return all(counts["different"] == 0 for counts in attributes) and (
        others["different"] <= others.total() / 1000
    )


def main() -> int:
    """Run the comparison that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.typing.parity", description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules whose public classes are compared")
    parser.add_argument("--all", action="store_true", help="the standard library modules of modules.py")
    parser.add_argument("--shown", type=int, default=5, help="differences to show of each group")
    parser.add_argument("--peer", action="store_true", help="count ProxyStore's plugin as well")
    parser.add_argument(
        "--flag", action="append", default=[], help="a flag for mypy, as --flag=--strict"
    )
    options = parser.parse_args()
    modules = STANDARD_LIBRARY.split() if options.all else options.modules
    flags = options.flag or ["--check-untyped-defs", "--strict-equality", "--warn-unreachable"]
    holders = [AWAIT, PROXY] if options.peer else [AWAIT]
    failed = False
    with tempfile.TemporaryDirectory() as name:
        for holder in holders:
            table: dict[str, Counter[str]] = defaultdict(Counter)
            differences: dict[str, list[str]] = defaultdict(list)
            for module in modules:
                compare(module, holder, Path(name), flags, table, differences)
            print_table(f"{holder.name}, {len(modules)} modules", table)
            if holder is AWAIT:
                failed = not is_enough(table)
                for group, found in sorted(differences.items()):
                    print(f"\n{group}: {len(found)}")
                    for difference in found[: options.shown]:
                        print(f"   {difference}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
