"""The compiled part, which the package does without where it cannot be built.

AWAITS_BUILD=compiled makes a failure to build it an error, AWAITS_BUILD=pure leaves it out. Everything
else about the package is in pyproject.toml.
"""

import os

from setuptools import Extension, setup

BUILD = os.environ.get("AWAITS_BUILD", "")
if BUILD not in {"", "compiled", "pure"}:
    raise SystemExit(f"AWAITS_BUILD must be 'compiled' or 'pure', not {BUILD!r}")

core = Extension(
    "awaits._state._core",
    ["awaits/_state/_core.c"],
    depends=["awaits/_state/_claims.h"],
    optional=BUILD != "compiled",
)
setup(ext_modules=[] if BUILD == "pure" else [core])
