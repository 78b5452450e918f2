"""The names of what the plugin watches."""

from typing import Final

# In the module that defines it.
AWAIT: Final = "awaits._await.Await"
