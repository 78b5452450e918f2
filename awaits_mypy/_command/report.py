"""List the implicit waits of a project, by module: as text, as JSON and as SARIF."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from mypy.options import Options
from mypy.version import __version__ as mypy_version

from awaits import __version__
from awaits_mypy._command.config import lists_plugin, no_config, repository
from awaits_mypy._command.mypy_program import (
    CommandError,
    Message,
    cache_of_command,
    module_of,
    run_mypy,
    understood,
)
from awaits_mypy._plugin.codes import AWAIT_IMPLICIT  # so that mypy knows it before it loads the plugin

_CODE: Final = AWAIT_IMPLICIT.code
_WORDING: Final = re.compile(r'Implicit wait on "(?P<type>.*)" for "(?P<use>.*)"')
_SARIF: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


class Wait(NamedTuple):
    """A place that waits for an Await without saying so: its module, what it waits for, and the use."""

    module: str
    type: str
    use: str
    message: Message

    @property
    def column(self) -> int:
        """Return the column, counted from 1, as mypy's text and SARIF have it."""
        return max(self.message.column + 1, 1)  # mypy has -1 where it knows no column


class Found(NamedTuple):
    """What a run of mypy found: the implicit waits by module, and the number of mypy's other errors."""

    waits: list[Wait]
    other_errors: int

    @property
    def modules(self) -> dict[str, list[Wait]]:
        """Return the waits of each module."""
        return {name: list(waits) for name, waits in groupby(self.waits, lambda wait: wait.module)}

    @property
    def summary(self) -> str:
        """Return the totals in one line."""
        waits = f"{_number(len(self.waits), 'implicit wait')} in {_number(len(self.modules), 'module')}"
        others = f"; mypy reports {_number(self.other_errors, 'other error')}" * bool(self.other_errors)
        return waits + others


def find_waits(mypy_arguments: Sequence[str]) -> Found:
    """Run mypy with these arguments and the project's configuration, and collect the implicit waits.

    Where neither says what to check, mypy checks this folder. Raises `CommandError` with mypy's
    words where mypy cannot check the project.
    """
    options, _, has_sources = understood(mypy_arguments)
    if not options.config_file:
        raise no_config()
    if not lists_plugin(options):
        raise CommandError(f"{options.config_file} does not turn the plugin on: run awaits-mypy init")
    cache = ["--cache-dir", cache_of_command(options, "report")]
    sources = [] if has_sources else ["."]
    arguments = [*cache, *mypy_arguments, "--enable-error-code", _CODE, *sources]
    run = run_mypy(arguments, with_our_codes=True)
    if run.exit_code not in (0, 1):
        raise CommandError(f"mypy could not check the project:\n{run.output}")
    waits = [_wait(message, options) for message in run.messages if message.code == _CODE]
    others = sum(message.severity == "error" and message.code != _CODE for message in run.messages)
    return Found(sorted(waits, key=lambda wait: (wait.module, wait.message[:3])), others)


def _wait(message: Message, options: Options) -> Wait:
    words = _WORDING.fullmatch(message.text)
    if words is None:
        raise CommandError(f"the plugin says what this command does not know: {message}")
    return Wait(module_of(message.file, options), words["type"], words["use"], message)


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}"


def as_text(found: Found) -> str:
    """Return the waits for a reader, module by module, with the totals last."""
    lines = []
    for module, waits in found.modules.items():
        lines.append(f"{module}: {len(waits)}")
        for wait in waits:
            place = f"{wait.message.file}:{wait.message.line}:{wait.column}"
            lines.append(f'  {place}: {wait.type} for "{wait.use}"')
    return "\n".join([*lines, found.summary, ""])


def as_json(found: Found) -> str:
    """Return the waits for a program; `version` counts up when a reader must change."""
    document = {
        "version": 1,
        "awaits": __version__,
        "mypy": mypy_version,
        "total": len(found.waits),
        "other_errors": found.other_errors,
        "modules": [
            {"module": module, "total": len(waits), "waits": list(map(_json_of, waits))}
            for module, waits in found.modules.items()
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _json_of(wait: Wait) -> Mapping[str, object]:
    return {
        "file": Path(wait.message.file).as_posix(),
        "line": wait.message.line,
        "column": wait.column,
        "type": wait.type,
        "use": wait.use,
    }


def as_sarif(found: Found) -> str:
    """Return the waits in SARIF 2.1.0, which code hosts show beside the code.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
    """
    root = repository()
    rule = {
        "id": _CODE,
        "shortDescription": {"text": "Implicit wait"},
        "fullDescription": {"text": "A use of an Await that waits for its value without saying so."},
        "help": {
            "text": "Wait explicitly, with awaitable_wait(aw) or await aw, or accept the wait here with"
            f" # type: ignore[{_CODE}]."
        },
        "defaultConfiguration": {"level": "warning"},
    }
    driver = {"name": "awaits-mypy", "version": __version__, "rules": [rule]}
    seen: Counter[tuple[str, ...]] = Counter()
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "results": [_sarif_of(wait, root, seen) for wait in found.waits],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _sarif_of(wait: Wait, root: Path, seen: Counter[tuple[str, ...]]) -> Mapping[str, object]:
    message = wait.message
    # It stays the same when lines move: of equal waits in a module, each has its number.
    identity = (wait.module, wait.type, wait.use)
    seen[identity] += 1
    fingerprint = hashlib.sha256("\0".join([*identity, str(seen[identity])]).encode()).hexdigest()
    region: dict[str, int] = {"startLine": message.line, "startColumn": wait.column}
    if message.end_line and message.end_column is not None:
        region |= {"endLine": message.end_line, "endColumn": message.end_column + 1}
    return {
        "ruleId": _CODE,
        "ruleIndex": 0,
        "level": "warning",
        "message": {"text": message.text},
        "locations": [
            {"physicalLocation": {"artifactLocation": _location(message.file, root), "region": region}}
        ],
        "partialFingerprints": {"implicitWait/v1": fingerprint},
    }


def _location(file: str, root: Path) -> Mapping[str, str]:
    path = Path(file).absolute()
    if path.is_relative_to(root):
        return {"uri": quote(path.relative_to(root).as_posix()), "uriBaseId": "%SRCROOT%"}
    return {"uri": path.as_uri()}


FORMATS: Final[Mapping[str, Callable[[Found], str]]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
}
