"""Random programs: `python -m tests.runtime.programs 10000` runs more of them, and others."""

import pytest


def test_nothing_differs_in_random_programs() -> None:
    pytest.importorskip("hypothesis")
    from tests.runtime.programs import run_programs

    counts, difference = run_programs(400, seed=0)
    assert difference is None, difference
    assert min(counts[name] for name in ("programs", "statements", "errors")) > 0
