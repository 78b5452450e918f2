"""`python -m awaits_mypy` is the command `awaits-mypy`."""

import sys

from awaits_mypy._command import main

sys.exit(main())
