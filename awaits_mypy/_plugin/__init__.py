"""What mypy loads: the plugin."""
