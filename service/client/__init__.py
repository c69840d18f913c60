"""Posting a folder of captures to a running service."""
