"""Reads an experiment: from a file, from named values, or from the plain data in a lock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assay.documents.base import Document, Kind, parse_document, read_document
from assay.documents.explain import explain
from assay.errors import ExperimentError
from assay.experiment.files import with_files
from assay.experiment.model import Experiment
from assay.experiment.references import check_references

EXPERIMENT = Kind(
    "an experiment file",
    ExperimentError,
    remedy="'assay init' writes a starter",
    examples={"name": "name: my-first-experiment", "suite": "suite: focused"},
    patterns={"name": "letters, digits, dot, dash and underscore (at most 64)"},
)


def load_experiment(path: Path) -> Experiment:
    """Read and check ``experiment.yaml``. Raises ``ExperimentError`` naming file, line and remedy."""
    return _from_document(read_document(path, EXPERIMENT), path.parent)


def parse_experiment(text: str, path: Path) -> Experiment:
    """Check an experiment's text as if it stood in ``path``."""
    return _from_document(parse_document(text, path, EXPERIMENT), path.parent)


def _from_document(document: Document, folder: Path) -> Experiment:
    return _checked(with_files(document, folder), document, folder)


def experiment_from(*, folder: Path | None = None, **values: Any) -> Experiment:
    """Build an experiment without a file: keys and shapes are those of the file, None = not given.

    ``folder`` is what relative paths start from (default: the working directory). Without a ``name`` one is made
    from models and suite.
    """
    given = {key: value for key, value in values.items() if value is not None}
    given.setdefault("name", _name(given))
    return _checked(given, None, folder or Path())


def changed(experiment: Experiment, **values: Any) -> Experiment:
    """Return the experiment with some values replaced (None = leave), checked like a file's."""
    given = {key: value for key, value in values.items() if value is not None}
    if not given:
        return experiment
    return _checked({**experiment.to_data(), **given}, experiment.document, experiment.folder)


def experiment_schema() -> dict[str, Any]:
    """Return the JSON schema of the file, for editors."""
    schema = Experiment.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Assay experiment"}


def _checked(data: Any, document: Document | None, folder: Path) -> Experiment:
    try:
        experiment = Experiment.model_validate(data)
    except ValidationError as error:
        raise explain(error, Experiment, EXPERIMENT, document) from error
    experiment = experiment.read_from(document, folder)
    check_references(experiment)
    return experiment


def _name(values: Mapping[str, Any]) -> str:
    models = values.get("models") or values.get("model") or values.get("agents") or ()
    listed = [models] if isinstance(models, str) else list(models)
    words = [str(model).rpartition("/")[2] for model in listed]
    suite = Path(str(values.get("suite", ""))).name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(["-vs-".join(words), suite])).strip("-._")[:64] or "experiment"
