"""Agents: the programs that drive a model."""
