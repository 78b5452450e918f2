"""The fenced blocks of the README and of the pages in docs/."""

import re
from pathlib import Path
from typing import NamedTuple

from .conftest import ROOT

DOCS = ROOT / "docs"
FENCE = re.compile(
    r'^(?P<ticks>```+)(?P<kind>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^(?P=ticks)$',
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """What stands between two fences."""

    kind: str
    title: str | None
    text: str


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    assert len(re.findall(r"^\s*```", text, re.MULTILINE)) == 2 * len(found), "a fence of unknown form"
    return [Block(match["kind"], match["title"], match["text"]) for match in found]


PAGES = {
    "README.md": blocks_of(ROOT / "README.md"),
    **{str(page.relative_to(DOCS)): blocks_of(page) for page in DOCS.rglob("*.md") if blocks_of(page)},
}
