"""What is to be known of a program that is converted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Use:
    """A use of the program: its arguments, what is typed, and what is in the environment."""

    arguments: tuple[str, ...]
    home: str = "home"
    typed: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """A program of the index, the change that makes values of it lazy, and uses that reach them."""

    name: str
    version: str
    stubs: tuple[str, ...]
    change: str
    set_up: Callable[[Path], None]  # writes what the uses need into a folder
    uses: Sequence[Use]
    varying: str = r"(?!)"  # what the program says and writes differently each time
