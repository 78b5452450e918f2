"""The failure of a run, for each of those who waited for it.

An exception has one traceback, to which each thread and task that raises it adds its own frames. So each
of those who waited gets a copy, with the traceback that the failure had when it left the function.
"""

from __future__ import annotations

from contextlib import suppress
from types import GetSetDescriptorType, MemberDescriptorType, TracebackType
from typing import Any, Final

from awaits._tracing.recording import is_here

_HEAP_TYPE: Final = 1 << 9  # Py_TPFLAGS_HEAPTYPE
# A slot, and what a class in C has in its place.
_FIELDS: Final = frozenset({MemberDescriptorType, GetSetDescriptorType})


def for_one_more(error: BaseException, traceback: TracebackType | None) -> BaseException:
    """Return the failure of a run as one more of those who waited for it is to raise it."""
    failure: BaseException = copy_of(error).with_traceback(left_function(traceback))
    return failure


def left_function(traceback: TracebackType | None) -> TracebackType | None:
    """Return the traceback without the frames of this package that called the function."""
    while traceback is not None and is_here(traceback.tb_frame.f_code):
        traceback = traceback.tb_next
    return traceback


def without_package(traceback: TracebackType | None) -> TracebackType | None:
    """Return the traceback without any frame of this package."""
    entries = []
    while traceback is not None:
        if not is_here(traceback.tb_frame.f_code):
            entries.append(traceback)
        traceback = traceback.tb_next
    for entry in reversed(entries):
        traceback = TracebackType(traceback, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return traceback


def copy_of(error: BaseException) -> Any:
    """Return an exception like this one, or this one where none can be made.

    It is made without the code of its class, which can want other arguments than `error.args`.
    """
    cls = type(error)
    in_c = next(base for base in cls.__mro__ if not base.__flags__ & _HEAP_TYPE)
    try:
        copied = in_c.__new__(cls, *error.args)
    except Exception:
        return error
    copied.args = error.args
    for base in cls.__mro__[: cls.__mro__.index(BaseException)]:
        for name, field in vars(base).items():
            if type(field) in _FIELDS and name not in {"__dict__", "__weakref__"}:
                with suppress(AttributeError, TypeError):  # it has no value, or is read-only
                    value = field.__get__(error)
                    if value is not None or base.__flags__ & _HEAP_TYPE:  # in C that is no value
                        field.__set__(copied, value)
    vars(copied).update(vars(error))
    if "__notes__" in vars(error):
        copied.__notes__ = [*vars(error)["__notes__"]]
    copied.__cause__, copied.__context__ = error.__cause__, error.__context__
    copied.__suppress_context__ = error.__suppress_context__
    return copied
