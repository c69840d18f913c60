"""What may be asked about cases: one function per intention."""
