"""Tasks, whom they wait for, and how they end, as plain Python."""
