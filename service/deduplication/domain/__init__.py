"""Plain rules of deduplication: bands, walks, and the comparison of what people state of themselves."""
