"""Simulated models are all known: one that the Lab does not have is a slip of the pen, found before anything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assay.errors import ExperimentError, InputError, Place
from assay.experiment.arm_models import arm_models
from assay.experiment.model import Experiment
from assay.lab.faults import parse_faults
from assay.lab.models import MODELS
from assay.lab.scripts import parse_script
from assay.names import suggestion
from assay.providers import Provider
from assay.records import Arm


def refuse_unknown_simulations(experiment: Experiment, arms: Sequence[Arm], providers: Mapping[str, Provider]) -> None:
    """Raise ``ExperimentError`` for a Lab model, or a fault, that does not exist."""
    for arm in arms:
        if not arm.provider or not providers[arm.provider].simulated:
            continue
        for _, model in arm_models(arm):
            name, _, fault = model.partition("!")
            where = experiment.place("models", arm.names.get("model", ""))
            if name not in MODELS:
                raise ExperimentError(f"the Lab has no model '{name}'", where=where, remedy=suggestion(name, MODELS))
            _parse(fault, where)
        _parse(arm.settings.get("lab_fault"), experiment.place("settings", "lab_fault"))
        _parse_script(arm.settings.get("lab_script"), experiment.place("settings", "lab_script"))


def _parse(fault: object, where: Place | None) -> None:
    try:
        parse_faults(fault)  # type: ignore[arg-type]  # settings are plain data
    except InputError as error:
        raise ExperimentError(error.what, where=where, remedy=error.remedy) from error


def _parse_script(script: object, where: Place | None) -> None:
    try:
        if script:
            parse_script(script if isinstance(script, str) else json.dumps(script))
    except InputError as error:
        raise ExperimentError(error.what, where=where, remedy=error.remedy) from error
