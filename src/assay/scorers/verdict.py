"""From what the sandbox reported to a verdict: pure rules, one place.

A pass needs the exit code that pytest gives when a control fails, exactly the recorded test ids, all of them passed,
every control failed, and no part of the test runner replaced. What only tampering can explain is ``tampered``; a check
that crashes, hangs or says nothing is ``verification_failed``; both are ``solved: false``. ``None`` is for machines.
Whether a check that came to grief is the machine's fault is not seen here: see ``Executed.checked``.
"""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.records import Ended, Record
from assay.scorers.verification import Verification
from assay.suites.base import Complaint, Task, VerifierKind

INFRASTRUCTURE = str(Ended.INFRASTRUCTURE)
TESTS_FAILED = 1
MAX_DETAIL = 300


@dataclass(frozen=True, slots=True)
class TestOutcome(Record):
    """One hidden test: ``passed``, ``failed``, ``error``, ``skipped``, ``xfailed`` or ``missing``."""

    id: str
    outcome: str
    ms: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """``solved``, the share of recorded tests that passed (0..1), why, and each test."""

    solved: bool | None
    tests: float | None
    reason: str | None = None
    detail: str | None = None
    outcomes: tuple[TestOutcome, ...] = ()
    controls: tuple[TestOutcome, ...] = ()


def judge(task: Task, verification: Verification) -> Verdict:
    """Return the verdict on one verification of ``task``."""
    if verification.not_started is not None:
        return Verdict(None, None, INFRASTRUCTURE, verification.not_started)
    report = verification.report
    if report is None:
        ended = verification.exit
        detail = (
            "no report"
            if ended is None
            else f"no report: {ended.reason}" + (f", {ended.detail}" if ended.detail else "")
        )
        return Verdict(False, 0.0, Complaint.VERIFICATION_FAILED, detail)
    if task.verifier.kind is VerifierKind.PYTEST:
        return judge_pytest(task.verifier.test_ids, report, verification.controls)
    return judge_command(task, report)


def judge_pytest(recorded: Sequence[str], report: Mapping[str, Any], controls: Mapping[str, bool]) -> Verdict:
    """Judge the streamed records of a pytest session against the recorded ids."""
    records = report["records"]
    seen = [TestOutcome(one["id"], one["outcome"], one["ms"], one["text"]) for one in records if one["event"] == "test"]
    hidden = tuple(one for one in seen if _file(one.id) not in controls)
    control = tuple(one for one in seen if _file(one.id) in controls)
    unloadable = {one["file"]: one["text"] for one in records if one["event"] == "unloadable"}
    finish = next((one for one in records if one["event"] == "finish"), None)
    if not recorded:
        return Verdict(None, None, Complaint.NOT_VERIFIED, "the task's test ids are not recorded", hidden, control)
    by_id = {one.id: one for one in hidden}
    outcomes = tuple(by_id.get(id_) or _missing(id_, unloadable) for id_ in recorded)
    forged = next(_tampering(report, finish, seen, unloadable, controls), None)
    if forged is None and finish is not None and finish["exit"] == TESTS_FAILED:
        forged = _wrong_ids(recorded, hidden, outcomes)
    if forged is not None:
        return Verdict(
            False, 0.0, Complaint.TAMPERED, forged[:MAX_DETAIL], (*outcomes, *_extra(recorded, hidden)), control
        )
    passed = sum(one.outcome == "passed" for one in outcomes)
    share = passed / len(recorded)
    broken = _breakdown(report, finish)
    if broken is not None:
        return Verdict(False, share, Complaint.VERIFICATION_FAILED, broken[:MAX_DETAIL], outcomes, control)
    return Verdict(passed == len(recorded), share, None, f"{passed} of {len(recorded)} passed", outcomes, control)


def _tampering(
    report: Mapping[str, Any],
    finish: Mapping[str, Any] | None,
    seen: Sequence[TestOutcome],
    unloadable: Collection[str],
    controls: Mapping[str, bool],
) -> Iterator[str]:
    """Yield what cannot be explained but by interference."""
    if report["forged"]:
        yield f"{report['forged']} records did not come from the test runner"
    if len({one.id for one in seen}) != len(seen):
        yield "a test was reported twice"
    for one in seen:
        if _file(one.id) in controls and not _held(one, derived=controls[_file(one.id)]):
            yield f"a control did not fail: {one.id}"
    if finish is not None and finish["patched"]:
        yield f"the test runner was changed: {', '.join(finish['patched'])}"
    # A session that was interrupted says so by its exit code, and has a right to be incomplete.
    if finish is not None and finish["exit"] in {0, TESTS_FAILED}:
        ran = {_file(one.id) for one in seen} | {file for file in unloadable if controls.get(file)}
        yield from (f"a control did not run: {file}" for file in controls if file not in ran)
    if report["exit"] == 0:
        yield "ended with exit code 0 although a control must fail"


def _held(control: TestOutcome, *, derived: bool) -> bool:
    """A plain control must fail; a derived one runs the candidate and may come to grief in any way but a pass."""
    return control.outcome != "passed" if derived else control.outcome == "failed"


def _wrong_ids(recorded: Sequence[str], hidden: Sequence[TestOutcome], outcomes: Sequence[TestOutcome]) -> str | None:
    missing = [one.id for one in outcomes if one.outcome == "missing"]
    if missing:
        return f"{len(missing)} tests did not run: {missing[0]}"
    extra = _extra(recorded, hidden)
    return f"{len(extra)} tests are unknown: {extra[0].id}" if extra else None


def _breakdown(report: Mapping[str, Any], finish: Mapping[str, Any] | None) -> str | None:
    """Return how the check failed to come to its end, or None."""
    if report["timed_out"]:
        return "the tests did not end in time"
    code = report["exit"]
    tail = f": {report['output'].strip()[-200:]}" if report["output"].strip() else ""
    if finish is None:
        return f"the tests ended early with exit code {code}{tail}"
    if code != TESTS_FAILED or finish["exit"] != TESTS_FAILED:
        return f"exit code {code} where {TESTS_FAILED} was due{tail}"
    return None


def _missing(id_: str, unloadable: Mapping[str, str]) -> TestOutcome:
    file = _file(id_)
    return TestOutcome(id_, "error", None, unloadable[file]) if file in unloadable else TestOutcome(id_, "missing")


def _extra(recorded: Sequence[str], hidden: Sequence[TestOutcome]) -> tuple[TestOutcome, ...]:
    known = set(recorded)
    return tuple(one for one in hidden if one.id not in known)


def _file(node_id: str) -> str:
    return node_id.partition("::")[0]


def judge_command(task: Task, report: Mapping[str, Any]) -> Verdict:
    """Judge a command: by exit code, by JUnit XML, or by a reward."""
    if report["timed_out"]:
        return Verdict(False, 0.0, Complaint.VERIFICATION_FAILED, "the command did not end in time")
    passed = report["exit"] == 0
    match task.verifier.kind:
        case VerifierKind.JUNIT:
            return _judge_junit(task.verifier.test_ids, report, passed=passed)
        case VerifierKind.REWARD:
            return _judge_reward(report)
        case _:
            return Verdict(passed, float(passed), None, f"exit code {report['exit']}")


def _judge_junit(recorded: Sequence[str], report: Mapping[str, Any], *, passed: bool) -> Verdict:
    text = report["files"].get("junit.xml")
    try:
        found = tuple(_junit_cases(text or ""))
    except ET.ParseError as error:
        reason = Complaint.TAMPERED if passed else Complaint.VERIFICATION_FAILED
        return Verdict(False, 0.0, reason, f"no JUnit report: {error}")
    if not recorded:
        return Verdict(None, None, Complaint.NOT_VERIFIED, "the task's test ids are not recorded", found)
    by_id = {one.id: one for one in found}
    outcomes = tuple(by_id.get(id_) or TestOutcome(id_, "missing") for id_ in recorded)
    share = sum(one.outcome == "passed" for one in outcomes) / len(recorded)
    if passed and (wrong := _wrong_ids(recorded, found, outcomes)):
        return Verdict(False, 0.0, Complaint.TAMPERED, wrong, outcomes)
    return Verdict(passed and share == 1.0, share, None, f"exit code {report['exit']}", outcomes)


def _junit_cases(text: str) -> Iterator[TestOutcome]:
    if "<!DOCTYPE" in text:
        raise ET.ParseError("a document type is not allowed")
    for case in ET.fromstring(text).iter("testcase"):  # noqa: S314 - no document type, so no entities
        name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
        outcome = next((word for tag, word in _JUNIT if case.find(tag) is not None), "passed")
        yield TestOutcome(name, outcome, round(float(case.get("time") or 0) * 1000, 3))


_JUNIT = (("failure", "failed"), ("error", "error"), ("skipped", "skipped"))


def _judge_reward(report: Mapping[str, Any]) -> Verdict:
    files = report["files"]
    try:
        if "reward.json" in files:
            data = json.loads(files["reward.json"])
            value = float(data["reward"] if isinstance(data, dict) else data)
        else:
            value = float(files["reward.txt"])
    except (KeyError, TypeError, ValueError) as error:
        return Verdict(False, 0.0, Complaint.VERIFICATION_FAILED, f"no reward: {type(error).__name__}: {error}")
    if not math.isfinite(value):
        return Verdict(False, 0.0, Complaint.VERIFICATION_FAILED, f"the reward is {value}")
    share = min(1.0, max(0.0, value))
    return Verdict(value >= 1.0, share, None, f"reward {value:g}")
