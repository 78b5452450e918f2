"""What happens to a call: which thread or task runs it, after what, who waits, how it is pickled."""
