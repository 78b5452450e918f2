"""Draw docs/mypy.svg, what mypy prints for the tutorial's mistakes: `python -m tests.typing.screenshot`.

Needs rich (`pip install --group docs`). test_docs.py compares the text in the picture with mypy's.
"""

import os
import re
import subprocess
import sys
import tempfile
from html import unescape
from io import StringIO
from pathlib import Path

from .conftest import ROOT
from .pages import PAGES

PICTURE = ROOT / "docs" / "mypy.svg"
WIDTH = 100
# A piece of a line; the title of the window has no number in its class.
TEXT = re.compile(r'<text class="mypy-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')


def mypy_output(*, coloured: bool) -> str:
    """Return what mypy prints for the tutorial's mistakes, with the lines of the program."""
    with tempfile.TemporaryDirectory() as folder:
        for block in PAGES["tutorial.md"]:
            if block.title:
                Path(folder, block.title).write_text(block.text)
        terminal = {"TERM": "xterm-256color", "MYPY_FORCE_TERMINAL_WIDTH": str(WIDTH)}
        return subprocess.run(
            [sys.executable, "-m", "mypy", "--pretty", "mistakes.py"],
            cwd=folder,
            env={**os.environ, **terminal, **({"MYPY_FORCE_COLOR": "1"} if coloured else {})},
            capture_output=True,
            text=True,
            check=False,
        ).stdout


def text_of(picture: str) -> list[str]:
    """Return the lines of text in the picture, without blanks, which are not all drawn."""
    lines: dict[float, dict[float, str]] = {}
    for x, y, text in TEXT.findall(picture):
        lines.setdefault(float(y), {})[float(x)] = unescape(text)
    return [without_blanks("".join(lines[y][x] for x in sorted(lines[y]))) for y in sorted(lines)]


def without_blanks(text: str) -> str:
    return "".join(text.split())


def main() -> None:
    """Draw the picture anew."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ mypy --pretty mistakes.py\n{mypy_output(coloured=True).rstrip()}"))
    drawn = console.export_svg(title="mypy", unique_id="mypy")
    # Rich would have fonts fetched from elsewhere.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
