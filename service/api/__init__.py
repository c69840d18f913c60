"""REST: one file per noun, its routes beside the shapes of what they take and give."""
