"""Writes the document."""

import sys

from siaga_intake.openapi import written

sys.stdout.write(written())
