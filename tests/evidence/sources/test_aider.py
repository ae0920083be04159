"""What aider prints, read."""

import json
from pathlib import Path

from assay.evidence.sources.aider import failed_call, is_malformed, read
from assay.evidence.sources.base import AttemptFiles

TOKENS = "Tokens: {} received."


def attempt(folder: Path, *texts: str) -> AttemptFiles:
    step = folder / "steps" / "0"
    step.mkdir(parents=True)
    (step / "stream.jsonl").write_text("".join(json.dumps({"t": 0, "fd": 1, "text": t + "\n"}) + "\n" for t in texts))
    return AttemptFiles(folder)


def test_counts_below_a_thousand_are_exact(tmp_path: Path) -> None:
    (found,) = read(attempt(tmp_path, "Aider v0.86.2", TOKENS.format("999 sent, 12 cache write, 100 cache hit, 3")))
    (call,) = found.calls
    assert (call.tokens.input_uncached, call.tokens.cache_read, call.tokens.cache_write_unknown) == (887, 100, 12)
    assert call.tokens.output == 3
    assert "rounded" not in found.gaps


def test_rounded_counts_are_said_to_be(tmp_path: Path) -> None:
    (found,) = read(attempt(tmp_path, TOKENS.format("1.8k sent, 12k")))
    total = found.sum()
    assert total is not None
    assert (total.prompt, total.output) == (1800, 12_000)
    assert "rounded" in found.gaps


def test_a_failure_that_was_made_good_is_none(tmp_path: Path) -> None:
    error = "litellm.InternalServerError: no"
    files = attempt(tmp_path, error, TOKENS.format("10 sent, 2"))
    assert failed_call(files.streams[0]) is None
    assert [event.kind for event in read(files)[0].errors] == ["api"]
    assert failed_call(attempt(tmp_path / "two", TOKENS.format("10 sent, 2"), error).streams[0]) == error


def test_an_answer_that_cannot_be_read_as_files(tmp_path: Path) -> None:
    malformed = "The LLM did not conform to the edit format."
    assert is_malformed(attempt(tmp_path, malformed).streams[0])
    assert not is_malformed(attempt(tmp_path / "two", malformed, "Applied edit to a.py").streams[0])


def test_printing_no_counts_is_a_problem(tmp_path: Path) -> None:
    (found,) = read(attempt(tmp_path, "Aider v0.86.2"))
    assert found.problems == ("it printed no token counts",)
    assert found.sum() is None
