"""The plugin class: which callback answers for which name, and nothing else."""

import hashlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from mypy.nodes import MypyFile, TypeInfo
from mypy.operators import (
    op_methods,
    ops_with_inplace_method,
    reverse_op_methods,
    unary_op_methods,
)
from mypy.options import Options
from mypy.plugin import (
    AttributeContext,
    FunctionContext,
    FunctionSigContext,
    MethodContext,
    MethodSigContext,
    Plugin,
    ReportConfigContext,
)
from mypy.types import FunctionLike, Type

from awaits_mypy._plugin.array_functions import takes_values, values_for_arrays
from awaits_mypy._plugin.attributes import (
    analyze_assignment,
    analyze_attribute,
    analyze_lookup,
    read_attribute,
)
from awaits_mypy._plugin.builtin_functions import takes_values_of_builtins, values_for_builtins
from awaits_mypy._plugin.by_class import (
    check_by_class,
    declared_name,
    goes_by_class,
    may_go_by_class,
)
from awaits_mypy._plugin.calls_on_values import CallsOnValues
from awaits_mypy._plugin.codes import AWAIT_IMPLICIT
from awaits_mypy._plugin.containers import METHODS, take_awaits, takes_awaits
from awaits_mypy._plugin.delayed import (
    analyze_delayed_call,
    bind_function,
    keep_function,
    take_any_function,
)
from awaits_mypy._plugin.expected import expecting_await, is_awaitable_expected_here
from awaits_mypy._plugin.failures import reporting_failure
from awaits_mypy._plugin.implicit import reporting_arguments, reporting_attribute
from awaits_mypy._plugin.mistakes import allow_prefetch, check_hidden, check_isinstance
from awaits_mypy._plugin.modules import LazyImports, analyze_module_attribute, give_whole_module
from awaits_mypy._plugin.mypy_internals import (
    forget_subtype_checks,
    held_for_call,
    is_enabled_here,
    plugins_in_use,
    release_for_call,
    spare_checks_of_self,
    take_back_declaration,
)
from awaits_mypy._plugin.names import (
    AWAIT,
    AWAITS_AWAITABLE,
    DELAYED,
    DELAYED_FUNCTION,
    LAZY_IMPORT,
    MODULE_TYPE,
    PREFETCH,
    TORCH_AWAIT,
    TORCH_AWAITABLE,
    WAITS,
)
from awaits_mypy._plugin.operators import (
    analyze_await,
    analyze_call,
    analyze_containment,
    analyze_element,
    analyze_equality,
    analyze_in_place,
    analyze_index,
    analyze_item_assignment,
    analyze_operator,
    analyze_repetition,
    analyze_unary,
    hold_element,
    release_index,
)
from awaits_mypy._plugin.torch import analyze_torch_attribute, refuse_keywords
from awaits_mypy._plugin.unpacking import Unpackings

_AWAIT_MEMBER = f"{AWAIT}."
_MODULE_MEMBER = f"{MODULE_TYPE}."
_TORCH_AWAIT_MEMBER = f"{TORCH_AWAIT}."
_DELAYED_CALL = f"{DELAYED_FUNCTION}.__call__"

_Callback = Callable[[AttributeContext, str], Type]
_FunctionSigHook = Callable[[FunctionSigContext], FunctionLike]
_MethodSigHook = Callable[[MethodSigContext], FunctionLike]
_FunctionHook = Callable[[FunctionContext], Type]
_MethodHook = Callable[[MethodContext], Type]

# Any other name is an attribute like another.
_CALLBACKS: dict[str, _Callback] = {
    **dict.fromkeys(("fn", "args", "is_nowait"), check_hidden),
    "__setattr__": analyze_assignment,
    "__call__": analyze_call,
    "__getitem__": analyze_index,
    "__setitem__": analyze_item_assignment,
    "__contains__": analyze_containment,
    "__await__": analyze_await,
    **dict.fromkeys(("__eq__", "__ne__"), analyze_equality),
    **dict.fromkeys(unary_op_methods.values(), analyze_unary),
    **dict.fromkeys(
        {*op_methods.values(), *reverse_op_methods.values()} - {"__eq__", "__ne__", "__contains__"},
        analyze_operator,
    ),
    **{f"__i{op_methods[op].removeprefix('__')}": analyze_in_place for op in ops_with_inplace_method},
}

Ctx = TypeVar("Ctx", FunctionContext, MethodContext)


class AwaitsPlugin(Plugin):
    """Types an `Await[W]` as the W that it will produce."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._digest = _digest_of_plugin()
        self._array_functions = CallsOnValues(values_for_arrays)
        self._builtin_functions = CallsOnValues(values_for_builtins)
        self._lazy_imports = LazyImports()
        self._unpackings = Unpackings()
        self._is_asking_others = False
        # mypy asks these at each attribute and each call of the program.
        for name in (
            "get_attribute_hook",
            "_function_signature_hook",
            "_known_method_signature",
            "_function_hook",
            "_known_method",
        ):
            setattr(self, name, cache(getattr(self, name)))

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Answer for what only `__getattribute__` of an Await provides, and for what is decorated."""
        if fullname.startswith(_TORCH_AWAIT_MEMBER):
            name = fullname.removeprefix(_TORCH_AWAIT_MEMBER)
            return partial(
                reporting_failure, partial(reporting_attribute, analyze_torch_attribute), name
            )
        if fullname.startswith(_MODULE_MEMBER):
            name = fullname.removeprefix(_MODULE_MEMBER)
            return partial(reporting_failure, analyze_module_attribute, name)
        if not fullname.startswith(_AWAIT_MEMBER):
            return None
        spare_checks_of_self(self.lookup_fully_qualified(AWAIT))
        name = fullname.removeprefix(_AWAIT_MEMBER)
        if name not in _CALLBACKS and not name.startswith("__"):
            return partial(reporting_failure, read_attribute, name)
        callback = _CALLBACKS.get(name, analyze_attribute)
        if name == "__iter__":
            callback = partial(self._unpackings.analyze_iteration, callback)
        callback = partial(reporting_attribute, callback)
        if name == "__setitem__":
            callback = partial(self._unpackings.analyze_stand_in, callback)
        return partial(reporting_failure, callback, name)

    def get_class_attribute_hook(self, fullname: str) -> None:
        """Answer for none: what the plugin had the class Await declare is not for the class itself."""
        if fullname.startswith(_AWAIT_MEMBER):
            await_class = self.lookup_fully_qualified(AWAIT)
            take_back_declaration(await_class, fullname.removeprefix(_AWAIT_MEMBER))

    def get_function_signature_hook(self, fullname: str) -> _FunctionSigHook | None:
        """Answer for every call of which something awaitable is expected, and else for a few."""
        hook = self._function_signature_hook(fullname)
        if not is_awaitable_expected_here() or self._is_asking_others:
            return hook
        hook = hook or self._ask_others("get_function_signature_hook", fullname)
        return partial(reporting_failure, partial(expecting_await, hook), fullname)

    def get_method_signature_hook(self, fullname: str) -> _MethodSigHook | None:
        """Answer in the same way for methods, and for those of containers that take an Await."""
        hook, may_take_awaits = self._known_method_signature(fullname)
        if may_take_awaits:
            hook = self._container_hook(fullname) or hook
        if not is_awaitable_expected_here() or self._is_asking_others or fullname == _DELAYED_CALL:
            return hook
        hook = hook or self._ask_others("get_method_signature_hook", fullname)
        return partial(reporting_failure, partial(expecting_await, hook), fullname)

    def _by_class_hook(self, fullname: str, hook: _MethodHook | None) -> _MethodHook | None:
        """Answer for the methods that know some values by their class, and else as the hook does."""
        cls, _, method = fullname.rpartition(".")
        node = self._class_named(cls)
        if node is not None and goes_by_class(name := declared_name(node, method)):
            return partial(reporting_failure, partial(check_by_class, hook), name)
        return hook

    def _container_hook(self, fullname: str) -> _MethodSigHook | None:
        """Answer for the methods of containers that take an Await."""
        cls, _, method = fullname.rpartition(".")
        node = self._class_named(cls)
        if node is not None and takes_awaits(node, method):
            return partial(reporting_failure, take_awaits, method)
        return None

    def _class_named(self, fullname: str) -> TypeInfo | None:
        """Return the class of this name. Not to be remembered: in the daemon it may get another base."""
        symbol = self.lookup_fully_qualified(fullname)
        node = None if symbol is None else symbol.node
        return node if isinstance(node, TypeInfo) else None

    def get_function_hook(self, fullname: str) -> _FunctionHook | None:
        """Answer for every call where implicit waits are to be reported, and else for a few."""
        hook = self._function_hook(fullname)
        if not is_enabled_here(AWAIT_IMPLICIT) or self._is_asking_others:
            return hook
        return _watching_arguments(hook or self._ask_others("get_function_hook", fullname), fullname)

    def get_method_hook(self, fullname: str) -> _MethodHook | None:
        """Answer in the same way for methods, and for the operators of what is no Await.

        mypy asks this of each method that is called, when it is done with the arguments.
        """
        if held_for_call:
            release_for_call()
        hook, goes_by_its_class = self._known_method(fullname)
        if goes_by_its_class:
            hook = self._by_class_hook(fullname, hook)
        if not is_enabled_here(AWAIT_IMPLICIT) or self._is_asking_others:
            return hook
        return _watching_arguments(hook or self._ask_others("get_method_hook", fullname), fullname)

    def _ask_others(self, method: str, fullname: str) -> Any:
        """Return the hook of the plugins after this one, mypy's own at the end.

        mypy takes the first answer, and would not ask them of a call that this plugin only looks at.
        """
        self._is_asking_others = True
        try:
            return getattr(plugins_in_use(), method)(fullname)
        finally:
            self._is_asking_others = False

    def _function_signature_hook(self, fullname: str) -> _FunctionSigHook | None:
        """Answer for `delayed`, and for what takes an Await for its value."""
        if fullname == DELAYED:
            return partial(reporting_failure, take_any_function, "delayed")
        if fullname == TORCH_AWAITABLE:
            return partial(reporting_failure, refuse_keywords, fullname)
        if takes_values_of_builtins(fullname):
            return partial(reporting_failure, self._builtin_functions.analyze_call, fullname)
        if not takes_values(fullname):
            return None
        return partial(reporting_failure, self._array_functions.analyze_call, fullname)

    def _known_method_signature(self, fullname: str) -> tuple[_MethodSigHook | None, bool]:
        """Return the hook that goes by the name alone, and whether the class may have another."""
        return self._method_signature_hook(fullname), fullname.rpartition(".")[2] in METHODS

    def _method_signature_hook(self, fullname: str) -> _MethodSigHook | None:
        """Answer for the one method that is no attribute to mypy, for `in`, and for numpy and torch."""
        if fullname == f"{_AWAIT_MEMBER}__getattribute__":
            return partial(reporting_failure, analyze_lookup, "__getattribute__")
        if fullname == _DELAYED_CALL:
            return partial(reporting_failure, analyze_delayed_call, "__call__")
        if fullname.endswith(".__contains__"):
            return partial(reporting_failure, hold_element, "__contains__")
        if fullname == "builtins.list.__mul__":
            return partial(reporting_failure, analyze_repetition, "__mul__")
        if not takes_values(fullname):
            return None
        return partial(reporting_failure, self._array_functions.analyze_call, fullname)

    def _function_hook(self, fullname: str) -> _FunctionHook | None:
        """Answer for what functions of this package give, and watch what an Await is asked to be."""
        if fullname == DELAYED:
            return partial(reporting_failure, keep_function, "delayed")
        if fullname == LAZY_IMPORT:
            return partial(reporting_failure, self._lazy_imports.give_named, "lazy_import")
        if fullname == AWAITS_AWAITABLE:
            return partial(reporting_failure, self._lazy_imports.give_imported, "awaitable")
        if fullname in WAITS:
            return partial(reporting_failure, give_whole_module, fullname)
        if fullname in PREFETCH:
            return partial(reporting_failure, allow_prefetch, fullname)
        if fullname in ("builtins.isinstance", "builtins.issubclass"):
            return partial(reporting_failure, check_isinstance, fullname.removeprefix("builtins."))
        if goes_by_class(fullname):
            return partial(reporting_failure, partial(check_by_class, None), fullname)
        return None

    def _known_method(self, fullname: str) -> tuple[_MethodHook | None, bool]:
        """Return the hook that goes by the name alone, and whether the class may have another."""
        return self._method_hook(fullname), may_go_by_class(fullname)

    def _method_hook(self, fullname: str) -> _MethodHook | None:
        """Answer for `aw in container`, where the container is no Await, and for delayed methods."""
        if fullname == _DELAYED_CALL:
            return partial(reporting_failure, self._lazy_imports.give_imported, "__call__")
        if fullname == f"{DELAYED_FUNCTION}.__get__":
            return partial(reporting_failure, bind_function, "__get__")
        if fullname == f"{_AWAIT_MEMBER}__getitem__":
            return partial(reporting_failure, release_index, "__getitem__")
        if not fullname.endswith(".__contains__"):
            return None
        return partial(reporting_failure, analyze_element, "__contains__")

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Add the modules that lazy imports name. In the daemon mypy asks this of each changed file."""
        if self.options.fine_grained_incremental:
            forget_subtype_checks()
        return self._lazy_imports.modules_named_in(file, self.options)

    def report_config_data(self, ctx: ReportConfigContext) -> str:
        """Invalidate mypy's cache when any file of the plugin changes.

        By itself mypy compares the text of the configured module only, which is `__init__.py`.
        """
        return self._digest


def _watching_arguments(
    hook: Callable[[Ctx], Type] | None, fullname: str
) -> Callable[[Ctx], Type] | None:
    if takes_values(fullname):
        return hook  # what it waits for is reported where its signature is found
    return partial(reporting_failure, partial(reporting_arguments, hook), fullname)


def _digest_of_plugin() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
