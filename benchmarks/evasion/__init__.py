"""Are people who try to enrol twice found? `python -m benchmarks.evasion --help` explains it."""
