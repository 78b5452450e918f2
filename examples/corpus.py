"""A typed library that hands out `Await[W]`: text corpora that are read on their first use.

`corpus_client.py` uses it. Run as a program, it lists the texts of this project, of which it reads none.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from awaits import Await, awaitable


@dataclass(frozen=True)
class Corpus:
    """The words of a text, counted."""

    path: Path
    words: Counter[str]

    @property
    def size(self) -> int:
        """The number of words, repetitions included."""
        return self.words.total()

    def most_common(self, count: int, longer_than: int = 0) -> list[tuple[str, int]]:
        """Return the most frequent words that are longer than this many letters."""
        kept = Counter({word: n for word, n in self.words.items() if len(word) > longer_than})
        return kept.most_common(count)


def read_corpus(path: Path) -> Corpus:
    """Read a text now."""
    text = path.read_text(encoding="utf-8")
    return Corpus(path, Counter(re.findall(r"[a-z]+", text.lower())))


def open_corpora(folder: Path, pattern: str = "*.md") -> dict[str, Await[Corpus]]:
    """Return every text of the folder by its file's name; each is read when it is first used."""
    return {path.name: awaitable(read_corpus, path) for path in sorted(folder.glob(pattern))}


if __name__ == "__main__":
    for name, corpus in open_corpora(Path(__file__).parent.parent).items():
        print(f"{name}: {corpus!r}")
