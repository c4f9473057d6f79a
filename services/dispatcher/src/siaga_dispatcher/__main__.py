"""`python -m siaga_dispatcher`."""

from siaga_dispatcher.main import main

main()
