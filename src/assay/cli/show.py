"""``assay show``: why did this trial end so?"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from assay.cli.options import json_option, run_argument
from assay.cli.output import counted, page, print_json, table
from assay.cli.show_calls import show_calls
from assay.cli.show_telemetry import show_telemetry, telemetry_line
from assay.cli.show_values import UNKNOWN, at_least, dollars
from assay.errors import InputError
from assay.evidence.layout import RunFolder
from assay.evidence.outcomes import TrialOutcome
from assay.evidence.retries import has_failed
from assay.records import NANO, Attempt, Score, Trial
from assay.run.facts import outcomes_of
from assay.run.opening import Run, open_run
from assay.run.showing import AttemptView, TrialView, diff, view_trial, written

NOT_STARTED = "the trial has no attempt yet"
NAMED = 8
NOT_SEALED = "no sealed workspace"


@click.command()
@run_argument
@click.argument("trial", required=False)
@click.option("--diff", "wanted", flag_value="diff", help="What the agent changed.")
@click.option("--calls", "wanted", flag_value="calls", help="Its calls to the model.")
@click.option("--verifier", "wanted", flag_value="verifier", help="What the hidden tests said.")
@click.option("--telemetry", "wanted", flag_value="telemetry", help="What each source says; tools and sub-agents.")
@click.option("--outcome", help="List only trials with this outcome, e.g. failed, timeout+failed, provider_error.")
@json_option
def show(run: Path, trial: str | None, wanted: str | None, outcome: str | None, as_json: bool) -> None:
    """List the trials of RUN, or show one: TRIAL is an id, its start, or ARM/TASK/REPETITION."""
    asyncio.run(_show(run, trial, wanted, outcome, as_json=as_json))


async def _show(folder: Path, trial: str | None, wanted: str | None, outcome: str | None, *, as_json: bool) -> None:
    run = await open_run(RunFolder(folder))
    try:
        if trial is None:
            await _list(run, outcome, as_json=as_json)
            return
        if (Path(trial) / run.folder.lock.name).is_file():
            raise InputError("two run folders were given", where=trial, remedy="Give one: assay show RUN [TRIAL]")
        view = await view_trial(run, trial)
        if as_json:
            print_json(view.to_json())
        elif wanted is not None and not view.attempts:
            click.echo(NOT_STARTED)
        elif wanted == "diff":
            click.echo("\n".join(_diff(run, view.trial, one) for one in view.attempts[-1:]))
        elif wanted == "calls":
            show_calls(page(), view)
        elif wanted == "telemetry":
            show_telemetry(page(), view)
        elif wanted == "verifier":
            _verifier(run, view)
        else:
            _overview(page(), view)
    finally:
        await run.ledger.close()


def _diff(run: Run, trial: Trial, view: AttemptView) -> str:
    if not view.sealed:
        return NOT_SEALED
    said = diff(run, trial, view)
    in_caches = _in_caches(view)
    if not said:
        return f"nothing was changed but {in_caches}" if in_caches else "nothing was changed"
    return f"{said}and {in_caches}" if in_caches else said


async def _list(run: Run, outcome: str | None, *, as_json: bool) -> None:
    labels = {arm.id: arm.label for arm in run.lock.arms}
    rows = _with_outcome(await outcomes_of(run), outcome)
    if as_json:
        names = ("trial", "arm", "task", "repetition", "outcome", "solved", "reason", "attempts", "cost_usd")
        values = (
            (r.trial.id, labels[r.trial.arm], r.trial.task, r.trial.repetition, r.outcome, r.solved,
             r.reasons.get("solved"), r.attempts, r.cost)
            for r in rows
        )  # fmt: skip
        print_json([dict(zip(names, row, strict=True)) for row in values])
        return
    grid = table(("trial", "arm", "task", "rep", "outcome", "reason", "attempts"), numbers=("rep", "attempts"))
    for row in rows:
        detail = row.reasons.get("solved") or (row.attempt.ended_detail if row.attempt else None) or ""
        trial = row.trial
        grid.add_row(
            trial.id[:10], labels[trial.arm], trial.task, str(trial.repetition), row.outcome, detail, str(row.attempts)
        )
    page().print(grid)


def _with_outcome(rows: Sequence[TrialOutcome], outcome: str | None) -> Sequence[TrialOutcome]:
    """Keep the trials with an outcome. Raises ``InputError`` when the run has none, naming those that it has."""
    if outcome is None:
        return rows
    kept = [row for row in rows if row.outcome == outcome]
    if not kept:
        known = Counter(row.outcome for row in rows)
        counts = ", ".join(f"{name} ({count})" for name, count in sorted(known.items()))
        raise InputError(f"no trial of this run has the outcome {outcome!r}", remedy=f"It has: {counts}")
    return kept


def _overview(console: Console, view: TrialView) -> None:
    trial = view.trial
    console.print(f"trial {trial.id}: {view.arm} on {trial.task}, repetition {trial.repetition}")
    for position, one in enumerate(view.attempts):
        _attempt(console, one, view.attempts[:position])
    if not view.attempts:
        console.print(NOT_STARTED)


def _attempt(console: Console, view: AttemptView, earlier: Sequence[AttemptView]) -> None:
    attempt = view.attempt
    console.print(f"\nattempt {attempt.number}: {_ending(attempt)}")
    for step in view.steps:
        _step(console, step)
    console.print(f"  {_requests(view)} (--calls)")
    console.print(f"  sources: {telemetry_line(view.facts)} (--telemetry)", markup=False)
    console.print(f"  changed: {_changed(view)}", markup=False)
    if view.intact is False:
        console.print("  evidence: NOT what was sealed (assay facts RUN --verify)")
    if view.kept:
        console.print(f"  sandbox kept: {view.kept}", markup=False)
    same = next((one.attempt.number for one in earlier if _rows(one.scores) == _rows(view.scores)), None)
    if view.scores and same is not None:
        console.print(f"  scores: those of attempt {same}")
    elif view.scores:
        _scores(console, view.scores)


def _step(console: Console, step: Mapping[str, Any]) -> None:
    ended, reading = step.get("exit") or {}, step.get("reading") or {}
    memory, wall_s = ended.get("max_memory_bytes"), ended.get("wall_s")
    parts = (
        ended.get("reason") or "no end is known",
        f"exit code {_or_unknown(ended.get('exit_code'))}",
        f"{UNKNOWN} time" if wall_s is None else f"{wall_s:.2f} s",
        f"memory {UNKNOWN if memory is None else f'{memory >> 20} MiB'}",
    )
    console.print(f"  step {_or_unknown(step.get('step'))}: {', '.join(parts)}", markup=False)
    if reading.get("complaint") or reading.get("detail"):
        said = " ".join(str(reading[name]) for name in ("complaint", "detail") if reading.get(name))
        console.print(f"    the agent's output: {said}", markup=False)


def _requests(view: AttemptView) -> str:
    """Count requests and tokens; tokens that no answer told are unknown, not 0."""
    tokens = [call.tokens.total for call in view.calls]
    known = [count for count in tokens if count is not None]
    more = " or more" if None in tokens else ""
    said = f"{sum(known):,} tokens{more}" if known or not tokens else f"{UNKNOWN} tokens"
    failed = sum(has_failed(call) for call in view.calls)
    return f"{counted(len(view.calls), 'request')}{f' ({failed} failed)' if failed else ''}, {said}"


def _scores(console: Console, scores: Sequence[Score]) -> None:
    grid = table(("score", "value", "reason"), numbers=("value",))
    for metric, value, reason in _rows(scores):
        grid.add_row(metric, value, escape(reason))
    console.print(grid)


def _rows(scores: Sequence[Score]) -> list[tuple[str, str, str]]:
    """Scores as they are shown: metric, value, reason; whether it was solved comes first."""
    return [
        (score.metric, UNKNOWN if score.value is None else f"{score.value:,.4g}", score.reason or "")
        for score in sorted(scores, key=lambda score: score.metric != "solved")
    ]


def _or_unknown(value: object) -> str:
    return UNKNOWN if value is None else str(value)


def _changed(view: AttemptView) -> str:
    """Name the first files; folders say nothing beyond the files in them, nor do those that tools leave behind."""
    if not view.sealed:
        return NOT_SEALED
    outside, _ = written(view.changes)
    files = [change for change in outside if change.kind != "dir"] or outside
    in_caches = _in_caches(view)
    named = ", ".join(f"{change.change} {change.path}" for change in files[:NAMED])
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    link = "and" if files else "but"
    left = f" {link} {in_caches}" if in_caches else ""
    return f"{named or 'nothing'}{more}{left} (--diff)"


def _in_caches(view: AttemptView) -> str:
    """``4 files in caches``, or nothing."""
    _, number = written(view.changes)
    return f"{counted(number, 'file')} in caches" if number else ""


def _ending(attempt: Attempt) -> str:
    said = at_least if attempt.spent_is_lower_bound else dollars
    spent = said(None if attempt.spent is None else attempt.spent / NANO)
    simulated = " (simulated)" if attempt.simulated else ""
    how = "lost with its driver" if attempt.lost else str(attempt.ended or "running")
    return f"{how}{f': {attempt.ended_detail}' if attempt.ended_detail else ''}; spent {spent}{simulated}"


def _verifier(run: Run, view: TrialView) -> None:
    found = [path for one in view.attempts[-1:] for path in _verifier_files(run, one)]
    if not found:
        click.echo("no verifier output")
    for path in found:
        _verdict(json.loads(path.read_text(encoding="utf-8")))


def _verifier_files(run: Run, view: AttemptView) -> list[Path]:
    hashes = sorted({score.scorer_hash for score in view.scores if score.scorer == "executed"})
    paths = (run.folder.scores("executed", digest, view.attempt.id) / "verifier.json" for digest in hashes)
    return [path for path in paths if path.is_file()]


def _verdict(seen: Mapping[str, Any]) -> None:
    verdict = seen.get("verdict", seen)
    click.echo(f"verdict: {verdict.get('reason') or ('solved' if verdict.get('solved') else 'failed')}")
    for test in verdict.get("outcomes", ()):
        click.echo(f"  {test['outcome']:8} {test['id']}")
        if test["outcome"] != "passed" and test.get("text"):
            click.echo("    " + str(test["text"])[-400:].replace("\n", "\n    "))
