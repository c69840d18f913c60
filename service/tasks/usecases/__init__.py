"""What operators may ask of tasks: one function per intention."""
