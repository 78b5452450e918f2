"""What the plugin needs of a mypy configuration, and where that is."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from mypy.options import Options

from awaits_mypy._command.mypy_program import (
    CONFIG_NAMES,
    CommandError,
    Config,
    find_config,
    is_of_the_user,
    options_with,
    read_config,
)

PLUGIN: Final = "awaits_mypy"
UNUSED: Final = "unused-awaitable"
FLAGS: Final = ("strict_equality", "strict_equality_for_none")  # the second since mypy 1.18
_REPORTS: Final = {
    FLAGS[0]: "== and in between values that are never equal",
    FLAGS[1]: "== with None of what is never None",
    UNUSED: "an awaitable that is dropped, such as create_task() on a line of its own",
}
_NOT_OF_THE_PROJECT: Final = ("node_modules", "site-packages")


class Setting(NamedTuple):
    """A setting to be made: a flag to be set, or an entry to be added to a list."""

    key: str
    entry: str | None = None

    def __str__(self) -> str:
        return f"{self.key} = {'true' if self.entry is None else self.entry}"

    @property
    def explained(self) -> str:
        """Return it with what it has mypy report in code that has no Awaits, too."""
        reported = _REPORTS.get(self.entry or self.key)
        return f"{self} (in all code, mypy now reports {reported})" if reported else str(self)


class Plan(NamedTuple):
    """What a configuration lacks, and what it lacks because it says the contrary."""

    missing: list[Setting]
    refused: list[str]


def config_for(given: Path | None) -> Config:
    """Return the configuration to be edited: the one that mypy takes, or where one should be made."""
    if given:
        return read_config(given)
    config = find_config()
    if config and not is_of_the_user(config):
        return config
    return Config(_pyproject() or Path("mypy.ini"), None)


def required_config(given: Path | None) -> Config:
    """Return this configuration, or the one that mypy takes in this folder.

    Raises `CommandError` where there is none, with those of the folders below.
    """
    if given:
        return read_config(given)
    config = find_config()
    if config is None:
        raise no_config()
    return config


def no_config() -> CommandError:
    """Return the error that says that mypy finds no configuration, and what to do."""
    below = [config.as_posix() for config in sorted(_configs_below(Path()))]
    if not below:
        return CommandError("mypy finds no configuration in this folder: run awaits-mypy init")
    return CommandError(
        "mypy finds no configuration in this folder. There are some below it:\n"
        + "".join(f"  {config}\n" for config in below)
        + "go to the folder of one of them, or name it with --config"
    )


def _configs_below(folder: Path) -> Iterator[Path]:
    """Yield the files in which the projects in these folders have settings for mypy."""
    for below in folder.iterdir():
        is_of_others = below.name.startswith(".") or below.name in _NOT_OF_THE_PROJECT
        if is_of_others or not below.is_dir() or below.is_symlink() or (below / "pyvenv.cfg").exists():
            continue
        named = (below / name for name in CONFIG_NAMES)
        config = next((path for path in named if _has_settings(path)), None)
        if config:
            yield config
        yield from _configs_below(below)


def _has_settings(path: Path) -> bool:
    try:
        return path.is_file() and read_config(path).section is not None
    except CommandError:  # whether it has some cannot be said
        return False


def _pyproject() -> Path | None:
    """Return the nearest `pyproject.toml`, here or, in a repository, up to its root."""
    here, root = Path.cwd(), repository()
    folders = [at for at in (here, *here.parents) if at.is_relative_to(root)]
    found = (at / "pyproject.toml" for at in folders if (at / "pyproject.toml").is_file())
    path = next(found, None)
    return path and Path(os.path.relpath(path))


def repository() -> Path:
    """Return the root of the repository that this folder is in, or this folder."""
    here = Path.cwd()
    folders = (here, *here.parents)
    return next((at for at in folders if (at / ".git").exists() or (at / ".hg").exists()), here)


def plan_for(config: Config, *, plugin_only: bool) -> Plan:
    """Return what this configuration lacks: of the plugin, and else of all."""
    section = config.section or {}
    options = options_with(config.path)[0] if config.section is not None else Options()
    plan = Plan([], [])
    if not lists_plugin(options):
        plan.missing.append(Setting("plugins", PLUGIN))
    if plugin_only:
        return plan
    for flag in FLAGS:
        contrary = next((key for key in (flag, f"no_{flag}") if key in section), None)
        if not getattr(options, flag, True):
            if contrary:
                plan.refused.append(f"{contrary} = {section[contrary]}")
            else:
                plan.missing.append(Setting(flag))
    if UNUSED not in options.enable_error_code:
        if UNUSED in options.disable_error_code:
            plan.refused.append(f"disable_error_code has {UNUSED}")
        else:
            plan.missing.append(Setting("enable_error_code", UNUSED))
    return plan


def lists_plugin(options: Options) -> bool:
    """Say whether the plugin is among those that mypy loads."""
    return any(map(is_plugin, options.plugins))


def is_plugin(name: str) -> bool:
    """Say whether an entry of `plugins` is the plugin: it may name its function, too."""
    return name.partition(":")[0] == PLUGIN
