from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import PolicyError
from assay.policy import Policy, decide, read_policy, write_policy
from assay.routing.fit import fit_policy
from assay.testing.facts import make_facts


@pytest.fixture
def policy() -> Policy:
    return fit_policy(*make_facts(3, effects={("swift", "refactoring"): 4.0}, experiment={"margin": 5}))


@pytest.fixture
def written(policy: Policy, tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    write_policy(policy, path)
    return path


def test_what_is_written_is_what_is_read(policy: Policy, written: Path) -> None:
    assert read_policy(written) == policy


def test_equal_policies_are_equal_bytes(policy: Policy, written: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.yaml"
    write_policy(read_policy(written), again)
    assert again.read_bytes() == written.read_bytes()


@pytest.mark.parametrize("text", ["12e45678", "0819", "1_000", "1e3", ".5", "no", "12:30", "2026-01-01", "null", ""])
def test_hashes_and_labels_that_look_like_something_else_stay_text(policy: Policy, text: str, tmp_path: Path) -> None:
    odd = replace(policy, default_label=text, runs=(text,))
    write_policy(odd, tmp_path / "policy.yaml")
    assert read_policy(tmp_path / "policy.yaml") == odd


def test_decide_knows_routes_and_falls_back(policy: Policy) -> None:
    for route in policy.routes:
        assert decide(policy, route.task_type).id == route.arm
    assert decide(policy, "never heard of").id == policy.default
    with pytest.raises(PolicyError, match="does not describe"):
        decide(replace(policy, arms=()), None)


def changed(path: Path, old: str, new: str) -> int:
    """Replace the first ``old`` and return its 1-based line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("default_label:", "default_lable:", "unknown key 'default_lable'. Did you mean 'default_label'?"),
        ("  decision: default", "  decison: default", "unknown key 'decison' in 'routes[1]'. Did you mean 'decision'?"),
        ("  decision: default", "  decision: perhaps", "decision must be 'route' or 'default'"),
        ("version: 1", "version: 9", "has format 9, this Assay reads 1"),
        ("target: tasks like these", "target: all tasks", "target must be 'these tasks' or 'tasks like these'"),
        ("notes:", "notes: 3\nruns:", "has the key 'runs' twice"),
        ("runs:\n- synthetic-3", "runs: 3", "'runs' must be a list, not 3"),
        ("  n_tasks: ", "  n_tasks: many # ", "'routes[1].n_tasks' must be a whole number, not the text 'many'"),
        ("simulated: true", "simulated: [", "is not YAML"),
    ],
)
def test_mistakes_are_named_with_file_and_line(written: Path, old: str, new: str, message: str) -> None:
    line = changed(written, old, new)
    with pytest.raises(PolicyError) as caught:
        read_policy(written)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.where is not None
    assert str(caught.value.where).startswith(f"{written}:")
    if "is not YAML" not in message and "list" not in message:
        assert abs((getattr(caught.value.where, "line", 0) or 0) - line) <= 1


def test_a_route_to_nowhere_is_an_error(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    write_policy(replace(policy, routes=(replace(policy.routes[0], arm="gone"),)), path)
    with pytest.raises(PolicyError, match="names an unknown arm 'gone'"):
        read_policy(path)
    write_policy(replace(policy, routes=(policy.routes[0], policy.routes[0])), path)
    with pytest.raises(PolicyError, match="has two routes"):
        read_policy(path)
    write_policy(replace(policy, default="gone"), path)
    with pytest.raises(PolicyError, match="default arm 'gone' is not described"):
        read_policy(path)


@pytest.mark.parametrize("text", ["", "[]", "just words", "\x00"])
def test_what_is_not_a_policy_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert "\n" not in str(caught.value)


def test_missing_files_and_full_folders(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="there is no such file"):
        read_policy(tmp_path / "none.yaml")
    with pytest.raises(PolicyError, match="cannot be written"):
        write_policy(policy, tmp_path)
    with pytest.raises(PolicyError, match="is a folder, not a policy file"):
        read_policy(tmp_path)
