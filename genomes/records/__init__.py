"""The records every room passes on: what was proposed, what became of it, who was asked what."""
