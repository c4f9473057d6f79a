"""Where the ledger touches the world: records, the faust table, topics."""
