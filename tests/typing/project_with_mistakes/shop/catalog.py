"""What the shop sells."""

import csv
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from awaits import Await, awaitable, awaitable_done, awaitable_wait, delayed


class Kind(Enum):
    """What can be sold."""

    BOOK = "book"
    RECORD = "record"


@dataclass(frozen=True)
class Product:
    """A thing with a price in cents."""

    name: str
    kind: Kind
    price: int


class CatalogError(Exception):
    """What is wrong with a catalogue; its args are the line and the reason."""


def _read(path: Path) -> dict[str, Product]:
    products = {}
    with path.open(encoding="utf-8") as file:
        for number, (name, kind, price) in enumerate(csv.reader(file)):
            if not price.isdigit():
                raise CatalogError(number, f"{price} is no price")
            products[name] = Product(name, Kind(kind), int(price))
    return products


def open_catalog(path: Path) -> Await[dict[str, Product]]:
    """Return the products by their names; the file is read on the first use."""
    return awaitable(_read, path)


@delayed
def product(catalog: dict[str, Product], name: str) -> Product:
    """Return one product."""
    return catalog[name]


@delayed
def problem(catalog: dict[str, Product]) -> CatalogError | None:
    """Return what is wrong with the catalogue, if something is."""
    return None if catalog else CatalogError(0, "nothing is sold")


def names(catalog: Await[dict[str, Product]]) -> list[str]:
    """Return the names of everything that is sold."""
    if not awaitable_done(catalog):
        print("reading the catalogue")
    return sorted(catalog)  # mistake: await-implicit


def is_book(thing: Await[Product], kind: Await[Kind]) -> bool:
    """Say whether this is a book."""
    if kind is Kind.BOOK:  # mistake: comparison-overlap
        return True
    return awaitable_wait(thing).kind is Kind.BOOK
