"""`python -m siaga_intake` runs the service."""

from siaga_intake.main import main

main()
