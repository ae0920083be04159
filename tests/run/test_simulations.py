from pathlib import Path

import pytest

from assay.agents.kinds import agent_infos
from assay.errors import ExperimentError
from assay.experiment.arms import expand_arms
from assay.experiment.load import parse_experiment
from assay.run.simulations import refuse_unknown_simulations


def check(text: str) -> None:
    experiment = parse_experiment(f"name: x\nsuite: focused\n{text}", Path("e.yaml"))
    arms = expand_arms(experiment, agent_infos())
    refuse_unknown_simulations(experiment, arms, experiment.all_providers())


def test_what_the_lab_has_is_fine() -> None:
    check("models: [lab/swift, 'lab/deep!429']\nsettings: {lab_fault: ['cut@0.1', {slow: 0.5}]}")
    check("model: claude-x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: lab/swft", "e.yaml:3: the Lab has no model 'swft'. Did you mean 'swift'?"),
        ("models:\n  a: lab/swift\n  b: lab/claude", "e.yaml:5: the Lab has no model 'claude'. Valid: "),
        ("model: lab/swift!4290", "e.yaml:3: lab fault '4290' is not known. Did you mean '429'?"),
        ("model: lab/swift\nsettings:\n  lab_fault: cutt", "e.yaml:5: lab fault 'cutt' is not known."),
    ],
)
def test_what_it_does_not_have_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        check(text)
    assert str(caught.value).startswith(message)
