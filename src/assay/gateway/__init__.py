"""The gateway: the only way out of a sandbox, and the truth about tokens."""
