"""Random schedules of threads over a small graph of Awaits, and what must hold whatever happens.

A schedule is drawn from a seed: the Awaits and which of them need which, what becomes of their runs,
what each thread does with them, and where threads pause. Seeds and not Hypothesis, as what the
operating system does to threads is not drawn: a failure need not come again for a smaller example,
and an interrupt of the main thread would hit Hypothesis too.

    python -m tests.runtime.schedules 2000 --seed 7
"""

import argparse
import asyncio
import copy
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

from awaits import (
    Await,
    AwaitCycleError,
    AwaitError,
    awaitable,
    awaitable_done,
    awaitable_release,
    awaitable_wait,
)
from tests.runtime.stepping import (
    HANG_S,
    Director,
    HangError,
    Outcome,
    Worker,
    chain,
    current_use,
    entries,
    pause,
    rough_conditions,
    stacks,
    swallowed,
)

# Uses of a plain Await that give its W.
USES: dict[str, Callable[[Any], Any]] = {
    "wait": awaitable_wait,
    "attribute": lambda aw: aw.itself,
    "operator": lambda aw: aw + 1,
    "call": lambda aw: aw(),
    "release": awaitable_release,
}
FAILURES = [ValueError, AttributeError, KeyboardInterrupt, SystemExit]


@dataclass(frozen=True)
class NodePlan:
    """An Await: its function, and what becomes of its first runs. Later ones return."""

    is_coroutine: bool
    needs: tuple[tuple[int, str], ...]
    bears_cycles: bool
    failures: tuple[type[BaseException], ...]


@dataclass(frozen=True)
class Action:
    """What a thread does with some of the Awaits."""

    kind: str
    nodes: tuple[int, ...]
    cancels: bool = False


@dataclass(frozen=True)
class Plan:
    """A schedule."""

    nodes: tuple[NodePlan, ...]
    threads: tuple[tuple[Action, ...], ...]
    interrupts: int
    pauses_between_lines: float
    seed: str = field(repr=False)

    def needs(self, node: int) -> set[int]:
        return {needed for needed, _ in self.nodes[node].needs}

    def needs_itself(self, node: int) -> bool:
        seen: set[int] = set()
        found = self.needs(node)
        while found - seen:
            seen |= found
            found = set().union(*map(self.needs, found))
        return node in seen


def draw(seed: str) -> Plan:
    """Draw a schedule."""
    random = Random(seed)
    size = random.randint(1, 5)
    may_cycle = random.random() < 0.4
    coroutines = {node for node in range(size) if random.random() < 0.2}

    def draw_node(node: int) -> NodePlan:
        needed = range(size) if may_cycle else range(node + 1, size)
        # A plain function cannot wait for what a coroutine awaits to.
        candidates = [other for other in needed if node in coroutines or other not in coroutines]
        needs = random.sample(candidates, min(len(candidates), random.choice([0, 1, 1, 2])))
        failures = random.choices(FAILURES, [3, 2, 1, 1], k=random.choice([0, 0, 1, 2]))
        return NodePlan(
            node in coroutines,
            tuple((other, random.choice(list(USES))) for other in needs),
            random.random() < 0.3,
            tuple(failures),
        )

    nodes = tuple(draw_node(node) for node in range(size))
    plan = Plan(nodes, (), random.choice([0, 0, 1, 3]), random.choice([0, 0.1, 0.3]), seed)

    def draw_action() -> Action:
        node = random.randrange(size)
        kinds = ["await"] if node in coroutines else [*USES, *USES, "await"]
        if not plan.needs_itself(node) and node not in coroutines:
            kinds.append("copy")
        kind = random.choice([*kinds, "look"])
        if kind != "await":
            return Action(kind, (node,))
        others = random.sample(range(size), random.randint(0, size - 1))
        return Action(kind, (node, *others[:2]), random.random() < 0.3)

    def draw_thread() -> tuple[Action, ...]:
        return tuple(draw_action() for _ in range(random.randint(1, 4)))

    threads = tuple(draw_thread() for _ in range(random.randint(2, 4)))
    return Plan(nodes, threads, plan.interrupts, plan.pauses_between_lines, seed)


class Product:
    """What an Await gives."""

    @property
    def itself(self) -> "Product":
        return self

    def __add__(self, other: object) -> "Product":
        return self

    def __call__(self) -> "Product":
        return self

    def __copy__(self) -> "Product":
        return self


class Run:
    """One run of a function, for one use of one Await."""

    def __init__(self, of: object) -> None:
        self.use = current_use.get()
        self.of_a_copy = isinstance(self.use, CopyUse) and self.use.node is of
        self.product: Product | None = None
        self.failure: BaseException | None = None


class Node:
    """An Await of a schedule, and all that happened to it."""

    def __init__(self, schedule: "Schedule", position: int, plan: NodePlan) -> None:
        self.schedule = schedule
        self.position = position
        self.plan = plan
        self.failures = list(plan.failures)
        self.runs: list[Run] = []
        self.under_way: dict[Run, None] = {}
        self.uses: list[Outcome] = []
        self.released = False
        function = self._coroutine_function() if plan.is_coroutine else self._function()
        function.__qualname__ = f"n{position}"
        self.aw: Any = awaitable(function)

    # No context manager for the run: an interrupt may come on the way into its `__exit__`.

    def _function(self) -> Callable[[], Product]:
        def call() -> Product:
            run = Run(self)
            try:
                try:
                    self._begin(run)
                    if not self.schedule.settled:
                        for needed, how in self.plan.needs:
                            pause()
                            with self._bearing_cycles():
                                USES[how](self.schedule.nodes[needed].aw)
                        pause()
                    return self._end(run)
                finally:
                    self.under_way.pop(run, None)
            finally:  # an interrupt may have come before the line above
                self.under_way.pop(run, None)

        return call

    def _coroutine_function(self) -> Callable[[], Any]:
        async def call() -> Product:
            run = Run(self)
            try:
                self._begin(run)
                if not self.schedule.settled:
                    for needed, _ in self.plan.needs:
                        await asyncio.sleep(0)
                        with self._bearing_cycles():
                            await self.schedule.nodes[needed].aw
                    await asyncio.sleep(0)
                return self._end(run)
            finally:
                self.under_way.pop(run, None)

        return call

    @contextmanager
    def _bearing_cycles(self) -> Iterator[None]:
        try:
            yield
        except AwaitCycleError as error:
            self.schedule.check_cycle(error)
            if not self.plan.bears_cycles:
                raise

    def _begin(self, run: Run) -> None:
        self.runs.append(run)
        if not run.of_a_copy:
            self.under_way[run] = None
            if len(self.under_way) > 1:
                self.schedule.differ(f"{len(self.under_way)} runs of n{self.position} at once")

    def _end(self, run: Run) -> Product:
        with suppress(IndexError):  # a copy runs the same function
            if not self.schedule.settled:
                run.failure = self.failures.pop(0)("drawn")
        if run.failure is not None:
            raise run.failure
        run.product = Product()
        return run.product


class CopyUse(Outcome):
    """The use of a copy of this node's Await."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node


class AsyncUse(Outcome):
    """The use of some Awaits by tasks of one loop."""

    def __init__(self, cancels: bool) -> None:
        super().__init__()
        self.cancels = cancels


class Schedule:
    """One run of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.settled = False  # from then on every function just returns
        self.differences: list[str] = []
        self.counts: Counter[str] = Counter()
        self.nodes = [Node(self, position, node) for position, node in enumerate(plan.nodes)]
        self.uses: list[Outcome] = []

    def differ(self, difference: str) -> None:
        self.differences.append(difference)

    def check_cycle(self, error: AwaitCycleError) -> None:
        self.counts["cycles"] += 1
        names = str(error).partition(": ")[2].split(" -> ")
        cycle = [int(name[1:]) for name in names]
        closed = len(cycle) > 1 and cycle[0] == cycle[-1]
        if not closed or any(needed not in self.plan.needs(node) for node, needed in pairwise(cycle)):
            self.differ(f"a false cycle: {error}")

    def run(self) -> None:
        """Run the threads, and check what holds afterwards."""
        before = entries()
        swallowed.clear()
        director = Director(Random(self.plan.seed), self.plan.pauses_between_lines, self.plan.interrupts)
        try:
            director.run([partial(self._act, actions) for actions in self.plan.threads])
            self._check_uses()
            self._settle()
            self._check_runs()
        except HangError as error:
            self.differ(str(error))
            return
        self.counts["interrupts"] += director.struck
        self.counts["steps"] += director.steps
        left = {name: len(found - before[name]) for name, found in entries().items()}
        # An interrupt may strike while the tables are put in order.
        if max(left.values()) > director.struck:
            self.differ(f"left in the tables: {left}")

    def _act(self, actions: tuple[Action, ...], worker: Worker) -> None:
        for action in actions:
            node = self.nodes[action.nodes[0]]
            if action.kind == "look":
                self._look(node)
                continue
            use = Outcome()
            call = partial(USES.get(action.kind, awaitable_wait), node.aw)
            if action.kind == "copy":
                use = CopyUse(node)
                call = partial(lambda aw: awaitable_wait(copy.copy(aw)), node.aw)
            elif action.kind == "await":
                use = AsyncUse(action.cancels)
                aws = [self.nodes[position].aw for position in action.nodes]
                call = partial(asyncio.run, use_in_tasks(aws, action.cancels))
            else:
                node.uses.append(use)
            self.uses.append(use)
            # asyncio itself does not survive an interrupt between any two lines.
            worker.use(call, use, interruptible=action.kind != "await")
            if action.kind == "await":
                for position, result in zip(action.nodes, use.value or (), strict=False):
                    self._keep_result(self.nodes[position], result, use)
            elif action.kind == "release" and use.value is not None:
                node.released = True
            pause()

    def _keep_result(self, node: Node, result: Any, use: Outcome) -> None:
        if isinstance(result, BaseException):
            use.errors.append(result)
        else:
            one = Outcome()
            one.value = result
            node.uses.append(one)

    def _look(self, node: Node) -> None:
        aw = node.aw
        was_done = awaitable_done(aw)
        shown = repr(aw)
        if was_done and not shown.startswith("<Await done: ") and not node.plan.is_coroutine:
            self.differ(f"n{node.position} was done and is shown as {shown}")
        if not isinstance(aw, Await) or aw.is_nowait():
            self.differ(f"n{node.position} is not an Await of a call: {shown}")
        try:
            if aw.fn().__qualname__ != f"n{node.position}" or aw.args() != ():
                self.differ(f"n{node.position} has another call: {aw.fn()} {aw.args()}")
        except AwaitError:
            if not awaitable_done(aw):
                self.differ(f"n{node.position} has lost its call")

    def _check_uses(self) -> None:
        for use in self.uses:
            if use.interrupt_lost and not swallowed:
                self.differ("an interrupt was lost")
            for error in chain(use.errors):
                if isinstance(error, AwaitCycleError):
                    self.check_cycle(error)
                elif str(error) == "Event loop stopped before Future completed.":
                    pass  # asyncio's, of tasks that raise SystemExit
                elif not isinstance(
                    error, (AwaitError, asyncio.CancelledError, KeyboardInterrupt, *FAILURES)
                ):
                    self.differ(f"an error of nobody's: {error!r}")

    def _settle(self) -> None:
        """Use every Await once more, in a fresh thread."""
        self.settled = True
        errors: list[BaseException] = []

        def use_all() -> None:
            try:
                for node in self.nodes:
                    use = Outcome()
                    if node.plan.is_coroutine:
                        [use.value] = asyncio.run(use_in_tasks([node.aw], cancels=False))
                    else:
                        use.value = awaitable_wait(node.aw)
                    node.uses.append(use)
            except BaseException as error:
                errors.append(error)

        fresh = threading.Thread(target=use_all, daemon=True)
        fresh.start()
        fresh.join(HANG_S)
        if fresh.is_alive():
            raise HangError(f"it does not end in a fresh thread afterwards:\n{stacks()}")
        if errors:
            self.differ(f"afterwards, a fresh thread gets {errors[0]!r}")

    def _check_runs(self) -> None:
        reached = {id(error) for use in self.uses for error in chain(use.errors)}
        for node in self.nodes:
            name = f"n{node.position}"
            values = [use.value for use in node.uses if use.value is not None]
            runs = [run for run in node.runs if not run.of_a_copy]
            copied = [run.product for run in node.runs if run.of_a_copy]
            self.counts["uses"] += len(values)
            self.counts["runs"] += len(node.runs)
            if any(value is not values[0] for value in values):
                self.differ(f"{name} gave {len(set(map(id, values)))} objects")
            lost = [run for run in runs if run.product and run.product not in values]
            if any(run.use is None or not run.use.struck for run in lost):
                self.differ(f"{name} lost the result of a run")
            copies = [use.value for use in self.uses if isinstance(use, CopyUse) and use.node is node]
            if any(value not in (None, values[0], *copied) for value in copies):
                self.differ(f"a copy of {name} gave neither its value nor one of its own")
            for run in node.runs:
                if run.failure is not None:
                    self.counts["failures"] += 1
                    excused = run.use is None or run.use.struck or isinstance(run.use, AsyncUse)
                    if id(run.failure) not in reached and not excused:
                        self.differ(f"{name} failed and nobody was told")
            if node.released and not node.plan.is_coroutine:
                try:
                    node.aw.fn()
                    self.differ(f"{name} was released and has its call")
                except AwaitError:
                    pass


class DaemonThreads(ThreadPoolExecutor):
    """An executor whose threads, when they hang, let the process end."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        thread = threading.Thread(
            target=self._fill, args=(future, partial(fn, *args, **kwargs)), daemon=True
        )
        self.threads.append(thread)
        thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for thread in self.threads:
            thread.join()

    def _fill(self, future: "Future[Any]", call: Callable[[], Any]) -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)


async def use_in_tasks(aws: list[Any], cancels: bool) -> list[Any]:
    """Await each in a task; maybe cancel the first. Return what each gave or raised."""

    async def use(aw: Any) -> Any:
        return await aw

    asyncio.get_running_loop().set_default_executor(DaemonThreads())
    tasks = [asyncio.create_task(use(aw)) for aw in aws]
    if cancels:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[0].cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


def run_schedules(count: int, seed: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    """Run that many schedules; return what was counted, and the differences from what must hold."""
    counts: Counter[str] = Counter()
    differences: list[str] = []
    with rough_conditions():
        for number in range(first, first + count):
            schedule = Schedule(draw(f"{seed}/{number}"))
            schedule.run()
            counts += schedule.counts
            counts["schedules"] += 1
            for difference in schedule.differences:
                differences.append(f"seed {seed}, schedule {number}: {difference}\n  {schedule.plan}")
            if any(text.startswith("it does not end") for text in schedule.differences):
                break  # threads that hang disturb what comes next
    return counts, differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first schedule")
    options = parser.parse_args()
    began = time.perf_counter()
    counts, differences = run_schedules(options.count, options.seed, options.first)
    for difference in differences:
        print(difference)
    print(", ".join(f"{counts[name]:,} {name}" for name in sorted(counts)))
    print(
        f"seed {options.seed}: {counts['schedules']:,} schedules, {len(differences)} differences"
        f" ({time.perf_counter() - began:.1f} s)"
    )
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
