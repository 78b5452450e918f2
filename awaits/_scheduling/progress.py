"""A bar that counts what is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(total: int, *, shown: bool) -> Iterator[Callable[[], object]]:
    """Count up a bar, if one is to be shown, in a notebook or on a terminal."""
    if not shown:
        yield lambda: None
        return
    try:
        from tqdm.auto import tqdm
        from tqdm.autonotebook import tqdm as in_place
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install 'typed-awaits[progress]'") from error
    is_notebook = in_place.__module__ == "tqdm.notebook"
    with tqdm(total=total, disable=False if is_notebook else None) as shown_bar:
        yield shown_bar.update
