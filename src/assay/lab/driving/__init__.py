"""The simulated models' knowledge of real agents: how each spells its tools."""
