"""Erasures, their certificates and periods: plain Python."""
