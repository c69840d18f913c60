"""Who did or saw what: entries that are only ever added, chained by hash, and signed checkpoints over the chains."""
