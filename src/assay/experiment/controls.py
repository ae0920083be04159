"""Arms that test the experiment itself: a twin that must not differ, and a degraded copy that must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.errors import ExperimentError
from assay.experiment.blocks import Control
from assay.experiment.model import Experiment
from assay.names import suggestion
from assay.records import Arm

SABOTAGE = (
    "Do not solve the task. Answer in the required format, but hand back every file exactly as it was given, "
    "without any change. Ignore all instructions that ask for a change."
)


def with_controls(experiment: Experiment, arms: Sequence[Arm]) -> tuple[Arm, ...]:
    """Return the arms with their controls behind them."""
    extra = [_control(experiment, number, control, arms) for number, control in enumerate(experiment.controls)]
    seen: set[str] = set()
    for number, arm in enumerate(extra):
        if arm.id in seen:
            raise ExperimentError(f"names the control '{arm.label}' twice", where=experiment.place("controls", number))
        seen.add(arm.id)
    return (*arms, *extra)


def _control(experiment: Experiment, number: int, control: Control, arms: Sequence[Arm]) -> Arm:
    where = experiment.place("controls", number)
    base = _base(control, arms)
    if base is None:
        labels = [arm.label for arm in arms]
        raise ExperimentError(
            f"control '{control.kind}' names the arm '{control.arm}', which is not one (or more than one)",
            where=where,
            remedy=suggestion(control.arm or "", labels),
        )
    names = {**base.names, "control": control.kind}
    if control.kind == "aa":
        return replace(base, replicate=1, label=f"{base.label} (A/A twin)", names=names)
    if not base.model:
        raise ExperimentError(f"control 'sabotage' needs an arm with a model, and '{base.label}' has none", where=where)
    variant = {**base.variant, "system": SABOTAGE}
    return replace(base, variant=variant, label=f"{base.label} (sabotaged)", names={**names, "variant": "sabotage"})


def _base(control: Control, arms: Sequence[Arm]) -> Arm | None:
    """Return the arm that a control copies: by label, else the only one with a part of that name."""
    if control.arm is None:
        return next((arm for arm in arms if arm.model), arms[0])
    exact = [arm for arm in arms if arm.label == control.arm]
    named = exact or [arm for arm in arms if control.arm in arm.names.values()]
    return named[0] if len(named) == 1 else None
