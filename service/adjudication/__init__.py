"""Cases: people who may be one, and what operators decide about them."""
