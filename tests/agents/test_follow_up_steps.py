"""A follow-up step of every agent: it goes on where it can, hears the tests' outcome, and is counted once."""

from collections.abc import Callable

import pytest

from assay.evidence.sources.base import Source
from assay.records import Ended, Tokens
from assay.testing.agent_cases import Seen, texts

pytestmark = pytest.mark.agents
# The files of one conversation, below HOME; None = it keeps no session, and is told the task again.
SESSIONS = {
    "claude-code": ".claude/projects/*/*.jsonl",
    "codex": ".codex/sessions/**/*.jsonl",
    "opencode": ".local/share/opencode/opencode.db",
    "gemini-cli": ".gemini/tmp/*/chats/*.jsonl",
    "aider": None,
    "mini-swe-agent": None,
}
AGREE = {
    "claude-code": {Source.STREAM: "agree", Source.OTLP: "agree", Source.SESSION: "agree"},
    "codex": {Source.STREAM: "agree", Source.OTLP: "agree", Source.SESSION: "agree"},
    "opencode": {Source.STREAM: "agree", Source.SESSION: "agree, without title request"},
    "gemini-cli": {Source.STREAM: "agree", Source.OTLP: "agree", Source.SESSION: "agree"},
    "aider": {Source.STREAM: "agree"},
    "mini-swe-agent": {Source.SESSION: "agree"},
}
every_agent = pytest.mark.parametrize("agent", SESSIONS)


@every_agent
def test_tokens_of_both_steps_are_counted_once(marked: Callable[[str], Seen], agent: str) -> None:
    seen = marked(agent)
    assert seen.driven.attempt.ended is Ended.COMPLETED
    assert {call.step for call in seen.driven.calls} == {0, 1}
    sentences = {source: seen.sentences[source] for source in AGREE[agent]}
    assert sentences == AGREE[agent]
    # Each process of opencode may lose its last batch of spans: less, and never more.
    assert all(one.verdict == "agree" or one.documented for one in seen.facts.sources)
    assert all(set(one.left_out) <= {"title_request", "last_request"} for one in seen.facts.sources)
    by_step = [sum((call.tokens for call in seen.driven.calls if call.step == step), Tokens()).total for step in (0, 1)]
    assert all(by_step)


@every_agent
def test_the_conversation_goes_on_in_one_session(marked: Callable[[str], Seen], agent: str) -> None:
    seen, pattern = marked(agent), SESSIONS[agent]
    later = ["\n".join(texts(body)) for body in seen.requests(step=1)]
    assert later
    if pattern is not None:
        files = list((seen.driven.folder / "home").glob(pattern))
        # gemini-cli's are named by the minute: one that goes on in another one has two parts with one id.
        assert len({path.stem.rpartition("-")[2] if agent == "gemini-cli" else path for path in files}) == 1
        assert all("SAID-BY-THE-MODEL" in text and "PREFIX-MARK" in text for text in later), "it remembers"
    else:
        assert all("SAID-BY-THE-MODEL" not in text and "rounds down" in text for text in later), "it is told again"


@every_agent
def test_the_outcome_of_visible_tests_reaches_the_model(marked: Callable[[str], Seen], agent: str) -> None:
    seen = marked(agent)
    for body in seen.requests(step=1):
        told = next(text for text in texts(body) if "FOLLOW-MARK" in text)
        assert "visible tests ended with exit code 1" in told
        assert "test_seen" in told
        assert "{test_results}" not in told
    assert not any("FOLLOW-MARK" in text for body in seen.requests(step=0) for text in texts(body))
