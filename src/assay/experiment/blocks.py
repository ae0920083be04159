"""The blocks of an experiment file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from assay.experiment.fields import Bytes, Model, Texts, as_tuple
from assay.experiment.settings import Settings


def _number_or_names(value: Any) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) else as_tuple(value)


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

    time_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds for one step: no task gets more. None = what the task says, else 600."""
    tokens: Annotated[int, Field(ge=1)] | None = None
    cost: Annotated[float, Field(gt=0)] | None = None
    """US dollars."""
    max_output_tokens: int = Field(16_384, ge=1)
    """Of one answer, where the arm's settings say nothing."""
    memory: Annotated[Bytes, Field(ge=32 << 20)] = 2 << 30
    disk: Annotated[Bytes, Field(ge=1 << 20)] = 1 << 30
    processes: int = Field(512, ge=4)
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


class Sentinels(Model):
    """The same few trials again and again over the run's course, to see whether a model or machine drifts."""

    tasks: Annotated[
        int | tuple[str, ...],
        BeforeValidator(_number_or_names, json_schema_input_type=int | str | list[str]),
    ] = 1
    """Ids, or how many: then the first ones that are neither floor nor headroom."""
    every: int = Field(ge=1)
    """Trials of the comparison between two rounds of sentinels."""

    @model_validator(mode="after")
    def _has_tasks(self) -> Self:
        if not self.tasks or (isinstance(self.tasks, int) and self.tasks < 1):
            raise PydanticCustomError("sentinels", "names no task")
        return self


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
