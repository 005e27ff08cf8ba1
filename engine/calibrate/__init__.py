"""Calibration: how much of a known edge a search finds, on markets that we made ourselves."""
