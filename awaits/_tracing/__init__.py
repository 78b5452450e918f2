"""What a trace hears of, and how it shows it."""
