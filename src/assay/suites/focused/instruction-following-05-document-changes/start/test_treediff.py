import pytest
from treediff import Change, PatchError, refuse, show, summary


def test_show():
    assert show(()) == "$"
    assert show(("orders", 2, "name", "first name")) == '$.orders[2].name["first name"]'


def test_refuse():
    with pytest.raises(PatchError) as caught:
        refuse("nothing there", ("a", 0))
    assert str(caught.value) == "nothing there: $.a[0]"


def test_summary():
    changes = [Change("added", ("a",), new=1), Change("removed", ("b", 0), old=2)]
    assert summary(changes) == ["added $.a", "removed $.b[0]"]
