import pytest
from orders import Order, Refused, handle, possible


def test_plain_order():
    order = Order(7, 2000)
    assert handle(order, "pay", amount=2000) == ["receipt"]
    assert handle(order, "pack") == ["label"]
    assert handle(order, "ship", code="X1") == ["mail tracking X1"]
    assert handle(order, "deliver") == ["ask review"]
    assert handle(order, "close") == []
    assert order.state == "closed"
    assert order.history == ["pay", "pack", "ship", "deliver", "close"]


def test_refused():
    order = Order(7, 2000)
    with pytest.raises(Refused) as caught:
        handle(order, "pack")
    assert str(caught.value) == "order 7 is not paid"
    assert order.refusals == 1


def test_possible():
    assert possible(Order(7, 2000)) == ["pay", "cancel", "note"]
