"""Runs the command line: ``python -m carbon_sink``."""

import sys

from .cli import main

sys.exit(main())
