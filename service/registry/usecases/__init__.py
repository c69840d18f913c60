"""What may be asked of the registry: one function per intention."""
