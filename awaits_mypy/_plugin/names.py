"""The names of what the plugin watches, each in the module that defines it."""

from typing import Final

AWAIT: Final = "awaits._await.Await"
AWAITS_AWAITABLE: Final = "awaits._functions.awaitable"
DELAYED: Final = "awaits._delayed.delayed"
DELAYED_FUNCTION: Final = "awaits._delayed.Delayed"
LAZY_IMPORT: Final = "awaits._lazy_import.lazy_import"
MODULE: Final = "awaits._lazy_import.Module"
MODULE_TYPE: Final = "types.ModuleType"
PREFETCH: Final = ("awaits.executors.prefetch", "awaits.executors.prefetch_async")
SINGLE_DISPATCH: Final = "functools._SingleDispatchCallable.__call__"
TORCH_AWAIT: Final = "awaits.torch.Await"
TORCH_AWAITABLE: Final = "awaits.torch.awaitable"
AWAITABLE: Final = "typing.Awaitable"
WAITS: Final = ("awaits._functions.awaitable_release", "awaits._functions.awaitable_wait")
