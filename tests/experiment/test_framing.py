from collections.abc import Callable, Mapping

import pytest

from assay.errors import ExperimentError
from assay.experiment.arms import AgentInfo, expand_arms
from assay.experiment.framing import CHARS_PER_TOKEN, THINK, TONES, Variant, padding_text
from assay.experiment.model import Experiment
from assay.identity import Json, content_id

Load = Callable[..., Experiment]


def test_a_tone_stands_around_prefix_and_suffix() -> None:
    made = Variant(tone="polite", prefix="Quickly: ", suffix=" Bye.", chain_of_thought=True).content()
    assert made == {
        "prefix": f"{TONES['polite'].prefix}Quickly: ",
        "suffix": f" Bye.{THINK}{TONES['polite'].suffix}",
    }
    assert Variant(tone="plain").content() == {}
    assert Variant(chain_of_thought="Think aloud. ").content() == {"suffix": " Think aloud."}


def test_per_model_replaces_any_part() -> None:
    variant = Variant.model_validate(
        {
            "tone": "rude",
            "follow_ups": ("Again.",),
            "per_model": {"a": {"tone": "plain", "padding": {"tokens": 10}}, "b": {"follow_ups": ["Once more."]}},
        }
    )
    assert variant.for_model("a") == {"padding": {"tokens": 10, "seed": 0}, "follow_ups": ["Again."]}
    assert variant.for_model("b")["follow_ups"] == ["Once more."]
    assert variant.for_model("b")["prefix"] == TONES["rude"].prefix
    only = Variant.model_validate({"per_model": {"a": {"tone": "plain"}}})
    assert (only.applies_to("a"), only.applies_to("b")) == (True, False)


@pytest.mark.parametrize("tokens", [1, 10, 1000, 20_000])
def test_padding_is_as_long_as_it_says_and_ends_with_a_word(tokens: int) -> None:
    paddings: tuple[dict[str, Json], ...] = ({"tokens": tokens}, {"tokens": tokens, "text": "One line of words."})
    for padding in paddings:
        size = len(padding_text(padding))
        assert size <= tokens * CHARS_PER_TOKEN
        assert size >= tokens * CHARS_PER_TOKEN - 20 or tokens == 1


def test_padding_is_the_same_everywhere_and_differs_by_seed() -> None:
    assert padding_text({"tokens": 500}) == padding_text({"tokens": 500, "seed": 0})
    assert padding_text({"tokens": 500, "seed": 1}) != padding_text({"tokens": 500})
    assert padding_text({"tokens": 1000}).startswith(padding_text({"tokens": 500}))
    assert content_id("padding", padding_text({"tokens": 500})) == "c919614cd2f4c3763eb6"


def test_every_part_is_identity(load: Load, agents: Mapping[str, AgentInfo]) -> None:
    parts = (
        "{}", "{tone: polite}", "{tone: rude}", "{tone: terse}", "{chain_of_thought: true}", "{chain_of_thought: Hm}",
        "{padding: {tokens: 5}}", "{padding: {tokens: 6}}", "{padding: {tokens: 5, seed: 1}}", "{follow_ups: Go on.}",
        "{follow_ups: [Go on., Once more.]}",
    )  # fmt: skip
    text = "model: lab/swift\nvariants:\n" + "".join(f"  v{n}: {part}\n" for n, part in enumerate(parts))
    assert len(expand_arms(load(text), agents)) == len(parts)
    with pytest.raises(ExperimentError, match="one and the same"):
        expand_arms(load("model: lab/swift\nvariants: {a: {}, b: {tone: plain}}"), agents)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("tone: kind", "tone' cannot be the text 'kind'. Valid: plain, polite, rude, terse"),
        ("padding: {tokens: 0}", "must be at least 1"),
        ("padding: {token: 5, tokens: 6}", "singular and plural"),
        ("follow_ups: 3", "must be"),
        ("chain_of_thoughts: true, prefx: a", "unknown key 'prefx'"),
    ],
)
def test_slips_are_named(load: Load, part: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        load(f"model: lab/swift\nvariants: {{v: {{{part}}}}}")
