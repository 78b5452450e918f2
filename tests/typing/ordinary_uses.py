"""Ordinary uses of an Await, in which no type checker may find an error.

What is asserted is what all of them infer: mypy with and without the plugin, pyright, pyrefly and ty.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Container,
    Iterable,
    Iterator,
    Mapping,
    Reversible,
    Sized,
)
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, SupportsFloat, SupportsIndex, TextIO, TypeVar, assert_type

from awaits import (
    Await,
    awaitable,
    awaitable_all,
    awaitable_done,
    awaitable_nowait,
    awaitable_release,
    awaitable_wait,
    delayed,
)
from awaits.torch import Await as TorchAwait
from awaits.torch import awaitable as torch_awaitable
from awaits.torch import awaitable_wait as torch_awaitable_wait
from awaits.torch import from_torch, to_torch

T = TypeVar("T")


class C:
    x: int = 0

    def m(self, y: int) -> str:
        return str(self.x + y)


def use(*values: object) -> None: ...
def take_items(i: Iterable[int], s: Sized, c: Container[int], r: Reversible[int]) -> None: ...
def take_numbers(i: SupportsIndex, f: SupportsFloat) -> None: ...
def take_function(function: Callable[[int], str]) -> None: ...
async def take_awaitable(aw: Awaitable[int]) -> int:
    return await aw


def functions(aw: Await[str], c: Await[C]) -> None:
    assert_type(awaitable(len, "abc"), Await[int])
    assert_type(awaitable(C), Await[C])
    assert_type(awaitable_nowait(C()), Await[C])
    assert_type(awaitable_wait(aw), str)
    assert_type(awaitable_release(aw), str)
    assert_type(awaitable_done(aw), bool)
    assert_type(aw.fn()(*aw.args()), str)
    assert_type(aw.args(), tuple[Any, ...])
    assert_type(aw.is_nowait(), bool)
    wider: Await[object] = c
    use(wider, isinstance(wider, Await))


def attributes(c: Await[C]) -> str:
    c.x = 1
    c.x += 1
    total: int = c.x + 1
    del c.x
    use(total, hasattr(c, "x"), vars(c), c.__doc__, c.__class__)
    name: str = c.m(1)
    return name.upper()


def containers(
    items: Await[list[int]], table: Await[dict[str, int]], lines: Await[Iterator[str]]
) -> None:
    assert_type(len(items), int)
    assert_type(1 in items, bool)
    for item in items:
        assert_type(item, int)
    for item in reversed(items):
        assert_type(item, int)
    for key in table:
        assert_type(key, str)
    first, *rest = items
    assert_type(first, int)
    assert_type(rest, list[int])
    assert_type([item + 1 for item in items], list[int])
    assert_type(sorted(items), list[int])
    assert_type(max(items), int)
    assert_type(list(zip(items, table, strict=True)), list[tuple[int, str]])
    assert_type(next(lines), str)
    one: int = items[0]
    some: list[int] = items[1:]
    two: int = table["a"]
    items[0] = table["a"] = one + two
    del items[0], table["a"]
    items.append(len(some))
    use(", ".join(lines), table.items())


def arithmetic(
    i: Await[int], j: Await[int], f: Await[float], s: Await[str], items: Await[list[int]]
) -> None:
    quotient, rest = divmod(i, 2)
    total: int = quotient + rest + 1 + i - j - 1 + 2 * i // 3 % j + i**2 + (i << 1 & j | 1 ^ i)
    ratio: float = 1 / i + i / 2 + i * 1.5 + i / j + f / i - 2 * f
    text: str = "a" + s + s
    more: list[int] = [1] + items + items * i
    size: int = -i + abs(j) + ~i + round(f)
    exact: Decimal = Decimal(1) * i
    use(total, ratio, text, more, size, exact)


def times(day: Await[date], step: Await[timedelta]) -> date:
    since: timedelta = date.today() - day + step / 2
    before: date = day - step
    return before + since


def in_place(i: Await[int], s: Await[str], items: Await[list[int]]) -> None:
    i += 1
    i -= i
    i *= 2
    i //= 2
    s += "!"
    items += [1]
    assert_type(i, Await[int])
    assert_type(s, Await[str])
    assert_type(items, Await[list[int]])
    total, text = 0, ""
    total += i
    text += s
    use(total, text)


def comparisons(i: Await[int], j: Await[int], s: Await[str]) -> bool:
    use(i == 1, 1 == i, i != j, s < "b", "b" >= s)  # noqa: SIM300 # an Await on the right
    return bool(0 < i <= j and not s)


def conversions(
    i: Await[int], f: Await[float], s: Await[str], b: Await[bytes], path: Await[Path]
) -> None:
    assert_type(bool(i), bool)
    assert_type(str(i), str)
    assert_type(int(f), int)
    assert_type(abs(f), float)
    assert_type(bytes(b), bytes)
    assert_type(hash(s), int)
    assert_type(format(i, "d"), str)
    assert_type(f"{i:d} {s!r} {s}", str)
    assert_type(range(i), range)
    assert_type([1, 2][i], int)
    with open(path / "a") as file:  # noqa: PTH123
        use(file.read(), memoryview(b), round(f, 1), float(f), complex(f))


def calls(function: Await[Callable[[int], str]], cls: Await[type[C]]) -> str:
    assert_type(function(1), str)
    assert_type(cls(), C)
    assert_type(list(map(function, [1, 2])), list[str])
    return function(2).upper()


def contexts(aw: Await[AbstractContextManager[int]], file: Await[TextIO]) -> str:
    with aw as n:
        assert_type(n, int)
    with file as opened:
        assert_type(opened, TextIO)
        return opened.read()


async def asynchronous(
    aw: Await[int],
    later: Await[Awaitable[int]],
    context: Await[AbstractAsyncContextManager[int]],
    stream: Await[AsyncIterator[str]],
) -> int:
    async with context as n:
        assert_type(n, int)
    async for line in stream:
        assert_type(line, str)
    assert_type(await anext(stream), str)
    total: int = await aw + await later
    return total + await take_awaitable(later)


def unions(
    optional: Await[C | None], both: Await[int | str], unknown: Await[Any], nested: Await[Await[int]]
) -> None:
    if (c := awaitable_wait(optional)) is not None:
        assert_type(c, C)
    assert_type(awaitable_wait(awaitable_wait(nested)), int)
    for item in unknown:
        use(item, unknown[0], unknown + 1, 1 - unknown, unknown(), unknown.x.y, len(unknown))
    use(str(both), both * 2, bool(optional))


def type_variables(aw: Await[T], items: Await[list[T]], table: Await[Mapping[str, T]]) -> T:
    for item in items:
        assert_type(item, T)
    last: T = table["last"] if len(table) else items[-1]
    use(last, str(aw), hash(aw))
    return awaitable_wait(aw)


def protocols(items: Await[list[int]], i: Await[int], function: Await[Callable[[int], str]]) -> None:
    take_items(items, items, items, items)
    take_numbers(i, i)
    take_function(function)


def torchs_own(aw: Await[C], other: TorchAwait[C]) -> None:
    assert_type(torch_awaitable(C), TorchAwait[C])
    assert_type(torch_awaitable_wait(other), C)
    assert_type(from_torch(other), Await[C])
    assert_type(to_torch(aw), TorchAwait[C])
    assert_type(other.is_nowait(), bool)
    use(other.x)
    use(other.m(1))


@delayed
def doubled(n: int, *, by: int = 2) -> int:
    return n * by


class HasDelayed:
    @delayed
    def method(self, n: int) -> str:
        return str(n)


def graphs(aw: Await[int], owner: HasDelayed) -> None:
    assert_type(doubled(1), Await[int])
    assert_type(doubled(aw, by=aw), Await[int])
    assert_type(owner.method(doubled(aw)), Await[str])
    assert_type(awaitable_all([aw, doubled(1)]), Await[list[int]])
    assert_type(awaitable_all(iter([owner.method(1)])), Await[list[str]])
    use(doubled.__name__, doubled.__doc__)
