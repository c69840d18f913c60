"""What may be asked about findings: one function per intention."""
