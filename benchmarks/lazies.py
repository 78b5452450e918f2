"""The lazy values that are compared: each makes one from a function without arguments."""

import functools
import importlib
import os
from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Any

Make = Callable[[Callable[[], Any]], Any]


def plain() -> Make:
    """No laziness: the value itself, which is what the others are compared with."""
    return lambda function: function()


def awaits(build: str) -> Make:
    """Make it with this project, in the build that the environment is set to here."""
    os.environ["AWAITS_BUILD"] = build
    made: Make = importlib.import_module("awaits").awaitable
    return made


def wrapt() -> Make:
    """Make it with wrapt, whose object proxies are in C."""
    made: Make = importlib.import_module("wrapt").LazyObjectProxy
    return made


def lazy_object_proxy() -> Make:
    """Make it with lazy-object-proxy, which is in C."""
    made: Make = importlib.import_module("lazy_object_proxy").Proxy
    return made


def proxystore() -> Make:
    """Make it with ProxyStore, which is in Python."""
    made: Make = importlib.import_module("proxystore.proxy").Proxy
    return made


def torch() -> Make:
    """Make it with PyTorch, which has attributes only."""
    made: Make = importlib.import_module("torch.jit")._awaitable
    return made


class _Holder:
    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function

    @functools.cached_property
    def value(self) -> Any:
        return self._function()


BASE = "W itself"
LAZIES: dict[str, Callable[[], Make]] = {
    BASE: plain,
    "awaits, compiled": functools.partial(awaits, "compiled"),
    "awaits, pure": functools.partial(awaits, "pure"),
    "wrapt": wrapt,
    "lazy-object-proxy": lazy_object_proxy,
    "ProxyStore": proxystore,
    "cached_property": lambda: _Holder,
    "torch": torch,
}

# What has to be there for those that are not everywhere.
_PACKAGES = {
    "wrapt": "wrapt",
    "lazy-object-proxy": "lazy_object_proxy",
    "ProxyStore": "proxystore",
    "torch": "torch",
}


def installed() -> list[str]:
    """Return the names of those that can be measured here."""
    names = [name for name in LAZIES if find_spec(_PACKAGES.get(name, "awaits"))]
    if not _has_compiled_part():
        names.remove("awaits, compiled")
    return names


def _has_compiled_part() -> bool:
    # Without importing awaits, which would choose a build.
    package = find_spec("awaits")
    places = [f"{place}/_state" for place in package.submodule_search_locations or ()] if package else []
    return PathFinder.find_spec("_core", places) is not None
