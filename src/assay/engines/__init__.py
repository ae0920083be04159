"""Engines: where attempts are placed."""
