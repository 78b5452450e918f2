"""`await aw` under trio, through anyio: what is trio's own. The rest is in test_await.py."""

import sys
import threading
from functools import partial
from typing import Any

import pytest

from awaits import AwaitError, awaitable, awaitable_done, awaitable_nowait
from tests.runtime.calls import Calls, Once
from tests.runtime.loops import TrioLoop, use

anyio = pytest.importorskip("anyio")
LOOP = TrioLoop()


def test_a_plain_function_can_call_back_into_the_loop() -> None:
    async def main() -> None:
        loops_thread = threading.get_ident()
        aw = awaitable(lambda: anyio.from_thread.run_sync(threading.get_ident))
        assert await aw == loops_thread

    LOOP.run(main)


def test_cancelling_before_a_thread_has_begun_leaves_the_others_to_begin() -> None:
    calls = Calls()
    aw: Any = awaitable(calls.call)

    async def main() -> None:
        threads = anyio.to_thread.current_default_thread_limiter()
        threads.total_tokens = 1
        await threads.acquire_on_behalf_of("somebody else")
        first = LOOP.start(aw)
        await LOOP.settle()
        second = LOOP.start(aw)
        await LOOP.settle()
        first.cancel()
        await LOOP.settle()
        assert first.cancelled()
        assert not calls.started.is_set()
        threads.release_on_behalf_of("somebody else")
        calls.finish.set()
        assert await second is await aw

    LOOP.run(main)
    assert calls.count == 1


def test_without_anyio_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async def produce() -> int:
        return 5

    aws: list[Any] = [awaitable(int, "5"), awaitable(produce), awaitable_nowait(Once(LOOP))]

    async def main() -> None:
        for aw in aws[:2]:
            with pytest.raises(AwaitError, match=r"needs anyio .* pip install 'typed-awaits\[trio\]'"):
                await aw
            assert not awaitable_done(aw)
        with pytest.raises(AwaitError, match="needs anyio"):
            await aws[2]
        assert await awaitable_nowait(5) == 5  # what is there needs nothing

    with monkeypatch.context() as without:
        for name in [name for name in sys.modules if name.partition(".")[0] == "anyio"]:
            without.setitem(sys.modules, name, None)
        without.delitem(sys.modules, "awaits._running.trio_loop", raising=False)
        without.delattr("awaits._running.trio_loop", raising=False)
        LOOP.run(main)
    assert [LOOP.run(partial(use, aw)) for aw in aws[:2]] == [5, 5]
    assert type(LOOP.run(partial(use, aws[2]))) is object
