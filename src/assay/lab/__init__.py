"""The Lab: simulated models of known truth behind real wire protocols."""
