"""A shop whose catalogue is read when it is needed."""
