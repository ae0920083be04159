"""Analysis: facts in, findings out; pure."""
