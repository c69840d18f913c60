"""What may be asked of access: one function per intention."""
