"""What the plugin uses of mypy beyond its plugin interface. Nothing else imports mypy's internals.

Checked with mypy 1.17.0, 1.20.2, 2.0.0 and 2.4.1.
"""

from collections import defaultdict
from typing import cast

from mypy.checker import TypeChecker
from mypy.checkmember import analyze_member_access
from mypy.plugin import AttributeContext
from mypy.server.deps import DependencyVisitor
from mypy.typeops import make_simplified_union
from mypy.types import Type

__all__ = ["make_simplified_union", "type_of_member"]


def type_of_member(ctx: AttributeContext, name: str, owner: Type, displayed: Type) -> Type:
    """Return what mypy says of the attribute `name` of `owner`, at the place that `ctx` is about.

    The plugin interface has `get_expression_type` for this, but it takes no type to display: in a
    union, mypy's message names the whole union as well as the item that lacks the attribute.
    """
    checker = cast(TypeChecker, ctx.api)
    _record_dependency(checker, owner, name)
    return analyze_member_access(
        name,
        owner,
        ctx.context,
        is_lvalue=False,
        is_super=False,
        is_operator=False,
        original_type=displayed,
        self_type=owner,
        chk=checker,
    )


def _record_dependency(checker: TypeChecker, owner: Type, name: str) -> None:
    """Let the daemon check the current function again when this attribute changes.

    From the expression alone mypy would record the attribute of the Await, which never changes.
    """
    if not (checker.options.fine_grained_incremental or checker.options.cache_fine_grained):
        return
    visitor = DependencyVisitor({}, checker.options.python_version, defaultdict(set))
    for trigger in visitor.attribute_triggers(owner, name):
        checker.tree.plugin_deps.setdefault(trigger, set()).add(checker.tscope.current_target())
