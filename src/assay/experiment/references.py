"""Checks that what one part of an experiment names, another part defines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from assay.documents.base import KeyPath
from assay.errors import ExperimentError
from assay.experiment.blocks import Match, Row
from assay.experiment.endpoints import resolve_model
from assay.experiment.model import Experiment
from assay.experiment.settings import Settings
from assay.names import suggestion
from assay.providers import Provider
from assay.suites.schema import SCORED_PARTS

MEASURES = ("solved", "composite", *SCORED_PARTS)
FACTORS = ("agent", "model", "variant", "profile")


def check_references(experiment: Experiment) -> None:
    """Raise ``ExperimentError`` for the first name that nothing defines."""
    providers = _providers(experiment)
    for name, text in experiment.models.items():
        resolve_model(text, providers, where=experiment.place("models", name))
    for key, rows in (("arms", experiment.arms), ("include", experiment.include)):
        for index, row in enumerate(rows):
            _check_row(experiment, row, (key, index))
            for model in row.model:
                if model not in experiment.models:
                    _check_model(experiment, model, providers, (key, index, "model"))
    for index, match in enumerate(experiment.exclude):
        _check_row(experiment, match, ("exclude", index))
        known = {*experiment.models, *(model for row in (*experiment.arms, *experiment.include) for model in row.model)}
        _known(experiment, "model", match.model, known, ("exclude", index, "model"))
    for name, variant in experiment.variants.items():
        named = {model for row in (*experiment.arms, *experiment.include) for model in row.model}
        _known(experiment, "model", variant.per_model, {*experiment.models, *named}, ("variants", name, "per_model"))
    for path, model in _named_models(experiment):
        if model not in experiment.models:
            _check_model(experiment, model, providers, path)
    _check_prediction(experiment)
    _known(experiment, "measure", (experiment.primary,), MEASURES, ("primary",))
    _known(experiment, "part", experiment.score, SCORED_PARTS, ("score",))
    if experiment.vary is not None:
        _known(experiment, "factor", (experiment.vary,), {*FACTORS, *Settings.model_fields}, ("vary",))


def _named_models(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    """Yield the models that profiles and settings name, with where they do."""
    for name, profile in experiment.profiles.items():
        for number, agent in enumerate(profile.agents):
            if agent.model is not None:
                yield ("profiles", name, "agents", number, "model"), agent.model
    rows: list[tuple[KeyPath, Settings]] = [(("settings",), experiment.settings)]
    rows += [(("arms", number, "settings"), row.settings) for number, row in enumerate(experiment.arms)]
    rows += [(("include", number, "settings"), row.settings) for number, row in enumerate(experiment.include)]
    for path, settings in rows:
        for model in settings.small_model:
            yield (*path, "small_model"), model


def _check_prediction(experiment: Experiment) -> None:
    both = sorted(set(experiment.predict.floor) & set(experiment.predict.headroom))
    if both:
        where = experiment.place("predict", "headroom", both[0])
        raise ExperimentError(f"task '{both[0]}' is predicted as floor and as headroom", where=where)
    if experiment.mode == "confirmatory" and not (experiment.hypotheses or experiment.predict.hypotheses):
        remedy = "State them under 'hypotheses', or call it mode: exploratory"
        raise ExperimentError(
            "a confirmatory study states its hypotheses beforehand", where=experiment.place("mode"), remedy=remedy
        )


def _providers(experiment: Experiment) -> dict[str, Provider]:
    for name in experiment.providers:
        try:
            experiment.providers[name].provider(name, experiment.folder)
        except ExperimentError as error:
            raise ExperimentError(error.what, where=experiment.place("providers", name), remedy=error.remedy) from error
    return dict(experiment.all_providers())


def _check_row(experiment: Experiment, row: Row | Match, path: KeyPath) -> None:
    _known(experiment, "variant", row.variant, experiment.variants, (*path, "variant"))
    _known(experiment, "profile", row.profile, experiment.profiles, (*path, "profile"))


def _check_model(experiment: Experiment, model: str, providers: dict[str, Provider], path: KeyPath) -> None:
    try:
        resolve_model(model, providers, where=experiment.place(*path))
    except ExperimentError as error:
        if experiment.models and "/" not in model:
            _known(experiment, "model", (model,), experiment.models, path)
        raise error from None


def _known(experiment: Experiment, noun: str, names: Iterable[str], defined: Collection[str], path: KeyPath) -> None:
    for name in names:
        if name not in defined:
            remedy = suggestion(name, defined) or f"Define it under '{noun}s'"
            raise ExperimentError(f"{noun} '{name}' is not defined", where=experiment.place(*path, name), remedy=remedy)
