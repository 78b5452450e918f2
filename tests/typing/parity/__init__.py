"""Whether mypy says of `aw: Await[C]` what it says of `w: C`, measured on whole modules."""
