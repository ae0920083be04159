"""The life of one attempt: claim, sandbox, agent, kill everything, seal evidence, settle."""
