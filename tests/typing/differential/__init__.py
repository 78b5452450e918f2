"""Whether mypy says of real code on Awaits what it says of the same code on plain values."""
