import ast
from decimal import Decimal

import filters
import pytest
from filters import FilterError, apply, check, usage

NAMES = ["trim", "upper", "lower", "reverse", "cut", "pad", "replace", "default", "join", "size", "round"]


@pytest.fixture
def table():
    """The table, which is put back as it was after the test."""
    before = dict(filters.FILTERS)
    yield filters.FILTERS
    filters.FILTERS.clear()
    filters.FILTERS.update(before)


def message(value, chain):
    """The text of the error that applying a chain raises."""
    with pytest.raises(FilterError) as caught:
        apply(value, chain)
    return str(caught.value)


def test_text_filters():
    assert apply(" a B ", "trim") == "a B"
    assert apply("a B", "upper") == "A B"
    assert apply("a B", "lower") == "a b"
    assert apply("a B", "reverse") == "B a"
    assert apply("a-b-c", "replace:-,") == "abc"
    assert apply("a b", "replace: ,--") == "a--b"


def test_cut():
    assert [apply("four words of text", f"cut:{size}") for size in (1, 5, 6, 17, 18, 99)] == [
        "~",
        "four~",
        "four~",
        "four words of te~",
        "four words of text",
        "four words of text",
    ]
    assert apply("abc", "cut: 2 ") == "a~"


def test_pad():
    assert apply("ab", "pad:4") == "ab  "
    assert apply("ab", "pad:4,.") == "ab.."
    assert apply("ab", "pad: 4, ") == "ab  "
    assert apply("abcde", "pad:4,.") == "abcde"


def test_lists():
    assert apply([1, None, "b"], "join") == "1 b"
    assert apply((1, 2), "join:-") == "1-2"
    assert apply([1, 2], "join:") == "12"
    assert apply([], "join:-") == ""
    assert apply((1, 2, 3), "reverse") == [3, 2, 1]
    assert apply([1, 2, 3], "reverse|join:/|pad:7,x") == "3/2/1xx"


def test_values_of_callers_are_left_alone():
    given = [3, None, 1]
    result = apply(given, "reverse")
    assert result == [1, None, 3]
    assert given == [3, None, 1]
    assert result is not given


def test_default():
    assert [apply(value, "default:none") for value in (None, "", [], ())] == ["none"] * 4
    assert [apply(value, "default:none") for value in (0, False, " ", [None], 0.0)] == [0, False, " ", [None], 0.0]
    assert apply(None, "default:") == ""
    assert apply(None, "default: a ") == " a "


def test_size():
    assert [apply(value, "size") for value in (None, "", "abc", [], (1, 2))] == [0, 0, 3, 0, 2]


def test_round():
    assert [apply(value, "round") for value in (0.5, 1.5, 2.5, -0.5, 7)] == [0, 2, 2, 0, 7]
    assert type(apply(2.6, "round")) is int
    assert type(apply(2.6, "round:0")) is int
    assert apply(2.125, "round:2") == 2.12
    assert apply(2.675, "round: 2") == 2.67
    assert apply(3, "round:2") == 3


def test_none_is_handed_on_but_arguments_are_checked():
    assert apply(None, "trim|upper|lower|reverse|cut:3|pad:3|replace:a,b|join|round:1") is None
    assert message(None, "cut:0") == "filter 1: cut: size must be a whole number above 0"
    assert message(None, "trim|join:a,b") == "filter 2: join takes at most 1 argument"
    assert apply(None, "trim|size") == 0
    assert apply(None, "default:x|upper") == "X"


def test_wrong_kinds_of_values():
    assert message([1], "upper") == "filter 1: upper needs text, not list"
    assert message((1,), "cut:3") == "filter 1: cut needs text, not list"
    assert message(5, "trim|size") == "filter 1: trim needs text, not number"
    assert message(True, "round") == "filter 1: round needs number, not bool"
    assert message("1.5", "round") == "filter 1: round needs number, not text"
    assert message(Decimal(1), "round") == "filter 1: round needs number, not Decimal"
    assert message("ab", "join") == "filter 1: join needs list, not text"
    assert message({}, "reverse") == "filter 1: reverse needs text or list, not dict"
    assert message(2.5, "size") == "filter 1: size needs text or list, not number"
    assert message("abc", "size|pad:5") == "filter 2: pad needs text, not number"


def test_arguments_come_before_the_value():
    assert message(5, "upper:1") == "filter 1: upper takes no argument"
    assert message(5, "pad:x") == "filter 1: pad: width must be a whole number above 0"
    assert message("5", "round:a") == "filter 1: round: digits must be a whole number"


def test_earlier_filters_come_before_later_ones():
    assert message([], "upper|nope") == "filter 1: upper needs text, not list"
    assert message(1, "lower|cut:x|nope") == "filter 1: lower needs text, not number"
    assert message("a", "size|upper|cut:x") == "filter 2: upper needs text, not number"
    assert message("a", "nope|cut:x") == "filter 1: unknown filter: nope"


CHAINS = {
    "trim:": "filter 1: trim takes no argument",
    "reverse:a": "filter 1: reverse takes no argument",
    "size:1": "filter 1: size takes no argument",
    "cut": "filter 1: cut takes 1 argument",
    "cut:1,2": "filter 1: cut takes 1 argument",
    "cut:": "filter 1: cut: size must be a whole number above 0",
    "cut:-3": "filter 1: cut: size must be a whole number above 0",
    "cut:1 2": "filter 1: cut: size must be a whole number above 0",
    "pad": "filter 1: pad takes 1 or 2 arguments",
    "pad:1,2,3": "filter 1: pad takes 1 or 2 arguments",
    "pad:0,ab": "filter 1: pad: width must be a whole number above 0",
    "pad:4,ab": "filter 1: pad: fill must be one character",
    "pad:4,": "filter 1: pad: fill must be one character",
    "replace:a": "filter 1: replace takes 2 arguments",
    "replace:,b": "filter 1: replace: old must not be empty",
    "default:a,b": "filter 1: default takes 1 argument",
    "default": "filter 1: default takes 1 argument",
    "join:,": "filter 1: join takes at most 1 argument",
    "round:1,2": "filter 1: round takes at most 1 argument",
    "round:": "filter 1: round: digits must be a whole number",
    "round:-1": "filter 1: round: digits must be a whole number",
    "Trim": "filter 1: unknown filter: Trim",
    "a b:1": "filter 1: unknown filter: a b",
    "|": "filter 1: unknown filter: ",
}


def test_arguments():
    assert {chain: message("text", chain) for chain in CHAINS} == CHAINS


def test_check_says_the_same():
    assert {chain: check(chain)[0] for chain in CHAINS} == CHAINS


def test_check_collects_the_first_problem_of_each_filter():
    assert check("pad:0,ab|trim|cut|upper:a:b,c| |round:x") == [
        "filter 1: pad: width must be a whole number above 0",
        "filter 3: cut takes 1 argument",
        "filter 4: upper takes no argument",
        "filter 5: unknown filter: ",
        "filter 6: round: digits must be a whole number",
    ]
    assert check("trim|default::|join::|replace:a:b,c:d|pad: 3 ,:|cut:007") == []


def test_empty_chains():
    value = [1]
    assert apply(value, "") is value
    assert apply(None, "  ") is None
    assert check(" \t") == []
    assert check("trim|") == ["filter 2: unknown filter: "]


def test_more_colons_belong_to_the_argument():
    assert apply(["a", "b"], "join:::") == "a::b"
    assert apply("a", " replace :a,x:y ") == "x:y "


def test_usage():
    assert usage() == [
        "trim",
        "upper",
        "lower",
        "reverse",
        "cut:size",
        "pad:width[,fill]",
        "replace:old,new",
        "default:text",
        "join[:separator]",
        "size",
        "round[:digits]",
    ]


def test_table_has_the_names_in_order():
    assert isinstance(filters.FILTERS, dict)
    assert list(filters.FILTERS) == NAMES


def test_filter_under_another_name(table):
    table["shout"] = table["upper"]
    table["fill"] = table["pad"]
    assert apply("a", "shout|fill:3,!") == "A!!"
    assert message(1, "shout") == "filter 1: shout needs text, not number"
    assert message("a", "shout:1") == "filter 1: shout takes no argument"
    assert check("fill:2,ab|fill") == [
        "filter 1: fill: fill must be one character",
        "filter 2: fill takes 1 or 2 arguments",
    ]
    assert usage()[-3:] == ["round[:digits]", "shout", "fill:width[,fill]"]
    assert apply("A", "upper") == "A"


def test_filter_that_is_taken_out(table):
    for name in ("trim", "default", "size"):
        del table[name]
    assert message("a", "trim") == "filter 1: unknown filter: trim"
    assert message(None, "upper|default:a") == "filter 2: unknown filter: default"
    assert check("size:1") == ["filter 1: unknown filter: size"]
    assert usage()[:2] == ["upper", "lower"]


def test_no_function_compares_names(workspace):
    tree = ast.parse((workspace / "filters.py").read_text(encoding="utf-8"))
    compared = {
        leaf.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare | ast.MatchValue)
        for leaf in ast.walk(node)
        if isinstance(leaf, ast.Constant)
    }
    assert compared & set(NAMES) == set()
