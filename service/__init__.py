"""The registry: contexts inside, doors outside. See the picture in README.md."""
