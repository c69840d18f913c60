"""What a counter sends: captures, exceptions and what is made of them. Receiving it, and keeping it."""
