import pytest
from slugs import slug


def test_words_are_joined():
    assert slug("Hello, World!") == "hello-world"
    assert slug("  --a__b..c-- ") == "a-b-c"
    assert slug("Version 2.10") == "version-2-10"


def test_accents_are_dropped():
    assert slug("Crème Brûlée à la carte") == "creme-brulee-a-la-carte"
    assert slug("ﬁne Ångström") == "fine-angstrom"
    assert slug("日本 go") == "go"


def test_what_is_too_long_is_cut_between_words():
    assert slug("one two three", 7) == "one-two"
    assert slug("one two three", 8) == "one-two"
    assert slug("one two three", 6) == "one"
    assert slug("one two three", 13) == "one-two-three"
    assert slug("a" * 30 + " " + "b" * 30) == "a" * 30


def test_a_first_word_that_is_too_long_is_cut():
    assert slug("extraordinary x", 5) == "extra"
    assert slug("extraordinary", 13) == "extraordinary"
    assert slug("b" * 50) == "b" * 40


def test_nothing_left():
    with pytest.raises(ValueError):
        slug("!?")
    with pytest.raises(ValueError):
        slug("")
    with pytest.raises(ValueError):
        slug("word", 0)
