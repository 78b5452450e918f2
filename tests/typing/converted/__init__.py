"""What mypy refuses in real programs whose values became lazy."""
