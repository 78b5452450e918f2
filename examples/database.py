"""Keep an index of a folder's text files in sqlite3, opened only when something is asked of it.

Usage: python database.py                      (indexes these examples in a folder that it removes again)
       python database.py DATABASE add FOLDER
       python database.py DATABASE longest [COUNT]
       python database.py DATABASE path        (says where the database is, and does not create it)
"""

import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from awaits import Await, awaitable

SCHEMA = "CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, lines INTEGER NOT NULL)"


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, creating the file and its schema where they do not exist."""
    connection = sqlite3.connect(path)
    connection.execute(SCHEMA)
    return connection


@dataclass
class Index:
    """The line counts of text files, in a database that may not be open yet."""

    path: Path
    database: Await[sqlite3.Connection]

    def add(self, folder: Path) -> int:
        """Count the lines of every Python file under the folder; return how many files there were."""
        files = sorted(folder.rglob("*.py"))
        rows = [(str(file), len(file.read_text(encoding="utf-8").splitlines())) for file in files]
        self.database.executemany("INSERT OR REPLACE INTO file VALUES (?, ?)", rows)
        self.database.commit()
        return len(rows)

    def longest(self, count: int) -> list[tuple[str, int]]:
        """Return the paths and line counts of the longest files."""
        query = "SELECT path, lines FROM file ORDER BY lines DESC, path LIMIT ?"
        return self.database.execute(query, (count,)).fetchall()


def main(arguments: list[str]) -> None:
    """Run one command of the three, or without arguments each on a database of its own."""
    if not arguments:
        with tempfile.TemporaryDirectory() as folder:
            database = str(Path(folder, "index.sqlite3"))
            here = str(Path(__file__).parent)
            for words in (["path"], ["add", here], ["path"], ["longest", "3"]):
                print("$ database.py", database, *words)
                main([database, *words])
        return
    if len(arguments) == 1:
        sys.exit(__doc__)
    path, command, *rest = arguments
    index = Index(Path(path), awaitable(open_database, Path(path)))
    match command, rest:
        case "add", [folder]:
            print(index.add(Path(folder)), "files")
        case "longest", [*count]:
            for name, lines in index.longest(int(count[0]) if count else 5):
                print(f"{lines:6} {name}")
        case "path", []:
            print(index.path, "exists" if index.path.exists() else "is not created yet")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
