"""The blocks of an experiment file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from assay.experiment.fields import Bytes, Model, Texts, as_mounts, as_tuple
from assay.identity import Json

DialectName = Literal["messages", "chat", "responses"]
Dialects = Annotated[
    tuple[DialectName, ...], BeforeValidator(as_tuple, json_schema_input_type=DialectName | list[DialectName])
]


def _inside(paths: Mapping[str, str]) -> Mapping[str, str]:
    for path in paths:
        pure = PurePosixPath(path.removeprefix("~/"))
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            raise PydanticCustomError(
                "profile_path", "'{path}' must lie in the workspace, or in the home as '~/...'", {"path": path}
            )
    return paths


class SuiteEntry(Model):
    """Where tasks come from. ``path`` is a built-in suite's name or a folder beside the experiment file."""

    path: str = Field(min_length=1)
    format: str = "native"
    tasks: Texts = ()


class TaskFilter(Model):
    """Which tasks. Empty = all. Ids may hold ``*``; blocks are joined by *and*, values in one block by *or*."""

    ids: Texts = ()
    types: Texts = ()
    difficulties: Texts = ()
    languages: Texts = ()
    tags: Texts = ()


class Prompt(Model):
    """Text around the task's instruction: before it, after it, and as system prompt."""

    prefix: str = ""
    suffix: str = ""
    system: str = ""

    def content(self) -> dict[str, Json]:
        """The parts that say something."""
        return {key: value for key in ("system", "prefix", "suffix") if (value := getattr(self, key))}


class Variant(Prompt):
    """How the prompt is framed. ``per_model`` replaces parts for single models.

    A variant that has ``per_model`` and nothing else exists for those models only.
    """

    per_model: Mapping[str, Prompt] = {}

    def applies_to(self, model: str) -> bool:
        """False when the variant says nothing for a model whose neighbours it names."""
        return not self.per_model or model in self.per_model or bool(self.content())

    def for_model(self, model: str) -> dict[str, Json]:
        """The variant's content for one model name."""
        own = self.per_model.get(model)
        return {**self.content(), **(own.content() if own else {})}


class Profile(Model):
    """Instruction files that are installed: path in the workspace (``~/`` = the home) -> text."""

    files: Annotated[Mapping[str, str], AfterValidator(_inside)] = {}

    def content(self) -> dict[str, Json]:
        """Empty when nothing is installed."""
        return {"files": dict(self.files)} if self.files else {}


Rate = Annotated[float, Field(ge=0, le=2)]
Share = Annotated[float, Field(gt=0, le=1)]
Scale = Annotated[float, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]


class Settings(Model):
    """Knobs of an arm. A list of values is a factor."""

    temperature: Annotated[tuple[Rate, ...], BeforeValidator(as_tuple, json_schema_input_type=Rate | list[Rate])] = ()
    top_p: Annotated[tuple[Share, ...], BeforeValidator(as_tuple, json_schema_input_type=Share | list[Share])] = ()
    effort: Texts = ()
    """Reasoning effort, in the provider's words."""
    thinking_tokens: Annotated[
        tuple[Natural, ...], BeforeValidator(as_tuple, json_schema_input_type=Natural | list[Natural])
    ] = ()
    max_output_tokens: Annotated[
        tuple[Positive, ...], BeforeValidator(as_tuple, json_schema_input_type=Positive | list[Positive])
    ] = ()
    dialect: Dialects = ()
    """Wire protocol, where agent and provider share several."""
    answer_format: Texts = ()
    """For the agent ``api``."""
    stream: Annotated[tuple[bool, ...], BeforeValidator(as_tuple, json_schema_input_type=bool | list[bool])] = ()
    """For the agent ``api``; true unless said otherwise."""
    max_tokens_parameter: Texts = ()
    """For the agent ``api``: Chat servers that know only ``max_tokens``."""
    command: Texts = ()
    """For the agent ``command``: a command line, split as a shell would."""
    env: Annotated[
        tuple[Mapping[str, str], ...],
        BeforeValidator(as_tuple, json_schema_input_type=Mapping[str, str] | list[Mapping[str, str]]),
    ] = ()
    """For the agent ``command``: its environment."""
    mounts: Annotated[
        tuple[tuple[Mapping[str, str], ...], ...],
        BeforeValidator(as_mounts, json_schema_input_type=list[Mapping[str, str]]),
    ] = ()
    """For the agent ``command``: folders of this machine that it may read, each ``{host, inside}``."""
    time_scale: Annotated[tuple[Scale, ...], BeforeValidator(as_tuple, json_schema_input_type=Scale | list[Scale])] = ()
    """Simulated models: what part of a simulated second is slept."""
    lab_fault: Annotated[
        tuple[str | Mapping[str, Any], ...],
        BeforeValidator(as_tuple, json_schema_input_type=str | Mapping[str, Any] | list[str | Mapping[str, Any]]),
    ] = ()
    """Simulated models: a fault to play."""
    lab_script: Annotated[
        tuple[str | Mapping[str, Any], ...],
        BeforeValidator(as_tuple, json_schema_input_type=str | Mapping[str, Any] | list[str | Mapping[str, Any]]),
    ] = ()
    """Simulated models driven by an agent: the turns to take, in place of working on the task."""

    def factors(self) -> dict[str, tuple[Json, ...]]:
        """Knobs that are set, each with its values, as plain data."""
        return {key: tuple(values) for key, values in self.model_dump(mode="json").items() if values}


class Row(Model):
    """One row of ``arms`` or ``include``. A list expands this row only."""

    agent: Texts = ()
    model: Texts = ()
    variant: Texts = ()
    profile: Texts = ()
    settings: Settings = Settings()


class Match(Model):
    """Picks arms: every key that is given must fit."""

    agent: Texts = ()
    model: Texts = ()
    variant: Texts = ()
    profile: Texts = ()
    settings: Settings = Settings()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, key) for key in ("agent", "model", "variant", "profile")) and not (
            self.settings.factors()
        ):
            raise PydanticCustomError("match", "fits every arm: name an agent, model, variant or profile")
        return self


class Excluded(Model):
    """What is left out for a stated reason: arms by label, tasks by id, or single arm x task cells."""

    arm: Texts = ()
    task: Texts = ()
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.arm and not self.task:
            raise PydanticCustomError("excluded", "names neither 'arm' nor 'task'")
        return self


class Limits(Model):
    """What one trial may use. None = no limit of ours."""

    time_s: float = Field(600.0, gt=0)
    tokens: Annotated[int, Field(ge=1)] | None = None
    cost: Annotated[float, Field(gt=0)] | None = None
    """US dollars."""
    max_output_tokens: int = Field(16_384, ge=1)
    """Of one answer, where the arm's settings say nothing."""
    memory: Annotated[Bytes, Field(ge=32 << 20)] = 2 << 30
    disk: Annotated[Bytes, Field(ge=1 << 20)] = 1 << 30
    processes: int = Field(256, ge=4)
    no_progress_s: Annotated[float, Field(gt=0)] | None = 360.0
    """Without output and without a byte to or from the model for so long, a trial is stuck."""
    repeated_calls: Annotated[int, Field(ge=3)] | None = 5
    """The same tool with the same arguments so often in a row, a trial is stuck."""


class Predict(Model):
    """What is expected beforehand."""

    floor: Texts = ()
    """Tasks that every arm is expected to solve."""
    headroom: Texts = ()
    """Tasks that no arm is expected to solve."""
    hypotheses: Texts = ()


class Control(Model):
    """An arm that is there to test the experiment itself. ``arm`` is a label; None = the first arm."""

    kind: Literal["aa", "sabotage"]
    arm: str | None = None


def as_suites(value: Any) -> Any:
    """``name``, ``{...}`` or a list of these -> a tuple of mappings."""
    return tuple({"path": item} if isinstance(item, str) else item for item in as_tuple(value))


def as_task_filter(value: Any) -> Any:
    """``id`` or ``[ids]`` -> ``{ids: ...}``."""
    return {"ids": value} if isinstance(value, (str, list, tuple)) else value


def as_controls(value: Any) -> Any:
    """``[aa, {sabotage: LABEL}]`` -> a tuple of ``{kind, arm}``."""
    return tuple(_control(item) for item in as_tuple(value))


def _control(item: Any) -> Any:
    if isinstance(item, str):
        return {"kind": item}
    if isinstance(item, Mapping) and len(item) == 1 and "kind" not in item:
        kind, arm = next(iter(item.items()))
        return {"kind": kind, "arm": arm}
    return item
