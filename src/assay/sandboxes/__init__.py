"""Sandboxes: where one attempt, or one verification, runs."""
