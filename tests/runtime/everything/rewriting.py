"""Import modules with a function around each value that is asked for something.

The kinds of places are those of `tests.typing.differential`, but for indexes, which a dict keeps.
What is asked for a name that an Await has for itself is left alone: it would answer for itself.
"""

import ast
import builtins
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, Final

from awaits._state.data_model import OWN
from tests.typing.differential.rewriting import asked

_WRAP: Final = "__wrap__"  # is no private name of a class
_LOOK_AT_THE_CALLER: Final = {"super", "locals", "globals", "vars", "dir", "eval", "exec"}

places: Counter[str] = Counter()
"""How many values of each kind are wrapped in the modules that were imported so far."""


def rewritten(source: str | bytes, name: str = "<source>") -> ast.Module:
    """Return the tree of this source, with the function around values in the bodies of functions."""
    tree = ast.parse(source, name)
    for node in [*ast.walk(tree)]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [_Wrapping().visit(statement) for statement in node.body]
    return ast.fix_missing_locations(tree)


class _Wrapping(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.pattern)):
            return node  # functions have their own turn, and a pattern takes no call
        if isinstance(node, ast.Attribute) and node.attr in OWN:
            places["left alone"] += 1
            found = {}
        else:
            found = {id(value): kind for kind, value in asked(node, "") if kind != "index"}
        for name, old in ast.iter_fields(node):
            if isinstance(node, ast.AnnAssign) and name == "annotation":
                continue
            if isinstance(old, list):
                setattr(node, name, [self._new(each, found) for each in old])
            else:
                setattr(node, name, self._new(old, found))
        return node

    def _new(self, old: Any, found: dict[int, str]) -> Any:
        if not isinstance(old, ast.AST):
            return old
        kind = found.get(id(old))
        looks = isinstance(old, ast.Name) and old.id in _LOOK_AT_THE_CALLER
        calls_super = (
            isinstance(old, ast.Call) and isinstance(old.func, ast.Name) and old.func.id == "super"
        )
        new = self.visit(old)
        if kind is None or looks or calls_super or isinstance(old, (ast.Starred, ast.GeneratorExp)):
            return new
        places[kind] += 1
        wrap = ast.copy_location(ast.Name(_WRAP, ast.Load()), old)
        return ast.copy_location(ast.Call(wrap, [new], []), old)


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return compile(rewritten(self.get_data(path), path), path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in self.names):
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec and type(spec.loader) is SourceFileLoader and spec.origin:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


def install(names: Sequence[str], wrap: Callable[[Any], Any]) -> None:
    """Have these modules, and those in them, imported anew with this function around their values."""
    setattr(builtins, _WRAP, wrap)
    for name in [*sys.modules]:
        if any(name == each or name.startswith(f"{each}.") for each in names):
            del sys.modules[name]
    sys.meta_path.insert(0, _Finder(names))
