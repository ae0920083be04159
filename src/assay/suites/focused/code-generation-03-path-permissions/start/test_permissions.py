import pytest
from permissions import Decision, Request, Rule, RuleError, decide, parse_rules

RULES = """
# everybody may read the documents
allow read,list on /docs/**
deny  read on /docs/secret/** for guest
"""


def ask(path, action="read", user="kim", roles=()):
    return decide(parse_rules(RULES), Request(user, frozenset(roles), action, path))


def test_parse():
    assert parse_rules(RULES)[1] == Rule(4, False, frozenset({"read"}), "/docs/secret/**", frozenset({"guest"}))


def test_parse_error_has_a_line():
    with pytest.raises(RuleError) as caught:
        parse_rules("\nallow everything")
    assert caught.value.line == 2


def test_decide():
    assert ask("/docs/a/b") == Decision(True, 3)
    assert ask("/docs/secret/plan", roles=["guest"]) == Decision(False, 4)
    assert ask("/other") == Decision(False, None)
