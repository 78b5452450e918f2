"""What the plugin costs mypy: `python -m benchmarks.checking [N...]`, N functions of seven uses each.

Prints mypy's CPU time and peak memory on `Await[C]`, and on ProxyStore's `Proxy[C]` where that is
installed, as multiples of those on C itself: cold (mypy's cache is empty), warm (nothing has changed),
edited (one line has), and in the daemon after the same edit. Each is the least of some runs.

`python -m benchmarks.checking uses` prints what mypy takes for one use of each kind instead, cold.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

RUNS = 3
SIZES = (500, 3_000, 16_000)

CLASS = """
class C:
    a: int
    b: str

    def m(self, n: int) -> int:
        return n
"""
FUNCTION = """
def f{number}(w: {kind}) -> int:
    x = w.a + len(w.b)
    y = w.m(x) + w.a
    return w.m(y) + w.a + w.m({edit})
"""
KINDS = {
    "C": ("", "C", ""),
    "Await[C]": ("from awaits import Await", "Await[C]", "awaits_mypy"),
    "Proxy[C]": ("from proxystore.proxy import Proxy", "Proxy[C]", "proxystore.mypy_plugin"),
}
# By what they ask for; 500 functions of twelve each are checked.
USES = {
    "attribute": "w.a",
    "method": "w.m(1)",
    "`+`": "w + 1",
    "`<`": "w < 1",
    "`==`": "w == w",
    "index": "w[1]",
    "call": "w(1)",
    "`len`": "len(w)",
    "`for`": "for _ in w: pass",
    "`sorted`": "sorted(w)",
}
USES_OF_EACH = 12
FUNCTIONS_OF_USES = 500
CLASS_OF_USES = """
from collections.abc import Iterator

class C:
    a: int
    def m(self, n: int) -> int: return n
    def __add__(self, n: int) -> int: return n
    def __lt__(self, n: int) -> bool: return True
    def __getitem__(self, n: int) -> int: return n
    def __call__(self, n: int) -> int: return n
    def __len__(self) -> int: return 1
    def __iter__(self) -> Iterator[int]: return iter([1])
"""
STATES = ("cold", "warm", "edited", "daemon")


class Program:
    """A program in a folder of its own, and mypy's caches for it."""

    def __init__(self, folder: Path, kind: str, size: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.kind = kind
        self.size = size
        plugin = KINDS[kind][2]
        settings = f"plugins = {plugin}\n" if plugin else ""
        (folder / "mypy.ini").write_text(f"[mypy]\nstrict = true\n{settings}")

    def write(self, edit: int) -> None:
        """Write the program, with this number in a line of its last function."""
        imports, annotation, _ = KINDS[self.kind]
        functions = [
            FUNCTION.format(number=number, kind=annotation, edit=edit if number == self.size - 1 else 3)
            for number in range(self.size)
        ]
        (self.folder / "program.py").write_text("\n".join([imports, CLASS, *functions]))

    def write_uses(self, use: str, number: int) -> None:
        """Write so many functions, each of which has this use twelve times."""
        imports, annotation, _ = KINDS[self.kind]
        body = f"    {use}\n" * USES_OF_EACH
        functions = [f"def f{each}(w: {annotation}) -> None:\n{body}" for each in range(number)]
        (self.folder / "program.py").write_text("\n".join([imports, CLASS_OF_USES, *functions]))

    def check(self) -> tuple[float, float]:
        """Run mypy; return its CPU time in seconds and its peak memory in bytes."""
        return _measured([sys.executable, "-m", "mypy", "program.py"], self.folder)

    def check_in_daemon(self) -> tuple[float, float]:
        """Check in a daemon that is started before, edit, and return what the second check takes."""
        dmypy = [sys.executable, "-m", "mypy.dmypy"]
        _run([*dmypy, "start"], self.folder)
        try:
            _run([*dmypy, "check", "program.py"], self.folder)
            pid = json.loads((self.folder / ".dmypy.json").read_text())["pid"]
            before = _cpu_of(pid)
            self.write(edit=500)
            _run([*dmypy, "check", "program.py"], self.folder)
            return _cpu_of(pid) - before, _peak_of(pid)
        finally:
            _run([*dmypy, "stop"], self.folder)


def measure(program: Program) -> dict[str, tuple[float, float]]:
    """Return CPU time and peak memory for each way to run mypy."""
    program.write(edit=3)
    found = {"cold": program.check(), "warm": program.check()}
    program.write(edit=40)  # of another length: mypy may not see what is edited within a second
    found["edited"] = program.check()
    found["daemon"] = program.check_in_daemon()
    return found


def seconds_of_use(use: str, kinds: list[str]) -> dict[str, float]:
    """Return the CPU time for one such use of each kind of value, the least of some runs."""
    least: dict[tuple[str, int], float] = {}
    for kind in kinds * RUNS:
        for number in (1, 1 + FUNCTIONS_OF_USES):
            with tempfile.TemporaryDirectory() as folder:
                program = Program(Path(folder) / "p", kind, number)
                program.write_uses(use, number)
                cpu, _ = program.check()
            least[kind, number] = min(least.get((kind, number), cpu), cpu)
    number = FUNCTIONS_OF_USES * USES_OF_EACH
    return {kind: (least[kind, 1 + FUNCTIONS_OF_USES] - least[kind, 1]) / number for kind in kinds}


def print_uses(kinds: list[str]) -> None:
    """Print a row for each use, with the time in microseconds."""
    print("use | " + " | ".join(kinds))
    for name, use in USES.items():
        seconds = seconds_of_use(use, kinds)
        print(f"{name} | " + " | ".join(f"{1e6 * each:.0f}" for each in seconds.values()), flush=True)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _measured(command: list[str], folder: Path) -> tuple[float, float]:
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024.0


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_of(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) * 1024


def main() -> None:
    """Measure in turn, so that what else the machine does strikes all alike."""
    kinds = [kind for kind in KINDS if kind != "Proxy[C]" or find_spec("proxystore")]
    if sys.argv[1:] == ["uses"]:
        print_uses(kinds)
        return
    for size in [int(size) for size in sys.argv[1:]] or SIZES:
        least: dict[tuple[str, str], tuple[float, float]] = {}
        for _ in range(RUNS):
            for kind in kinds:
                with tempfile.TemporaryDirectory() as folder:
                    for state, found in measure(Program(Path(folder) / "p", kind, size)).items():
                        known = least.get((kind, state), found)
                        least[kind, state] = min(known[0], found[0]), min(known[1], found[1])
        print(f"\n{size:,} functions | " + " | ".join(STATES))
        for kind in kinds:
            cells = []
            for state in STATES:
                (cpu, peak), (base, base_peak) = least[kind, state], least["C", state]
                cells.append(f"{cpu:.2f} s, {cpu / base:.2f} x, memory {peak / base_peak:.2f} x")
            print(f"{kind} | " + " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
