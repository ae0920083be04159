"""Runs: the module that joins making evidence with reading it."""
