import json
import os

import pytest
from click.testing import CliRunner

from assay.cli import doctor as cli
from assay.cli.doctor import Status, doctor, examine, healthy
from assay.errors import SandboxError


def test_keys_are_named_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-verysecret")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    output = CliRunner().invoke(doctor, ["--json"]).output
    assert "verysecret" not in output
    checks = {check["name"]: check for check in json.loads(output)["checks"]}
    assert checks["provider anthropic"]["detail"] == "ANTHROPIC_API_KEY is set"
    assert checks["provider openai"]["status"] == "optional"
    assert "OPENAI_API_KEY" in checks["provider openai"]["remedy"]


def test_everything_that_is_not_well_has_a_remedy() -> None:
    for check in examine({}):
        assert check.status is Status.OK or check.remedy, check


def test_no_sandbox_makes_it_fail_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here(name: str | None) -> None:
        raise SandboxError("no bubblewrap sandbox can be started here", remedy="Install bubblewrap")

    monkeypatch.setattr(cli, "sandbox_kind", none_here)
    result = CliRunner().invoke(doctor, [])
    assert result.exit_code == 4
    assert "no bubblewrap sandbox can be started here. Install bubblewrap" in result.output
    assert "Missing: sandbox" in result.output


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(cli, "agent_infos", broken)
    checks = examine(os.environ)
    assert not healthy(checks)
    assert any("RuntimeError: odd" in check.detail for check in checks)
