"""Parts that use cases and doors share."""
