"""Who pays: kinds of account are not mixed unsaid, and a log-in serves its own agent."""

from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import CredentialError, ExperimentError
from assay.experiment.load import experiment_from
from assay.providers import Provider
from assay.records import Arm, Dialect
from assay.run.accounts import check_accounts
from assay.run.design import Design


def arm(agent: str, provider: str) -> Arm:
    return Arm(agent, "1", "m", provider, label=f"{agent} at {provider}")


@pytest.fixture
def design(monkeypatch: pytest.MonkeyPatch) -> Design:
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-x")
    monkeypatch.setenv("BY_USE", "k")
    experiment = experiment_from(suite="focused", models=["lab/swift"])
    providers = (
        Provider("sub", "https://api.anthropic.com", (Dialect.MESSAGES,), auth="subscription"),
        Provider("use", "https://api.anthropic.com", (Dialect.MESSAGES,), auth="x-api-key", key_env="BY_USE"),
        Provider("here", "http://127.0.0.1:1", (Dialect.CHAT,), auth="none"),
    )
    return Design(experiment, (), (), {one.name: one for one in providers}, frozenset())


def test_kinds_of_account_are_not_mixed_unsaid(design: Design) -> None:
    both = replace(design, arms=(arm("claude-code", "sub"), arm("claude-code", "use")))
    with pytest.raises(ExperimentError, match="paid by subscription") as caught:
        check_accounts(both)
    assert "mixed_accounts: true" in str(caught.value)
    meant = experiment_from(suite="focused", models=["lab/swift"], mixed_accounts=True)
    check_accounts(replace(both, experiment=meant))
    check_accounts(replace(design, arms=(arm("claude-code", "sub"), arm("api", "here"))))


def test_a_log_in_serves_its_own_agent_only(design: Design) -> None:
    with pytest.raises(ExperimentError, match="serves that agent only, not api"):
        check_accounts(replace(design, arms=(arm("api", "sub"),)))


def test_what_is_missing_is_said(design: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BY_USE")
    with pytest.raises(CredentialError, match="BY_USE is not set"):
        check_accounts(replace(design, arms=(arm("api", "use"),)))
    monkeypatch.delenv("CLAUDE_CODE_OAUTH_TOKEN")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    with pytest.raises(CredentialError, match="no log-in of claude-code"):
        check_accounts(replace(design, arms=(arm("claude-code", "sub"),)))
