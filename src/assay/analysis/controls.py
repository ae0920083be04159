"""Controls: an arm against its twin must show no difference; a sabotaged arm must be found out."""

from __future__ import annotations

from collections.abc import Sequence

from assay.analysis import words
from assay.analysis.base import Finding
from assay.analysis.table import Table, is_control
from assay.analysis.verdict import upright
from assay.records import Arm, Verdict

AA = "aa"


def control_pairs(table: Table) -> dict[str, list[tuple[int, int]]]:
    """Return (original, control) index pairs by kind of control: ``aa``, ``sabotage``, ...."""
    pairs: dict[str, list[tuple[int, int]]] = {}
    for index, arm in enumerate(table.arms):
        if is_control(arm):
            original = _original(table.arms, arm)
            if original is not None:
                pairs.setdefault(kind_of(arm), []).append((original, index))
    return pairs


def kind_of(arm: Arm) -> str:
    """Return which control an arm is."""
    return arm.names.get("control") or AA


def _original(arms: Sequence[Arm], control: Arm) -> int | None:
    """The arm that a control copies: the same identity but for ``replicate``, or the nearest in its names."""
    candidates = [(index, arm) for index, arm in enumerate(arms) if not is_control(arm)]
    if control.replicate:
        exact = {**control.to_json(), "replicate": 0, "label": "", "names": {}}
        for index, arm in candidates:
            if {**arm.to_json(), "label": "", "names": {}} == exact:
                return index
    near = [
        (sum(arm.names.get(key) == control.names.get(key) for key in ("variant", "profile")), -index)
        for index, arm in candidates
        if (arm.agent, arm.model, arm.provider) == (control.agent, control.model, control.provider)
    ]
    return -max(near)[1] if near else None


def control_sentences(table: Table, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Say what each control showed on the primary measure."""
    arms = {arm.id: arm for arm in table.arms}
    return tuple(_sentence(arms, finding) for finding in findings)


def _sentence(arms: dict[str, Arm], finding: Finding) -> str:
    turned = is_control(arms[finding.a])
    original, control = (finding.b, finding.a) if turned else (finding.a, finding.b)
    label, kind = arms[original].label or original, kind_of(arms[control])
    facts = f"{words.difference(upright(finding))}, {words.probability(finding.p)}"
    alarm = finding.verdict in {Verdict.BETTER, Verdict.WORSE}
    if kind == AA:
        judged = (
            "a difference between equals was found: distrust this run" if alarm else "no difference shown, as must be"
        )
        return f"A/A: {label} against its twin: {facts}: {judged}."
    found = finding.verdict is (Verdict.WORSE if turned else Verdict.BETTER)
    judged = "found out, as must be" if found else "not found out: this run would miss a defect of that size"
    return f"{kind.capitalize()}: {label} against its degraded copy: {facts}: {judged}."
