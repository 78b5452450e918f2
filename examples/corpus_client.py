"""Show the most frequent words of one text of a folder, without reading the others.

Usage: python corpus_client.py [FOLDER [NAME]]     (the default is this project's README.md)
"""

import sys
from pathlib import Path

from corpus import open_corpora

from awaits import awaitable_done


def main(arguments: list[str]) -> None:
    """Print the frequent words of the named text, and which texts were read for it."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent.parent
    name = arguments[1] if len(arguments) > 1 else "README.md"
    corpora = open_corpora(folder)
    corpus = corpora[name]
    print(f"{corpus.path.name}: {corpus.size} words")
    for word, count in corpus.most_common(3, longer_than=4):
        print(f"{count:6} {word}")
    read = [name for name, other in corpora.items() if awaitable_done(other)]
    print("read:", *read)


if __name__ == "__main__":
    main(sys.argv[1:])
