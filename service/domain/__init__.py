"""What a registry knows and may do. Plain Python, no input or output, no framework."""
