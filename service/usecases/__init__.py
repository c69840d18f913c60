"""One function an intention; everything it needs is an argument."""
