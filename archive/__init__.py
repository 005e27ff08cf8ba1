"""What was found: every candidate ever proposed, with its outcome, its parents and its standing."""
