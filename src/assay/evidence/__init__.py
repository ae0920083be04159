"""Evidence: its layout on disk, its readers, and the facts derived from it."""
