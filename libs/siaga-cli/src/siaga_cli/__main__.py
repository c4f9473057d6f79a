"""`python -m siaga_cli`."""

from siaga_cli.main import main

main()
