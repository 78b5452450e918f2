"""A failure of the plugin itself: an ordinary error at the line, and never mypy's INTERNAL ERROR."""

import sys
import traceback
from collections.abc import Callable
from typing import TypeVar, cast

from mypy.plugin import AttributeContext, FunctionContext, MethodContext
from mypy.types import Type
from mypy.version import __version__ as mypy_version

from awaits_mypy._plugin.codes import AWAIT_PLUGIN
from awaits_mypy._plugin.mypy_internals import AnyContext, beyond_all_filters

Answer = TypeVar("Answer", bound=Type)
Ctx = TypeVar("Ctx", bound=AnyContext)


def reporting_failure(callback: Callable[[Ctx, str], Answer], name: str, ctx: Ctx) -> Answer:
    """Return the callback's answer; if it fails, report that, and return the declared type."""
    try:
        return callback(ctx, name)
    except Exception as failure:  # whatever it is, the rest of the program is still to be checked
        if ctx.api.options.show_traceback:
            traceback.print_exc(file=sys.stderr)
        from awaits import __version__  # which a start of mypy has no time for

        with beyond_all_filters(ctx):
            ctx.api.fail(
                f'awaits_mypy failed on "{name}" ({type(failure).__name__}: {failure}). Please report'
                f" this line to the awaits project, with awaits {__version__}, mypy {mypy_version} and"
                " what --show-traceback prints",
                ctx.context,
                code=AWAIT_PLUGIN,
            )
        return cast(Answer, _declared(ctx))


def _declared(ctx: AnyContext) -> Type:
    if isinstance(ctx, AttributeContext):
        return ctx.default_attr_type
    if isinstance(ctx, (FunctionContext, MethodContext)):
        return ctx.default_return_type
    return ctx.default_signature
