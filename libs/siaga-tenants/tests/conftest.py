"""Tests are imported by path, without a package; this makes the samples beside them importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
