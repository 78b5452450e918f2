"""Overlap two slow loads with a computation, as TorchRec overlaps communication with it.

The loads start at once, on threads; what they give is an Await[Tensor] that is used like the tensor, and
waits only there.  Usage: python overlap.py [SECONDS]     (needs torch)
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

try:
    import torch
    from torch import Tensor
except ImportError:
    sys.exit("overlap.py needs torch: pip install torch")

from awaits import Await, awaitable


def load(path: Path, delay_s: float) -> Tensor:
    """Read a tensor of two dimensions from a file, over a slow line."""
    time.sleep(delay_s)
    tensor: Tensor = torch.load(path)
    return tensor


def start_load(executor: Executor, path: Path, delay_s: float) -> Await[Tensor]:
    """Start the load, and return an Await of what it gives."""
    return awaitable(executor.submit(load, path, delay_s).result)


def compute(duration_s: float) -> Tensor:
    """Multiply a matrix by itself again and again, for so long."""
    matrix = torch.eye(64)
    end = time.perf_counter() + duration_s
    while time.perf_counter() < end:
        matrix = matrix @ matrix
    return matrix


def one_after_the_other(paths: list[Path], delay_s: float) -> Tensor:
    """Load both, compute, and put everything together."""
    left, right = (load(path, delay_s) for path in paths)
    return torch.cat([left @ compute(delay_s), right])


def overlapped(paths: list[Path], delay_s: float) -> Tensor:
    """Do the same, but wait for each load only where its tensor is used."""
    with ThreadPoolExecutor() as executor:
        left, right = (start_load(executor, path, delay_s) for path in paths)
        computed = compute(delay_s)
        return torch.cat([left @ computed, right])


def timed(function: Callable[[list[Path], float], Tensor], paths: list[Path], delay_s: float) -> float:
    """Return the seconds that the function takes."""
    start = time.perf_counter()
    assert function(paths, delay_s).shape == (128, 64)
    return time.perf_counter() - start


def main(delay_s: float = 0.5) -> None:
    """Do the work in both ways, and print how the times compare."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("left.pt", "right.pt")]
        for path in paths:
            torch.save(torch.rand(64, 64), path)
        ratio = timed(overlapped, paths, delay_s) / timed(one_after_the_other, paths, delay_s)
    print(f"overlapped, it takes {ratio:.2f} of the time")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
