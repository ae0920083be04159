"""The experiment file: what to find out, validated and frozen."""
