"""Does an installed agent do, here and now, what its reader believes? One short run against the Lab says.

Telemetry of command-line agents has broken silently in many of their releases, so a version is tried before money is
spent on it: one attempt of a simulated model that runs a failing command, hands out a part and writes a file.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import assay
from assay.agents.kinds import TOOL_AGENTS, agent
from assay.errors import MachineError
from assay.evidence.calls import read_calls
from assay.evidence.layout import RunFolder
from assay.evidence.measures import MEASURES
from assay.evidence.normalise import NORMALISE_VERSION, Normalised, normalise
from assay.evidence.reconcile import DISAGREE, MISSING
from assay.experiment.knobs import works_alone
from assay.experiment.load import experiment_from
from assay.experiment.model import Experiment
from assay.identity import content_id
from assay.lab.scripts import Part, part_mark
from assay.records import Attempt, Call, Ended, OwnerKind, Record, Role
from assay.run.driver import DriveOptions
from assay.run.execute import execute
from assay.run.opening import open_run
from assay.run.progress import Observer, Silent
from assay.sandboxes.cache import cache_root
from assay.sandboxes.kinds import sandbox_kind

SUB_AGENT, TASK = "helper", "bug-fix-01-last-page"
_HANDED = f"{part_mark(Part(1, 1, SUB_AGENT))} say what the folder holds."
_SCRIPT: Mapping[str, Any] = {
    "turns": [
        {"do": [{"run": "echo self-test; exit 3"}], "text": "I run a command that fails."},
        {"do": [{"delegate": {"agent": SUB_AGENT, "prompt": _HANDED}}], "text": "I hand a part out."},
        {"do": [{"write": {"path": "self-test.txt", "text": "written\n"}}], "text": "I write a file."},
        {"text": "The self-test is done."},
    ],
    "agents": {SUB_AGENT: {"turns": [{"do": [{"run": "ls"}]}, {"text": "The folder was looked at."}]}},
}
_TIME_S = 60


@dataclass(frozen=True, slots=True)
class SelfTest(Record):
    """What one version of an agent did. ``failures`` are why a run refuses it, each a sentence; none = it passed.

    ``sources`` say per source of the agent's own how it compares with the gateway. ``emits`` and ``lacks`` are names of
    measures. ``lookups`` are host names that it asked for, None when the sandbox cannot tell. ``sub_agents``:
    ``attributed | not attributed | not offered``.
    """

    agent: str
    version: str
    seconds: float
    calls: int
    sources: Mapping[str, str] = field(default_factory=dict)
    emits: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    lookups: tuple[str, ...] | None = None
    sub_agents: str = "not offered"
    unknown_events: int = 0
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True when nothing speaks against it."""
        return not self.failures


async def self_test(name: str, sandbox: str | None = None) -> SelfTest:
    """Run the self-test. Raises ``MachineError`` when the agent is not installed or no sandbox can be started."""
    version = agent(name).version()
    with tempfile.TemporaryDirectory(prefix="assay-self-test-") as root:
        folder = RunFolder(Path(root) / "run")
        await execute(_experiment(name), folder, DriveOptions(probe=False, anchors=False), sandbox=sandbox)
        run = await open_run(folder)
        try:
            (attempt,) = [one for one in await run.ledger.attempts() if one.owner_kind is OwnerKind.TRIAL]
        finally:
            await run.ledger.close()
        evidence = folder.attempt(attempt.owner, attempt.number)
        calls = read_calls(evidence)
        return _judge(name, version, attempt, calls, normalise(evidence, run.lock.arms[0], calls), _lookups(evidence))


def _experiment(name: str) -> Experiment:
    """Return an experiment of one trial; an agent that works alone is given no sub-agent."""
    helper = {"name": SUB_AGENT, "description": "Looks at folders", "model": "sub", "prompt": "You look at folders."}
    return experiment_from(
        name="self-test",
        suite="focused",
        tasks=[TASK],
        models={"main": "lab/always", "sub": "lab/swift"},
        profiles={"team": {} if works_alone(name) else {"agents": [helper]}},
        arms=[{"agent": name, "model": "main", "profile": "team"}],
        settings={"lab_script": _SCRIPT},
        limits={"time_s": _TIME_S},
        reps=1,
        retries=0,
    )


async def require_self_tests(
    names: Iterable[str], sandbox: str | None = None, observer: Observer | None = None
) -> tuple[SelfTest, ...]:
    """Test each command-line agent once per version; what passed is remembered.

    Raises ``MachineError`` naming what failed of the first that did not pass.
    """
    done = []
    for name in sorted({name for name in names if name.partition("@")[0] in TOOL_AGENTS}):
        known = _remembered(name, sandbox)
        if known is None:
            (observer or Silent()).message(f"trying agent {name} on a simulated model before it costs anything")
            known = await self_test(name, sandbox)
            if known.passed:
                _remember(known, sandbox)
        if not known.passed:
            raise MachineError(
                f"agent {known.agent} {known.version} fails its self-test: {'; '.join(known.failures)}",
                remedy=f"See: assay doctor --agent {name}. To run it all the same: --no-self-test",
            )
        done.append(known)
    return tuple(done)


def _judge(
    name: str,
    version: str,
    attempt: Attempt,
    calls: Sequence[Call],
    facts: Normalised,
    lookups: tuple[str, ...] | None,
) -> SelfTest:
    known = [measure for measure in MEASURES if facts.measures.get(measure) is not None]
    lacking = [measure for measure in MEASURES if measure not in known]
    attributed = _attribution(facts)
    return SelfTest(
        agent=name,
        version=version,
        seconds=round(((attempt.finished or attempt.started) - attempt.started) / 1000, 2),
        calls=len(calls),
        sources={one.source.value: one.sentence for one in facts.sources},
        emits=tuple(known),
        lacks=tuple(lacking),
        lookups=lookups,
        sub_agents=attributed,
        unknown_events=sum(one.unknown_events for one in facts.sources),
        failures=tuple(_failures(attempt, calls, facts, lookups, attributed)),
    )


def _failures(
    attempt: Attempt, calls: Sequence[Call], facts: Normalised, lookups: tuple[str, ...] | None, attributed: str
) -> Iterable[str]:
    if attempt.ended is not Ended.COMPLETED:
        yield f"it ended as {attempt.ended}: {attempt.ended_detail or 'no detail'}"
    if not calls:
        yield "it made no call to the model"
    for one in facts.sources:
        if one.verdict == MISSING:
            yield f"its {one.source.value} tells no tokens"
        elif one.verdict == DISAGREE and not one.documented:
            yield f"its {one.source.value} does {one.sentence.replace('disagree', 'not agree', 1)}"
    if lookups:
        yield f"it asked for {', '.join(lookups)}"
    if attributed == "not attributed":
        yield "its sub-agents' requests cannot be told from its own"
    yield from facts.leaked
    yield from facts.problems


def _attribution(facts: Normalised) -> str:
    """Say whether requests of the sub-agent were recognised as its own."""
    theirs = [fact for fact in facts.calls if fact.call.model_requested != facts.calls[0].call.model_requested]
    if not theirs and not facts.delegations:
        return "not offered"
    return "attributed" if theirs and all(fact.role is Role.SUB_AGENT for fact in theirs) else "not attributed"


def _lookups(evidence: Path) -> tuple[str, ...] | None:
    try:
        status = json.loads((evidence / "steps" / "0" / "status.json").read_text(encoding="utf-8"))
        found = status["exit"].get("lookups")
    except (OSError, ValueError, KeyError):
        return None
    return None if found is None else tuple(found)


def _place(name: str, version: str, sandbox: str | None) -> Path:
    """Where a passed test is remembered: by everything that could change its outcome."""
    key = content_id("self-test", [name, version, assay.__version__, NORMALISE_VERSION, sandbox_kind(sandbox).name])
    return cache_root() / "self-tests" / f"{key}.json"


def _remembered(name: str, sandbox: str | None) -> SelfTest | None:
    try:
        data = json.loads(_place(name, agent(name).version(), sandbox).read_text(encoding="utf-8"))
        lookups = data["lookups"]
        lists = {key: tuple(data[key]) for key in ("emits", "lacks", "failures")}
        return SelfTest.from_json({**data, **lists, "lookups": None if lookups is None else tuple(lookups)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(done: SelfTest, sandbox: str | None) -> None:
    place = _place(done.agent, done.version, sandbox)
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(".half")
    half.write_text(json.dumps(done.to_json()), encoding="utf-8")
    half.replace(place)
