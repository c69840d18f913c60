"""Recognition and 1:N search: arrays in, arrays out. Nothing here knows a database, HTTP or the environment."""
