"""HTTP: a thin skin over the use cases."""
