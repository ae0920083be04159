"""The knobs of an arm. A list of values is a factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from assay.experiment.fields import Model, Texts, as_lists, as_mounts, as_tuple
from assay.identity import Json

DialectName = Literal["messages", "chat", "responses", "gemini"]
Dialects = Annotated[
    tuple[DialectName, ...], BeforeValidator(as_tuple, json_schema_input_type=DialectName | list[DialectName])
]
Rate = Annotated[float, Field(ge=0, le=2)]
Share = Annotated[float, Field(gt=0, le=1)]
Scale = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
Positive = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]

Rates = Annotated[tuple[Rate, ...], BeforeValidator(as_tuple, json_schema_input_type=Rate | list[Rate])]
Shares = Annotated[tuple[Share, ...], BeforeValidator(as_tuple, json_schema_input_type=Share | list[Share])]
Scales = Annotated[tuple[Scale, ...], BeforeValidator(as_tuple, json_schema_input_type=Scale | list[Scale])]
Spans = Annotated[tuple[Seconds, ...], BeforeValidator(as_tuple, json_schema_input_type=Seconds | list[Seconds])]
Counts = Annotated[tuple[Positive, ...], BeforeValidator(as_tuple, json_schema_input_type=Positive | list[Positive])]
Naturals = Annotated[tuple[Natural, ...], BeforeValidator(as_tuple, json_schema_input_type=Natural | list[Natural])]
Truths = Annotated[tuple[bool, ...], BeforeValidator(as_tuple, json_schema_input_type=bool | list[bool])]
TextLists = Annotated[
    tuple[tuple[str, ...], ...],
    BeforeValidator(as_lists, json_schema_input_type=str | list[str] | list[list[str]]),
]
Played = Annotated[
    tuple[str | Mapping[str, Any], ...],
    BeforeValidator(as_tuple, json_schema_input_type=str | Mapping[str, Any] | list[str | Mapping[str, Any]]),
]


class Settings(Model):
    """Knobs of an arm. A list of values is a factor."""

    temperature: Rates = ()
    top_p: Shares = ()
    effort: Texts = ()
    """Reasoning effort, in the provider's words."""
    thinking_tokens: Naturals = ()
    max_output_tokens: Counts = ()
    dialect: Dialects = ()
    """Wire protocol, where agent and provider share several."""
    retries: Naturals = ()
    """Of failed requests within an attempt, by the agent itself."""
    max_turns: Counts = ()
    """Requests of an agent's main loop before it is told to end."""
    tools: TextLists = ()
    """Tools that the agent gets, in its own words. One list is one value; a list of lists is a factor."""
    small_model: Texts = ()
    """For side requests such as titles: a key of ``models``, or provider/model."""
    no_progress_s: Spans = ()
    """Seconds without a byte or a tool's result after which an attempt is stuck."""
    strict_models: Truths = ()
    """True: a model that the arm does not name is refused; false: it is let through and recorded."""
    egress: TextLists = ()
    """Hosts that the agent may reach beside the gateway. One list is one value."""
    answer_format: Texts = ()
    """For the agent ``api``."""
    stream: Truths = ()
    """For the agent ``api``; true unless said otherwise."""
    max_tokens_parameter: Texts = ()
    """For the agent ``api``: Chat servers that know only ``max_tokens``."""
    built_in_agents: Truths = ()
    """For the agent ``claude-code``: its own sub-agents are registered too."""
    template: Texts = ()
    """For the agent ``codex``: the known model whose tools and prompt an unknown one gets."""
    edit_format: Texts = ()
    """For the agent ``aider``."""
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
    time_scale: Scales = ()
    """Simulated models: what part of a simulated second is slept."""
    lab_fault: Played = ()
    """Simulated models: a fault to play."""
    lab_script: Played = ()
    """Simulated models driven by an agent: the turns to take, in place of working on the task."""

    def factors(self) -> dict[str, tuple[Json, ...]]:
        """Knobs that are set, each with its values, as plain data."""
        return {key: tuple(values) for key, values in self.model_dump(mode="json").items() if values}
