"""Whether real code does with Awaits in the place of its values what it does with these."""
