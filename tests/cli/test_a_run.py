"""One small run, made once, and every command that reads it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.testing.tasks import make_task

MISSING = BubblewrapKind().probe()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")

ASSAY = str(Path(sys.executable).parent / "assay")
EXPERIMENT = """
name: small
question: Is the dearer model better?
suite: suite
models: {cheap: lab/swift, dear: lab/deep}
reps: 2
max_cost: 1
predict: {floor: [tiny-0]}
"""


def assay(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ASSAY, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "suite").mkdir()
    for number in range(2):
        make_task(folder / "suite", id=f"tiny-{number}")
    (folder / "experiment.yaml").write_text(EXPERIMENT)
    done = assay("run", "experiment.yaml", "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "report:" in done.stdout
    return folder


def test_everything_is_in_one_folder(place: Path) -> None:
    names = {path.name for path in (place / "out").iterdir()}
    assert names >= {
        "experiment.yaml",
        "lock.json",
        "ledger.sqlite",
        "inputs",
        "evidence",
        "scores",
        "facts",
        "report.html",
        "report.md",
        "report.json",
        "report.csv",
    }
    assert (place / "out" / "experiment.yaml").read_text() == EXPERIMENT


def test_the_json_keeps_its_contract(place: Path) -> None:
    report = json.loads(assay("report", "out", "--format", "json", cwd=place).stdout)
    assert report["simulated"] is True
    assert report["trials"]["planned"] == report["trials"]["settled"] == 8
    assert report["trials"]["lost_attempts"] == 0
    assert sum(report["trials"]["by_outcome"].values()) == 8
    assert [arm["label"] for arm in report["arms"]] == ["cheap", "dear"]
    for arm in report["arms"]:
        assert {"id", "n_tasks", "n_trials", "cost_usd", "cost_per_solved", "tokens", "tie_group"} <= arm.keys()
        for measure in ("solved", "score"):
            assert {"mean", "low", "high", "target"} <= arm[measure].keys()
    for finding in report["findings"]:
        assert {"a", "b", "difference", "low", "high", "p", "p_corrected", "target", "verdict"} <= finding.keys()
        assert finding["verdict"] in {"better", "worse", "not worse", "equal within margin", "not established"}
    assert report["verdict"]


def test_the_same_evidence_gives_the_same_report(place: Path) -> None:
    before = {form: (place / "out" / f"report.{form}").read_bytes() for form in ("html", "md", "json", "csv")}
    assert assay("report", "out", cwd=place).returncode == 0
    assert {form: (place / "out" / f"report.{form}").read_bytes() for form in before} == before


def test_running_again_does_nothing(place: Path) -> None:
    shutil.copytree(place / "out", place / "again")
    before = (place / "again" / "report.json").read_bytes()
    done = assay("run", "experiment.yaml", "--out", "again", cwd=place)
    assert done.returncode == 0, done.stderr
    assert (place / "again" / "report.json").read_bytes() == before


def test_scoring_again_changes_nothing_and_repeats(place: Path) -> None:
    first = assay("score", "out", "--json", cwd=place)
    assert json.loads(first.stdout) == {"scored": 0, "kept": 8, "changed": [], "altered": [], "failed": 0}
    again = assay("score", "out", "--rerun", "--json", cwd=place)
    assert json.loads(again.stdout)["changed"] == []


def test_show_lists_and_explains(place: Path) -> None:
    rows = json.loads(assay("show", "out", "--json", cwd=place).stdout)
    assert len(rows) == 8
    trial = rows[0]["trial"]
    assert "calc.py" in assay("show", "out", trial, cwd=place).stdout
    assert "b/calc.py" in assay("show", "out", trial, "--diff", cwd=place).stdout
    assert "swift" in assay("show", "out", f"cheap/tiny-0/{0}", "--calls", cwd=place).stdout
    assert "test_calc.py::" in assay("show", "out", trial, "--verifier", cwd=place).stdout
    assert "no trial" in one_line(assay("show", "out", "zzz", cwd=place))
    assert "two run folders" in one_line(assay("show", "out", "out", cwd=place))
    wrong = assay("show", "out", "--outcome", "zzz", cwd=place)
    assert wrong.returncode == 2
    for outcome in {row["outcome"] for row in rows}:
        assert outcome in one_line(wrong)


def test_watch_and_facts(place: Path) -> None:
    standing = json.loads(assay("watch", "out", "--json", cwd=place).stdout)
    assert (standing["planned"], standing["settled"], standing["running"]) == (8, 8, 0)
    assert "8/8" in assay("watch", "out", "--once", cwd=place).stderr
    later = json.loads(assay("watch", "out", "--json", cwd=place).stdout)
    assert later["elapsed_s"] == standing["elapsed_s"] > 0, "the time of a run that has ended does not go on"
    facts = json.loads(assay("facts", "out", "--json", cwd=place).stdout)
    assert facts["cells"] == 4


def test_altered_evidence_is_found_and_not_scored(place: Path) -> None:
    altered = place / "altered"
    shutil.copytree(place / "out", altered)
    assert assay("facts", "altered", "--verify", cwd=place).returncode == 0
    rows = json.loads(assay("show", "altered", "--json", cwd=place).stdout)
    changed, gone, bare = (row["trial"] for row in rows[:3])
    stream = altered / "evidence" / changed / "1" / "steps" / "0" / "workspace.json"
    stream.chmod(0o644)
    stream.write_text("[]")
    shutil.rmtree(altered / "evidence" / gone)
    shutil.rmtree(altered / "evidence" / bare / "1" / "steps")
    with sqlite3.connect(altered / "ledger.sqlite") as db:  # as for an instrument of another version
        db.execute("DELETE FROM scores WHERE scorer = 'workspace'")
    db.close()

    scored = assay("score", "altered", "--json", cwd=place)
    assert scored.returncode == 3
    result = json.loads(scored.stdout)
    assert sorted(result["altered"]) == sorted(f"{trial}/1" for trial in (changed, gone, bare))
    assert result["scored"] == 5
    said = assay("score", "altered", "--rerun", cwd=place)
    assert "evidence of 3 attempts differs from what was sealed" in said.stderr
    assert "results differ" not in said.stderr, "what cannot be trusted is not compared either"
    after = {row["trial"]: row["solved"] for row in json.loads(assay("show", "altered", "--json", cwd=place).stdout)}
    assert after == {row["trial"]: row["solved"] for row in rows}, "values stay what is on record"

    verified = assay("facts", "altered", "--verify", "--json", cwd=place)
    assert verified.returncode == 3
    notes = json.loads(verified.stdout)["health"]["notes"]
    assert f"evidence of 1 attempt is missing: {gone}/1" in notes
    assert any(note.startswith("evidence of 2 attempts differs") and changed in note for note in notes)
    assert (
        f"evidence of 1 attempt is missing: {gone}/1" in assay("report", "altered", "--format", "md", cwd=place).stdout
    )
    assert "no sealed workspace" in assay("show", "altered", bare, "--diff", cwd=place).stdout
    assert "NOT what was sealed" in assay("show", "altered", changed, cwd=place).stdout


def test_kept_sandboxes_are_there_when_the_run_has_ended(place: Path) -> None:
    done = assay("run", "experiment.yaml", "--out", "kept", "--limit", "1", "--keep-sandbox", "--no-probe", cwd=place)
    assert done.returncode == 0, done.stderr
    (kept,) = (place / "kept" / "kept").iterdir()
    assert (kept / "workspace" / "calc.py").is_file()
    assert str(Path("kept", "kept")) in done.stderr
    assert str(kept.relative_to(place)) in assay("show", "kept", first_trial(place), cwd=place).stdout


def test_a_policy_says_when_it_does_not_know_a_task_type(place: Path, tmp_path: Path) -> None:
    policy = str(tmp_path / "policy.yaml")
    fitted = json.loads(assay("route", "fit", "out", "-o", policy, "--json", cwd=place).stdout)
    known = fitted["routes"][0]["task_type"]
    typo = assay("route", "decide", policy, known[:-1], cwd=place)
    assert (typo.returncode, typo.stdout.strip()) == (0, fitted["default_label"])
    assert f"Did you mean '{known}'?" in typo.stderr
    assert not assay("route", "decide", policy, known, cwd=place).stderr


def first_trial(place: Path) -> str:
    rows = json.loads(assay("show", "kept", "--json", cwd=place).stdout)
    return next(str(row["trial"]) for row in rows if row["attempts"])


def test_a_report_goes_where_it_is_sent_in_the_format_of_its_name(place: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert assay("report", "out", "-o", str(page), cwd=place).returncode == 0
    assert page.read_bytes() == (place / "out" / "report.html").read_bytes()
    text = tmp_path / "page.txt"
    assert assay("report", "out", "--format", "text", "-o", str(text), cwd=place).returncode == 0
    assert "8 trials planned" in text.read_text()
    assert "--format" in one_line(assay("report", "out", "-o", str(tmp_path / "page"), cwd=place))
    nowhere = assay("report", "out", "-o", str(tmp_path / "no" / "page.md"), cwd=place)
    assert nowhere.returncode == 4
    assert "page.md: there is no such file or folder" in one_line(nowhere)
    inside = assay("report", "out", "-o", str(tmp_path / "page.md" / "x.md"), cwd=place)
    assert inside.returncode == 4


def test_scoring_what_is_no_run_leaves_nothing_behind(place: Path) -> None:
    assert assay("score", "never-made", cwd=place).returncode == 3
    assert not (place / "never-made").exists()


def test_more_repetitions_extend_the_run_as_an_amendment(place: Path) -> None:
    shutil.copytree(place / "out", place / "more")
    (place / "more.yaml").write_text(EXPERIMENT.replace("reps: 2", "reps: 3"))
    done = assay("run", "more.yaml", "--out", "more", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["trials"]["planned"] == report["trials"]["settled"] == 12
    assert "amendment 1" in done.stderr
    assert "amendment 1" in (place / "more" / "report.md").read_text()


@pytest.mark.parametrize(
    ("change", "named"),
    [(("seed", "seed: 7"), "'seed' has changed"), (("models", "models: {cheap: lab/steady}"), "'cheap' has changed")],
)
def test_changed_inputs_ask_for_a_new_run(place: Path, change: tuple[str, str], named: str) -> None:
    kept = [line for line in EXPERIMENT.splitlines() if not line.startswith(change[0])]
    (place / "changed.yaml").write_text("\n".join([*kept, change[1]]))
    done = assay("run", "changed.yaml", "--out", "out", cwd=place)
    assert done.returncode == 3
    assert named in one_line(done)


def test_a_changed_task_asks_for_a_new_run(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "suite", tmp_path / "suite")
    shutil.copytree(place / "out", tmp_path / "out")
    (tmp_path / "experiment.yaml").write_text(EXPERIMENT)
    with (tmp_path / "suite" / "tiny-1" / "instruction.md").open("a") as instruction:
        instruction.write("\nOne more thing.\n")
    done = assay("run", "experiment.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 3
    assert "tiny-1" in one_line(done)


def test_a_part_of_the_plan(place: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "part")
    done = assay("run", "experiment.yaml", "--out", out, "--arms", "cheap", "--reps", "1", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["trials"]["planned"], report["trials"]["settled"]) == (8, 2)
    nothing = assay("run", "experiment.yaml", "--out", out, "--tasks", "tiny-9", cwd=place)
    assert "tiny-9" in one_line(nothing)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("run", "missing.yaml"), 2, "missing.yaml"),
        (("report", "nowhere"), 3, "nowhere"),
        (("report", "experiment.yaml"), 3, "experiment.yaml: not a run folder"),
        (("score", "suite"), 3, "suite"),
        (("show", "suite"), 3, "lock.json"),
        (("run", "--model", "lab/swift", "--suite", "no-such-suite"), 2, "no-such-suite"),
        (("run", "--model", "who-knows", "--suite", "suite"), 2, "who-knows"),
        (("run", "--model", "lab/swuft", "--suite", "suite", "--out", "typo"), 2, "swift"),
        (("run", "--model", "openai/gpt-4o", "--suite", "suite", "--out", "nokey"), 4, "OPENAI_API_KEY"),
        (("run", "--model", "lab/swift", "--suite", "suite", "--sandbox", "jail"), 4, "jail"),
        (("demo", "--out", "suite"), 3, "something else"),
    ],
)
def test_bad_input_is_one_clear_line(place: Path, arguments: tuple[str, ...], code: int, named: str) -> None:
    done = assay(*arguments, cwd=place)
    assert done.returncode == code, done.stderr
    assert named in one_line(done)


def test_an_empty_experiment_and_a_broken_lock(place: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    assert assay("run", "empty.yaml", cwd=tmp_path).returncode == 2
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "lock.json").write_text(json.dumps({"version": 99, "machine": {"assay": "7.1"}}))
    done = assay("report", "broken", cwd=tmp_path)
    assert done.returncode == 3
    assert "another version" in one_line(done)
    assert "Read it with Assay 7.1" in one_line(done)
    shutil.copytree(place / "out", tmp_path / "half")
    (tmp_path / "half" / "ledger.sqlite").unlink()
    assert "half copied" in one_line(assay("report", "half", cwd=tmp_path))


def test_a_full_disk_while_writing_is_one_line_and_the_run_goes_on_afterwards(place: Path, tmp_path: Path) -> None:
    """A tiny file system stands in for the full disk."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        pytest.skip("needs root to mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = (
        f"mount -t tmpfs -o size=600k none {disk} && {ASSAY} run experiment.yaml --out {disk}/out; code=$?;"
        f" mount -o remount,size=60m {disk}; {ASSAY} run experiment.yaml --out {disk}/out --json > {tmp_path}/json;"
        " echo $? $code"
    )
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=place, capture_output=True, text=True, check=False)
    second, first = done.stdout.split()[-2:]
    assert first != "0"
    assert "Traceback" not in done.stderr
    assert second == "0", done.stderr
    assert json.loads((tmp_path / "json").read_text())["trials"]["settled"] == 8


def test_a_run_can_be_replayed_from_its_recording(place: Path) -> None:
    done = assay("run", "experiment.yaml", "--out", "replayed", "--replay", "out", cwd=place)
    assert done.returncode == 0, done.stderr
    said = ("label", "solved_trials", "n_scored", "calls", "simulated_s")
    first, second = (json.loads((place / name / "report.json").read_text())["arms"] for name in ("out", "replayed"))
    assert [[arm[key] for key in said] for arm in first] == [[arm[key] for key in said] for arm in second]
    logs = list((place / "replayed").rglob("gateway.jsonl"))
    assert len(logs) == 8
    assert all('"replayed":true' in log.read_text() for log in logs)
    refused = assay("run", "experiment.yaml", "--out", "replayed", "--replay", "out", cwd=place)
    assert "not mixed" in one_line(refused)
