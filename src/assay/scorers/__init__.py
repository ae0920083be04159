"""Scorers: numbers read from evidence."""
