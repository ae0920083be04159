"""Routing: a policy estimated from facts."""
