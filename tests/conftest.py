"""Settings of the whole suite: the same on every machine, however slow it is and whatever it has kept."""

import os
import shutil
import tempfile

import pytest
from hypothesis import settings

from assay.agents.installed import tools_root
from assay.sandboxes.cache import cache_root

settings.register_profile("assay", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("assay")

_OURS = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep verdicts of earlier sessions out: they would hide what breaks. All processes of a session share one cache.

    What is built rather than found out (toolchains, the supervisor's byte code) is built once in it; for root it lies
    elsewhere, named by its content.
    """
    if not hasattr(config, "workerinput"):
        # Installed agents are found where they are, whatever cache the session has.
        os.environ.setdefault("ASSAY_TOOLS", str(tools_root()))
        cache_root.cache_clear()
        config.stash[_OURS] = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="assay-tests-cache-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the cache of this session."""
    shutil.rmtree(config.stash.get(_OURS, ""), ignore_errors=True)
