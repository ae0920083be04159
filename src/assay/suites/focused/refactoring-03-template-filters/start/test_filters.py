import pytest
from filters import FilterError, apply, check, usage


def test_chain():
    assert apply("  long title ", "trim | upper|cut:5") == "LONG~"


def test_none_is_handed_on():
    assert apply(None, "trim|upper") is None
    assert apply(None, "trim|default:none") == "none"


def test_errors_have_a_position():
    with pytest.raises(FilterError) as caught:
        apply("a", "trim|cut:x")
    assert str(caught.value) == "filter 2: cut: size must be a whole number above 0"
    assert caught.value.position == 2


def test_check_collects():
    assert check("trim:1|size|nope") == ["filter 1: trim takes no argument", "filter 3: unknown filter: nope"]


def test_usage():
    assert usage()[:6] == ["trim", "upper", "lower", "reverse", "cut:size", "pad:width[,fill]"]
