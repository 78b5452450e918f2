"""Many calls at once: in which order, and on which kind of executor."""
