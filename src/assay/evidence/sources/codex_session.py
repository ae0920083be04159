"""What Codex's session files say: every thread's responses, tools with their exit status, and sub-agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import (
    Delegation,
    ErrorEvent,
    Inventory,
    Scope,
    Source,
    SourceCall,
    SourceReport,
    ToolCall,
)
from assay.evidence.sources.codex_rollouts import Thread, read_threads
from assay.evidence.sources.codex_values import COMMANDS, complaint, exit_status, interrupted, refused, tokens
from assay.evidence.sources.values import between_ms, digest, mapping, text, whole
from assay.records import Role, Tokens

LOST_THREAD_GAP = "cut_off_sub_agents"
_MISSING = "there are no session files"


def session_report(home: Path) -> SourceReport:
    """Read all threads of one HOME."""
    threads = read_threads(home)
    main = [thread for thread in threads if thread.parent is None]
    lost = list(_lost(threads))
    cut = any(thread.is_cut for thread in threads if thread.parent is not None)
    unknown: Counter[str] = sum((thread.unknown for thread in threads), Counter())
    took = [each for thread in main for each in thread.durations_ms]
    return SourceReport(
        Source.SESSION,
        Scope.ALL,
        calls=tuple(call for thread in threads for call in _calls(thread)),
        tool_calls=tuple(tool for thread in threads for tool in _tools(thread)),
        delegations=(*(_delegation(thread) for thread in threads if thread.parent is not None), *lost),
        errors=tuple(_errors(threads)),
        inventory=_inventory(main),
        active_s=sum(took) / 1000 if took else None,
        turns=sum(thread.started for thread in main) or None,
        finished=bool(main) and not any(thread.is_cut for thread in threads) and not lost,
        problems=tuple(p for thread in threads for p in thread.problems) if threads else (_MISSING,),
        unknown=dict(unknown),
        gaps=(LOST_THREAD_GAP,) if lost or cut else (),
    )


def _role(thread: Thread) -> tuple[Role, str | None]:
    return (Role.MAIN, None) if thread.parent is None else (Role.SUB_AGENT, thread.role)


def _calls(thread: Thread) -> Iterator[SourceCall]:
    role, name = _role(thread)
    for usage in thread.usages:
        yield SourceCall(
            response_id=usage.response_id,
            model=usage.model,
            role=role,
            agent_name=name,
            effort=usage.effort,
            tokens=tokens(usage.tokens),
            at_ms=usage.at_ms,
        )


def _tools(thread: Thread) -> Iterator[ToolCall]:
    role, agent = _role(thread)
    for call_id, call in thread.calls.items():
        item, output = thread.items.get(call_id, {}), thread.outputs.get(call_id)
        name = str(call.get("name") or "local_shell")
        stopped = interrupted(output)
        code = None if stopped else _code(name, item, output)
        failed = None if stopped else _failed(item, output, code)
        kind, said = complaint(failed, code, output)
        shown, whole_id = digest(call.get("arguments") or call.get("input") or mapping(call.get("action")))
        begin, end = whole(item.get("started_at_ms")), whole(item.get("completed_at_ms"))
        yield ToolCall(
            id=call_id,
            tool=name,
            source=Source.SESSION,
            agent_name=agent,
            role=role,
            arguments=shown,
            arguments_id=whole_id,
            failed=failed,
            exit_status=code,
            error_class=kind,
            error=said,
            at_ms=begin if begin is not None else thread.times.get(call_id),
            duration_ms=between_ms(begin, end),
            model=thread.models[-1] if thread.models else None,
        )


def _code(name: str, item: Mapping[str, Any], output: str | None) -> int | None:
    """A patch states a status in words too, which is not one of a process."""
    code = whole(item.get("exit_code"))
    return code if code is not None or name not in COMMANDS else exit_status(output)


def _failed(item: Mapping[str, Any], output: str | None, code: int | None) -> bool | None:
    """A command by its exit status, then what was really done; a refused call leaves an answer and nothing done."""
    if code is not None:
        return code != 0
    if output is None:
        return None
    status = str(item.get("status"))
    if status in {"failed", "declined"}:
        return True
    return status != "completed" and refused(output)


def _delegation(thread: Thread) -> Delegation:
    counted = [tokens(usage.tokens) for usage in thread.usages]
    return Delegation(
        agent_name=thread.role or "",
        source=Source.SESSION,
        id=thread.id,
        model=thread.models[-1] if thread.models else None,
        failed=None if thread.is_open else bool(thread.aborted),
        tokens=sum(counted, Tokens()),
        calls=len(counted),
        tool_calls=len(thread.calls),
        at_ms=thread.first_ms,
        duration_ms=float(sum(thread.durations_ms)) if thread.durations_ms and not thread.is_open else None,
    )


def _lost(threads: Sequence[Thread]) -> Iterator[Delegation]:
    """Sub-agents that were started and left no file: the main thread ended before they had said anything."""
    known = {thread.id for thread in threads}
    for thread in threads:
        for item in thread.items.values():
            started = item.get("receiver_agents") if item.get("tool") == "spawn_agent" else None
            for agent in map(mapping, started if isinstance(started, list) else ()):
                found = str(agent.get("thread_id"))
                if found not in known:
                    yield Delegation(
                        str(agent.get("agent_role") or ""),
                        Source.SESSION,
                        id=found,
                        model=text(item.get("model")),
                        at_ms=whole(item.get("started_at_ms")),
                    )


def _errors(threads: Sequence[Thread]) -> Iterator[ErrorEvent]:
    for thread in threads:
        for message, at in thread.errors:
            yield ErrorEvent("api", message, Source.SESSION, at_ms=at)


def _inventory(main: Sequence[Thread]) -> Inventory | None:
    """Version, model and skills; that there are no sub-agents, but not which ones there are."""
    if not main:
        return None
    first = main[0]
    alone = bool(first.multi_agent) and all(version in {None, "disabled"} for version in first.multi_agent)
    return Inventory(
        version=first.version,
        model=first.models[0] if first.models else None,
        sub_agents=() if alone else None,
        skills=first.skills,
    )
