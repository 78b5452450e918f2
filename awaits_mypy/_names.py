"""The full names, in the modules that define them, of what the plugin watches."""

from typing import Final

AWAIT: Final = "awaits._await.Await"
