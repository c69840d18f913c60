"""Actions, entries and their chain, checkpoints: plain Python."""
