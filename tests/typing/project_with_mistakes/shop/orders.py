"""What customers buy."""

from collections.abc import Iterable
from functools import partial

from awaits import Await, awaitable, awaitable_nowait, awaitable_wait, delayed
from shop.catalog import CatalogError, Product, problem, product


@delayed
def total(*products: Product) -> int:
    """Return what the products cost together."""
    return sum(each.price for each in products)


@delayed
def book_payment(amount: int) -> None:
    """Book what was paid."""
    print("paid", amount)


class Order:
    """Some products for a customer, who may have a voucher."""

    def __init__(self, customer: str, things: Iterable[Await[Product]]) -> None:
        self.customer = customer
        self.things = list(things)
        self.voucher: Await[int | None] = awaitable_nowait(None)

    def cost(self) -> Await[int]:
        """Return what has to be paid, once that is asked for."""
        if self.voucher is None:  # mistake: comparison-overlap
            return total(*self.things)
        return awaitable(self._reduced)

    def pay(self) -> None:
        """Pay now."""
        book_payment(self.cost())  # mistake: unused-awaitable
        awaitable_wait(book_payment(self.cost()))

    def is_free(self) -> bool:
        """Say whether nothing has to be paid."""
        cost = self.cost()
        if isinstance(cost, int):  # mistake: await-isinstance
            return cost == 0
        return awaitable_wait(cost) == 0

    def _reduced(self) -> int:
        voucher = awaitable_wait(self.voucher)
        return awaitable_wait(total(*self.things)) - (voucher or 0)


def order(customer: str, catalog: Await[dict[str, Product]], *wanted: str) -> Order:
    """Order what is wanted; nothing is read yet."""
    return Order(customer, [product(catalog, name) for name in wanted])


def reason(error: Await[CatalogError]) -> str:
    """Return why a catalogue is of no use."""
    return str(error.args()[1])  # mistake: await-hidden


def explain(catalog: Await[dict[str, Product]]) -> str:
    """Return what is wrong with the catalogue."""
    error = awaitable_wait(problem(catalog))
    return "nothing" if error is None else str(error.args[1])


def called(discount: Await[partial[int]]) -> tuple[object, ...]:
    """Return the arguments of a discount that is computed later."""
    return discount.args()  # mistake: await-hidden
