"""What the ledger decides: pure functions on what is remembered of one caller."""
