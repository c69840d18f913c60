"""Parts that this and other contexts' use cases share."""
