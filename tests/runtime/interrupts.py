"""Signals strike the main thread at any moment, and exceptions the others, while they use Awaits."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from random import Random
from types import FrameType
from typing import Any

from awaits import AwaitCycleError, awaitable_wait
from tests.runtime.crowds import USES, Crowd, Job, errors_in, join
from tests.runtime.stepping import (
    LIBRARY,
    Director,
    Outcome,
    Struck,
    Worker,
    chain,
    rough_conditions,
    swallowed,
)

ARE_THERE = hasattr(signal, "setitimer")
SOONEST_S, LATEST_S = 20e-6, 200e-6
ROUND_S = 0.5
POOL = 6
THREADS = 3


class Alarms:
    """A timer whose signal interrupts the main thread, in a call that is open to it."""

    def __init__(self, random: Random, counts: Counter[str]) -> None:
        self.random = random
        self.counts = counts
        self.act: Callable[[], object] = lambda: None
        self.left = 0

    def set(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self.random.uniform(SOONEST_S, LATEST_S))

    def come(self, number: int, frame: FrameType | None) -> None:
        if self.left == 0:
            return
        self.left -= 1
        self.counts["interrupts"] += 1
        if frame is not None and frame.f_code.co_filename.startswith(LIBRARY):
            self.counts["in the library's own code"] += 1
        elif is_below_the_library(frame):
            self.counts["in what the library called"] += 1
        self.act()
        if self.left:
            self.set()

    @contextmanager
    def on(self) -> Iterator[None]:
        handler = signal.signal(signal.SIGALRM, self.come)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)

    def during(self, call: Callable[[], object], most: int) -> None:
        """Call; as many signals may come, two of which may raise."""
        try:
            try:
                try:
                    self.left = most
                    self.set()
                    call()
                finally:
                    self.left = 0
            finally:  # an interrupt may have come before the line above
                self.left = 0
        finally:
            self.left = 0


def is_below_the_library(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(LIBRARY):
            return True
        frame = frame.f_back
    return False


def handlers_that_wait(crowd: Crowd) -> None:
    """Let signal handlers use the Awaits that the main thread uses, or waits for."""
    jobs = [Job(seconds=crowd.random.choice([0, 5e-5])) for _ in range(30)]
    alarms = Alarms(crowd.random, crowd.counts)
    names = list(USES)
    found: list[tuple[Job, Any]] = []
    at = 0

    def use_in_between() -> None:
        for job in jobs[at : at + 2]:
            with suppress(AwaitCycleError):  # it may be the one that runs here
                found.append((job, job.aw.itself))
                crowd.counts["values in handlers"] += 1

    def use_all(first: int, is_main: bool = False) -> None:
        nonlocal at
        for n, job in enumerate(jobs):
            if is_main:
                at = n
            found.append((job, USES[names[(first + n) % len(names)]](job.aw)))

    alarms.act = use_in_between
    with alarms.on():
        errors_in(
            crowd.together(
                *[partial(use_all, first) for first in range(2)],
                here=lambda: alarms.during(partial(use_all, 2, is_main=True), 1000),
            )
        )
    for job in jobs:
        job.check([value for of, value in found if of is job])


class Interrupts:
    """Awaits that the main thread and others make, use and release, while all are interrupted."""

    def __init__(self, crowd: Crowd) -> None:
        self.random = crowd.random
        self.counts = crowd.counts
        self.jobs: list[Job] = []
        self.pool = [self.make() for _ in range(POOL)]
        self.found: list[tuple[Job, Any]] = []
        self.current = self.pool[0]
        self.is_over = False
        self.alarms = Alarms(crowd.random, crowd.counts)
        self.alarms.act = self.strike

    def make(self, needs: Job | None = None) -> Job:
        job = Job(needs=needs)
        job.before = self.pause
        self.jobs.append(job)
        return job

    def pause(self) -> None:
        """Let the main thread come to wait for a run of another. It is not to be struck in its own."""
        if threading.current_thread() is not threading.main_thread():
            time.sleep(self.random.choice([0, 1e-5, 5e-5]))

    def use(self, job: Job) -> None:
        self.found.append((job, self.random.choice(list(USES.values()))(job.aw)))

    def use_some(self, is_main: bool = False) -> None:
        """Use Awaits that others use too, and some of this thread's own, which need one another."""
        for _ in range(20):
            place = self.random.randrange(POOL)
            job = self.pool[place]
            if is_main:
                self.current = job
            self.use(job)
            if self.random.random() < 0.3:
                self.pool[place] = self.make()
            elif self.random.random() < 0.3:
                self.use(self.make(self.make(self.pool[place])))

    def strike(self) -> None:
        """Interrupt the main thread; now and then, wait for the same Await before."""
        if self.random.random() < 0.2:
            with suppress(AwaitCycleError):  # it may be the one that runs here
                self.found.append((self.current, awaitable_wait(self.current.aw)))
        raise Struck

    def use_in_the_main_thread(self) -> None:
        before = self.counts["interrupts"], len(swallowed)
        caught = 0
        try:
            self.alarms.during(partial(self.use_some, is_main=True), self.random.randint(1, 2))
        except Struck as error:
            caught = sum(isinstance(one, Struck) for one in chain([error]))
        raised = self.counts["interrupts"] - before[0]
        # Nothing gets out of a finalizer, here or in another thread.
        assert raised <= caught + len(swallowed) - before[1], f"{raised} interrupts, {caught} arrived"
        awaitable_wait(self.current.aw)

    def use_in_a_thread(self, worker: Worker) -> None:
        while not self.is_over:
            use = Outcome()
            worker.use(self.use_some, use, interruptible=True)
            assert use.struck or not use.errors, f"an error of nobody's: {use.errors}"
            assert swallowed or not use.interrupt_lost, "an interrupt was lost"

    def strike_the_others(self, workers: list[Worker]) -> None:
        while not self.is_over:
            time.sleep(self.random.uniform(SOONEST_S, LATEST_S))
            self.counts["interrupts of other threads"] += self.random.choice(workers).strike()

    def run(self, crowd: Crowd) -> None:
        director = Director(self.random, 0, 0)
        workers = [Worker(director, self.random) for _ in range(THREADS)]
        failures: list[BaseException] = []

        def use(worker: Worker) -> None:
            try:
                self.use_in_a_thread(worker)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=use, args=[worker], daemon=True) for worker in workers]
        for worker, thread in zip(workers, threads, strict=True):
            worker.thread = thread
        threads.append(threading.Thread(target=self.strike_the_others, args=[workers], daemon=True))
        with rough_conditions(), self.alarms.on():
            for thread in threads:
                thread.start()
            ends_at = time.monotonic() + ROUND_S
            while time.monotonic() < ends_at:
                self.use_in_the_main_thread()
            self.is_over = True
            join(threads)
            swallowed.clear()
        errors_in(failures)
        self.check(crowd)

    def check(self, crowd: Crowd) -> None:
        """Use every Await once more, in other threads and in this one."""
        found: dict[Job, list[Any]] = {job: [] for job in self.jobs}
        for job, value in self.found:
            found[job].append(value)

        def use_all() -> None:
            for job in self.jobs:
                found[job].append(awaitable_wait(job.aw))

        errors_in(crowd.together(use_all, use_all, here=use_all))
        for job in self.jobs:
            job.check(found[job], interrupted=True)
        crowd.counts["Awaits"] += len(self.jobs)
        crowd.counts["uses"] += len(self.found)


def interrupts(crowd: Crowd) -> None:
    """Interrupt the main thread by signals, and others by exceptions, wherever they are."""
    Interrupts(crowd).run(crowd)
