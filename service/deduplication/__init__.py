"""Is this person here already: the index replica, processing, identifying, verifying, all against all."""
