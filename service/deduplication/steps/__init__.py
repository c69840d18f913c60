"""Parts that this context's use cases share."""
