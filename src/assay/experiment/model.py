"""What an experiment file may say: frozen data, one class per block."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from assay.documents.base import Document
from assay.errors import Place
from assay.experiment.blocks import (
    Control,
    Excluded,
    Limits,
    Match,
    Predict,
    Row,
    Sentinels,
    SuiteEntry,
    TaskFilter,
    as_controls,
    as_suites,
    as_task_filter,
)
from assay.experiment.endpoints import ProviderEntry, Telemetry, merged_providers
from assay.experiment.fields import Model, Names, Texts, as_tuple
from assay.experiment.framing import Variant
from assay.experiment.profiles import Profile
from assay.experiment.settings import Settings
from assay.identity import Json, content_id
from assay.providers import Provider

DEFAULT_MAX_COST = 5.0
DEFAULT_REPS = 3
DEFAULT_WEIGHTS: Mapping[str, float] = {"tests": 50.0, "lint": 25.0, "complexity": 25.0}
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Weight = Annotated[float, Field(ge=0)]


class Experiment(Model):
    """What to find out, and what it may cost. ``id`` is the hash of everything below, defaults included."""

    name: str = Field(pattern=NAME)
    """Names the run folder: letters, digits, dot, dash, underscore."""
    question: str = ""
    """What is to be found out, in a sentence."""
    mode: Literal["exploratory", "confirmatory"] = "exploratory"
    """``confirmatory``: hypotheses, margin and primary measure were fixed before any data were seen."""
    hypotheses: Texts = ()
    margin: Annotated[float, Field(gt=0, le=100)] | None = None
    """Points (of 100) of the primary measure that do not matter: for ``not worse`` and ``equal within margin``."""

    suite: Annotated[
        tuple[SuiteEntry, ...],
        BeforeValidator(as_suites, json_schema_input_type=str | SuiteEntry | list[str | SuiteEntry]),
        Field(min_length=1),
    ]
    """A built-in suite's name, a folder, or ``{format, path, tasks}``; or a list of these."""
    tasks: Annotated[
        TaskFilter, BeforeValidator(as_task_filter, json_schema_input_type=str | list[str] | TaskFilter)
    ] = TaskFilter()
    """Which of the suite's tasks: ids (``*`` and ``file:ten.txt`` work), or by type, difficulty, tag, language."""

    agents: Texts = ("api",)
    models: Names = Field(default_factory=dict)
    providers: Mapping[str, ProviderEntry] = {}
    variants: Mapping[str, Variant] = {}
    profiles: Mapping[str, Profile] = {}
    settings: Settings = Settings()
    arms: Annotated[tuple[Row, ...], BeforeValidator(as_tuple, json_schema_input_type=Row | list[Row])] = ()
    """Rows in place of the full matrix. A row says what differs; the rest comes from the top level."""
    include: Annotated[tuple[Row, ...], BeforeValidator(as_tuple, json_schema_input_type=Row | list[Row])] = ()
    """Rows beside the full matrix."""
    exclude: Annotated[tuple[Match, ...], BeforeValidator(as_tuple, json_schema_input_type=Match | list[Match])] = ()
    """Combinations that the matrix leaves out."""
    vary: str | None = None
    """The one factor of a single-factor study: any second one that varies is an error."""
    skip_incompatible: bool = False
    """Leave out agents that cannot speak to a model's provider, instead of refusing the file."""
    controls: Annotated[
        tuple[Control, ...], BeforeValidator(as_controls, json_schema_input_type=str | list[str | dict[str, str]])
    ] = ()
    """``aa``: an arm twice. ``sabotage``: an arm made worse on purpose. ``{aa: LABEL}`` says which arm."""
    excluded: Annotated[
        tuple[Excluded, ...], BeforeValidator(as_tuple, json_schema_input_type=Excluded | list[Excluded])
    ] = ()
    """What is not run although planned, each with its reason, shown in the report."""

    sentinels: Sentinels | None = None
    """Trials that are repeated over the run's course to see drift; the comparison does not count them."""

    reps: int = Field(DEFAULT_REPS, ge=1, le=100_000)
    seed: int = Field(0, ge=0)
    limits: Limits = Limits()
    max_cost: float = Field(DEFAULT_MAX_COST, ge=0)
    """US dollars for the whole run. Simulated cost never counts."""
    mixed_accounts: bool = False
    """True: arms paid by subscription and arms paid by use may stand side by side."""
    retries: int = Field(1, ge=0, le=10)
    """New attempts after failures of a machine or provider; a model's failure is never retried."""
    score: Mapping[str, Weight] = Field(default=DEFAULT_WEIGHTS)
    """Weights of the composite; only their proportions count."""
    primary: str = "solved"
    """``solved``, ``composite``, or one of its parts: what the verdict is about."""
    telemetry: Telemetry = Telemetry()
    engine: Literal["local"] = "local"
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Sandboxes at once; None = as many as the machine has processors."""
    predict: Predict = Predict()
    """Hashed and dated before the first attempt, scored in the report."""
    stopping: Literal["none"] = "none"
    """``none``: the size is fixed beforehand."""

    _document: Document | None = PrivateAttr(default=None)
    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _has_arms_and_weights(self) -> Self:
        if not self.agents:
            raise PydanticCustomError("agents", "'agents' is empty")
        if not sum(self.score.values()):
            raise PydanticCustomError("score", "'score' gives no part a weight above 0")
        return self

    @property
    def id(self) -> str:
        """Content id of the experiment as it was understood."""
        return content_id("experiment", self.to_data())

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the composite, summing to 1."""
        total = sum(self.score.values())
        return {part: weight / total for part, weight in self.score.items() if weight}

    @property
    def prediction_id(self) -> str | None:
        """Hash of what was predicted; None when nothing was."""
        data = self.predict.model_dump(mode="json")
        return content_id("prediction", data) if any(data.values()) else None

    def to_data(self) -> dict[str, Any]:
        """Plain data for the lock; ``Experiment.model_validate`` reads it back."""
        return self.model_dump(mode="json", exclude_none=True)

    def conditions(self) -> dict[str, Json]:
        """What all trials share beside arm and task: a change makes old and new trials incomparable."""
        data = self.to_data()
        always = ("limits", "seed", "providers", "retries", "score", "primary")
        return {key: data[key] for key in (*always, *({"sentinels"} & data.keys()))}

    def read_from(self, document: Document | None, folder: Path) -> Self:
        """Remember where this was read, so that later errors can name lines; not part of the identity."""
        self._document, self._folder = document, folder
        return self

    @property
    def document(self) -> Document | None:
        """The file that this was read from; None when there was none."""
        return self._document

    @property
    def folder(self) -> Path:
        """Where relative paths start: the experiment file's folder."""
        return self._folder

    def place(self, *path: str | int) -> Place | None:
        """Return where ``path`` stands in the file; None when there was no file."""
        return self._document.place(path) if self._document else None

    def all_providers(self) -> Mapping[str, Provider]:
        """Known providers with this file's over them."""
        return merged_providers(self.providers, self._folder)
