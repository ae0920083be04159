"""Tasks and suites: what is asked, shown, hidden and verified."""
