"""Edit a mypy configuration: add the settings that it lacks, and leave every other line as it is."""

import configparser
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, MutableMapping
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, cast

import configupdater
import tomlkit

from awaits_mypy._command.config import Plan, Setting, plan_for
from awaits_mypy._command.mypy_program import CommandError, Config, options_with, read_config


def with_settings(config: Config, *, plugin_only: bool) -> tuple[bytes, bytes, Plan]:
    """Return the file as it is, as it should be, and the plan that leads from the one to the other.

    Raises `CommandError` where the result would not be what mypy has to read.
    """
    before = config.path.read_bytes() if config.path.exists() else b""
    plan = plan_for(config, plugin_only=plugin_only)
    if not plan.missing:
        return before, before, plan
    text = before.decode("utf-8", "surrogateescape")  # mypy reads ini files in any encoding
    edited = text.replace("\r\n", "\n")
    edit = _in_toml if config.path.suffix.lower() == ".toml" else _in_ini
    try:
        for setting in plan.missing:
            edited = edit(edited, setting)
    except (tomlkit.exceptions.TOMLKitError, configparser.Error) as failure:
        raise CommandError(f"{config.path} must be edited by hand: {failure}") from failure
    after = _with_line_endings_of(text, edited).encode("utf-8", "surrogateescape")
    reason = _reason_against(after, config.path.name, plan, plugin_only)
    if reason is not None:
        wanted = "\n".join(map(str, plan.missing))
        raise CommandError(f"{config.path} must be edited by hand: {reason}\nadd\n{wanted}")
    return before, after, plan


def _reason_against(content: bytes, name: str, plan: Plan, plugin_only: bool) -> str | None:
    """Say why mypy does not read what it should in a configuration with this content, if so."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, name)
        copy.write_bytes(content)
        try:
            if plan_for(read_config(copy), plugin_only=plugin_only) == Plan([], plan.refused):
                return None
            reason = options_with(copy)[1] or "mypy does not see what is added"
        except CommandError as failure:
            reason = str(failure)
        return reason.replace(str(copy), name).strip()


def write(path: Path, content: bytes) -> None:
    """Replace the file as a whole: whoever reads it sees the old content or the new."""
    path = path.resolve()  # what a link points to
    if not path.exists():
        path.write_bytes(content)
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _with_line_endings_of(original: str, edited: str) -> str:
    """Return the edited text with the ending that each line had; new lines get that of the first."""
    had = original.split("\n")
    has = edited.split("\n")
    new_ending = "\r" if had[0].endswith("\r") else ""
    result = []
    bare = [line.removesuffix("\r") for line in had]
    had[-1] += new_ending  # where the file does not end with one, and goes on now
    for kind, start, end, new_start, new_end in SequenceMatcher(None, bare, has, False).get_opcodes():
        if kind == "equal":
            result += had[start:end]
        else:
            result += [line + new_ending for line in has[new_start:new_end]]
    result[-1] = result[-1].removesuffix("\r")
    return "\n".join(result)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _with_section(text: str, header: str, line: str) -> str:
    """Return the text with a new section at its end."""
    text = _ended(text) if text else ""
    gap = "\n" if text.strip() and not text.endswith("\n\n") else ""
    return f"{text}{gap}{header}\n{line}\n"


# TOML: tomlkit edits the lines below the header alone, because tomlkit 0.15 does not read every file in
# which `[[tool.mypy.overrides]]` stands apart. A new line is put after the last setting, where
# `table[key] = value` would put it below the comments that belong to the next table.

_HEADER: Final = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*mypy[ \t]*\].*(\n|\Z)", re.MULTILINE)
_ANY_HEADER: Final = re.compile(r"^[ \t]*\[|\Z", re.MULTILINE)


def _in_toml(text: str, setting: Setting) -> str:
    line = f"{setting.key} = " + ("true" if setting.entry is None else f'["{setting.entry}"]')
    header = next((found for found in _HEADER.finditer(text) if _is_toml(text[: found.start()])), None)
    if header:
        head, rest = text[: header.end()], text[header.end() :]
        ends = (found.start() for found in _ANY_HEADER.finditer(rest))
        end = next((end for end in ends if _is_toml(rest[:end])), len(rest))
        return _ended(head) + _in_table(rest[:end], setting, line) + rest[end:]
    settings = tomllib.loads(text).get("tool", {}).get("mypy")
    if settings is not None and settings.keys() != {"overrides"}:
        return _within_lines(text, setting)
    return _with_section(text, "[tool.mypy]", line)


def _is_toml(text: str) -> bool:
    """Say whether this is whole: it is not where it ends within a string or a list."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _in_table(text: str, setting: Setting, line: str) -> str:
    """Return the lines of the table with this setting."""
    document = tomlkit.parse(text)
    if setting.entry is not None and setting.key in document:
        _lengthen(document, setting.key, setting.entry)
        return tomlkit.dumps(document)
    items = [item for key, item in document.body if key is not None]
    if not items:
        return f"{line}\n{text}"
    trivia = items[-1].trivia
    trivia.trail = f"{_ended(trivia.trail)}{trivia.indent}{line}\n"
    return tomlkit.dumps(document)


def _within_lines(text: str, setting: Setting) -> str:
    """Return the file, which has `tool.mypy.strict = true` or `mypy = {strict = true}`, with this."""
    document = tomlkit.parse(text)
    table = cast(dict[str, Any], document["tool"])["mypy"]
    if setting.entry is not None and setting.key in table:
        _lengthen(table, setting.key, setting.entry)
    else:
        table[setting.key] = True if setting.entry is None else [setting.entry]
    return tomlkit.dumps(document)


def _lengthen(table: MutableMapping[str, Any], key: str, entry: str) -> None:
    """Add the entry to a list, or to a string in which commas are between the entries."""
    value = table[key]
    if isinstance(value, tomlkit.items.Array):
        value.append(entry)
        return
    if not isinstance(value, tomlkit.items.String):
        raise CommandError(f"{key} is neither a list nor a string")
    entries = value.rstrip()
    separator = "" if not entries else " " if entries.endswith(",") else ", "
    literal = value.as_string().startswith("'")
    table[key] = tomlkit.string(entries + separator + entry, literal=literal)


# ini: ConfigUpdater says which lines are an option's; the text between is not touched.


def _in_ini(text: str, setting: Setting) -> str:
    line = f"{setting.key} = " + ("True" if setting.entry is None else setting.entry)
    updater = configupdater.ConfigUpdater()
    updater.read_string(text)
    if not updater.has_section("mypy"):
        return _with_section(text, "[mypy]", line)
    section = updater["mypy"]
    blocks = list(section.iter_blocks())
    options = [block for block in blocks if isinstance(block, configupdater.Option)]
    same = next((option for option in options if option.key == setting.key), None)
    last = same or (options[-1] if options else None)
    start = _length(_before(updater.iter_blocks(), section)) + _length([section]) - _length(blocks)
    if last is None:
        return f"{_ended(text[:start])}{line}\n{text[start:]}"
    start += _length(_before(blocks, last))
    lines = str(last)
    end = start + len(lines)
    if same and setting.entry is not None:
        return text[:start] + _longer_option(lines, setting.entry) + text[end:]
    indent = lines[: len(lines) - len(lines.lstrip())]
    return f"{_ended(text[:end])}{indent}{line}\n{text[end:]}"


def _length(blocks: Iterable[object]) -> int:
    return sum(len(str(block)) for block in blocks)


def _before(blocks: Iterable[object], block: object) -> Iterator[object]:
    return takewhile(lambda other: other is not block, blocks)


def _longer_option(option: str, entry: str) -> str:
    """Return the lines of the option with one more entry, on a line of its own where the others are."""
    lines = option.split("\n")
    n = max(n for n, line in enumerate(lines) if line.strip() and line.lstrip()[0] not in "#;")
    value = lines[n].rstrip()
    if n == 0:
        separator = "" if value.endswith(("=", ":", ",")) else ","
        lines[0] = f"{value}{separator} {entry}"
    else:
        ends_with_comma = value.endswith(",")
        indent = value[: len(value) - len(value.lstrip())]
        lines[n] = value if ends_with_comma else f"{value},"
        lines.insert(n + 1, indent + entry + ("," if ends_with_comma else ""))
    return "\n".join(lines)
