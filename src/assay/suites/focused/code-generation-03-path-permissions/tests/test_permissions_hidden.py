import pytest
from permissions import Decision, Request, Rule, RuleError, decide, parse_rules

DENIED = Decision(False, None)


def ask(text, path, action="read", user="kim", roles=()):
    return decide(parse_rules(text), Request(user, frozenset(roles), action, path))


def refused_line(text):
    with pytest.raises(RuleError) as caught:
        parse_rules(text)
    return caught.value.line


def test_parse_keeps_all_parts():
    assert parse_rules("# x\n\n  allow\tread,list   on /a/*/{user} for staff,admin  \n  # y\ndeny * on /\n") == [
        Rule(3, True, frozenset({"read", "list"}), "/a/*/{user}", frozenset({"staff", "admin"})),
        Rule(5, False, frozenset({"*"}), "/", frozenset()),
    ]


def test_parse_of_nothing():
    assert parse_rules("") == []
    assert parse_rules("\n  \n# only a comment") == []


def test_parse_refuses_wrong_words():
    for line in (
        "permit read on /a",
        "allow read at /a",
        "allow read on",
        "allow read on /a for",
        "allow read on /a to x",
        "Allow read on /a",
    ):
        assert refused_line("allow read on /ok\n" + line) == 2


def test_parse_refuses_surplus_words():
    for line in ("allow read on /a for x y", "allow read, list on /a", "allow read on /a # note"):
        assert refused_line(line) == 1


def test_parse_refuses_empty_items():
    for line in ("allow read,,list on /a", "allow ,read on /a", "allow read on /a for x,", "deny , on /a"):
        assert refused_line(line) == 1


def test_parse_refuses_wrong_patterns():
    for pattern in ("a", "a/b", "/a//b", "/a/", "//", "/a*", "/***", "/{name}", "/x{user}", "/{user}s", "/a}"):
        assert refused_line(f"\n\nallow read on {pattern}") == 3


def test_no_rule_means_denied():
    assert ask("", "/a") == DENIED
    assert ask("allow read on /a", "/b") == DENIED
    assert ask("allow write on /a", "/a") == DENIED


def test_any_action():
    assert ask("allow * on /a", "/a", action="purge") == Decision(True, 1)
    assert ask("allow read on /a", "/a", action="*") == DENIED


def test_roles():
    text = "allow read on /a for staff,admin"
    assert ask(text, "/a", roles=["admin", "other"]) == Decision(True, 1)
    assert ask(text, "/a", roles=["other"]) == DENIED
    assert ask(text, "/a") == DENIED


def test_star_is_exactly_one_segment():
    assert ask("allow read on /a/*/c", "/a/b/c") == Decision(True, 1)
    assert ask("allow read on /a/*", "/a") == DENIED
    assert ask("allow read on /a/*", "/a/b/c") == DENIED


def test_two_stars_are_any_number_of_segments():
    text = "allow read on /a/**"
    for path in ("/a", "/a/b", "/a/b/c/d"):
        assert ask(text, path) == Decision(True, 1)
    assert ask(text, "/ab") == DENIED
    assert ask("allow read on /**", "/") == Decision(True, 1)


def test_two_stars_in_the_middle():
    text = "allow read on /a/**/x/*/z"
    assert ask(text, "/a/x/1/z") == Decision(True, 1)
    assert ask(text, "/a/x/x/x/1/z") == Decision(True, 1)
    assert ask(text, "/a/b/x/z") == DENIED
    assert ask("allow read on /**/b/**", "/a/b") == Decision(True, 1)
    assert ask("allow read on /**/b/**", "/a/c") == DENIED


def test_user_segment():
    text = "allow read on /home/{user}/**"
    assert ask(text, "/home/kim/notes") == Decision(True, 1)
    assert ask(text, "/home/max/notes") == DENIED
    assert ask(text, "/home/kimberley") == DENIED
    assert ask(text, "/home/{user}/notes") == DENIED
    assert ask(text, "/home/max/notes", user="*") == DENIED


def test_other_characters_mean_themselves():
    assert ask("allow read on /a.b/[c]/d?", "/a.b/[c]/d?") == Decision(True, 1)
    assert ask("allow read on /a.b/[c]/d?", "/axb/[c]/d?") == DENIED
    assert ask("allow read on /a.b/[c]/d?", "/a.b/c/d?") == DENIED
    assert ask("allow read on /a.b/[c]/d?", "/a.b/[c]/dx") == DENIED
    assert ask("allow read on /A", "/a") == DENIED


def test_path_is_cleaned():
    text = "allow read on /a/b\nallow read on /"
    assert ask(text, "//a///b/") == Decision(True, 1)
    assert ask(text, "///") == Decision(True, 2)


def test_path_that_climbs_is_refused():
    text = "allow * on /**"
    for path in ("/a/../b", "/..", "/a/.", "/./a", "a/b", ""):
        assert ask(text, path) == DENIED
    assert ask(text, "/a/...") == Decision(True, 1)


def test_more_specific_rule_wins_whatever_the_order():
    specific, general = "allow read on /a/b", "deny read on /a/*"
    assert ask(f"{specific}\n{general}", "/a/b") == Decision(True, 1)
    assert ask(f"{general}\n{specific}", "/a/b") == Decision(True, 2)


def test_kinds_from_most_to_least_specific():
    rules = [
        "deny read on /**",
        "allow read on /h/**",
        "deny read on /h/*",
        "allow read on /h/{user}",
        "deny read on /h/kim",
    ]
    for count, expected in ((5, False), (4, True), (3, False), (2, True), (1, False)):
        assert ask("\n".join(rules[:count]), "/h/kim") == Decision(expected, count)


def test_first_difference_decides_not_the_number_of_literals():
    assert ask("deny read on /*/b/c/d\nallow read on /a/**", "/a/b/c/d") == Decision(True, 2)


def test_ended_pattern_lies_between_star_and_two_stars():
    assert ask("deny read on /a/**\nallow read on /a", "/a") == Decision(True, 2)
    assert ask("deny read on /**\nallow read on /**/x", "/a/x") == Decision(True, 2)
    assert ask("deny read on /**/*\nallow read on /**", "/a/x") == Decision(False, 1)


def test_deny_beats_allow_when_equally_specific():
    assert ask("deny read on /a\nallow read on /a", "/a") == Decision(False, 1)
    assert ask("allow read on /*/b\nallow * on /*/b", "/a/b") == Decision(True, 2)
    assert ask("deny read on /a\nallow read on /a\ndeny * on /a\nallow * on /a", "/a") == Decision(False, 3)


def test_only_rules_that_apply_are_compared():
    text = "allow read on /a/**\ndeny read on /a/b for guest\ndeny write on /a/b"
    assert ask(text, "/a/b", roles=["staff"]) == Decision(True, 1)
