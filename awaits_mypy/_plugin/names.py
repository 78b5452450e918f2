"""The names of what the plugin watches, each in the module that defines it."""

from typing import Final

AWAIT: Final = "awaits._await.Await"
DELAYED: Final = "awaits._delayed.delayed"
DELAYED_FUNCTION: Final = "awaits._delayed.Delayed"
TORCH_AWAIT: Final = "awaits.torch.Await"
TORCH_AWAITABLE: Final = "awaits.torch.awaitable"
AWAITABLE: Final = "typing.Awaitable"
