"""``python -m cli`` is the command ``qorgan``."""

import sys

from cli.main import main

sys.exit(main())
