"""An experiment with every name resolved: arms, tasks, providers. Nothing is written, nothing is spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.agents.kinds import AgentInfo, agent_info, agent_infos
from assay.errors import ExperimentError
from assay.evidence.lock import Lock, LockedTask
from assay.experiment.arm_models import arm_models
from assay.experiment.arms import expand_arms
from assay.experiment.model import Experiment
from assay.experiment.tasks import experiment_tasks, left_out
from assay.plan import chosen_sentinels, make_plan
from assay.providers import Provider
from assay.records import Arm, ArmId, Trial
from assay.run.simulations import refuse_unknown_simulations
from assay.suites.base import Task


@dataclass(frozen=True, slots=True)
class Design:
    """What an experiment comes to on this machine. ``without`` are (arm id, task id) cells left out, with reasons."""

    experiment: Experiment
    arms: tuple[Arm, ...]
    tasks: tuple[Task, ...]
    providers: Mapping[str, Provider]
    without: frozenset[tuple[ArmId, str]]

    @property
    def simulated(self) -> bool:
        """True when any arm's model is the Lab's."""
        return any(arm.provider and self.providers[arm.provider].simulated for arm in self.arms)

    def trials(self, run_id: str) -> tuple[Trial, ...]:
        """Return the plan: the trials of the comparison, and the sentinels between them."""
        experiment = self.experiment
        again = chosen_sentinels(experiment.to_data().get("sentinels"), self.arms, self.tasks)
        return make_plan(
            self.arms, self.tasks, experiment.reps, experiment.seed, run_id, without=self.without, sentinels=again
        )

    def lock(self, run_id: str, created: int, machine: Mapping[str, object]) -> Lock:
        """Freeze: what is written as ``lock.json`` before the first claim."""
        experiment = self.experiment
        used = {provider for arm in self.arms for provider, _ in arm_models(arm)}
        return Lock(
            run_id=run_id,
            name=experiment.name,
            created=created,
            experiment_id=experiment.id,
            experiment=_without_paths({**experiment.to_data(), "conditions": experiment.conditions()}),
            arms=self.arms,
            tasks=tuple(locked_task(task) for task in self.tasks),
            repetitions=experiment.reps,
            seed=experiment.seed,
            simulated=self.simulated,
            primary=experiment.primary,
            weights=experiment.weights,
            providers={
                name: _without_paths({**provider.to_json(), "billing": provider.billing})
                for name, provider in sorted(self.providers.items())
                if name in used
            },
            predict=experiment.predict.model_dump(mode="json"),
            prediction_id=experiment.prediction_id,
            excluded=tuple(entry.model_dump(mode="json", exclude_none=True) for entry in experiment.excluded),
            machine=machine,
        )


def _without_paths(data: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the last part of every absolute path: a run folder names no place on the machine that made it."""
    return {key: _shortened(value) for key, value in data.items()}


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_paths(value)
    if isinstance(value, list | tuple):
        return [_shortened(item) for item in value]
    is_path = isinstance(value, str) and value.startswith("/") and "\n" not in value
    return Path(value).name if is_path else value


def locked_task(task: Task) -> LockedTask:
    """Return what the lock keeps of a task."""
    return LockedTask(
        id=task.id,
        hash=task.hash,
        type=task.type,
        difficulty=task.difficulty,
        language=task.language,
        tags=task.tags,
        expects_start_to_pass=task.expects_start_to_pass,
    )


def _asked_agents(experiment: Experiment) -> dict[str, AgentInfo]:
    """Describe the agents that are no plain names: ``name@version``, or a dotted path."""
    rows = (*experiment.arms, *experiment.include)
    asked = dict.fromkeys((*experiment.agents, *(name for row in rows for name in row.agent)))
    return {name: agent_info(name) for name in asked if {"@", ":"} & set(name)}


def _refuse_egress(experiment: Experiment, arms: Sequence[Arm], agents: Mapping[str, AgentInfo]) -> None:
    """A way out beside the gateway is for agents that know no other: of what goes there, nothing is metered.

    Raises ``ExperimentError`` for an agent that speaks to the gateway.
    """
    for arm in arms:
        info = agents.get(arm.names.get("agent", arm.agent)) or agents.get(arm.agent)
        if arm.settings.get("egress") and info is not None and info.dialects:
            raise ExperimentError(
                f"arm '{arm.label}' asks for egress, but '{arm.agent}' speaks to its model through the gateway",
                where=experiment.place("settings", "egress"),
                remedy="Leave 'egress' out; it is for agents that can only talk to their vendor",
            )


def _refuse_no_command(experiment: Experiment, arms: Sequence[Arm]) -> None:
    """Without its command the agent ``command`` does nothing: known now, not at its first attempt."""
    if any(arm.agent == "command" and not arm.settings.get("command") for arm in arms):
        raise ExperimentError(
            "agent 'command' has no command",
            where=experiment.place("agents", "command"),
            remedy='Give it one: settings: {command: ["my-agent", "{prompt_file}"]}',
        )


def resolve(experiment: Experiment) -> Design:
    """Resolve every name. Raises ``ExperimentError`` or ``TaskError`` naming file and line."""
    agents = agent_infos() | _asked_agents(experiment)
    arms = expand_arms(experiment, agents)
    refuse_unknown_simulations(experiment, arms, experiment.all_providers())
    _refuse_egress(experiment, arms, agents)
    _refuse_no_command(experiment, arms)
    tasks = experiment_tasks(experiment)
    return Design(
        experiment=experiment,
        arms=arms,
        tasks=tasks,
        providers=experiment.all_providers(),
        without=left_out(experiment, arms, tasks),
    )
