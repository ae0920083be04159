import sys
import types
from pathlib import Path

import pytest

from assay.testing.moody_sandbox import MoodyKind
from assay.testing.tasks import make_task


@pytest.fixture
def moody(monkeypatch: pytest.MonkeyPatch) -> MoodyKind:
    """A kind that a run reaches as ``moody_sandboxes:kind``."""
    module = types.ModuleType("moody_sandboxes")
    kind = MoodyKind()
    monkeypatch.setattr(module, "kind", kind, raising=False)
    monkeypatch.setitem(sys.modules, "moody_sandboxes", module)
    return kind


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without the verdicts of earlier tests: where anchors are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "assay" / "anchors"


@pytest.fixture
def tiny_suite(tmp_path: Path) -> Path:
    (tmp_path / "suite").mkdir()
    make_task(tmp_path / "suite", id="tiny")
    return tmp_path / "suite"
