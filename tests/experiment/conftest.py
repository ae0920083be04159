from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay.experiment.load import load_experiment
from assay.experiment.model import Experiment
from assay.records import Dialect
from assay.testing.tasks import make_task


@dataclass(frozen=True)
class Info:
    name: str
    version: str | None = "1"
    dialects: frozenset[Dialect] = frozenset()
    problem: str | None = None


@pytest.fixture
def agents() -> Mapping[str, Info]:
    """Agents of every sort: all dialects, one dialect, none, anchors, not installed."""
    infos = (
        Info("api", dialects=frozenset({Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES})),
        Info("claude-code", "2.1", frozenset({Dialect.MESSAGES})),
        Info("opencode", dialects=frozenset({Dialect.MESSAGES, Dialect.CHAT})),
        Info("gemini-cli", dialects=frozenset({Dialect.GEMINI})),
        Info("command", "0"),
        Info("oracle"),
        Info("nop"),
        Info("empty"),
        Info("codex", None, frozenset({Dialect.RESPONSES}), "the program 'codex' is not on PATH"),
    )
    return {info.name: info for info in infos}


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Experiment]:
    """Read an experiment from text; ``name`` and ``suite`` are there already."""

    def read(text: str, *, head: str = "name: x\nsuite: suite\n") -> Experiment:
        path = tmp_path / "experiment.yaml"
        path.write_text(head + text, encoding="utf-8")
        return load_experiment(path)

    return read


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Six tasks of two types beside the experiment file."""
    for number in range(3):
        make_task(tmp_path / "suite", id=f"fix-{number}")
        make_task(tmp_path / "suite", id=f"refactor-{number}", type="refactoring", difficulty="hard")
    return tmp_path / "suite"
