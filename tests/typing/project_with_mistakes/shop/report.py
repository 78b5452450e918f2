"""What the owner reads in the evening."""

import asyncio
from collections.abc import Sequence

from awaits import Await, awaitable, awaitable_wait
from awaits.executors import wait_all
from shop.orders import Order


def _print(line: str) -> None:
    print(line)


def print_orders(orders: Sequence[Order]) -> None:
    """Print what each customer paid."""
    costs = wait_all([order.cost() for order in orders])
    for order, cost in zip(orders, costs, strict=True):
        print(order.customer, cost)
    awaitable(_print, "that is all")  # mistake: unused-awaitable


def best(orders: Await[list[Order]] | None) -> Order | None:
    """Return the largest order of a day that may not have been."""
    if isinstance(orders, list):  # mistake: await-isinstance
        return None
    if orders is None:
        return None
    return max(awaitable_wait(orders), key=lambda order: awaitable_wait(order.cost()))


async def takings(orders: Await[list[Order]]) -> int:
    """Return what came in, without blocking the loop."""
    costs = await asyncio.gather(*[order.cost() for order in await orders])
    return sum(costs)


def headline(orders: Await[list[Order]]) -> str:
    """Return the first line of the report."""
    first = awaitable_wait(orders)[0]
    return first.customer + orders[-1].customer  # mistake: await-implicit
