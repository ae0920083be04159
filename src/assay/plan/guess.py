"""Guesses, before anything is known, of what a trial reads, writes and takes. Rough, and called so wherever shown.

A guess is about the order of magnitude: low, likely and high are meant to bracket three trials in four.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.experiment.framing import CHARS_PER_TOKEN
from assay.plan.turns import follow_ups
from assay.records import Arm, Record, Tokens
from assay.suites.base import Task

FRAME_TOKENS = 250  # what an agent adds: how to answer, headings

# A direct call: its answer is the changed files, some prose, and perhaps hidden reasoning.
_ANSWER_FACTOR = (0.8, 1.5, 4.0)
_ANSWER_EXTRA = (50, 400, 6000)

# An agent with tools: calls in a trial; what it brings along; what each call writes. Most of the input is cached.
_AGENT_CALLS = (5, 20, 80)
_AGENT_FRAME = 12_000
_AGENT_OUTPUT = (100, 300, 800)
_AGENT_GROWTH = 600  # tokens that each call adds to the next one's prompt

# Seconds: around a trial (sandbox, hidden tests), before the first token, and tokens a second.
_AROUND_S = (0.5, 1.5, 4.0)
_FIRST_TOKEN_S = (0.4, 1.0, 4.0)
_TOKENS_PER_S = (150.0, 70.0, 25.0)


@dataclass(frozen=True, slots=True)
class Guess(Record):
    """One trial: tokens by kind, and seconds of the model's time beside those around it."""

    tokens: Tokens
    model_s: float
    around_s: float


def guess_trial(arm: Arm, task: Task, max_output_tokens: int) -> tuple[Guess, Guess, Guess]:
    """Return low, likely and high."""
    low, likely, high = (_guess(arm, task, max_output_tokens, grade) for grade in range(3))
    return low, likely, high


def _guess(arm: Arm, task: Task, max_output_tokens: int, grade: int) -> Guess:
    around = _AROUND_S[grade]
    if not arm.model:
        return Guess(Tokens(input_uncached=0, output=0), 0.0, around)
    prompt = prompt_tokens(arm, task)
    steps = max(1, len(task.steps)) + (0, 1, 1)[grade] * len(follow_ups(arm))
    if arm.agent == "api":
        answer = min(max_output_tokens, round(_ANSWER_FACTOR[grade] * _solution_tokens(task) + _ANSWER_EXTRA[grade]))
        tokens = Tokens(input_uncached=steps * prompt, output=steps * answer)
        return Guess(tokens, steps * (_FIRST_TOKEN_S[grade] + answer / _TOKENS_PER_S[grade]), around)
    calls = steps * _AGENT_CALLS[grade]
    first = prompt + _AGENT_FRAME
    written = calls * _AGENT_OUTPUT[grade]
    fresh = first + calls * _AGENT_GROWTH
    again = (calls - 1) * first + _AGENT_GROWTH * calls * (calls - 1) // 2
    tokens = Tokens(input_uncached=fresh, cache_read=again, output=written)
    return Guess(tokens, calls * _FIRST_TOKEN_S[grade] + written / _TOKENS_PER_S[grade], around)


def prompt_tokens(arm: Arm, task: Task) -> int:
    """Guess the length of the first prompt: instruction, visible files, variant and profile."""
    files = arm.profile.get("files")
    texts = [task.instruction, str(arm.profile.get("instructions", ""))]
    texts += [str(text) for text in files.values()] if isinstance(files, dict) else []
    texts += [str(arm.variant.get(part, "")) for part in ("system", "prefix", "suffix")]
    padding = arm.variant.get("padding")
    unrelated = int(str(padding["tokens"])) if isinstance(padding, Mapping) else 0
    size = sum(map(len, texts)) + _bytes(task.start_files().values())
    return FRAME_TOKENS + unrelated + round(size / CHARS_PER_TOKEN)


def _solution_tokens(task: Task) -> int:
    return round(_bytes(task.solution_files().values()) / CHARS_PER_TOKEN)


def _bytes(files: Iterable[bytes]) -> int:
    return sum(map(len, files))
