"""Random schedules of threads and tasks, and a soak: both go on for longer as programs of their own.

python -m tests.runtime.schedules 2000
python -m tests.runtime.soak --minutes 10
"""

import signal

import pytest

from tests.runtime import needs
from tests.runtime.schedules import run_schedules
from tests.runtime.soak import soak


@pytest.fixture(autouse=True)
def _needs_threads_and_signals() -> None:
    needs.threads()
    if not hasattr(signal, "pthread_kill"):
        pytest.skip("no signal can be sent to the main thread")


@pytest.mark.parametrize("seed", range(2))
def test_nothing_differs_in_random_schedules(seed: int) -> None:
    counts, differences = run_schedules(75, seed)
    assert differences == []
    assert min(counts[name] for name in ("cycles", "failures", "interrupts", "runs", "uses")) > 0


def test_a_short_soak_is_right_and_flat() -> None:
    assert soak(minutes=0.02, seed=0)
