"""Evidence: what may be believed of what a search found, and how it is known."""
