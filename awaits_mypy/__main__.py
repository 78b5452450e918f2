"""`python -m awaits_mypy` is the command `awaits-mypy`."""

import sys

from awaits_mypy._command.main import main

sys.exit(main())
