from collections.abc import Callable, Mapping

import pytest

from assay.errors import ExperimentError, MachineError
from assay.experiment.arms import AgentInfo, dialect_of, expand_arms
from assay.experiment.controls import SABOTAGE
from assay.experiment.model import Experiment
from assay.providers import KNOWN
from assay.records import Arm, Dialect

Load = Callable[..., Experiment]
Agents = Mapping[str, AgentInfo]


def labels(arms: tuple[Arm, ...]) -> list[str]:
    return [arm.label for arm in arms]


def test_the_matrix_is_the_product_of_its_factors(load: Load, agents: Agents) -> None:
    text = """
models: [lab/swift, lab/deep]
variants: {bare: {}, tuned: {prefix: "x"}}
profiles: {none: {}, rules: {files: {AGENTS.md: y}}}
settings: {temperature: [0, 0.5], effort: low}
"""
    arms = expand_arms(load(text), agents)
    assert len(arms) == 16
    assert len({arm.id for arm in arms}) == 16
    assert arms[0].label == "swift / bare / none / temperature=0"
    assert arms[-1].label == "deep / tuned / rules / temperature=0.5"
    last = arms[-1]
    assert last.variant == {"prefix": "x"}
    assert last.profile == {"files": {"AGENTS.md": "y"}}
    assert last.settings == {"temperature": 0.5, "effort": "low"}
    assert (last.provider, last.model, last.agent, last.agent_version) == ("lab", "deep", "api", "1")


def test_labels_hold_only_what_varies(load: Load, agents: Agents) -> None:
    assert labels(expand_arms(load("model: lab/swift"), agents)) == ["swift"]
    assert labels(expand_arms(load("agent: nop"), agents)) == ["nop"]
    text = "models: {a: lab/swift}\nvariants: {x: {}, y: {prefix: z}}"
    assert labels(expand_arms(load(text), agents)) == ["x", "y"]
    text = "models: [lab/swift, openrouter/other/swift]"
    assert labels(expand_arms(load(text), agents)) == ["lab/swift", "openrouter/other/swift"]


def test_identity_depends_on_content_not_on_names(load: Load, agents: Agents) -> None:
    one = expand_arms(load("models: {a: lab/swift}\nvariants: {v: {prefix: x}}"), agents)[0]
    other = expand_arms(load("models: {b: lab/swift}\nvariants: {w: {prefix: x}}"), agents)[0]
    changed = expand_arms(load("models: {a: lab/swift}\nvariants: {v: {prefix: y}}"), agents)[0]
    assert one.id == other.id
    assert one.names != other.names
    assert changed.id != one.id


def test_a_variant_for_some_models_exists_for_those_only(load: Load, agents: Agents) -> None:
    text = """
models: {a: lab/swift, b: lab/steady, c: lab/deep}
variants:
  bare: {}
  tuned: {per_model: {a: {prefix: "A"}, b: {system: "B"}}}
  based: {system: "all", per_model: {c: {system: "C", suffix: "D"}}}
"""
    arms = {arm.label: arm.variant for arm in expand_arms(load(text), agents)}
    assert "c / tuned" not in arms
    assert arms["a / tuned"] == {"prefix": "A"}
    assert arms["a / based"] == {"system": "all"}
    assert arms["c / based"] == {"system": "C", "suffix": "D"}
    assert len(arms) == 8


def test_a_list_in_a_row_expands_that_row_only(load: Load, agents: Agents) -> None:
    text = """
models: {a: lab/swift, b: lab/deep}
variants: {bare: {}, tuned: {prefix: x}}
arms:
  - {model: a, variant: [bare, tuned]}
  - {model: [b, lab/steady], variant: bare, settings: {effort: high}}
"""
    assert labels(expand_arms(load(text), agents)) == [
        "a / bare",
        "a / tuned",
        "b / bare / effort=high",
        "steady / bare / effort=high",
    ]


def test_a_row_takes_from_the_top_what_it_does_not_say(load: Load, agents: Agents) -> None:
    text = "models: [lab/swift, lab/deep]\nsettings: {temperature: 0}\narms:\n  - {settings: {effort: low}}"
    arms = expand_arms(load(text), agents)
    assert [(arm.model, arm.settings) for arm in arms] == [
        ("swift", {"temperature": 0, "effort": "low"}),
        ("deep", {"temperature": 0, "effort": "low"}),
    ]


def test_include_adds_and_exclude_removes(load: Load, agents: Agents) -> None:
    text = """
models: [lab/swift, lab/deep]
variants: {bare: {}, tuned: {prefix: x}}
include: [{agent: oracle}]
exclude: [{model: lab/deep, variant: tuned}]
"""
    assert labels(expand_arms(load(text), agents)) == ["swift / bare", "swift / tuned", "deep / bare", "oracle"]


def test_exclude_by_setting(load: Load, agents: Agents) -> None:
    text = (
        "model: lab/swift\nsettings: {effort: [low, high], temperature: [0, 1]}\nexclude: [{settings: {effort: low}}]"
    )
    assert {arm.settings["effort"] for arm in expand_arms(load(text), agents)} == {"high"}


def test_nothing_left_is_an_error(load: Load, agents: Agents) -> None:
    with pytest.raises(ExperimentError, match="no arm left"):
        expand_arms(load("model: lab/swift\nexclude: [{agent: api}]"), agents)


def test_an_anchor_is_one_arm_whatever_the_matrix(load: Load, agents: Agents) -> None:
    text = "agents: [api, oracle]\nmodels: [lab/swift, lab/deep]\n"
    text += "variants: {a: {}, b: {prefix: x}}\nsettings: {effort: low}"
    arms = expand_arms(load(text), agents)
    assert labels(arms) == ["swift / a", "swift / b", "deep / a", "deep / b", "oracle"]
    assert (arms[-1].model, arms[-1].provider, arms[-1].variant, arms[-1].settings) == ("", "", {}, {})


def test_a_command_may_have_a_model_and_keeps_its_own_knobs(load: Load, agents: Agents) -> None:
    arms = expand_arms(load("agents: [command]\nsettings: {command: 'sh x.sh', stream: false}"), agents)
    assert [(arm.model, arm.settings) for arm in arms] == [("", {"command": "sh x.sh"})]
    arms = expand_arms(load("agents: [api, command]\nmodel: lab/swift\nsettings: {command: 'sh x.sh'}"), agents)
    assert labels(arms) == ["api", "command"]
    assert [arm.settings for arm in arms] == [{}, {"command": "sh x.sh"}]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("agent: ap\nmodel: lab/swift", 3, "there is no agent 'ap'. Did you mean 'api'?"),
        ("agent: api", 3, "agent 'api' needs a model. Name it under 'models'"),
        (
            "models: [lab/swift, lab/swift]",
            3,
            "'models' lists 'lab/swift' twice",
        ),
        (
            "models: {a: lab/swift, b: lab/swift}",
            1,
            "the arms 'api / a' and 'api / b' are one and the same",
        ),
        (
            "model: lab/swift\nvariants: {x: {}, y: {}}",
            4,
            "the arms 'api / lab/swift / x' and 'api / lab/swift / y' are one and the same",
        ),
        (
            "model: lab/swift\narms:\n  - {settings: {effort: low}}\n  - {settings: {effort: low}}",
            6,
            "names the arm 'api / lab/swift / effort=low' twice",
        ),
        (
            "agents: [api, claude-code]\nmodel: gpt-5",
            3,
            "agent 'claude-code' (speaks messages) cannot speak to 'gpt-5' at provider 'openai'",
        ),
        (
            "model: gpt-5\nsettings: {dialect: messages}",
            1,
            (
                "agent 'api' (speaks chat, messages, responses) cannot speak to 'gpt-5' at provider 'openai' "
                "(speaks chat, responses) over 'messages'"
            ),
        ),
    ],
)
def test_what_cannot_be_run_names_both_sides(load: Load, agents: Agents, text: str, line: int, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        expand_arms(load(text), agents)
    assert caught.value.where is not None
    assert str(caught.value).startswith(f"{caught.value.where.path}:{line}: {message}")


def test_incompatible_pairs_can_be_left_out(load: Load, agents: Agents) -> None:
    text = "agents: [api, claude-code]\nmodels: [gpt-5, claude-x]\nskip_incompatible: true"
    assert labels(expand_arms(load(text), agents)) == ["gpt-5 / api", "claude-x / api", "claude-x / claude-code"]


def test_an_agent_that_is_not_installed_is_the_machines_fault(load: Load, agents: Agents) -> None:
    with pytest.raises(MachineError, match="agent 'codex' cannot be used: the program 'codex' is not on PATH"):
        expand_arms(load("agent: codex\nmodel: gpt-5"), agents)


def test_a_single_factor_study_is_held_to_its_word(load: Load, agents: Agents) -> None:
    models = "models: [lab/swift, gpt-5]\nvary: model\n"
    assert len(expand_arms(load(f"{models}controls: [aa, sabotage]\ninclude: [{{agent: oracle}}]"), agents)) == 5
    with pytest.raises(ExperimentError, match="but 'variant' varies too"):
        expand_arms(load(f"{models}variants: {{a: {{}}, b: {{prefix: x}}}}"), agents)
    with pytest.raises(ExperimentError, match="but 'temperature' varies too"):
        expand_arms(load(f"{models}settings: {{temperature: [0, 1]}}"), agents)
    with pytest.raises(ExperimentError, match="there is only one variant"):
        expand_arms(load("model: lab/swift\nvary: variant"), agents)


def test_a_single_factor_study_looks_at_content_not_at_names(load: Load, agents: Agents) -> None:
    text = "models: {a: lab/swift, b: lab/deep}\nvary: model\nvariants: {t: {system: x, per_model: {b: {system: y}}}}"
    with pytest.raises(ExperimentError, match="but 'variant' varies too"):
        expand_arms(load(text), agents)


def test_an_agents_own_knobs_come_with_the_agent(load: Load, agents: Agents) -> None:
    text = "agents: [api, command]\nmodel: lab/swift\nvary: agent\nsettings: {command: x}"
    assert labels(expand_arms(load(text), agents)) == ["api", "command"]


def test_controls_copy_an_arm(load: Load, agents: Agents) -> None:
    text = "models: {a: lab/swift, b: lab/deep}\nvariants: {v: {system: s, prefix: p}}\ncontrols: [aa, {sabotage: b}]"
    first, second, twin, bad = expand_arms(load(text), agents)
    assert (twin.replicate, twin.label) == (1, "a (A/A twin)")
    assert twin.names["control"] == "aa"
    assert twin.id != first.id
    assert twin.variant == first.variant
    assert (bad.model, bad.variant) == ("deep", {"system": SABOTAGE, "prefix": "p"})
    assert (bad.label, bad.names["control"]) == ("b (sabotaged)", "sabotage")
    assert bad.id not in {first.id, second.id}


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ("[{aa: bb}]", "names the arm 'bb', which is not one"),
        ("[{aa: v}]", r"\(or more than one\)"),
        ("[aa, {aa: a}]", "names the control 'a .A/A twin.' twice"),
    ],
)
def test_controls_name_one_arm_once(load: Load, agents: Agents, controls: str, message: str) -> None:
    text = f"models: {{a: lab/swift, b: lab/deep}}\nvariants: {{v: {{}}}}\ncontrols: {controls}"
    with pytest.raises(ExperimentError, match=message):
        expand_arms(load(text), agents)


def test_nothing_to_sabotage(load: Load, agents: Agents) -> None:
    with pytest.raises(ExperimentError, match="needs an arm with a model"):
        expand_arms(load("agent: nop\ncontrols: sabotage"), agents)


def test_the_dialect_is_the_providers_first_that_the_agent_speaks(agents: Agents) -> None:
    arm = Arm("api", "1", "m", "openai")
    assert dialect_of(arm, agents["api"], KNOWN["openai"]) is Dialect.CHAT
    asked = Arm("api", "1", "m", "openai", settings={"dialect": "responses"})
    assert dialect_of(asked, agents["api"], KNOWN["openai"]) is Dialect.RESPONSES
    assert dialect_of(arm, agents["claude-code"], KNOWN["openai"]) is None
    assert dialect_of(arm, agents["command"], KNOWN["openai"]) is Dialect.CHAT


def test_ids_do_not_change_between_versions(load: Load, agents: Agents) -> None:
    """Golden: a changed id would orphan every run on disk."""
    arm = expand_arms(load("model: lab/swift\nsettings: {temperature: 0}"), agents)[0]
    assert arm.id == Arm("api", "1", "swift", "lab", settings={"temperature": 0.0}).id == "1574ce2d6bc22de1af09"
