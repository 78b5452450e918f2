"""Graphs of Awaits on dask: its local schedulers, and a cluster of processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="dask and distributed are not installed")

import dask
from distributed import Client, LocalCluster

from awaits import (
    Await,
    awaitable,
    awaitable_all,
    awaitable_done,
    awaitable_nowait,
    awaitable_wait,
    delayed,
)
from awaits.dask import to_delayed
from awaits.executors import as_completed, prefetch, wait_all
from tests.runtime.calls import fetched, plus, total


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as made,
    ):
        yield made


@delayed
def failing() -> int:
    raise ValueError("no")


def graph(folder: Path) -> tuple[Await[Any], Await[Any], Await[Any]]:
    shared = plus(folder, 1)
    above = total(shared, plus(folder, shared, by=2), x=fetched(shared))
    return shared, above, total(above, shared)


def test_a_graph_becomes_dasks_with_the_same_sharing(tmp_path: Path) -> None:
    aws = graph(tmp_path)
    assert dask.compute(*map(to_delayed, aws), scheduler="threads") == (2, 26, 28)
    assert len(list(tmp_path.iterdir())) == 2
    assert not any(map(awaitable_done, aws))


@delayed
def longest(lists: list[Any], more: list[Any]) -> int:
    return max(len(lists), len(more))


def test_many_awaits_as_one_argument_are_a_node(client: Any, tmp_path: Path) -> None:
    parts = [plus(tmp_path, n) for n in range(3)]
    aw = longest(awaitable_all(parts), awaitable_all([awaitable_all(parts), parts[0]]))
    assert dask.compute(to_delayed(aw), scheduler="threads") == (3,)
    assert len(list(tmp_path.iterdir())) == 3
    assert wait_all([aw, awaitable_all(parts)], client) == [3, [1, 2, 3]]


def test_the_nodes_are_named_after_their_functions(tmp_path: Path) -> None:
    names = {key.rpartition("-")[0] for key in dict(to_delayed(graph(tmp_path)[2]).dask)}
    assert names == {"plus", "total", "fetched"}


def test_values_that_look_like_dasks_own_stay_what_they_are(tmp_path: Path) -> None:
    shared = plus(tmp_path, 1)
    key = to_delayed(shared).key
    aw = delayed(lambda *args: args)(shared, key, (len, [1]), {"a": key}, awaitable_nowait([key]))
    assert dask.compute(to_delayed(aw), scheduler="sync") == ((2, key, (len, [1]), {"a": key}, [key]),)


def test_a_complete_await_is_its_value() -> None:
    assert to_delayed(awaitable_nowait(3)).compute(scheduler="sync") == 3


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="needs an Await, not 'int'"):
        to_delayed(3)  # type: ignore[arg-type]


def test_wait_all_on_a_cluster_completes_the_awaits(client: Any, tmp_path: Path) -> None:
    aws = graph(tmp_path)
    assert wait_all([*aws, awaitable(int, "5"), fetched(1)], client) == [2, 26, 28, 5, 10]
    assert all(map(awaitable_done, aws))
    runs = [file.name.split() for file in tmp_path.iterdir()]
    assert sorted(run[0] for run in runs) == ["plus-1-1", "plus-2-2"]
    assert str(os.getpid()) not in {run[1] for run in runs}


def test_what_is_between_stays_on_the_workers(client: Any, tmp_path: Path) -> None:
    below = plus(tmp_path, 1)
    assert wait_all([total(below, 1)], client) == [3]
    assert not awaitable_done(below)


def test_a_failure_names_its_await_and_loses_nothing(client: Any, tmp_path: Path) -> None:
    good, bad = plus(tmp_path, 1), total(failing(), 1)
    wait_all([good], client)
    with pytest.raises(ValueError, match="no") as caught:
        wait_all([bad, good], client)
    assert caught.value.aw is bad  # type: ignore[attr-defined]
    assert awaitable_done(good)


def test_as_completed_and_prefetch_on_a_cluster(client: Any, tmp_path: Path) -> None:
    aws = [plus(tmp_path, n) for n in range(3)]
    assert sorted(aw + 0 for aw in as_completed(aws, client)) == [1, 2, 3]
    assert awaitable_wait(prefetch(plus(tmp_path, 5), client)) == 6


def test_the_executor_of_a_client_is_one_like_another(client: Any, tmp_path: Path) -> None:
    assert wait_all(graph(tmp_path), client.get_executor()) == [2, 26, 28]
    assert len(list(tmp_path.iterdir())) == 2


def test_lokys_executor_is_one_like_another(tmp_path: Path) -> None:
    loky = pytest.importorskip("loky", reason="loky is not installed")
    assert wait_all(graph(tmp_path), loky.get_reusable_executor(2)) == [2, 26, 28]
    assert len(list(tmp_path.iterdir())) == 2


def test_the_example_gives_on_dask_what_it_gives_on_threads(tmp_path: Path) -> None:
    program = str(Path(__file__).parents[2] / "examples" / "logs.py")
    command = [sys.executable, program, str(tmp_path), "--files", "5", "--lines", "40", "--on"]
    printed = [
        subprocess.run([*command, kind], capture_output=True, text=True, check=True).stdout
        for kind in ("threads", "dask")
    ]
    assert printed[0] == printed[1]
    assert printed[0].startswith("200 requests")


def test_what_stands_in_a_script_goes_to_the_cluster(client: Any, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import sys\nfrom distributed import Client\n"
        "from awaits import delayed\nfrom awaits.executors import wait_all\n"
        "@delayed\ndef twice(n):\n    return 2 * n\n"
        "if __name__ == '__main__':\n"
        "    with Client(sys.argv[1]) as client:\n"
        "        executor = client.get_executor()\n"
        "        print(wait_all([twice(twice(1))], client), wait_all([twice(3)], executor))\n"
    )
    command = [sys.executable, str(tmp_path / "script.py"), client.scheduler.address]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[4] [6]\n"
