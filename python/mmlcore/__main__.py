"""``python -m mmlcore`` is the command ``mmlcore``."""

import sys

from mmlcore.cli import main

sys.exit(main())
