"""The time for expressions in expressions grows with their size, or else as that of W does.

It is counted, not measured: `tests/typing/nesting.py`.
"""

import pytest

from .nesting import LEVELS, added_by_each_level


@pytest.fixture(scope="module")
def added() -> dict[tuple[str, str], list[int]]:
    return added_by_each_level(LEVELS)


# mypy asks once whether an Await satisfies a protocol, and in whichever program it checks first.
ASKED_ONCE = 5


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_adds_as_much_as_the_one_in_it_or_by_the_factor_of_w(
    level: str, added: dict[tuple[str, str], list[int]]
) -> None:
    (*_, first_of_w, last_of_w), (*_, first, last) = added[level, "W"], added[level, "Await"]
    factor = max(last_of_w / first_of_w, 1) if first_of_w else 1
    assert last <= first * factor + ASKED_ONCE


@pytest.mark.parametrize("level", [level for level in LEVELS if level.startswith("subscripts")])
def test_subscripts_in_subscripts_grow_with_their_size_also_where_those_of_w_do_not(
    level: str, added: dict[tuple[str, str], list[int]]
) -> None:
    first, *_, last = added[level, "Await"]
    assert last <= first + ASKED_ONCE
