"""What may be asked about erasure and retention: one function per intention."""
