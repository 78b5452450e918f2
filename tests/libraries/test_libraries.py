"""Other libraries use Awaits: `docs/howto/other_libraries.md`, row by row."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec

import pytest

from tests.libraries.found import COLUMNS, ROOT, TITLES, asked, row_of_lazies, row_of_uses, table
from tests.libraries.uses import LIBRARIES

PAGE = ROOT / "docs" / "howto" / "other_libraries.md"
LINES = PAGE.read_text(encoding="utf-8").splitlines()

asked_once = cache(asked)


def shown(titles: tuple[str, ...]) -> dict[str, str]:
    """Return the rows of the table with these titles, by what they begin with."""
    start = LINES.index(next(table(titles, []))) + 2
    rows = {}
    for line in LINES[start:]:
        if not line.startswith("| "):
            break
        rows[line[2:].partition(" |")[0]] = line
    return rows


USES, LAZIES = shown(TITLES), shown(("library", *COLUMNS))


def test_each_library_has_its_rows_and_each_row_its_library() -> None:
    assert list(USES) == list(LAZIES) == list(LIBRARIES)


def test_the_class_for_psycopg_is_the_one_of_the_page() -> None:
    (shown,) = re.findall(r'title="waiting.py"\n.*?(class .*?)\n\n\n', PAGE.read_text(), re.DOTALL)
    assert shown in LIBRARIES["psycopg"].program


def needs(library: str) -> None:
    for module in (LIBRARIES[library].module, "lazy_object_proxy", "wrapt"):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not here: pip install --group libraries")


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_page_shows_what_the_uses_come_to(library: str) -> None:
    needs(library)
    assert row_of_uses(library, asked_once(library)) == USES[library]


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_page_shows_what_they_come_to_with_other_lazy_values(library: str) -> None:
    needs(library)
    assert row_of_lazies(library, asked_once(library)) == LAZIES[library]
