"""What mypy accepts of an Await in the place of a W works, and what it refuses does not.

Each statement is checked by mypy and executed. It works if Python does not refuse it, no container is
left with an Await in it, and an expression gives a value of the type that mypy reveals.
"""

import __future__

import re
import subprocess
import sys
from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import pytest

from awaits import Await, awaitable

IMPORTS = """\
from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary
from awaits import Await
"""
CONFIG = "[mypy]\nplugins = awaits_mypy\nstrict = true\n"

# A class that wants the class of its keys, and says so.
OWN = """\
class Own(dict[str, int]):
    def __getitem__(self, key: str) -> int:
        if not isinstance(key, str): raise TypeError(key)
        return 0
class Keeping(dict[str, int]):
    def __missing__(self, key: str) -> int:
        self[key] = 0
        return 0
class Key: ...
"""
own: dict[str, Any] = {}
exec(OWN, own)
THE_KEY = own["Key"]()


class Value(NamedTuple):
    annotation: str
    make: Callable[[], Any]


def pending(value: Any) -> Any:
    return awaitable(lambda: value)


VALUES = {
    "k": Value("Await[str]", lambda: pending("k")),
    "n": Value("Await[int]", lambda: pending(1)),
    "absent": Value("Await[str]", lambda: pending("l")),
    "far": Value("Await[int]", lambda: pending(3)),
    "either": Value("Await[str] | str", lambda: pending("k")),
    "nested": Value("Await[Await[str]]", lambda: pending(pending("k"))),
    "key": Value("Await[Key]", lambda: pending(THE_KEY)),
    "new_key": Value("Await[Key]", lambda: pending(own["Key"]())),
    "cut": Value("Await[slice[int, None, None]]", lambda: pending(slice(1, None))),
    "index": Value("Await[int | slice[int, None, None]]", lambda: pending(slice(1, None))),
    "none": Value("Await[int | None]", lambda: pending(None)),
    "ns": Value("Await[list[int]]", lambda: pending([1])),
    "lazy": Value("Await[dict[str, int]]", lambda: pending({"k": 1})),
    "x": Value("Await[float]", lambda: pending(1.5)),
    "digits": Value("Await[str]", lambda: pending("5")),
    "unlike": Value("Await[tuple[int, float]]", lambda: pending((1, 2.5))),
    "aws": Value("list[Await[int]]", lambda: [pending(1), pending(2)]),
    "floats": Value("list[Await[float]]", lambda: [pending(1.5)]),
    "lazy_aws": Value("Await[list[Await[int]]]", lambda: pending([pending(1)])),
    "by_name": Value("dict[str, Await[int]]", lambda: {"k": pending(1)}),
    "some": Value("list[Await[int] | float]", lambda: [pending(1), 2.5]),
    "d": Value("dict[str, int]", lambda: {"k": 1}),
    "pairs": Value("dict[tuple[str, int], int]", lambda: {("k", 1): 1}),
    "ordered": Value("OrderedDict[str, int]", lambda: OrderedDict(k=1)),
    "counter": Value("Counter[str]", lambda: Counter({"k": 1})),
    "default": Value("defaultdict[str, int]", lambda: defaultdict(int)),
    "user_d": Value("UserDict[str, int]", lambda: UserDict({"k": 1})),
    "own": Value("Own", own["Own"]),
    "keeping": Value("Keeping", own["Keeping"]),
    "chain": Value("ChainMap[str, int]", lambda: ChainMap(own["Own"](k=1))),
    "proxy": Value("MappingProxyType[str, int]", lambda: MappingProxyType(own["Own"](k=1))),
    "mapping": Value("Mapping[str, int]", lambda: own["Own"](k=1)),
    "others": Value("Await[set[int]]", lambda: pending({1, 5})),
    "frozen": Value("Await[frozenset[int]]", lambda: pending(frozenset({1, 5}))),
    "weak": Value("WeakKeyDictionary[Key, int]", lambda: WeakKeyDictionary({THE_KEY: 1})),
    "of_weak": Value("WeakValueDictionary[str, Key]", lambda: WeakValueDictionary({"k": THE_KEY})),
    "weak_s": Value("WeakSet[Key]", lambda: WeakSet([THE_KEY])),
    "xs": Value("list[int]", lambda: [0, 1, 2]),
    "user_xs": Value("UserList[int]", lambda: UserList([0, 1, 2])),
    "fixed": Value("tuple[int, str]", lambda: (1, "k")),
    "text": Value("str", lambda: "0k2"),
    "numbers": Value("range", lambda: range(3)),
    "queue": Value("deque[int]", lambda: deque([0, 1, 2])),
    "raw": Value("array[int]", lambda: array("i", [0, 1, 2])),
    "s": Value("set[int]", lambda: {0, 1, 2}),
}

ACCEPTED = """\
return d[k]
return d[either]
return d[nested]
return lazy[k]
return d.get(k)
return d.get(k, None)
return d.get(k, "")
return d.pop(k)
return d.pop(k, None)
return lazy.pop(k)
del d[k]
del lazy[k]
d[k] += 1
return pairs[k, n]
return pairs.get((k, 1))
return ordered[k]
return ordered.pop(k)
return ordered.move_to_end(k)
return counter[k]
return counter.get(k)
return default.get(k)
return default.pop(k, None)
return user_d[k]
del user_d[k]
return weak[key]
del weak[key]
return weak.get(key)
return weak.get(key, None)
return weak.pop(key)
return weak.pop(key, "")
return of_weak[k]
del of_weak[k]
return of_weak.get(k)
return of_weak.get(k, None)
return of_weak.pop(k)
return of_weak.pop(k, None)
weak_s.discard(key)
weak_s.remove(key)
return own.get(k)
return keeping.pop(k, None)
return xs[n]
return xs[n:]
xs[n] = 1
xs[n:] = [1]
xs[n] += 1
del xs[n]
return xs.index(n)
return xs.index(1, n)
return xs.count(n)
xs.remove(n)
return xs.pop(n)
return user_xs[n]
return user_xs.index(n)
return user_xs.count(n)
user_xs.remove(n)
return fixed[n]
return fixed.index(n)
return fixed.count(n)
return text[n]
return text[n:]
return numbers[n]
return numbers.index(n)
return numbers.count(n)
return queue[n]
return queue.index(n)
return queue.count(n)
queue.remove(n)
return raw[n]
raw[n] = 1
return raw.index(n)
return raw.count(n)
raw.remove(n)
s.remove(n)
s.discard(n)
s |= others; return s
s &= others; return s
s -= frozen; return s
s ^= frozen; return s
return sum(aws)
return sum(floats)
return sum(some)
return sum(lazy_aws)
return sum(by_name.values())
return sum(aw for aw in aws)
return sum([n, 1])
return sum((n, x))
return sum(ns)
return sum(unlike)
return sum([1], n)
return sum(floats, 1.0)
return max(n, 1)
return max(1, x)
return max(n, far)
return max(aws)
return max([n, 1])
return max([n, 1], default=None)
return max(unlike)
return min(n, 1, 0.5)
return min(ns, default=n)
return max(unlike, key=str)
return sorted(unlike)
return sorted(aws)
return sorted(ns, key=str, reverse=True)
return int(n)
return int(digits)
return int("2", far)
return float(n)
return float(digits)
return complex(digits)
return complex(n, x)
return pow(n, 2)
return pow(2, n)
return pow(x, n)
return pow(n, 2, 5)
return pow(n, far, far)
return pow(base=n, exp=2)
return round(x)
return round(x, 1)
return round(1.5, n)
return round(x, n)
return divmod(n, 2)
return divmod(7, n)
return divmod(x, n)
return abs(n)
""".splitlines()

REFUSED = """\
d[absent] = 1
d.setdefault(absent, 1)
counter[absent] += 1
return default[absent]
default[absent] += 1
return keeping[absent]
return own[k]
user_d[absent] = 1
s.add(far)
weak[new_key] = 1
weak.setdefault(new_key, 1)
weak_s.add(new_key)
of_weak[absent] = weak_s.pop()
xs.append(n)
xs.insert(0, n)
return xs[cut]
return xs[index]
xs[cut] = [1]
del xs[cut]
return xs[none:]
return xs[:none]
return text[none:]
return d[ns]
return d[n]
xs.remove(k)
return mapping[k]
return chain[k]
return proxy[k]
return text.index(k)
s |= aws
s |= ns
return int(digits, 16)
return pow(2, n, 5)
return pow(2, 3, n)
return sum([k])
return divmod(k, 2)
return round(k)
return int(ns)
return pow(k, 2)
return ord(k)
""".splitlines()

# mypy refuses these of a plain value too. Python finds no such key, and no such item.
OF_ANOTHER_TYPE = ["return d[n]", "xs.remove(k)"]


def program(statements: list[str]) -> str:
    """Return a module with a function for each statement."""
    parameters = ", ".join(f"{name}: {value.annotation}" for name, value in VALUES.items())
    revealing = [
        re.sub(r"\breturn (.*)", r"r = reveal_type(\1); return r", statement) for statement in statements
    ]
    functions = [
        f"def f{at}({parameters}) -> {'object' if 'return' in line else 'None'}: {line}\n"
        for at, line in enumerate(revealing)
    ]
    return IMPORTS + OWN + "".join(functions)


class Judged(NamedTuple):
    messages: list[str]
    error: Exception | None
    result: Any
    keeps_await: bool

    @property
    def revealed(self) -> str:
        return "".join(re.findall(r'Revealed type is "(.*)"', "".join(self.messages)))


def execute(function: Callable[..., Any], messages: list[str]) -> Judged:
    values = {name: value.make() for name, value in VALUES.items()}
    error = result = None
    try:
        result = function(**values)
    except (TypeError, LookupError, ValueError) as raised:
        error = raised
    containers = (values[name] for name in values if "Await" not in VALUES[name].annotation)
    kept = any(isinstance(item, Await) for container in containers for item in container)
    return Judged(messages, error, result, kept)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judged]:
    """Return what mypy and Python say of each statement."""
    folder = tmp_path_factory.mktemp("statements")
    statements = [*ACCEPTED, *REFUSED]
    text = program(statements)
    (folder / "main.py").write_text(text)
    (folder / "mypy.ini").write_text(CONFIG)
    said = subprocess.run(
        [sys.executable, "-m", "mypy", "main.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    namespace: dict[str, Any] = {}
    flag = __future__.annotations.compiler_flag  # `array[int]` cannot be evaluated on Python 3.11
    exec(compile(text, "main.py", "exec", flag), namespace)
    namespace["reveal_type"] = lambda value: value
    first = (
        text.splitlines().index(next(line for line in text.splitlines() if line.startswith("def f0(")))
        + 1
    )
    messages: dict[int, list[str]] = defaultdict(list)
    for line, message in re.findall(r"^main\.py:(\d+): (.*)", said.stdout, re.MULTILINE):
        messages[int(line) - first].append(message)
    return {
        statement: execute(namespace[f"f{at}"], messages[at]) for at, statement in enumerate(statements)
    }


@pytest.mark.parametrize("statement", ACCEPTED)
def test_accepted_statement_works(statement: str, judged: dict[str, Judged]) -> None:
    outcome = judged[statement]
    assert not re.findall("error: .*", "\n".join(outcome.messages))
    assert outcome.error is None
    assert not outcome.keeps_await
    name = "None" if outcome.result is None else type(outcome.result).__name__
    assert outcome.revealed == "Any" or name in (outcome.revealed or "None")


@pytest.mark.parametrize("statement", REFUSED)
def test_refused_statement_fails_or_keeps_the_await(statement: str, judged: dict[str, Judged]) -> None:
    outcome = judged[statement]
    assert "error: " in "\n".join(outcome.messages)
    if statement not in OF_ANOTHER_TYPE:
        assert outcome.keeps_await or isinstance(outcome.error, TypeError)
