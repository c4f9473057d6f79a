"""`python -m siaga_notifier`."""

from siaga_notifier.main import main

if __name__ == "__main__":
    main()
