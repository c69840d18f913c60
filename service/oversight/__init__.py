"""Patterns that no single search can see: findings about devices, senders and people, for operators to judge."""
