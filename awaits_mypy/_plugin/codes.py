"""The error codes of the plugin. mypy knows a code from the moment that it is made."""

from typing import Final

from mypy.errorcodes import ErrorCode

AWAIT_PLUGIN: Final = ErrorCode("await-plugin", "A failure of the plugin awaits_mypy itself", "Await")
AWAIT_HIDDEN: Final = ErrorCode(
    "await-hidden", "Warn about a member of the Await that hides one of its value", "Await"
)
AWAIT_ISINSTANCE: Final = ErrorCode(
    "await-isinstance", "Warn about a class that an Await is asked for and never has", "Await"
)
AWAIT_BY_CLASS: Final = ErrorCode(
    "await-by-class", "Warn about functions that know a value by its class, and an Await not", "Await"
)
AWAIT_IMPLICIT: Final = ErrorCode(
    "await-implicit",
    "Warn about uses of an Await that wait for its value",
    "Await",
    default_enabled=False,
)
