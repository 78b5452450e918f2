"""PyTorch's own Await and the functions over it, under public names and typed.

They are torch's objects: `torch.jit.script` and `torch.jit.trace` accept a function that uses them, and
an annotation `Await[Tensor]`. The types say what torch does with them. The plugin types an attribute of
`Await[W]` as that of W. In eager mode torch has no operators on it, drops keyword arguments, and gives
None for an attribute that W lacks: mypy refuses all three.

`to_torch` and `from_torch` lead from `awaits.Await` to this one and back. Importing this module also
teaches `torch.utils.data.default_collate` about `awaits.Await`. It needs torch (`typed-awaits[torch]`).

What is typed here: https://github.com/pytorch/pytorch/blob/v2.13.0/torch/jit/_await.py and, for Python,
torch/csrc/jit/python/init.cpp.
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

if TYPE_CHECKING:

    @final
    class Await(Generic[W_co]):
        """torch's Await: a call that runs at the first wait. Reading an attribute waits, and reads W's.

        Made by `awaitable` and `awaitable_nowait`; it has no public constructor. In eager mode
        `isinstance(aw, Await)` is False: what torch makes there is the base class of this.
        """

        def __init__(self, use_awaitable_instead: Never) -> None: ...

        def __getattr__(self, name: str, /) -> Any: ...

        def fn(self) -> Callable[..., W_co]:
            """Return the function. `RuntimeError` if complete from the start, or out of TorchScript."""

        def args(self) -> tuple[Any, ...]:
            """Return the arguments of the call; `(value,)` if complete from the start."""

        def is_nowait(self) -> bool:
            """Return whether this Await was complete from the start, or comes out of TorchScript."""

        # Not among what torch documents, but they hide W's names.

        def wait(self) -> W_co:
            """Do what `awaitable_wait` does."""

        def type(self) -> Any:
            """Return the type that TorchScript gives it."""

    def awaitable(func: Callable[P, W], /, *args: P.args, **kwargs: P.kwargs) -> Await[W]:
        """Return torch's Await of a call. Nothing runs. `TypeError` if `func` is not callable.

        Keyword arguments are dropped in eager mode: the plugin refuses them.
        """

    def awaitable_wait(aw: Await[W], /) -> W:
        """Run the call if it has not run, and return its result, which the Await keeps.

        An exception propagates unchanged and is not kept. Threads that wait together each run the call.
        """

    def awaitable_nowait(o: W, /) -> Await[W]:
        """Return torch's Await that is complete from the start."""

    # What `awaitable` makes is of the base class.
    _Made = Await

else:
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


def to_torch(aw: awaits.Await[W], /) -> Await[W]:
    """Return torch's Await of the same value. Runs nothing: to wait for it is to wait for `aw`, once.

    Raises `TypeError` if `aw` is not an `awaits.Await`. What `from_torch` made of a call comes back.
    """
    if not is_await(aw):
        raise TypeError(f"to_torch() needs an awaits.Await, not {type(aw).__name__!r}")
    if aw.is_nowait():
        return awaitable_nowait(awaits.awaitable_wait(aw))
    made_from = _awaited_by(awaitable_wait, aw)
    return awaitable(awaits.awaitable_wait, aw) if made_from is None else made_from


def from_torch(aw: Await[W], /) -> awaits.Await[W]:
    """Return an `awaits.Await` of the same value. Runs nothing: to wait for it is to wait for `aw`.

    Threads that wait through it share one run, which those that wait for torch's do not. Raises
    `TypeError` if `aw` is not torch's Await. What `to_torch` made of a call comes back.
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
