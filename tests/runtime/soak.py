"""A soak: threads and tasks wait, fail, interrupt, cancel and release for a long time, right and flat?

Rounds of a few seconds each: threads and loops use a pool of Awaits, which are replaced when they were
used often enough. After each round, when nothing is under way, memory is measured. It must not grow from
the first three rounds after the warm-up (a fifth of the time) to the last three by more than the bounds
in `MOST_GROWTH`: of blocks by 1 % and 500, of the resident set by 10 % and 8 MiB.

    python -m tests.runtime.soak --minutes 10
"""

import argparse
import asyncio
import gc
import os
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from awaits import AwaitCycleError, awaitable, awaitable_done, awaitable_wait
from tests.runtime.schedules import USES, AsyncUse, DaemonThreads, Product, Run
from tests.runtime.stepping import (
    Director,
    Outcome,
    Worker,
    current_use,
    entries,
    rough_conditions,
    stacks,
    swallowed,
)

THREADS = 3
LOOPS = 2
POOL = 40
ROUND_S = 5
HANG_S = 60
COUNTED = "Awaits", "uses", "runs", "failures", "interrupts", "cancellations", "cycles"
WRONG = (
    "lost runs",
    "doubled runs",
    "runs at the same time",
    "runs that do not end",
    "cycles not seen",
    "false cycles",
)
# What memory may grow by: a share, and what it moves about anyway.
MOST_GROWTH = {"blocks": (1.01, 500), "bytes": (1.1, 8 * 2**20)}


@dataclass
class Memory:
    """What the process holds while nothing is under way."""

    blocks: int
    bytes: int

    @classmethod
    def now(cls) -> "Memory":
        gc.collect()
        return cls(sys.getallocatedblocks(), resident_bytes())


def resident_bytes() -> int:
    """Return the resident set of this process; 0 where there is no /proc."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


class Slot:
    """An Await of the pool, and what happened to it."""

    def __init__(self, soak: "Soak", needed: "Slot | None") -> None:
        self.soak = soak
        self.needed = needed.aw if needed is not None else None
        self.uses_left = soak.random.randint(1, 12)
        self.fails = soak.random.choice([0, 0, 0, 1, 3])
        self.users = 0
        self.under_way: dict[Run, None] = {}
        self.runs: list[Run] = []
        self.values: dict[int, Product] = {}
        self.is_coroutine = soak.random.random() < 0.2
        self.needs_itself = soak.random.random() < 0.05
        self.aw: Any = awaitable(self.work_async if self.is_coroutine else self.work, bytearray(100))

    # Not with a context manager: an interrupt may come on the way into its `__exit__`.

    def work(self, ballast: object) -> Product:
        run = Run(self)
        try:
            try:
                self.begin(run)
                if self.needs_itself:
                    self.need_itself()
                if self.needed is not None:
                    awaitable_wait(self.needed)
                time.sleep(0)
                return self.end(run)
            finally:
                self.under_way.pop(run, None)
        finally:  # an interrupt may have come before the line above
            self.under_way.pop(run, None)

    async def work_async(self, ballast: object) -> Product:
        run = Run(self)
        try:
            self.begin(run)
            if self.needed is not None:
                await self.needed
            await asyncio.sleep(0)
            return self.end(run)
        finally:
            self.under_way.pop(run, None)

    def begin(self, run: Run) -> None:
        self.runs.append(run)
        self.under_way[run] = None
        if len(self.under_way) > 1:
            self.soak.count("runs at the same time")

    def need_itself(self) -> None:
        try:
            awaitable_wait(self.aw)
        except AwaitCycleError:
            self.soak.count("cycles")
        else:
            self.soak.count("cycles not seen")

    def end(self, run: Run) -> Product:
        if self.fails > 0:
            self.fails -= 1
            # In a loop, SystemExit would end it.
            kinds = (
                [ValueError]
                if isinstance(run.use, AsyncUse)
                else [ValueError, AttributeError, SystemExit]
            )
            run.failure = self.soak.random.choice(kinds)("drawn")
            raise run.failure
        run.product = Product()
        return run.product

    def check(self) -> None:
        """Count what became of the runs, when no more come."""
        soak = self.soak
        soak.count("runs", len(self.runs))
        soak.count("failures", sum(run.failure is not None for run in self.runs))
        # A run may return, and an interrupt come before its value is kept: then there is another one.
        complete = [run for run in self.runs if run.product and not (run.use and run.use.struck)]
        lost = [run for run in complete if self.values and id(run.product) not in self.values]
        soak.count("lost runs", len(lost))
        soak.count("doubled runs", max(0, len(complete) - 1, len(self.values) - 1))
        # Where an interrupt kept a table from being put in order, this hangs on there for a while.
        self.runs.clear()
        self.values.clear()
        self.needed = None


class Soak:
    """What all threads and loops share."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.counting = threading.Lock()
        self.pool: list[Slot] = []
        self.retired: list[Slot] = []
        self.ends_at = 0.0

    def count(self, name: str, number: int = 1) -> None:
        with self.counting:
            self.counts[name] += number

    def ends(self) -> bool:
        return time.monotonic() > self.ends_at

    def take(self, allow_coroutines: bool) -> Slot:
        """Return an Await of the pool, for one use."""
        with self.lock:
            while len(self.pool) < POOL:
                self.count("Awaits")
                needed = (
                    self.random.choice(self.pool) if self.pool and self.random.random() < 0.4 else None
                )
                # A plain function cannot wait for what a coroutine awaits to.
                needed = None if needed and needed.is_coroutine else needed
                self.pool.append(Slot(self, needed))
            while True:
                slot = self.random.choice(self.pool)
                if allow_coroutines or not slot.is_coroutine:
                    break
                self.retire_if_old(slot)
            slot.users += 1
            slot.uses_left -= 1
            return slot

    def give_back(self, slot: Slot, use: Outcome, value: object) -> None:
        self.count("uses")
        # `need_itself` lets none out: none of these has a right to be there.
        for error in use.errors:
            self.count("false cycles", isinstance(error, AwaitCycleError))
        with self.lock:
            slot.users -= 1
            if isinstance(value, Product):
                slot.values[id(value)] = value
            self.retire_if_old(slot)

    def retire_if_old(self, slot: Slot) -> None:
        slot.uses_left -= 1
        if slot.uses_left <= 0 and slot in self.pool:
            self.pool.remove(slot)
            self.retired.append(slot)
        if len(self.retired) > 2 * POOL:
            self.check_retired()

    def check_retired(self) -> None:
        busy = [slot for slot in self.retired if slot.users or slot.under_way]
        for slot in self.retired:
            if slot not in busy:
                slot.check()
        self.retired = busy

    # What the threads and the loops do.

    def use_in_a_thread(self, worker: Worker) -> None:
        while not self.ends():
            slot, use = self.take(allow_coroutines=False), Outcome()
            name = self.random.choice([*USES, "look"])
            call: Callable[[], object] = partial(USES.get(name, look), slot.aw)
            worker.use(call, use, interruptible=True)
            self.give_back(slot, use, use.value)

    def use_in_loops(self) -> None:
        while not self.ends():
            with suppress(asyncio.CancelledError):
                asyncio.run(self.use_in_tasks())

    async def use_in_tasks(self) -> None:
        asyncio.get_running_loop().set_default_executor(DaemonThreads())
        tasks: set[asyncio.Task[None]] = set()
        for _ in range(200):
            if self.ends():
                break
            tasks.add(asyncio.create_task(self.use_in_a_task()))
            await asyncio.sleep(0)
            if self.random.random() < 0.2:
                self.random.choice(list(tasks)).cancel()
                self.count("cancellations")
            while len(tasks) > 10:
                _, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # The others are cancelled by the end of the loop.

    async def use_in_a_task(self) -> None:
        slot, use = self.take(allow_coroutines=True), AsyncUse(cancels=True)
        current_use.set(use)
        value: object = None
        try:
            value = await slot.aw
        except (ValueError, AwaitCycleError) as error:
            use.errors.append(error)
        finally:
            self.give_back(slot, use, value)

    def run_round(self, seconds: float) -> None:
        """Let all go on for some time, and wait until nothing is under way."""
        self.ends_at = time.monotonic() + seconds
        director = Director(self.random, 0, 0)
        workers = [Worker(director, Random(self.random.random())) for _ in range(THREADS)]
        threads = [
            *[threading.Thread(target=self.use_in_a_thread, args=[one], daemon=True) for one in workers],
            *[threading.Thread(target=self.use_in_loops, daemon=True) for _ in range(LOOPS)],
        ]
        for worker, thread in zip(workers, threads, strict=False):
            worker.thread = thread
        for thread in threads:
            thread.start()
        while not self.ends():
            time.sleep(0.002)
            self.count("interrupts", self.random.choice(workers).strike())
        for thread in threads:
            thread.join(HANG_S)
            if thread.is_alive():
                raise SystemExit(f"a thread hangs:\n{stacks()}")
        self.retired += self.pool
        self.pool.clear()
        self.check_retired()
        self.count("runs that do not end", len(self.retired))
        self.retired.clear()
        swallowed.clear()


def look(aw: Any) -> None:
    awaitable_done(aw)
    repr(aw)


def soak(minutes: float, seed: int) -> bool:
    """Run the rounds; print what was counted. Return whether all was right and flat."""
    began = said_at = time.monotonic()
    seconds = minutes * 60
    state = Soak(seed)
    memory: list[Memory] = []
    warm_up: int | None = None
    ended = False
    while not ended:
        with rough_conditions():
            state.run_round(min(ROUND_S, seconds / 10))
        memory.append(Memory.now())
        now = time.monotonic()
        if warm_up is None and now - began > seconds / 5:
            warm_up = len(memory)
        ended = now - began > seconds and warm_up is not None and len(memory) >= warm_up + 3
        if ended or now - said_at > 60:
            said_at = now
            report(state, memory[-1], now - began)
    return is_right(state) & is_flat(memory[warm_up:])


def report(state: Soak, memory: Memory, seconds: float) -> None:
    def counted(names: tuple[str, ...]) -> str:
        return ", ".join(f"{state.counts[name]:,} {name}" for name in names)

    print(f"after {seconds:,.0f} s: {counted(COUNTED)}")
    left = sum(map(len, entries().values()))
    print(f"  {counted(WRONG)}")
    print(
        f"  {memory.blocks:,} blocks, {memory.bytes / 2**20:.1f} MiB,"
        f" {left} entries of tables left by interrupts",
        flush=True,
    )


def is_right(state: Soak) -> bool:
    return not any(state.counts[name] for name in WRONG) and state.counts["runs"] > 0


def is_flat(memory: list[Memory]) -> bool:
    flat = True
    for name, (share, free) in MOST_GROWTH.items():
        first, last = (
            statistics.median(getattr(one, name) for one in some) for some in (memory[:3], memory[-3:])
        )
        grew = last > first * share + free
        flat = flat and not grew
        print(
            f"{name}: {first:,.0f} after the warm-up, {last:,.0f} at the end,"
            f" {last / (first or 1):.3f} times:"
            f" {'GREW' if grew else 'flat'} (by a bound of {share} times and {free:,})",
            flush=True,
        )
    return flat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    right = soak(options.minutes, options.seed)
    print("passed" if right else "FAILED")
    sys.exit(not right)


if __name__ == "__main__":
    main()
