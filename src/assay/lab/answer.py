"""What a simulated model says, apart from any dialect: text, tokens, times."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assay.lab.choice import choose, in_words
from assay.lab.draws import normal
from assay.lab.faults import Fault
from assay.lab.models import LabModel
from assay.lab.tools import OfferedTool, ToolResult, ToolUse
from assay.suites.base import Task

CHARACTERS_PER_TOKEN = 3.6
CACHED_FROM = 1024
"""Prompts shorter than this many tokens are not cached, as at real providers."""
SLOWER = 20.0
WRONG_BY = 7
_EFFORTS = {"none": 0.0, "minimal": 0.1, "low": 0.4, "medium": 1.0, "high": 2.0, "xhigh": 3.0, "max": 4.0}
_QUESTION = "Before I change anything: which of the two behaviours do you want?"
_SENTENCE = "Consider what the callers expect here. "


@dataclass(frozen=True, slots=True)
class Question:
    """A request in no dialect. ``earlier_turns`` counts the assistant's messages; ``max_tokens`` None = no limit.

    ``include_usage`` is for Chat streams, which state usage only when asked. ``opening`` is what the user said before
    the first answer; ``characters_known`` is the length of what was there at the last answer (a cache holds that);
    ``cache_1h`` = the cache was asked to hold for an hour.
    """

    model: str
    characters: int
    stream: bool
    system: str = ""
    max_tokens: int | None = None
    effort: str = "medium"
    caching: bool = False
    earlier_turns: int = 0
    include_usage: bool = True
    tools: tuple[OfferedTool, ...] = ()
    results: tuple[ToolResult, ...] = ()
    opening: str = ""
    characters_known: int = 0
    cache_1h: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in disjoint kinds; each dialect adds them up in its own convention. ``output`` includes ``reasoning``.

    ``cache_write_1h`` is a part of ``cache_write``.
    """

    uncached: int
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back. ``stop``: ``end | tools | length | refusal``; ``usage`` None = the provider is silent.

    Times are those of the simulated model, before ``time_scale``. ``solution`` names what was chosen, for tests.
    """

    id: str
    model: str
    text: str
    usage: Usage | None
    stop: str = "end"
    thinking: str = ""
    ttft_ms: float = 1.0
    duration_ms: float = 1.0
    fault: Fault | None = None
    solution: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[ToolUse, ...] = ()


def tokens_of(characters: float) -> int:
    """Return a rough token count; 0 only for nothing."""
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


def probe_answer(model: LabModel, question: Question) -> Answer:
    """Return the tiny fixed answer to a request that belongs to no trial."""
    usage = Usage(tokens_of(question.characters), output=1)
    return Answer("lab-probe", model.name, "OK", usage, ttft_ms=model.ttft_ms, duration_ms=model.ttft_ms)


def answer_trial(
    model: LabModel, task: Task, question: Question, labels: Mapping[str, str], seed: int, fault: Fault | None = None
) -> Answer:
    """Return what the model says to a request of a trial; the same for the same seed, trial, step and question."""
    trial, step = labels["trial"], int(labels.get("step") or 0)
    chosen = choose(model, task, seed=seed, trial=trial, step=step, variant={"system": question.system})
    said = Said(in_words(task, chosen), solution=chosen.name)
    return compose(model, question, labels, seed, said, fault)


@dataclass(frozen=True, slots=True)
class Said:
    """What the model wants to say, before it has an id, tokens and times. ``turn`` makes ids and lengths differ."""

    text: str
    tools: tuple[ToolUse, ...] = ()
    turn: str = ""
    solution: str = ""


def compose(
    model: LabModel, question: Question, labels: Mapping[str, str], seed: int, said: Said, fault: Fault | None = None
) -> Answer:
    """Give what is said its id, hidden reasoning, usage and times, and apply the faults that change what is said."""
    trial, step = labels["trial"], int(labels.get("step") or 0)
    effort = _EFFORTS.get(question.effort, 1.0)
    noise = normal(seed, trial, f"length{said.turn}", step)
    reasoning = round(model.reasoning * effort * math.exp(0.4 * noise)) if model.reasoning else 0
    if question.max_tokens is not None:
        reasoning = min(reasoning, question.max_tokens // 2)
    text, thinking = said.text, (_SENTENCE * (1 + reasoning // 100))[:2000] if reasoning else ""
    if model.thinks_aloud:
        text, thinking = f"<think>\n{thinking}\n</think>\n{text}", ""
    spoken = text + "".join(json.dumps(use.input) for use in said.tools)
    answer = Answer(
        id=f"lab-{trial[:16]}-{step}{said.turn}",
        model=model.name,
        text=text,
        usage=_usage(model, question, step, spoken, reasoning, noise),
        stop="tools" if said.tools else "end",
        thinking=thinking,
        fault=fault,
        solution=said.solution,
        labels=labels,
        tools=said.tools,
    )
    return _timed(_bent(_limited(answer, question)), model, normal(seed, trial, f"speed{said.turn}", step))


def _usage(model: LabModel, question: Question, step: int, text: str, reasoning: int, noise: float) -> Usage:
    prompt = tokens_of(question.characters)
    said = max(1, round(tokens_of(len(text)) * model.verbosity * math.exp(0.05 * noise)))
    cached = prompt if question.caching and prompt >= CACHED_FROM else 0
    first = step == 0 and question.earlier_turns == 0
    read = 0 if first else min(cached, tokens_of(question.characters_known) or cached)
    return Usage(
        uncached=prompt - cached,
        cache_read=read,
        cache_write=cached - read,
        cache_write_1h=cached - read if question.cache_1h else 0,
        output=said + reasoning,
        reasoning=reasoning,
    )


def _limited(answer: Answer, question: Question) -> Answer:
    """Cut the answer at the caller's token limit, in proportion."""
    usage, limit = answer.usage, question.max_tokens
    if usage is None or limit is None or usage.output <= limit:
        return answer
    share = max(0.0, (limit - usage.reasoning) / max(1, usage.output - usage.reasoning))
    kept = answer.text[: int(len(answer.text) * share)]
    return replace(answer, text=kept, tools=(), usage=replace(usage, output=limit), stop="length")


def _bent(answer: Answer) -> Answer:
    """Apply the faults that change what is said, not how it travels."""
    usage = answer.usage
    if usage is None:
        return answer
    if answer.fault is Fault.REFUSAL:
        return replace(
            answer, text="", thinking="", tools=(), stop="refusal", usage=replace(usage, output=12, reasoning=0)
        )
    if answer.fault is Fault.ASKS:
        return replace(answer, text=_QUESTION, tools=(), stop="end")
    if answer.fault is Fault.WRONG_USAGE:
        return replace(answer, usage=replace(usage, uncached=usage.uncached * WRONG_BY, output=usage.output * WRONG_BY))
    if answer.fault is Fault.NO_USAGE:
        return replace(answer, usage=None)
    return answer


def _timed(answer: Answer, model: LabModel, noise: float) -> Answer:
    """State how long it takes: time to the first token, then tokens at the model's pace, both lognormal."""
    ttft = model.ttft_ms * math.exp(0.25 * noise)
    output = answer.usage.output if answer.usage is not None else tokens_of(len(answer.text))
    pace = model.tokens_per_s * math.exp(-0.1 * noise)
    streaming = 1000 * output / pace * (SLOWER if answer.fault is Fault.SLOW else 1.0)
    return replace(answer, ttft_ms=round(ttft, 1), duration_ms=round(ttft + streaming, 1))
