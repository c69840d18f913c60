"""What people take home on paper: household cards, receipts, and who used their data. PDF in three languages."""
