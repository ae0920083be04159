"""The ledger: what was planned, run, paid and scored."""
