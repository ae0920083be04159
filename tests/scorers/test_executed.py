import json
from dataclasses import replace
from pathlib import Path

import pytest

from assay.records import Attempt, Ended, OwnerKind, Score
from assay.sandboxes.base import Deadlines, SandboxSpec
from assay.scorers.base import Subject
from assay.scorers.executed import Executed
from assay.scorers.verification import Bench
from assay.suites.base import Complaint, Task, VerifierKind
from assay.testing.moody_sandbox import MoodyKind
from assay.testing.tasks import make_task


async def evidence(
    task: Task, bench: Bench, folder: Path, files: dict[str, bytes], complaint: str | None = None
) -> Path:
    """Let a real sandbox make the evidence."""
    async with bench.sandboxes.open(SandboxSpec("test", task.start, bench.scratch)) as sandbox:
        await sandbox.run(["/bin/true"], deadlines=Deadlines(5))
        for name, data in files.items():
            await sandbox.write(f"/workspace/{name}", data)
        await sandbox.snapshot(folder / "steps" / "0")
    (folder / "steps/0/status.json").write_text(json.dumps({"reading": {"complaint": complaint}}))
    return folder


def subject(
    task: Task, bench: Bench, folder: Path, ended: Ended = Ended.COMPLETED, *, simulated: bool = False
) -> Subject:
    attempt = Attempt("t/1", "r", OwnerKind.TRIAL, "t", 1, 1, "w", 0, 1, ended, simulated=simulated)
    return Subject(
        attempt, task, folder, folder.parent / "out", bench.scratch, bench.toolchain, bench.python, bench.environment
    )


def values(scores: list[Score]) -> dict[str, float | None]:
    return {one.metric: one.value for one in scores}


async def run(scorer: Executed, given: Subject, bench: Bench) -> list[Score]:
    return list(await scorer.score(given, bench.sandboxes))


async def test_the_reference_from_evidence(task: Task, any_bench: Bench, tmp_path: Path) -> None:
    folder = await evidence(task, any_bench, tmp_path / "e", task.solution_files())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    scorer = Executed("toolchain")
    first = await run(scorer, subject(task, any_bench, folder), any_bench)
    assert values(first) == {
        "solved": 1.0, "tests": 1.0, "lint": 100.0, "lint_per_100": 0.0, "complexity": pytest.approx(97.153, abs=0.01),
        "complexity_mean": 1.5,
    }  # fmt: skip
    assert {one.scorer_hash for one in first} == {scorer.hash}
    assert await run(scorer, subject(task, any_bench, folder), any_bench) == first, "same evidence, same scores"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    output = json.loads((tmp_path / "out/verifier.json").read_text())
    assert [one["outcome"] for one in output["verdict"]["outcomes"]] == ["passed"] * 3
    assert output["measured"] == ["calc.py"]
    assert not [path for path in any_bench.scratch.iterdir() if path.name.startswith(("graded-", "verify-"))]


@pytest.mark.parametrize("ended", [Ended.TIMEOUT, Ended.STUCK, Ended.OVER_BUDGET, Ended.REFUSED, Ended.AGENT_CRASH])
async def test_the_workspace_as_it_stood_is_verified(
    ended: Ended, task: Task, any_bench: Bench, tmp_path: Path
) -> None:
    folder = await evidence(task, any_bench, tmp_path / "e", task.solution_files())
    assert values(await run(Executed("x"), subject(task, any_bench, folder, ended), any_bench))["solved"] == 1.0


@pytest.mark.parametrize("ended", [Ended.PROVIDER_ERROR, Ended.INFRASTRUCTURE, Ended.HARNESS_ERROR])
async def test_a_failed_machine_is_not_a_failed_model(ended: Ended, task: Task, bench: Bench, tmp_path: Path) -> None:
    folder = await evidence(task, bench, tmp_path / "e", task.solution_files())
    found = await run(Executed("x"), subject(task, bench, folder, ended), bench)
    assert set(values(found).values()) == {None}
    assert {one.reason for one in found} == {ended}


@pytest.mark.parametrize("without", ["toolchain", "python"])
async def test_a_machine_that_can_verify_nothing_is_not_a_failed_model(
    without: str, task: Task, any_bench: Bench, tmp_path: Path
) -> None:
    """Whether the sandbox does not start or the check comes to grief in it: the reference does no better."""
    folder = await evidence(task, any_bench, tmp_path / "e", task.solution_files())
    whole = subject(task, any_bench, folder)
    toolchain = (replace(any_bench.toolchain[0], host=Path("/nowhere")),)
    broken = replace(whole, toolchain=toolchain) if without == "toolchain" else replace(whole, python="/nowhere/python")
    found = await run(Executed("x"), broken, any_bench)
    assert set(values(found).values()) == {None}
    assert {one.reason for one in found} == {"infrastructure"}
    assert all(one.is_instrument_failure for one in found)
    assert values(await run(Executed("x"), whole, any_bench))["solved"] == 1.0


FATAL = b"import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n"


async def test_an_answer_that_ends_its_verifier_is_wrong_where_the_reference_passes(
    task: Task, bench: Bench, tmp_path: Path
) -> None:
    kind = MoodyKind()
    moody = replace(bench, sandboxes=kind)
    folder = await evidence(task, moody, tmp_path / "e", {"calc.py": FATAL})
    scorer = Executed("x")
    for asked in (2, 3):
        found = await run(scorer, subject(task, moody, folder), moody)
        assert (values(found)["solved"], found[0].reason) == (0.0, Complaint.VERIFICATION_FAILED)
        assert kind.verifications == asked, "the reference is asked once"
    kind.refused, other = 1, Executed("x")
    assert (await run(other, subject(task, moody, folder), moody))[0].reason == "infrastructure"


async def test_no_answer_is_wrong_where_the_reference_ends_its_verifier_too(
    task: Task, bench: Bench, tmp_path: Path
) -> None:
    (task.solution / "calc.py").write_bytes(FATAL)
    folder = await evidence(task, bench, tmp_path / "e", {"calc.py": FATAL})
    found = await run(Executed("x"), subject(task, bench, folder), bench)
    assert (values(found)["solved"], found[0].reason) == (None, "infrastructure")
    output = json.loads((tmp_path / "out/verifier.json").read_text())
    assert "the reference does not pass here either: no report" in output["verdict"]["detail"]


async def test_lost_evidence_is_not_verified(task: Task, bench: Bench, tmp_path: Path) -> None:
    found = await run(Executed("x"), subject(task, bench, tmp_path / "nothing"), bench)
    assert values(found)["solved"] is None
    assert found[0].reason == "not_verified: no workspace was sealed"


@pytest.mark.parametrize("complaint", [Complaint.FORMAT_ERROR, Complaint.NO_ANSWER])
async def test_no_answer_is_by_rule_not_solved(complaint: Complaint, bench: Bench, tmp_path: Path) -> None:
    task = make_task(tmp_path, type="refactoring")
    folder = await evidence(task, bench, tmp_path / "e", {}, complaint)
    found = await run(Executed("x"), subject(task, bench, folder), bench)
    assert values(found) | {"solved": 0.0, "tests": 0.0, "lint": None} == values(found)
    assert found[0].reason == complaint


async def test_an_untouched_start_that_passes_is_no_answer(any_bench: Bench, tmp_path: Path) -> None:
    task = make_task(tmp_path, type="refactoring")
    folder = await evidence(task, any_bench, tmp_path / "e", {})
    found = await run(Executed("x"), subject(task, any_bench, folder), any_bench)
    assert (values(found)["solved"], found[0].reason) == (0.0, Complaint.NO_ANSWER)


async def test_a_complaint_does_not_hide_work_that_was_done(task: Task, bench: Bench, tmp_path: Path) -> None:
    folder = await evidence(task, bench, tmp_path / "e", task.solution_files(), Complaint.NO_ANSWER)
    assert values(await run(Executed("x"), subject(task, bench, folder), bench))["solved"] == 1.0


def test_the_hash_follows_the_tools() -> None:
    assert Executed("one").hash == Executed("one").hash != Executed("two").hash


async def commanded(task: Task, bench: Bench, tmp_path: Path, kind: VerifierKind, *command: str) -> list[Score]:
    verifier = replace(task.verifier, kind=kind, command=command, test_ids=("c::one",), time_s=10)
    task = replace(task, verifier=verifier)
    folder = await evidence(task, bench, tmp_path / "e", task.solution_files())
    return await run(Executed("x"), subject(task, bench, folder), bench)


@pytest.mark.parametrize(
    ("kind", "command", "expected"),
    [
        (VerifierKind.EXIT_CODE, ("python", "-c", "import calc; assert calc.mean([]) == 0.0"), (1.0, 1.0)),
        (VerifierKind.EXIT_CODE, ("sh", "-c", "test -f $ASSAY_TESTS/test_calc.py && exit 3"), (0.0, 0.0)),
        (VerifierKind.REWARD, ("sh", "-c", "echo 0.5 > $ASSAY_OUTPUT/reward.txt"), (0.0, 0.5)),
        (
            VerifierKind.JUNIT,
            (
                "sh",
                "-c",
                'echo \'<a><testcase classname="c" name="one"/></a>\' > $ASSAY_OUTPUT/junit.xml',
            ),
            (1.0, 1.0),
        ),
    ],
)
async def test_commands(
    kind: VerifierKind,
    command: tuple[str, ...],
    expected: tuple[float, float],
    task: Task,
    any_bench: Bench,
    tmp_path: Path,
) -> None:
    found = values(await commanded(task, any_bench, tmp_path, kind, *command))
    assert (found["solved"], found["tests"]) == expected
    assert found["lint"] == 100.0


async def test_isolated_tests_cannot_import_the_candidate(task: Task, any_bench: Bench, tmp_path: Path) -> None:
    (task.tests / "test_calc.py").write_text(
        "import subprocess, sys\nimport pytest\n\n\ndef test_program(workspace):\n"
        "    done = subprocess.run([sys.executable, '-c', 'import calc; print(calc.mean([1, 2]))'],\n"
        "                          cwd=workspace, capture_output=True, text=True)\n"
        "    assert done.stdout == '1.5\\n'\n\n\n"
        "def test_not_importable():\n    with pytest.raises(ImportError):\n        import calc\n"
    )
    verifier = replace(
        task.verifier, isolated=True, test_ids=("test_calc.py::test_program", "test_calc.py::test_not_importable")
    )
    task = replace(task, verifier=verifier)
    folder = await evidence(task, any_bench, tmp_path / "e", task.solution_files())
    assert values(await run(Executed("x"), subject(task, any_bench, folder), any_bench))["solved"] == 1.0


async def test_ugly_code_is_as_ugly_under_the_name_of_a_test(task: Task, bench: Bench, tmp_path: Path) -> None:
    ugly = (task.root / "graded/plain/calc.py").read_bytes() + b"\nimport os,sys\nx = lambda l: l == None\n"
    found: list[dict[str, float | None]] = []
    for files in ({"calc.py": ugly}, {"calc.py": b"from test_impl import *\n", "test_impl.py": ugly}):
        folder = await evidence(task, bench, tmp_path / str(len(found)), files)
        found.append(values(await run(Executed("x"), subject(task, bench, folder), bench)))
    plain, hidden = found
    assert plain["solved"] == hidden["solved"] == 1.0
    assert plain["lint"] is not None
    assert hidden["lint"] is not None
    assert hidden["lint"] < 60
    assert hidden["complexity"] == plain["complexity"]
