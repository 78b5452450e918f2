"""Attributes: `aw.name` on an `Await[W]` has the type, and the errors, of `w.name` on a W."""

from mypy.plugin import AttributeContext
from mypy.types import Type

from awaits_mypy._mypy import make_simplified_union, type_of_member
from awaits_mypy._receivers import awaited_types, without_awaits


def see_through_attribute(ctx: AttributeContext, name: str) -> Type:
    """Answer with mypy's own verdict on the same attribute of the W inside."""
    displayed = without_awaits(ctx.type)
    return make_simplified_union(
        [type_of_member(ctx, name, w, displayed) for w in awaited_types(ctx.type)]
    )
