"""Python's data model, and what an Await does with each part of it.

A special method is forwarded to W unless it is listed here with the reason. Tests compare these tables
with the class, with the plugin, and with the data model of the running Python.
"""

from collections.abc import Mapping
from typing import Final

# The attributes that are an Await's own: reading one never waits, and hides W's of the same name.
OWN: Final[Mapping[str, str]] = {
    "fn": "part of the interface",
    "args": "part of the interface",
    "is_nowait": "part of the interface",
    "__await__": "asyncio.ensure_future calls it as an attribute, and a W need not be awaitable",
    "__class__": "the object does not lie about what it is: isinstance(aw, W) is False",
    "__copy__": "a pending Await is copied as its call",
    "__deepcopy__": "a pending Await is copied as its call",
    "__getstate__": "read from the instance by copy and pickle, which must not force it",
    "__reduce__": "a pending Await is pickled as its call",
    "__reduce_ex__": "a pending Await is pickled as its call",
    "__mro_entries__": "Python calls it as an attribute, and a W that is a class has none",
    "__isabstractmethod__": "read by abc from whatever stands in the body of a class",
    "__set_name__": "called on whatever stands in the body of a class",
    "__wrapped__": "read by inspect.unwrap and doctest from whatever they meet",
    "__torch_function__": "read by torch from the arguments of its functions, where W's knows no Await",
    "__conform__": "read by sqlite3 from a parameter; what W has is asked there",
}

# Looked up by Python on the type, and not forwarded. As attributes, aw.__get__ and so on are W's.
NOT_FORWARDED: Final[Mapping[str, str]] = {
    "__new__": "makes an Await",
    "__init__": "makes an Await",
    "__init_subclass__": "an Await is final",
    "__subclasshook__": "about the class Await",
    "__class_getitem__": "Await[int] is a type; __getitem__ subscripts a W that is a class",
    "__del__": "the end of an Await is not the end of its W",
    "__dir__": "a pending Await is not forced by dir",
    "__repr__": "a pending Await is not forced by repr",
    "__sizeof__": "the size is that of the Await",
    "__get__": "an Await in the body of a class is not forced by reading it there",
    "__set__": "an Await in the body of a class is not forced by writing it there",
    "__delete__": "an Await in the body of a class is not forced by deleting it there",
    "__getattr__": "__getattribute__ does its work",
    "__signature__": "of the class Await, which has no constructor; as an attribute it is W's",
    "__prepare__": "looked up as an attribute, which is forwarded",
    "__missing__": "called by dict on its own subclasses",
    "__release_buffer__": "the view that __buffer__ returns releases itself",
    "__getnewargs__": "asked for by object.__reduce_ex__ only",
    "__getnewargs_ex__": "asked for by object.__reduce_ex__ only",
    "__setstate__": "asked for only with a state, which an Await does not travel with",
    "__subclasses__": "a method of type",
    "__getformat__": "a method of float",
    "__alloc__": "a method of bytearray",
    "__not__": "a function of operator: `not` asks __bool__ and __len__",
    "__inv__": "a function of operator: `~` asks __invert__",
    "__concat__": "a function of operator: `+` asks __add__",
    "__iconcat__": "a function of operator: `+=` asks __iadd__",
    "__post_init__": "called by dataclasses on their own instances",
}

# Python knows nothing of these. numpy and torch ask them of the arguments of their functions, and an
# Await has the function called again with its value; pydantic asks the class, and sqlite3 a parameter.
# As attributes those that are not an Await's own are W's.
FOR_LIBRARIES: Final[Mapping[str, str]] = {
    "__array_ufunc__": "numpy.add(aw, 1), and array + aw",
    "__array_function__": "numpy.concatenate([aw, array])",
    "__torch_function__": "torch.add(aw, 1), and tensor.add_(aw)",
    "__conform__": "connection.execute('select ?', (aw,))",
    "__get_pydantic_core_schema__": "a field that is annotated as Await[int]",
}
