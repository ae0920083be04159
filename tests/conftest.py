"""Settings of the whole suite: property tests are the same on every machine, however slow it is."""

from hypothesis import settings

settings.register_profile("assay", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("assay")
