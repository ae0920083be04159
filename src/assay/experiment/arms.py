"""From an experiment to its arms. Pure: what agents there are is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from assay.documents.base import KeyPath
from assay.errors import ExperimentError, MachineError
from assay.experiment.arm_models import arm_models, check_models, declared, profile_content, with_small_model
from assay.experiment.blocks import Match, Row
from assay.experiment.controls import with_controls
from assay.experiment.endpoints import resolve_model
from assay.experiment.framing import Variant
from assay.experiment.knobs import not_read, not_sent, own_settings, works_alone
from assay.experiment.labels import ANCHORS, FOLLOWERS, HELPERS, factor_values, labelled
from assay.experiment.model import Experiment
from assay.identity import Json
from assay.names import suggestion
from assay.providers import Provider
from assay.records import Arm, ArmId, Dialect


class AgentInfo(Protocol):
    """What planning needs to know of an agent; ``assay.agents.kinds.agent_infos`` says it of those on this machine.

    ``dialects`` is empty for agents that need no model. ``version`` is None, with the ``problem``, when it is not
    installed.
    """

    @property
    def name(self) -> str:
        """What the experiment file calls it."""
        ...

    @property
    def version(self) -> str | None:
        """Part of the arm's identity."""
        ...

    @property
    def dialects(self) -> frozenset[Dialect]:
        """What it speaks."""
        ...

    @property
    def problem(self) -> str | None:
        """Why it cannot be used here."""
        ...


@dataclass(frozen=True, slots=True)
class _Choice:
    """One combination of names, before it has content."""

    agent: str
    model: str | None
    variant: str | None
    profile: str | None
    settings: Mapping[str, Json]
    path: KeyPath

    def names(self) -> dict[str, str]:
        """What the file calls the parts."""
        parts = {"agent": self.agent, "model": self.model, "variant": self.variant, "profile": self.profile}
        return {key: name for key, name in parts.items() if name is not None}

    def fits(self, match: Match) -> bool:
        """True when every key of ``match`` that is given holds."""
        for key in ("agent", "model", "variant", "profile"):
            wanted = getattr(match, key)
            if wanted and getattr(self, key) not in wanted:
                return False
        return all(self.settings.get(key) in values for key, values in match.settings.factors().items())


def expand_arms(experiment: Experiment, agents: Mapping[str, AgentInfo]) -> tuple[Arm, ...]:
    """Return every arm in declared order, controls last, labels filled in.

    Raises ``ExperimentError`` for an unknown agent, an agent that cannot speak to a model's provider, two arms of
    equal content, a second varying factor of a single-factor study, or nothing left.
    """
    known = experiment.all_providers()
    arms: dict[ArmId, tuple[Arm, _Choice]] = {}
    for choice in _choices(experiment):
        if any(choice.fits(match) for match in experiment.exclude):
            continue
        arm = _arm(experiment, choice, agents, known)
        if arm is None:
            continue
        if arm.id in arms:
            _refuse_twin(experiment, arms[arm.id], arm, choice)
        else:
            arms[arm.id] = (arm, choice)
    if not arms:
        raise ExperimentError(
            "has no arm left: every combination is excluded or incompatible", where=experiment.place()
        )
    made = labelled([arm for arm, _ in arms.values()])
    _check_single_factor(experiment, [arm for arm in made if arm.agent not in ANCHORS])
    return with_controls(experiment, made)


def dialect_of(arm: Arm, agent: AgentInfo, provider: Provider) -> Dialect | None:
    """Return the protocol that an arm's calls use: the declared one, else the provider's first that the agent speaks.

    None = they share none. For an agent without dialects of its own: the provider's first.
    """
    shared = [dialect for dialect in provider.dialects if not agent.dialects or dialect in agent.dialects]
    wanted = arm.settings.get("dialect")
    if wanted is not None:
        return next((dialect for dialect in shared if dialect.value == wanted), None)
    return shared[0] if shared else None


def _choices(experiment: Experiment) -> Iterator[_Choice]:
    rows: list[tuple[Row, KeyPath]] = [(row, ("arms", n)) for n, row in enumerate(experiment.arms)] or [(Row(), ())]
    rows += [(row, ("include", n)) for n, row in enumerate(experiment.include)]
    for row, path in rows:
        settings = {**experiment.settings.factors(), **row.settings.factors()}
        parts = product(
            row.agent or experiment.agents,
            row.model or tuple(experiment.models) or (None,),
            row.variant or tuple(experiment.variants) or (None,),
            row.profile or tuple(experiment.profiles) or (None,),
        )
        knobs = [dict(zip(settings, values, strict=True)) for values in product(*settings.values())]
        for (agent, model, variant, profile), knob in product(parts, knobs):
            yield _Choice(agent, model, variant, profile, knob, path)


def _arm(
    experiment: Experiment, choice: _Choice, agents: Mapping[str, AgentInfo], known: Mapping[str, Provider]
) -> Arm | None:
    """Give a choice its content; None when it does not apply."""
    agent, version = _agent(experiment, choice, agents)
    if agent.name in ANCHORS:  # an anchor reads no prompt: one arm, whatever the matrix
        return Arm(agent.name, version, "", "", names={"agent": agent.name})
    provider, model = "", ""
    if choice.model is not None:
        text = experiment.models.get(choice.model, choice.model)
        provider, model = resolve_model(text, known, where=experiment.place(*choice.path, "model", choice.model))
    elif agent.dialects:
        where = experiment.place(*(choice.path or ("agents",)))
        raise ExperimentError(f"agent '{agent.name}' needs a model", where=where, remedy="Name it under 'models'")
    variant = experiment.variants.get(choice.variant or "", Variant())
    if not variant.applies_to(choice.model or ""):
        return None
    profile, helpers = profile_content(experiment, choice.profile, known)
    plain = agent.name.partition("@")[0]
    arm = Arm(
        agent=plain,
        agent_version=version,
        model=model,
        provider=provider,
        variant=variant.for_model(choice.model or ""),
        profile=profile,
        settings=with_small_model(experiment, own_settings(plain, choice.settings), provider, known),
        names=choice.names() | ({HELPERS: _spelled_helpers(helpers)} if helpers else {}),
    )
    _refuse_ignored(experiment, arm, choice)
    _check_profile_agents(experiment, choice, agents)
    if not model:
        return arm
    check_models(experiment, arm, known, choice.path or ("models",))
    if not _speaks(experiment, arm, agent, known, choice):
        return None
    _refuse_unsent(experiment, arm, dialect_of(arm, agent, known[provider]), choice)
    return arm


def _spelled_helpers(helpers: Mapping[str, str]) -> str:
    """``coder: steady, reviewer``: sub-agents, and the models that the file gives them."""
    return ", ".join(f"{name}: {model}" if model else name for name, model in helpers.items())


def _refuse_ignored(experiment: Experiment, arm: Arm, choice: _Choice) -> None:
    """What an agent would ignore unsaid is an error: the arm would not be what it is called."""
    for key in not_read(arm):
        where = experiment.place(*choice.path, "settings", key)
        remedy = "Give it in rows ('arms') of agents that have it"
        raise ExperimentError(f"agent '{arm.agent}' has no '{key}'", where=where, remedy=remedy)
    if declared(arm) and works_alone(arm.agent):
        where = experiment.place("profiles", choice.profile or "", "agents")
        remedy = "Give the profile in rows ('arms') of agents that have them"
        raise ExperimentError(f"agent '{arm.agent}' has no sub-agents", where=where, remedy=remedy)


def _refuse_unsent(experiment: Experiment, arm: Arm, dialect: Dialect | None, choice: _Choice) -> None:
    for key in not_sent(arm, dialect):
        raise ExperimentError(
            f"agent '{arm.agent}' sends no '{key}' beside 'effort' over '{dialect}'",
            where=experiment.place(*choice.path, "settings", key),
            remedy="Leave one of the two out, or set dialect: chat where the provider has it",
        )


def _check_profile_agents(experiment: Experiment, choice: _Choice, agents: Mapping[str, AgentInfo]) -> None:
    """Settings and files in an agent's own words name an agent that there is."""
    profile = experiment.profiles.get(choice.profile or "")
    for key in ("settings", "native") if profile else ():
        for name in getattr(profile, key):
            if name not in agents:
                where = experiment.place("profiles", choice.profile or "", key, name)
                raise ExperimentError(f"there is no agent '{name}'", where=where, remedy=suggestion(name, agents))


def _agent(experiment: Experiment, choice: _Choice, agents: Mapping[str, AgentInfo]) -> tuple[AgentInfo, str]:
    """Return the agent and its version. Raises ``MachineError`` for one that is not installed."""
    agent = agents.get(choice.agent)
    where = experiment.place(*((*choice.path, "agent") if choice.path else ("agents",)), choice.agent)
    if agent is None:
        remedy = suggestion(choice.agent, agents)
        raise ExperimentError(f"there is no agent '{choice.agent}'", where=where, remedy=remedy)
    if agent.version is None:
        raise MachineError(f"agent '{agent.name}' cannot be used: {agent.problem}", where=where)
    return agent, agent.version


def _speaks(experiment: Experiment, arm: Arm, agent: AgentInfo, known: Mapping[str, Provider], choice: _Choice) -> bool:
    """False when the arm is to be left out; raises when that was not asked for.

    All its models answer through one door, so the others' providers must speak the dialect of its own.
    """
    own = known[arm.provider]
    dialect = dialect_of(arm, agent, own)
    mute = (
        own
        if dialect is None
        else next((known[n] for n, _ in arm_models(arm) if dialect not in known[n].dialects), None)
    )
    if mute is None:
        return True
    if experiment.skip_incompatible:
        return False
    other = next(f"{name}/{model}" for name, model in arm_models(arm) if name == mute.name)
    wanted = dialect or arm.settings.get("dialect")
    asked = f" over '{wanted}'" if wanted is not None else ""
    spoken = ", ".join(sorted(agent.dialects)) or "anything"
    raise ExperimentError(
        f"agent '{agent.name}' (speaks {spoken}) cannot speak to '{choice.model if mute is own else other}' at "
        f"provider '{mute.name}' (speaks {', '.join(mute.dialects)}){asked}",
        where=experiment.place(*(choice.path or ("agents", agent.name))),
        remedy="Change one of them, or set skip_incompatible: true to leave such pairs out",
    )


def _refuse_twin(experiment: Experiment, first: tuple[Arm, _Choice], arm: Arm, choice: _Choice) -> None:
    """Two names for one content are a mistake; one row that meets an arm again (an anchor per model) is not."""
    one, other = _spelled(first[0]), _spelled(arm)
    if one != other:
        raise ExperimentError(
            f"the arms '{one}' and '{other}' are one and the same: equal agent, model, prompt, profile and settings",
            where=experiment.place(*(choice.path or ("variants",))),
            remedy="Remove one; to run an arm twice on purpose use controls: [aa]",
        )
    if first[1].path != choice.path:
        raise ExperimentError(f"names the arm '{one}' twice", where=experiment.place(*choice.path))


def _spelled(arm: Arm) -> str:
    settings = [f"{key}={value}" for key, value in arm.settings.items()]
    return " / ".join(
        [*(arm.names[key] for key in ("agent", "model", "variant", "profile") if key in arm.names), *settings]
    )


def _check_single_factor(experiment: Experiment, arms: Sequence[Arm]) -> None:
    """Hold a declared single-factor study to its word, by content and not by name."""
    if experiment.vary is None:
        return
    where = experiment.place("vary")
    values = factor_values(arms)
    if len(values.get(experiment.vary, ())) < 2:  # noqa: PLR2004 - a factor varies from two values on
        raise ExperimentError(f"'vary: {experiment.vary}', but there is only one {experiment.vary}", where=where)
    free = FOLLOWERS.get(experiment.vary, frozenset())
    others = [key for key, found in values.items() if len(found) > 1 and key != experiment.vary and key not in free]
    if others:
        raise ExperimentError(
            f"'vary: {experiment.vary}' declares a single-factor study, but {_and(others)} varies too",
            where=where,
            remedy=f"Hold {_and(others)} constant, or remove 'vary'",
        )


def _and(words: Iterable[str]) -> str:
    return " and ".join(f"'{word}'" for word in words)


__all__ = ["AgentInfo", "dialect_of", "expand_arms", "resolve_model"]
