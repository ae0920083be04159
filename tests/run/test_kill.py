"""kill -9 of the driver at any moment, then the same command: nothing is lost, counted twice, or left alive."""

import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.testing.tasks import make_task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BubblewrapKind().probe() is not None, reason=f"no bubblewrap: {BubblewrapKind().probe()}"),
]

ASSAY = str(Path(sys.executable).parent / "assay")
REPS = 4
EXPERIMENT = """
name: killed
suite: suite
models: [lab/swift, lab/steady]
reps: 4
settings: {time_scale: 0.15}
concurrency: 4
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    (tmp_path / "suite").mkdir()
    for number in range(2):
        make_task(tmp_path / "suite", id=f"tiny-{number}")
    path = tmp_path / "experiment.yaml"
    path.write_text(EXPERIMENT)
    return path


def command(experiment: Path) -> list[str]:
    return [ASSAY, "run", str(experiment), "--out", str(experiment.parent / "out")]


def boxes() -> set[str]:
    """Names of the sandboxes that live on this machine, from the command lines of their supervisors."""
    names: set[str] = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            names |= set(re.findall(r"box-[0-9a-f]{8,}", path.read_bytes().decode(errors="replace")))
        except OSError:
            continue
    return names


def own_boxes(driver: int) -> set[str]:
    """Those that descend from one driver."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    names: set[str] = set()
    pending = [driver]
    while pending:
        for child in children.get(pending.pop(), []):
            pending.append(child)
            try:
                names |= set(re.findall(r"box-[0-9a-f]{8,}", Path(f"/proc/{child}/cmdline").read_text()))
            except OSError:
                continue
    return names


def in_flight(out: Path) -> bool:
    """True when some attempt waits for a model's answer."""
    logs = (path.read_bytes() for path in out.glob("evidence/*/*/gateway.jsonl"))
    return any(log.count(b'"e":"start"') > log.count(b'"e":"end"') for log in logs)


def kill_somewhere(experiment: Path, delay: float | None) -> None:
    """Kill after ``delay`` seconds; None = while an attempt waits for an answer."""
    driver = subprocess.Popen(command(experiment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if delay is None:
        while not in_flight(experiment.parent / "out"):
            time.sleep(0.005)
    else:
        time.sleep(delay)
    mine = own_boxes(driver.pid)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    for _ in range(40):
        if not mine & boxes():
            return
        time.sleep(0.05)
    pytest.fail(f"sandboxes outlived their driver: {mine & boxes()}")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_trial_settles_exactly_once_whenever_the_driver_is_killed(experiment: Path, seed: int) -> None:
    rng = random.Random(seed)
    for delay in (None, rng.uniform(0.2, 1.0), rng.uniform(1.0, 4.0)):
        kill_somewhere(experiment, delay)
    done = subprocess.run([*command(experiment), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    out = experiment.parent / "out"
    planned = 2 * 2 * REPS
    assert report["trials"]["planned"] == report["trials"]["settled"] == planned
    with sqlite3.connect(out / "ledger.sqlite") as db:
        settled = db.execute("SELECT owner FROM attempts WHERE kind='trial' AND ended IS NOT NULL").fetchall()
        lost, known = db.execute("SELECT COUNT(*), SUM(lower_bound) FROM attempts WHERE lost=1").fetchone()
        attempts = db.execute("SELECT COUNT(*) FROM attempts WHERE kind='trial'").fetchone()[0]
        scored = db.execute(
            "SELECT attempt FROM scores WHERE metric='solved' AND attempt NOT LIKE 'anchor/%'"
        ).fetchall()
    db.close()
    assert lost > 0, "one driver was killed while an attempt was open"
    assert len(settled) == len(set(settled)) == planned
    assert attempts == planned + lost
    assert report["trials"]["lost_attempts"] == lost
    assert (known or 0) == lost
    assert len(scored) == len(set(scored)) == planned
    for evidence in (out / "evidence").iterdir():
        assert all(attempt.name.isdigit() for attempt in evidence.iterdir())


def test_what_a_killed_attempt_had_spent_stays_on_record(experiment: Path) -> None:
    """Kill after calls have ended but before they settle: the gateway's log is the truth, the ledger takes it over."""
    slow = experiment.read_text().replace("time_scale: 0.15", "time_scale: 0.02")
    experiment.write_text(slow)
    out = experiment.parent / "out"
    driver = subprocess.Popen(command(experiment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        ended = [path for path in out.glob("evidence/*/1/gateway.jsonl") if b'"e":"end"' in path.read_bytes()]
        sealed = {path.parents[2] for path in out.glob("evidence/*/1/steps/0/status.json")}
        if any(path.parent not in sealed for path in ended):
            break
        time.sleep(0.002)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    subprocess.run(command(experiment), capture_output=True, check=True)
    with sqlite3.connect(out / "ledger.sqlite") as db:
        lost = db.execute("SELECT owner, number, COALESCE(spent, 0) FROM attempts WHERE lost=1").fetchall()
    db.close()
    assert lost
    for owner, number, spent in lost:
        log = out / "evidence" / owner / str(number) / "gateway.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        assert spent >= sum(line.get("cost", 0) for line in lines if line["e"] == "end")


def test_two_drivers_of_one_folder_are_refused(experiment: Path) -> None:
    first = subprocess.Popen(command(experiment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (experiment.parent / "out" / "ledger.sqlite").exists():
            time.sleep(0.02)
        second = subprocess.run(command(experiment), capture_output=True, text=True, check=False)
        assert second.returncode == 3
        assert "another assay process" in second.stderr
    finally:
        first.kill()
        first.wait()


def test_an_interrupt_drains_and_the_same_command_goes_on(experiment: Path) -> None:
    driver = subprocess.Popen(command(experiment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((experiment.parent / "out").glob("evidence/*/1/steps/0/status.json")):
        time.sleep(0.02)
    driver.send_signal(signal.SIGINT)
    _, stderr = driver.communicate(timeout=60)
    assert driver.returncode == 130, stderr
    assert "trials left" in stderr
    with sqlite3.connect(experiment.parent / "out" / "ledger.sqlite") as db:
        assert db.execute("SELECT COUNT(*) FROM attempts WHERE ended IS NULL").fetchone()[0] == 0
    db.close()
    done = subprocess.run([*command(experiment), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["trials"]["settled"] == report["trials"]["planned"]
    assert report["trials"]["lost_attempts"] == 0
