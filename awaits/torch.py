"""PyTorch's own Await, and the functions that make it and wait for it, with public names and types.

`torch.jit.script` and `torch.jit.trace` accept functions that use these, and the annotation
`Await[Tensor]`. With the plugin, an attribute of an `Await[W]` has the type that it has on the W. In
eager mode, torch's Await has no operators, drops keyword arguments, and gives None for an attribute that
W lacks. mypy refuses all three.

`to_torch` and `from_torch` turn an `awaits.Await` into torch's Await, and back. Importing this module
also makes `torch.utils.data.default_collate` accept an `awaits.Await`. It needs torch
(`typed-awaits[torch]`).

The source of what is typed here: <https://github.com/pytorch/pytorch/blob/v2.13.0/torch/jit/_await.py>
and, for Python, `torch/csrc/jit/python/init.cpp`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Never, ParamSpec, TypeVar, final

import awaits
from awaits._state.making import is_await

__all__ = [
    "Await",
    "awaitable",
    "awaitable_nowait",
    "awaitable_wait",
    "from_torch",
    "to_torch",
]

P = ParamSpec("P")
W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)

if not TYPE_CHECKING:
    import torch
    from torch._awaits import _Await as Await
    from torch.utils.data._utils import collate

    awaitable = torch.jit._awaitable
    awaitable_wait = torch.jit._awaitable_wait
    awaitable_nowait = torch.jit._awaitable_nowait
    _Made = torch._C._Await

    def _collate_awaits(batch, *, collate_fn_map=None):
        values = [awaits.awaitable_wait(aw) if is_await(aw) else aw for aw in batch]
        return collate.collate(values, collate_fn_map=collate_fn_map)

    # The way that default_collate documents for types that it does not know.
    collate.default_collate_fn_map[awaits.Await] = _collate_awaits

if TYPE_CHECKING:  # the last definition is the one that generators of documentation take

    @final
    class Await(Generic[W_co]):
        """torch's Await: a call that runs at the first wait, or when an attribute is read.

        The attribute is then that of the result. `awaitable` and `awaitable_nowait` make it; it has no
        public constructor. In eager mode `isinstance(aw, Await)` is False, because torch makes objects
        of a base class there.
        """

        def __init__(self, use_awaitable_instead: Never) -> None: ...

        def __getattr__(self, name: str, /) -> Any: ...

        def fn(self) -> Callable[..., W_co]:
            """Return the function of the call.

            Raises `RuntimeError` if the Await comes from `awaitable_nowait` or from TorchScript.
            """

        def args(self) -> tuple[Any, ...]:
            """Return the arguments of the call; `(value,)` for an Await from `awaitable_nowait`."""

        def is_nowait(self) -> bool:
            """Return whether this Await comes from `awaitable_nowait` or from TorchScript."""

        # Not among what torch documents, but they hide W's names.

        def wait(self) -> W_co:
            """Do what `awaitable_wait` does."""

        def type(self) -> Any:
            """Return the type that this Await has in TorchScript."""

    def awaitable(func: Callable[P, W], /, *args: P.args, **kwargs: P.kwargs) -> Await[W]:
        """Return torch's Await of the call `func(*args)`. Nothing runs.

        In eager mode torch drops keyword arguments, so the plugin refuses them. Raises `TypeError` if
        `func` is not callable.
        """

    def awaitable_wait(aw: Await[W], /) -> W:
        """Run the call if it has not run, and return its result, which the Await keeps.

        An exception of the function is raised unchanged, and is not kept. If several threads wait at the
        same time, each of them runs the call.
        """

    def awaitable_nowait(o: W, /) -> Await[W]:
        """Return torch's Await that has this value from the start."""

    # What `awaitable` makes is of the base class.
    _Made = Await


def to_torch(aw: awaits.Await[W], /) -> Await[W]:
    """Return torch's Await of the same value. Runs nothing. Waiting for it waits for `aw`, in one run.

    If `from_torch` made `aw` from torch's Await of a call, that Await is returned. Raises `TypeError` if
    `aw` is not an `awaits.Await`.
    """
    if not is_await(aw):
        raise TypeError(f"to_torch() needs an awaits.Await, not {type(aw).__name__!r}")
    if aw.is_nowait():
        return awaitable_nowait(awaits.awaitable_wait(aw))
    made_from = _awaited_by(awaitable_wait, aw)
    return awaitable(awaits.awaitable_wait, aw) if made_from is None else made_from


def from_torch(aw: Await[W], /) -> awaits.Await[W]:
    """Return an `awaits.Await` of the same value. Runs nothing. Waiting for it waits for `aw`.

    Threads that wait for the `awaits.Await` share one run. Threads that wait for torch's Await do not.

    If `to_torch` made `aw` from an `awaits.Await` of a call, that Await is returned. Raises `TypeError`
    if `aw` is not torch's Await.
    """
    if not isinstance(aw, _Made):
        raise TypeError(f"from_torch() needs an Await of torch, not {type(aw).__name__!r}")
    if aw.is_nowait():
        return awaits.awaitable_nowait(awaitable_wait(aw))
    made_from = _awaited_by(awaits.awaitable_wait, aw)
    return awaits.awaitable(awaitable_wait, aw) if made_from is None else made_from


def _awaited_by(wait: Callable[..., Any], aw: awaits.Await[Any] | Await[Any]) -> Any:
    """Return the other Await for which this one waits by that function, if it is such a one."""
    try:
        return aw.args()[0] if aw.fn() is wait else None
    except awaits.AwaitError:  # its call was released
        return None
