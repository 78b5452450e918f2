"""What pydantic asks of the type of a field, answered for `Await[T]`.

It is asked once, when a model is made, and is not imported before:
<https://docs.pydantic.dev/latest/concepts/types/#customizing-validation-with-__get_pydantic_core_schema__>.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from awaits._running.implicit import use
from awaits._state.making import complete, is_await


def schema_of_field(source: Any, handler: Any) -> Any:
    """Return the schema of `Await[T]`: an Await is taken as it is; anything else is validated as a T."""
    from pydantic_core import core_schema

    (item,) = get_args(source) or (Any,)
    of_item = handler.generate_schema(item)
    serialization = core_schema.wrap_serializer_function_ser_schema(_serialize, schema=of_item)
    return core_schema.no_info_wrap_validator_function(_validate, of_item, serialization=serialization)


def _validate(given: Any, validate_item: Callable[[Any], Any]) -> Any:
    return given if is_await(given) else complete(validate_item(given))


def _serialize(kept: Any, serialize_item: Callable[[Any], Any]) -> Any:
    return serialize_item(use(kept) if is_await(kept) else kept)
