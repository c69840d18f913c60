"""What may be asked about enrolments and captures: one function per intention."""
