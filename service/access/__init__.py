"""Who may call: tokens, and what each role may do."""
