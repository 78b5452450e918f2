"""Run the runtime tests in Pyodide, where pyodide.mjs has put them and what they import.

There are no threads and no processes there; what a test says it needs of them is skipped, and listed
with the rest.
"""

import asyncio
import os
import sys
import tempfile
import time

sys.path[:0] = ["/site", "/checkout"]

import pytest  # noqa: E402

# Nothing is written into the checkout.
sys.dont_write_bytecode = True
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = tempfile.mkdtemp()


class NoFiles:
    """What the loop waits with: there are no sockets, and no other thread."""

    def select(self, timeout_s):
        """Wait for nothing but the time."""
        if timeout_s is None:
            raise RuntimeError("the event loop waits for what nothing here can bring")
        time.sleep(timeout_s)
        return []


class Loop(asyncio.BaseEventLoop):
    """CPython's own loop, for `asyncio.run`: Pyodide's is JavaScript's and does not end."""

    def __init__(self):
        super().__init__()
        self._selector = NoFiles()

    def _process_events(self, events):
        """There are none."""

    def _write_to_self(self):
        """Nobody else could have to wake the loop."""

    def run_in_executor(self, executor, function, *args):
        """Call at once, for want of threads, as Pyodide's own loop does."""
        future = self.create_future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


asyncio.new_event_loop = asyncio.events.new_event_loop = Loop
asyncio._set_running_loop(None)

print(sys.version, flush=True)
os.chdir("/checkout")
options = "-q -rfEs --no-fold-skipped -p no:cacheprovider -o addopts="
int(pytest.main([*options.split(), "tests/runtime"]))  # pyodide.mjs exits with it
