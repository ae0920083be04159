"""On whose behalf each request was made: all rules in this file, strongest first.

1. A source of the agent's own says it of the request (joined by ids, else by model and token counts in order of time).
2. A header of the request says it (``hints``: Claude Code, Codex and opencode mark the requests of sub-agents). What
   a source says of one request of a sub-agent's thread holds for all requests of that thread.
3. No tools were offered, and a source documents that it does not see such requests (``title_request``), or others of
   the same session were offered some: auxiliary.
4. The model asked for is one that only declared sub-agents have: sub-agent.
5. The model is the arm's own: main, unless its agent does not mark the requests of sub-agents and one on the same
   model ran, or one without a known model, or one is declared and no source would show whether it ran.

What no rule decides is None: unknown.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assay.evidence.sources.base import Source, SourceCall, SourceReport
from assay.records import Arm, Call, Role

TITLE_GAPS = frozenset({"title_request", "auxiliary"})
_PARENTS = (
    "x-parent-session-id", "x-codex-parent-thread-id", "x-claude-code-parent-agent-id", "x-claude-code-agent-id",
)  # fmt: skip
_THREADS = ("x-claude-code-agent-id", "thread-id", "x-session-id")
_SESSIONS = ("x-claude-code-session-id", "x-codex-window-id", "x-session-affinity")
"""Each is sent by an agent that marks what its sub-agents ask: Claude Code, Codex, opencode."""
_SUB_AGENT_KINDS = frozenset({"collab_spawn", "review", "thread_spawn"})

Joined = Mapping[int, Mapping[Source, SourceCall]]
"""By ``seq`` of the gateway's call: the row of each source that saw it, in order of the sources."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asked. All None = unknown."""

    role: Role | None = None
    agent_name: str | None = None
    effort: str | None = None


def join(calls: Sequence[Call], reports: Sequence[SourceReport]) -> Joined:
    """Find each call in each source: by request id, then response id, then model and tokens in order of time."""
    found: dict[int, dict[Source, SourceCall]] = defaultdict(dict)
    for report in reports:
        for seq, row in _pairs(calls, report.calls).items():
            found[seq].setdefault(report.source, row)
    return dict(found)


def _pairs(calls: Sequence[Call], rows: Sequence[SourceCall]) -> dict[int, SourceCall]:
    paired: dict[int, SourceCall] = {}
    left = list(rows)
    for name in ("request_id", "response_id"):
        by_id = {getattr(row, name): row for row in left if getattr(row, name) is not None}
        for call in calls:
            row = by_id.pop(getattr(call, name), None) if call.seq not in paired else None
            if row is not None:
                paired[call.seq] = row
        taken = {id(row) for row in paired.values()}
        left = [row for row in left if id(row) not in taken]
    free = [call for call in calls if call.seq not in paired and call.tokens.total is not None]
    paired.update(_by_content(free, [row for row in left if row.tokens.total is not None]))
    return paired


def _by_content(calls: Sequence[Call], rows: Sequence[SourceCall]) -> dict[int, SourceCall]:
    """Pair what has the same tokens, in order of time, where that is not ambiguous."""
    alike: dict[tuple[int | None, int | None], list[SourceCall]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.at_ms or 0):
        alike[row.tokens.prompt, row.tokens.output].append(row)
    open_calls: dict[tuple[int | None, int | None], list[Call]] = defaultdict(list)
    for call in calls:
        open_calls[call.tokens.prompt, call.tokens.output].append(call)
    paired = {}
    for key, candidates in alike.items():
        for model in {row.model for row in candidates}:
            mine = [row for row in candidates if row.model == model]
            fitting = [call for call in open_calls.get(key, ()) if call.seq not in paired and _same(call, model)]
            same_claim = len({(row.role, row.agent_name) for row in mine}) == 1
            if len(fitting) == len(mine) or same_claim:
                paired.update({call.seq: row for call, row in zip(fitting, mine, strict=False)})
    return paired


def _same(call: Call, model: str | None) -> bool:
    return model is None or model in _names(call)


def _names(call: Call) -> set[str | None]:
    """The model's names on the wire, and their last part: some agents leave the provider's prefix out."""
    return _short(call.model_requested) | _short(call.model_served or call.model_requested)


def _short(model: str) -> set[str | None]:
    return {model, model.rpartition("/")[2]}


def claims(
    calls: Sequence[Call],
    arm: Arm,
    reports: Sequence[SourceReport],
    joined: Joined,
    offers_tools: Callable[[Call], bool | None],
) -> dict[int, Claim]:
    """Say of each call, by ``seq``, who asked. ``offers_tools`` reads a stored request, only where a rule needs it."""
    declared = declared_models(arm)
    hides_titles = any(TITLE_GAPS & set(report.gaps) for report in reports)
    ran = [delegation for report in reports for delegation in report.delegations]
    own = {name: model for model, names in declared.items() for name in names}
    models = [delegation.model or own.get(delegation.agent_name) for delegation in ran]
    silent = not any(report.finished or report.calls or report.tool_calls or ran for report in reports)
    same_model = any(model is None or model == arm.model for model in models) or (silent and arm.model in declared)
    equipped = {session for call in calls if _tools(call) and (session := _session(call)) is not None}
    found = {
        call.seq: _claim(
            call, arm, tuple(joined.get(call.seq, {}).values()), declared,
            hides_titles=hides_titles or (_tools(call) == 0 and _session(call) in equipped),
            ambiguous=same_model and _session(call) is None, offers_tools=offers_tools,
        )
        for call in calls
    }  # fmt: skip
    return _by_thread(calls, found)


def _by_thread(calls: Sequence[Call], found: Mapping[int, Claim]) -> dict[int, Claim]:
    """Give the name that is known of one request of a sub-agent to all of its thread: failed and open ones too."""
    names: dict[str, str] = {}
    for call in calls:
        claim, thread = found[call.seq], _thread(call)
        if claim.role is Role.SUB_AGENT and claim.agent_name is not None and thread is not None:
            names.setdefault(thread, claim.agent_name)
    return {
        call.seq: replace(claim, agent_name=names.get(_thread(call) or ""))
        if (claim := found[call.seq]).role is Role.SUB_AGENT and claim.agent_name is None
        else claim
        for call in calls
    }


def _thread(call: Call) -> str | None:
    """The sub-agent's own thread, of a request that is marked as one of it."""
    if not any(call.hints.get(name) for name in _PARENTS):
        return None
    return next((call.hints[name] for name in _THREADS if call.hints.get(name)), None)


def _session(call: Call) -> str | None:
    """The session, of a request whose agent marks what its sub-agents ask."""
    return next((call.hints[name] for name in _SESSIONS if call.hints.get(name)), None)


def _tools(call: Call) -> int | None:
    """How many tools were offered, where the gateway noted it."""
    counted = call.hints.get("tools", "")
    return int(counted) if counted.isdecimal() else None


def _claim(
    call: Call,
    arm: Arm,
    rows: Sequence[SourceCall],
    declared: Mapping[str, tuple[str, ...]],
    *,
    hides_titles: bool,
    ambiguous: bool,
    offers_tools: Callable[[Call], bool | None],
) -> Claim:
    role = next((row.role for row in rows if row.role is not None), None)
    name = next((row.agent_name for row in rows if row.agent_name is not None), None)
    effort = call.effort or next((row.effort for row in rows if row.effort is not None), None)
    hinted = hint(call.hints)
    role, name = role or hinted.role, name or hinted.agent_name
    if role is None and hides_titles and not rows and offers_tools(call) is False:
        role = Role.AUXILIARY
    models = {known: agents for known, agents in declared.items() if known in _short(call.model_requested)}
    if role is None and _is_arms(call, arm):
        role = None if ambiguous else Role.MAIN
    elif role is None and models:
        role = Role.SUB_AGENT
    if role is Role.SUB_AGENT and name is None:
        named = {agent for agents in models.values() for agent in agents}
        name = named.pop() if len(named) == 1 else None
    return Claim(role, name, effort)


def _is_arms(call: Call, arm: Arm) -> bool:
    return bool(_short(arm.model) & _short(call.model_requested))


def declared_models(arm: Arm) -> dict[str, tuple[str, ...]]:
    """Names of the declared sub-agents by model; those without a model of their own under the arm's."""
    found: dict[str, tuple[str, ...]] = {}
    agents = arm.profile.get("agents")
    for agent in agents if isinstance(agents, list | tuple) else ():
        if isinstance(agent, Mapping) and agent.get("name"):
            model = str(agent.get("model") or arm.model)
            found[model] = (*found.get(model, ()), str(agent["name"]))
    return found


def hint(hints: Mapping[str, str]) -> Claim:
    """Read the headers by which an agent marks its requests."""
    kind = hints.get("x-openai-subagent")
    turn = _object(hints.get("x-codex-turn-metadata"))
    name = turn.get("agent_name")
    agent_name = name.rpartition("/")[2] or None if isinstance(name, str) and name != "/root" else None
    if kind:
        role = Role.SUB_AGENT if kind in _SUB_AGENT_KINDS else Role.AUXILIARY
        return Claim(role, agent_name if role is Role.SUB_AGENT else None)
    if turn.get("thread_source") == "subagent":
        return Claim(Role.SUB_AGENT, agent_name)
    if turn.get("thread_source") == "user":
        return Claim(Role.MAIN)
    return Claim(Role.SUB_AGENT) if any(hints.get(name) for name in _PARENTS) else Claim()


def _object(text: str | None) -> Mapping[str, object]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
