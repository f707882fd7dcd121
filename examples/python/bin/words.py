# SPDX-License-Identifier: MIT
"""The program, run from the source tree."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from words.command import main  # noqa: E402

sys.exit(main())
