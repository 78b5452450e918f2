"""The command `awaits-mypy`, of which the plugin imports nothing."""
