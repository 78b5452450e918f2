"""The page that compares: every column of a library that is installed here is found to be so."""

import pytest

from .conftest import ROOT

peers = pytest.importorskip("benchmarks.peers", reason="the benchmarks are not beside the tests")

PAGE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")


def shown() -> dict[str, dict[str, str]]:
    """Return the table of the page, column by column."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith("| ---")
    ]
    (_, *names), *cells = rows
    return {name: {row[0]: row[place] for row in cells} for place, name in enumerate(names, start=1)}


def test_the_page_has_every_library() -> None:
    assert list(shown()) == list(peers.PEERS)


def test_the_page_shows_what_is_found() -> None:
    found = peers.table()
    assert "awaits" in found
    assert found == {name: shown()[name] for name in found}
