from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.sandboxes.base import Exit, ExitRecord
from assay.scorers.verdict import judge, judge_command, judge_pytest
from assay.scorers.verification import Verification
from assay.suites.base import Complaint, Task, VerifierKind
from assay.testing.tasks import make_task

IDS = ("test_a.py::test_one", "test_a.py::test_two[x]")
CONTROLS = {"test_plain.py": False, "test_derived.py": True}


def record(id_: str, outcome: str = "passed") -> dict[str, Any]:
    return {"event": "test", "id": id_, "outcome": outcome, "ms": 1.0, "text": ""}


def report(*records: dict[str, Any], exit_code: int | None = 1, **changes: Any) -> dict[str, Any]:
    finish: dict[str, Any] = {"event": "finish", "exit": exit_code, "patched": []}
    held = [record("test_plain.py::test_sizes", "failed"), record("test_derived.py::test_rows", "failed")]
    full = {"records": [*records, *held, finish], "exit": exit_code, "forged": 0, "timed_out": False, "output": ""}
    return {**full, **changes}


def test_all_passed_and_controls_failed() -> None:
    found = judge_pytest(IDS, report(*map(record, IDS)), CONTROLS)
    assert (found.solved, found.tests, found.reason) == (True, 1.0, None)
    assert [one.id for one in found.outcomes] == list(IDS)


def test_one_failed() -> None:
    found = judge_pytest(IDS, report(record(IDS[0]), record(IDS[1], "failed")), CONTROLS)
    assert (found.solved, found.tests, found.reason) == (False, 0.5, None)


@pytest.mark.parametrize("outcome", ["skipped", "xfailed", "error"])
def test_nothing_but_a_pass_is_a_pass(outcome: str) -> None:
    assert judge_pytest(IDS, report(record(IDS[0]), record(IDS[1], outcome)), CONTROLS).solved is False


def tampered(found_report: dict[str, Any]) -> bool:
    found = judge_pytest(IDS, found_report, CONTROLS)
    return (found.solved, found.tests, found.reason) == (False, 0.0, Complaint.TAMPERED)


def test_what_only_tampering_explains() -> None:
    passed = [record(one) for one in IDS]
    assert tampered(report(passed[0]))
    assert tampered(report(*passed, record("test_a.py::test_three")))
    assert tampered(report(*passed, passed[0]))
    assert tampered(report(*passed, forged=1))
    assert tampered(report(*passed, exit_code=0))
    good = report(*passed)
    for at, (file, outcome) in enumerate([("plain", "passed"), ("plain", "skipped"), ("derived", "passed")]):
        records = [one for one in good["records"] if file not in one.get("id", "")]
        assert tampered(good | {"records": [*records, record(f"test_{file}.py::test_{at}", outcome)]})
        assert tampered(good | {"records": records}), "a control that did not run"
    patched = {"event": "finish", "exit": 1, "patched": ["pytest.approx"]}
    assert tampered(good | {"records": [*good["records"][:-1], patched]})


def test_a_silent_success_is_tampering() -> None:
    assert tampered(report() | {"records": [], "exit": 0})


def test_a_derived_control_may_come_to_grief() -> None:
    good = report(*map(record, IDS))
    for outcome in ("error", "skipped"):
        records = [one | {"outcome": outcome} if "derived" in one.get("id", "") else one for one in good["records"]]
        assert judge_pytest(IDS, good | {"records": records}, CONTROLS).solved is True


def test_a_file_that_cannot_be_loaded_is_a_failure_of_its_tests() -> None:
    unloadable = [{"event": "unloadable", "file": file, "text": "boom"} for file in ("test_a.py", "test_derived.py")]
    full = report()
    records = [one for one in full["records"] if "derived" not in one.get("id", "")]
    found = judge_pytest(IDS, full | {"records": [*unloadable, *records]}, CONTROLS)
    assert (found.solved, found.tests, found.reason) == (False, 0.0, None)
    assert {(one.outcome, one.text) for one in found.outcomes} == {("error", "boom")}


@pytest.mark.parametrize(
    "changes",
    [
        {"timed_out": True, "exit": -9},
        {"exit": -11},
        {"exit": 137},
        {"exit": 3},
    ],
)
def test_a_check_that_breaks_down_keeps_what_it_saw(changes: dict[str, Any]) -> None:
    full = report(record(IDS[0]))
    records = [one for one in full["records"] if one["event"] != "finish"]
    found = judge_pytest(IDS, full | {"records": records} | changes, CONTROLS)
    assert (found.solved, found.tests, found.reason) == (False, 0.5, Complaint.VERIFICATION_FAILED)


def test_a_crash_at_the_very_end_is_no_pass() -> None:
    found = judge_pytest(IDS, report(*map(record, IDS)) | {"exit": -11}, CONTROLS)
    assert (found.solved, found.reason) == (False, Complaint.VERIFICATION_FAILED)


def test_without_recorded_ids_nothing_is_known() -> None:
    found = judge_pytest((), report(*map(record, IDS)), CONTROLS)
    assert (found.solved, found.reason) == (None, Complaint.NOT_VERIFIED)
    assert {one.id for one in found.outcomes} == set(IDS)


def test_only_a_sandbox_that_did_not_start_is_infrastructure(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    assert judge(task, Verification(None, None, {}, "no bwrap")).solved is None
    for reason in (Exit.MEMORY, Exit.KILLED, Exit.TIMEOUT, Exit.EXITED):
        found = judge(task, Verification(None, ExitRecord(reason), {}))
        assert (found.solved, found.reason) == (False, Complaint.VERIFICATION_FAILED)
        assert reason in (found.detail or "")


def command(tmp_path: Path, kind: VerifierKind) -> Task:
    task = make_task(tmp_path)
    return replace(task, verifier=replace(task.verifier, kind=kind, command=("true",), test_ids=("c::one", "c::two")))


def ended(exit_code: int = 0, **files: str) -> dict[str, Any]:
    return {"exit": exit_code, "timed_out": False, "output": "", "files": named(files)}


def named(files: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "."): text for name, text in files.items()}


def test_exit_code(tmp_path: Path) -> None:
    task = command(tmp_path, VerifierKind.EXIT_CODE)
    assert judge_command(task, ended()).solved is True
    assert judge_command(task, ended(1)).tests == 0.0
    assert judge_command(task, ended() | {"timed_out": True}).reason == Complaint.VERIFICATION_FAILED


JUNIT = "<testsuite><testcase classname='c' name='one'/><testcase classname='c' name='two'>{}</testcase></testsuite>"


def test_junit(tmp_path: Path) -> None:
    task = command(tmp_path, VerifierKind.JUNIT)
    assert judge_command(task, ended(junit_xml=JUNIT.format(""))).solved is True
    failed = judge_command(task, ended(1, junit_xml=JUNIT.format("<failure/>")))
    assert (failed.solved, failed.tests, failed.reason) == (False, 0.5, None)
    assert judge_command(task, ended(1)).reason == Complaint.VERIFICATION_FAILED
    assert judge_command(task, ended(0)).reason == Complaint.TAMPERED
    one = "<testsuite><testcase classname='c' name='one'/></testsuite>"
    assert judge_command(task, ended(0, junit_xml=one)).reason == Complaint.TAMPERED
    bomb = "<!DOCTYPE x [<!ENTITY a 'b'>]>" + one
    assert judge_command(task, ended(1, junit_xml=bomb)).solved is False


@pytest.mark.parametrize(
    ("files", "solved", "tests"),
    [
        ({"reward_txt": "1"}, True, 1.0),
        ({"reward_txt": "0.25\n"}, False, 0.25),
        ({"reward_json": '{"reward": 1.0}', "reward_txt": "0"}, True, 1.0),
        ({"reward_json": "0.5"}, False, 0.5),
        ({"reward_txt": "nan"}, False, 0.0),
        ({"reward_txt": "good"}, False, 0.0),
        ({}, False, 0.0),
    ],
)
def test_reward(files: dict[str, str], solved: bool, tests: float, tmp_path: Path) -> None:
    found = judge_command(command(tmp_path, VerifierKind.REWARD), ended() | {"files": named(files)})
    assert (found.solved, found.tests) == (solved, tests)
