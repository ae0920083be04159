"""Conformance suites and scripted doubles for those who write new parts."""
