"""Measurements, none of which is a test: machines differ, and are noisy."""
