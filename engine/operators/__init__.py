"""Proposers: who writes the next candidates."""
