"""How the prompt is framed: the parts that a variant has, and the texts that they stand for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import count
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import Field

from assay.experiment.fields import Model, Texts
from assay.identity import Json

CHARS_PER_TOKEN = 3.6
"""Of English prose, for common tokenizers: what turns ``padding.tokens`` into characters."""

THINK = " First think it through step by step, then answer."

TEST_RESULTS = "{test_results}"
"""Stands in a follow-up where the visible tests' outcome goes."""


class Tone(NamedTuple):
    """What is said before and after the instruction."""

    prefix: str
    suffix: str


ToneName: TypeAlias = Literal["polite", "plain", "rude", "terse"]
TONES: Mapping[str, Tone] = {
    "polite": Tone("Please be so kind as to help me with this. ", " Thank you very much!"),
    "plain": Tone("", ""),
    "rude": Tone("Do this now, and do not waste my time. ", " And get it right for once."),
    "terse": Tone("Task: ", " No small talk."),
}


class Padding(Model):
    """Text that has nothing to do with the task, in front of the instruction: how much, and of what.

    ``text`` is repeated or cut to length; without it sentences are made, the same for the same ``seed``.
    """

    tokens: Annotated[int, Field(ge=1, le=2_000_000)]
    text: str = ""
    seed: Annotated[int, Field(ge=0)] = 0

    def content(self) -> dict[str, Json]:
        """What makes the text: the seed counts for made sentences only."""
        return {"tokens": self.tokens, "text": self.text} if self.text else {"tokens": self.tokens, "seed": self.seed}


class Prompt(Model):
    """What stands around the task's instruction."""

    prefix: str = ""
    suffix: str = ""
    system: str = ""
    tone: ToneName | None = None
    """``polite``, ``plain``, ``rude`` or ``terse``: fixed texts around prefix and suffix."""
    chain_of_thought: bool | str = False
    """True asks to think first, in fixed words; or the words."""
    padding: Padding | None = None
    """Unrelated text in front of the instruction."""
    follow_ups: Texts = ()
    """Further turns, taken while the visible tests fail; ``{test_results}`` becomes their outcome."""

    def parts(self) -> dict[str, object]:
        """The parts that are given, as they are written."""
        return {key: value for key in Prompt.model_fields if (value := getattr(self, key))}

    def content(self) -> dict[str, Json]:
        """The texts that the parts come to; what says nothing is left out."""
        tone = TONES[self.tone or "plain"]
        texts: dict[str, Json] = {
            "system": self.system,
            "prefix": tone.prefix + self.prefix,
            "suffix": self.suffix + self._thought() + tone.suffix,
            "padding": self.padding.content() if self.padding else None,
            "follow_ups": list(self.follow_ups),
        }
        return {key: value for key, value in texts.items() if value}

    def _thought(self) -> str:
        if isinstance(self.chain_of_thought, str):
            return f" {self.chain_of_thought.strip()}" if self.chain_of_thought.strip() else ""
        return THINK if self.chain_of_thought else ""


class Variant(Prompt):
    """How the prompt is framed. ``per_model`` replaces parts for single models.

    A variant that has ``per_model`` and nothing else exists for those models only.
    """

    per_model: Mapping[str, Prompt] = {}

    def applies_to(self, model: str) -> bool:
        """False when the variant says nothing for a model whose neighbours it names."""
        return not self.per_model or model in self.per_model or bool(self.parts())

    def for_model(self, model: str) -> dict[str, Json]:
        """The variant's content for one model name."""
        own = self.per_model.get(model)
        return Prompt().model_copy(update={**self.parts(), **(own.parts() if own else {})}).content()


def padding_text(padding: Mapping[str, Json]) -> str:
    """Return the text that a variant's ``padding`` stands for: whole words, about ``tokens`` tokens long."""
    size = round(int(str(padding["tokens"])) * CHARS_PER_TOKEN)
    given = str(padding.get("text") or "").strip()
    if given:
        text = "\n\n".join([given] * (size // (len(given) + 2) + 1))
    else:
        text = _sentences(int(str(padding.get("seed") or 0)), size)
    return text if len(text) <= size else text[:size].rsplit(maxsplit=1)[0]


_WHO = ("The harbour office", "A visiting engineer", "The second shift", "The museum's archive", "Our supplier",
        "The weather station", "A neighbouring team", "The town library", "The school's orchestra", "The ferry line",
        "The night warden", "An old customer", "The bakery on the corner", "The survey group", "The print shop",
        "The botanical garden")  # fmt: skip
_DID = ("moved the meeting about", "wrote a short note on", "kept a careful list of", "asked for a second look at",
        "published the figures for", "lost the only copy of", "measured, for the third time,", "repainted",
        "found nothing new in", "closed the account of", "photographed", "translated the manual of",
        "ordered replacements for", "counted", "forgot to mention", "praised")  # fmt: skip
_WHAT = ("the spare lamps", "the northern footpath", "the autumn timetable", "the copper fittings", "the guest book",
         "the rain gauge", "the wooden crates", "the older maps", "the delivery van", "the reading room",
         "the tide tables", "the greenhouse windows", "the brass instruments", "the storage shelves",
         "the ticket machine", "the annual report")  # fmt: skip
_WHEN = ("before the end of the week.", "although nobody had asked.", "as in every year.", "in the first days of May.",
         "and sent a copy to the office.", "while the lift was out of order.", "at the usual place.",
         "with the help of two volunteers.", "after a long pause.", "for reasons that were never explained.",
         "on a windless morning.", "and thought no more of it.", "under the new rules.", "by candlelight.",
         "as far as the records show.", "without any haste.")  # fmt: skip
_A_PARAGRAPH = 7


def _sentences(seed: int, size: int) -> str:
    """Make sentences from a hash of seed and number, so that they are the same on every machine and version."""
    text: list[str] = []
    length = 0
    for number in count():
        picks = hashlib.sha256(f"{seed}:{number}".encode()).digest()
        words = (part[byte % len(part)] for part, byte in zip((_WHO, _DID, _WHAT, _WHEN), picks, strict=False))
        text.append(" ".join(words) + ("\n\n" if number % _A_PARAGRAPH == _A_PARAGRAPH - 1 else " "))
        length += len(text[-1])
        if length >= size:
            return "".join(text).rstrip()
    return ""
