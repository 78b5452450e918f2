"""Draw which Await ran in which thread, and who waited: eight clerks write reports from the same data.

Usage: python timeline.py [PAGE.html]     (without a page, it prints the table of what ran)
docs/timeline.png is made of that page by `chromium --headless --no-sandbox --hide-scrollbars
--window-size=1180,560 --screenshot=timeline.png PAGE.html`.
"""

import sys
import threading
import time
from itertools import count

from awaits import Await, delayed, trace

CLERKS = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hal"]
REGIONS = ["north", "south", "east", "west"]


@delayed
def prices() -> dict[str, int]:
    """Ask a slow service, once for all."""
    time.sleep(0.05)
    return {"apple": 3, "pear": 4}


@delayed
def orders(region: str) -> list[str]:
    """Read what was ordered in a region."""
    time.sleep(0.02 + 0.01 * REGIONS.index(region))
    return ["apple", "pear", "apple"]


@delayed
def turnover(ordered: list[str], price: dict[str, int]) -> int:
    """Sum up what the orders of a region bring."""
    time.sleep(0.01)
    return sum(price[name] for name in ordered)


class Printer:
    """One that jams at its first page."""

    def __init__(self) -> None:
        self.pages = count(1)

    def print_page(self, clerk: str, total: int) -> str:
        """Print a page; raise `OSError` if it jams."""
        page = next(self.pages)
        time.sleep(0.012)
        if page == 1:
            raise OSError("paper jam")
        return f"{clerk}: {total}"


def write_reports(clerk: str, totals: list[Await[int]], printer: Printer) -> None:
    """Print the total of each region, beginning with another one than the neighbours."""
    first = CLERKS.index(clerk) % len(totals)
    for total in totals[first:] + totals[:first]:
        page = delayed(printer.print_page)(clerk, total)
        try:
            print(page.lower())
        except OSError:
            print(page.upper())  # the next use tries again


def main() -> None:
    """Have all clerks work at once, and draw what happened."""
    with trace() as seen:
        shared = prices()
        totals = [turnover(orders(region), shared) for region in REGIONS]
        printer = Printer()
        clerks = [
            threading.Thread(target=write_reports, args=(clerk, totals, printer), name=clerk)
            for clerk in CLERKS
        ]
        for thread in clerks:
            thread.start()
        for thread in clerks:
            thread.join()
    if len(sys.argv) > 1:
        seen.write_html(sys.argv[1])
        return
    try:
        seen.print()
    except ImportError as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
