"""The verdict: one paragraph. Counts and money first, then intervals, then what is not shown and what would show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assay.analysis import words
from assay.analysis.base import ArmSummary, Finding
from assay.analysis.missing import left_out, without_verdict
from assay.analysis.table import SCORE, SOLVED
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Verdict
from assay.stats import fewest_tasks

# More pairs than this are counted in the paragraph and left to the table.
PAIRS_IN_PROSE = 4
# With more arms than this, fewer pairs are named.
FEW_ARMS = 5
FEWER_PAIRS = 2
MANY_TASKS = 2000


@dataclass(frozen=True, slots=True)
class Story:
    """What the paragraph is written from: compared arms, and upright findings on the primary measure.

    ``findings`` are for tasks like these, ``reruns`` for these very tasks.
    """

    lock: Lock
    facts: Facts
    primary: str
    arms: tuple[ArmSummary, ...]
    findings: tuple[Finding, ...]
    reruns: tuple[Finding, ...] = ()

    def label(self, arm: str) -> str:
        """Return the label under which an arm is spoken of."""
        return next((each.label for each in self.arms if each.id == arm), arm)

    def mean(self, arm: ArmSummary) -> float | None:
        """Return the arm's mean on the primary measure."""
        if self.primary == SOLVED:
            return arm.solved.like.mean
        return arm.score.like.mean if self.primary == SCORE else arm.parts.get(self.primary)


def upright(finding: Finding) -> Finding:
    """Turn a finding so that the arm ahead is named first; "not worse" keeps its direction, which is its claim."""
    if finding.verdict is Verdict.NOT_WORSE or finding.difference is None or finding.difference >= 0:
        return finding
    return replace(
        finding,
        a=finding.b,
        b=finding.a,
        difference=-finding.difference,
        low=None if finding.high is None else -finding.high,
        high=None if finding.low is None else -finding.low,
        verdict=Verdict.BETTER if finding.verdict is Verdict.WORSE else finding.verdict,
    )


def write_verdict(story: Story) -> str:
    """Return the paragraph."""
    arms = [arm for arm in story.arms if story.mean(arm) is not None]
    if not arms:
        return f"{_setting(story)} no trial has a verdict yet, so that nothing can be said about any arm."
    said = [_counts(story, arms), _costs(arms), without_verdict(story.arms, {arm.id for arm in arms}, story.primary)]
    if len(story.arms) == 1:
        said.append("There is one arm, so that there is nothing to compare.")
    elif len(arms) == 1:
        said.append("Nothing was compared.")
    else:
        said += [_shown(story), _not_shown(story), _on_a_rerun(story), _settle(story)]
    said += [left_out(story.arms), _unfinished(story)]
    return " ".join(part for part in said if part)


def sentences(story: Story) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (established, not established): one sentence per pair on the primary measure."""
    shown: list[str] = []
    open_: list[str] = []
    for finding in story.findings:
        text = words.claim(finding, story.label(finding.a), story.label(finding.b))
        if finding.difference is None:
            open_.append(f"{text}: not compared, on no task has each of them a verdict.")
            continue
        tail = f"{words.difference(finding)}, corrected {words.probability(finding.p_corrected)}"
        line = f"{text}: {tail}, {words.plural(finding.n_tasks, 'task')}."
        (open_ if finding.verdict is Verdict.NOT_ESTABLISHED else shown).append(line)
    return tuple(shown), tuple(open_)


def _setting(story: Story) -> str:
    tasks = len({cell.task for cell in story.facts.cells if cell.settled})
    notes = _runs(story)
    notes += ["simulated models"] if story.lock.simulated else []
    inside = f" ({', '.join(notes)})" if notes else ""
    return f"On {'this one task' if tasks == 1 else f'these {tasks} tasks'}{inside}"


def _runs(story: Story) -> list[str]:
    """How many runs a cell has: planned ones are not made ones."""
    begun = {cell.task for cell in story.facts.cells if cell.settled}
    compared = {arm.id for arm in story.arms}
    rows = [cell for cell in story.facts.cells if cell.task in begun and cell.arm in compared]
    planned = max([story.lock.repetitions, *(max(cell.planned, cell.settled) for cell in rows)])
    made = sorted({cell.settled for cell in rows})
    if planned == 1 or not made:
        return []
    span = f"{made[0]}" if len(made) == 1 else f"{made[0]} to {made[-1]}"
    return [f"{span} runs each" if made[-1:] == made == [planned] else f"{span} of {planned} planned runs each"]


def _counts(story: Story, arms: Sequence[ArmSummary]) -> str:
    ordered = sorted(arms, key=lambda arm: -(story.mean(arm) or 0.0))
    if story.primary != SOLVED:
        what = "points of 100" if story.primary == SCORE else f"on {story.primary}"
        parts = [f"{arm.label} {story.mean(arm):.1f}" for arm in ordered]
        return f"{_setting(story)} the mean is {words.first(parts)} {what}."
    single = all(arm.n_scored == arm.n_tasks for arm in arms)
    same = len({arm.n_scored for arm in arms}) == 1
    parts = []
    for place, arm in enumerate(ordered):
        of = "" if same and (place > 0 or single) else f" of {arm.n_scored}"
        unit = " trials" if place == 0 and not single else ""
        verb = " solved" if place == 0 else ""
        parts.append(f"{arm.label}{verb} {arm.solved_trials}{of}{unit}")
    return f"{_setting(story)} {words.first(parts)}{_first_difference(story)}."


def _first_difference(story: Story) -> str:
    """With two arms, the difference stands beside the counts."""
    alone = len(story.findings) == 1 and story.findings[0].difference is not None
    return f" ({words.difference(story.findings[0])})" if alone else ""


def _costs(arms: Sequence[ArmSummary]) -> str:
    priced = [arm for arm in arms if arm.cost_per_solved.mean is not None]
    unsolved = [arm for arm in arms if arm.cost_per_solved.mean is None and arm.cost_usd is not None]
    unknown = [arm for arm in arms if arm.cost_usd is None]
    said = []
    if priced:
        cheapest = sorted(priced, key=lambda arm: arm.cost_per_solved.mean or 0.0)
        parts = [
            f"{arm.label}{' costs' if i == 0 else ''} {_price(arm)}{' per solved task' if i == 0 else ''}"
            for i, arm in enumerate(cheapest)
        ]
        said.append(f"{words.first(parts)}.")
    if unsolved:
        parts = [f"{words.money(arm.cost_usd)} on {arm.label}" for arm in unsolved]
        said.append(f"{words.first(parts)} solved nothing.")
    if unknown:
        labels = words.first([arm.label for arm in unknown])
        said.append(f"What {labels} cost{'s' if len(unknown) == 1 else ''} is unknown.")
    return " ".join(said)


def _price(arm: ArmSummary) -> str:
    least = "at least " if arm.cost_is_lower_bound else ""
    return f"{least}{words.money(arm.cost_per_solved.mean)}"


def _shown(story: Story) -> str:
    shown = [finding for finding in story.findings if finding.verdict is not Verdict.NOT_ESTABLISHED]
    if not shown:
        return ""
    if len(story.findings) == 1:
        beyond = (
            f" Not shown: that {story.label(shown[0].a)} is better." if shown[0].verdict is Verdict.NOT_WORSE else ""
        )
        return f"Shown for tasks like these: {_claim(story, shown[0])}.{beyond}"
    return f"Shown for tasks like these: {_several(story, shown)}."


def _not_shown(story: Story) -> str:
    rest = [finding for finding in story.findings if finding.verdict is Verdict.NOT_ESTABLISHED]
    if not rest:
        return ""
    if len(story.findings) == 1:
        return _both_ways(story, rest[0])
    corrected = f"Not shown, corrected for {len(story.findings)} pairs"
    return f"{corrected}: any difference between {_several(story, rest)}."


def _several(story: Story, findings: Sequence[Finding]) -> str:
    """Name each pair with its difference; of many, those of the leading arm, and count the others."""
    named = list(findings)
    most = PAIRS_IN_PROSE if len(story.arms) <= FEW_ARMS else FEWER_PAIRS
    if len(named) > most:
        named = [finding for finding in named if _leader(story) in {finding.a, finding.b}][:most]
    parts = [f"{_claim(story, finding)} ({words.difference(finding)})" for finding in named]
    left = len(findings) - len(named)
    if left:
        parts.append(f"{'and ' if parts else ''}{words.plural(left, 'further pair' if parts else 'pair')}")
    return "; ".join(parts)


def _on_a_rerun(story: Story) -> str:
    """Where the two targets part, say it: that confusion is the field's commonest."""
    open_ = {frozenset((f.a, f.b)) for f in story.findings if f.verdict is Verdict.NOT_ESTABLISHED}
    shown = [
        f for f in story.reruns if f.verdict in {Verdict.BETTER, Verdict.WORSE} and frozenset((f.a, f.b)) in open_
    ][:PAIRS_IN_PROSE]
    if not shown:
        return ""
    parts = [f"{story.label(f.a)} would again be ahead of {story.label(f.b)}" for f in shown]
    return f"On these very tasks {words.listed(parts)}; that it carries over to others is not shown."


def _both_ways(story: Story, finding: Finding) -> str:
    """Two arms: say apart that neither the margin nor a difference is shown."""
    ahead, behind = story.label(finding.a), story.label(finding.b)
    said = []
    if finding.margin is not None:
        size = words.points(finding.margin, finding.measure).lstrip("+")
        said.append(f"not shown: that {behind} is within your {size}-point margin")
    said.append(f"not shown: that {ahead} is better" if finding.difference else "not shown: any difference")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _claim(story: Story, finding: Finding) -> str:
    if finding.verdict is Verdict.NOT_ESTABLISHED:
        return f"{story.label(finding.a)} and {story.label(finding.b)}"
    return words.claim(finding, story.label(finding.a), story.label(finding.b))


def _leader(story: Story) -> str:
    known = [arm for arm in story.arms if story.mean(arm) is not None]
    return max(known, key=lambda arm: story.mean(arm) or 0.0).id if known else ""


def _settle(story: Story) -> str:
    """How many more tasks would settle the pair at the top that is open, and what they would cost."""
    rest = [finding for finding in story.findings if finding.verdict is Verdict.NOT_ESTABLISHED]
    top = [finding for finding in rest if _leader(story) in {finding.a, finding.b}] or rest
    known = [finding for finding in top if finding.more_tasks is not None]
    if not rest:
        return ""
    if not known:
        return "How many more tasks would settle it cannot be known from these results."
    finding = min(known, key=lambda each: each.more_tasks or 0)
    more = finding.more_tasks or 0
    which = "it" if len(rest) == 1 else f"{story.label(finding.a)} against {story.label(finding.b)}"
    if more > MANY_TASKS:
        return f"To settle {which} would take more than {MANY_TASKS:,} further tasks: look at cost instead."
    rough = ", a rough figure from so few tasks" if finding.n_tasks < fewest_tasks() else ""
    return f"About {words.plural(more, 'more task')} would settle {which}{_bill(story, finding, more)}{rough}."


def _bill(story: Story, finding: Finding, more: int) -> str:
    pair = [arm for arm in story.arms if arm.id in {finding.a, finding.b}]
    trials = more * story.lock.repetitions
    prices = [arm.cost_per_trial for arm in pair]
    seconds = [arm.wall_s for arm in pair]
    parts = []
    if all(price is not None for price in prices):
        parts.append(words.money(trials * sum(price or 0.0 for price in prices)))
    if all(second is not None for second in seconds):
        parts.append(f"{words.duration(trials * sum(second or 0.0 for second in seconds))} of trial time")
    return f" ({', '.join(parts)})" if parts else ""


def _unfinished(story: Story) -> str:
    left = story.facts.health.unsettled
    return f"{words.plural(left, 'planned trial')} did not settle yet: this is preliminary." if left else ""
