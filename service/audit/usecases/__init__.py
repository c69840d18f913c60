"""What may be asked of the audit: one function per intention."""
