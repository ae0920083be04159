import copy
import inspect

import pytest
from orders import Order, OrderError, Refused, handle, possible

EVENTS = ["pay", "pack", "ship", "deliver", "lost", "return", "cancel", "close", "note"]


def order(state, **fields):
    """An order as it usually looks in a state."""
    usual = {"number": 7, "total": 2000, "paid": 0 if state == "new" else 2000}
    if state == "shipped":
        usual["tracking"] = "X1"
    return Order(state=state, **{**usual, **fields})


def outcome(one, event, **data):
    """The actions, or the text of the refusal, or the text of another error in brackets."""
    try:
        return handle(one, event, **data)
    except Refused as error:
        return str(error).removeprefix("order 7 ")
    except OrderError as error:
        return [f"error: {error}"]


def refusals(state, **fields):
    """What is said to each event that is refused in a state."""
    data = {"amount": 100, "code": "X2", "text": "hello"}
    said = {event: outcome(order(state, **fields), event, **data) for event in EVENTS}
    return {event: text for event, text in said.items() if isinstance(text, str)}


def changes(one, event, **data):
    """The fields that an event changes, with their new values."""
    before = copy.deepcopy(vars(one))
    outcome(one, event, **data)
    return {name: value for name, value in vars(one).items() if value != before[name]}


OPEN = {"return": "was not delivered", "close": "is still open"}
NOT_SENT = {"deliver": "was not shipped", "lost": "was not shipped"} | OPEN


def test_refusals_before_shipping():
    assert refusals("new") == {"pack": "is not paid", "ship": "is not paid"} | NOT_SENT
    paid = {"pay": "is paid already"} | NOT_SENT
    assert refusals("paid") == paid | {"ship": "is not packed"}
    assert refusals("paid", digital=True) == paid | {"pack": "has nothing to pack"}
    assert refusals("packed") == {"pay": "is paid already"} | NOT_SENT


def test_refusals_after_shipping():
    left = {"pay": "is paid already", "pack": "has left", "cancel": "has left"}
    assert refusals("shipped") == left | OPEN
    assert refusals("delivered") == left | {"ship": "has left", "lost": "was delivered"}
    digital = {"ship": "has left", "lost": "was delivered", "return": "cannot be returned"}
    assert refusals("delivered", digital=True) == left | digital


def test_refusals_at_the_end():
    cancelled = dict.fromkeys(("pack", "ship", "deliver", "lost", "return"), "is cancelled")
    assert refusals("cancelled") == cancelled
    assert refusals("closed") == dict.fromkeys(EVENTS, "is closed")


def test_refusals_change_nothing_but_their_count():
    for state, event in (("new", "pack"), ("paid", "ship"), ("shipped", "cancel"), ("delivered", "lost")):
        one = order(state, refusals=4)
        assert changes(one, event, code="X2") == {"refusals": 5}
    assert changes(order("closed"), "note", text="late") == {"refusals": 1}


def test_unknown_events_and_states():
    for state in ("new", "paid", "packed", "shipped", "delivered", "cancelled"):
        one = order(state)
        with pytest.raises(OrderError, match=r"^unknown event: burn$") as caught:
            handle(one, "burn")
        assert type(caught.value) is OrderError
        assert one == order(state)
    assert outcome(order("closed"), "burn") == "is closed"
    assert outcome(order("odd"), "burn") == ["error: unknown state: odd"]
    assert outcome(order("odd"), "note", text="x") == ["error: unknown state: odd"]


def test_paying():
    one = Order(7, 2000)
    assert handle(one, "pay", amount=500) == ["remind 1500"]
    assert (one.state, one.paid, one.history) == ("new", 500, ["pay"])
    assert handle(one, "pay", 1499) == ["remind 1"]
    assert handle(one, "pay", amount=1) == ["receipt"]
    assert (one.state, one.paid, one.refunded, one.history) == ("paid", 2000, 0, ["pay"] * 3)


def test_paying_too_much():
    one = order("new", paid=1500)
    assert handle(one, "pay", amount=800) == ["receipt", "refund 300"]
    assert (one.state, one.paid, one.refunded) == ("paid", 2000, 0)


def test_wrong_amounts_change_nothing():
    for state, event in (("new", "pay"), ("cancelled", "pay"), ("delivered", "return")):
        for amount in (0, -5):
            one = order(state)
            assert outcome(one, event, amount=amount) == ["error: amount must be above 0"]
            assert one == order(state)
    assert outcome(order("paid"), "pay", amount=0) == "is paid already"


def test_cancelling_before_packing():
    assert outcome(order("new"), "cancel") == []
    assert changes(order("new"), "cancel") == {"state": "cancelled", "history": ["cancel"]}
    assert outcome(order("new", paid=300), "cancel") == ["refund 300"]
    assert changes(order("new", paid=300), "cancel")["refunded"] == 300
    assert outcome(order("paid"), "cancel") == ["refund 2000"]
    assert changes(order("paid"), "cancel") == {"state": "cancelled", "refunded": 2000, "history": ["cancel"]}


def test_cancelling_an_order_that_was_free():
    assert outcome(order("new", total=0), "cancel") == []
    assert outcome(order("paid", total=0, paid=0), "cancel") == ["refund 0"]
    assert outcome(order("packed", total=0, paid=0), "cancel") == ["void label"]


def test_cancelling_when_packed_costs():
    assert outcome(order("packed"), "cancel") == ["void label", "refund 1500"]
    assert changes(order("packed"), "cancel") == {"state": "cancelled", "refunded": 1500, "history": ["cancel"]}
    assert outcome(order("packed", paid=501), "cancel") == ["void label", "refund 1"]
    assert outcome(order("packed", paid=500), "cancel") == ["void label"]
    assert changes(order("packed", paid=400), "cancel") == {"state": "cancelled", "history": ["cancel"]}


def test_packing():
    assert outcome(order("paid"), "pack") == ["label"]
    assert changes(order("paid"), "pack") == {"state": "packed", "history": ["pack"]}


def test_events_that_come_again():
    for state, event in (("packed", "pack"), ("delivered", "deliver"), ("cancelled", "cancel")):
        one = order(state)
        assert handle(one, event) == []
        assert one == order(state)
    one = order("shipped")
    assert handle(one, "ship", code=" X1 ") == []
    assert one == order("shipped")


def test_shipping():
    assert outcome(order("packed"), "ship", code=" AB 1 ") == ["mail tracking AB 1"]
    assert changes(order("packed"), "ship", code=" AB 1 ") == {
        "state": "shipped",
        "tracking": "AB 1",
        "history": ["ship"],
    }
    assert outcome(order("shipped"), "ship", code="X2") == ["mail tracking X2"]
    assert changes(order("shipped"), "ship", code="X2") == {"tracking": "X2", "history": ["ship"]}
    for state in ("packed", "shipped"):
        one = order(state)
        assert outcome(one, "ship", code="  ") == ["error: code is missing"]
        assert one == order(state)
    assert outcome(order("paid"), "ship", code="") == "is not packed"


def test_digital_orders():
    one = order("paid", digital=True)
    assert handle(one, "ship", code="X1") == ["mail download"]
    assert (one.state, one.tracking, one.history) == ("delivered", "", ["ship"])
    assert outcome(one, "return", amount=0) == "cannot be returned"
    assert one.refusals == 1
    assert outcome(order("paid", digital=True), "cancel") == ["refund 2000"]


def test_delivering():
    assert outcome(order("shipped"), "deliver") == ["ask review"]
    assert changes(order("shipped"), "deliver") == {"state": "delivered", "history": ["deliver"]}


def test_losses():
    assert outcome(order("shipped"), "lost") == ["apologise"]
    assert changes(order("shipped"), "lost") == {"state": "paid", "tracking": "", "losses": 1, "history": ["lost"]}
    assert outcome(order("shipped", losses=1), "lost") == ["apologise"]
    assert outcome(order("shipped", losses=2), "lost") == ["apologise", "refund 2000"]
    assert changes(order("shipped", losses=2), "lost") == {
        "state": "cancelled",
        "refunded": 2000,
        "tracking": "",
        "losses": 3,
        "history": ["lost"],
    }
    assert outcome(order("shipped", losses=2, paid=0), "lost") == ["apologise", "refund 0"]


def test_returning():
    one = order("delivered")
    assert handle(one, "return", amount=500) == ["refund 500"]
    assert (one.state, one.refunded) == ("delivered", 500)
    assert outcome(one, "return", amount=1501) == ["error: at most 1500 can be returned"]
    assert (one.state, one.refunded, one.history) == ("delivered", 500, ["return"])
    assert handle(one, "return", amount=1500) == ["refund 1500"]
    assert (one.state, one.refunded, one.refusals, one.history) == ("closed", 2000, 0, ["return", "return"])


def test_money_that_comes_after_cancelling():
    one = order("cancelled", paid=300, refunded=300)
    assert handle(one, "pay", amount=1700) == ["refund 1700"]
    assert (one.state, one.paid, one.refunded, one.history) == ("cancelled", 2000, 2000, ["pay"])


def test_closing_and_notes():
    for state in ("delivered", "cancelled"):
        assert outcome(order(state), "close") == []
        assert changes(order(state), "close") == {"state": "closed", "history": ["close"]}
    for state in ("new", "paid", "packed", "shipped", "delivered", "cancelled"):
        one = order(state)
        assert handle(one, "note", text=" late ") == []
        assert changes(one, "note") == {"notes": [" late ", ""]}
        assert one.history == []


def test_possible():
    expected = {
        "new": ["pay", "cancel", "note"],
        "paid": ["pack", "cancel", "note"],
        "packed": ["ship", "cancel", "note"],
        "shipped": ["ship", "deliver", "lost", "note"],
        "delivered": ["return", "close", "note"],
        "cancelled": ["pay", "close", "note"],
        "closed": [],
    }
    assert {state: possible(order(state)) for state in expected} == expected
    digital = {"paid": ["ship", "cancel", "note"], "delivered": ["close", "note"]}
    assert {state: possible(order(state, digital=True)) for state in expected} == expected | digital
    with pytest.raises(OrderError, match=r"^unknown state: odd$"):
        possible(order("odd"))


def test_possible_gives_a_new_list_and_changes_nothing():
    one = order("new")
    possible(one).clear()
    assert possible(one) == ["pay", "cancel", "note"]
    assert one == order("new")


def test_interface():
    assert list(inspect.signature(handle).parameters) == ["order", "event", "amount", "code", "text"]
    assert Order(1, 2) == Order(1, 2, False, "new", 0, 0, "", 0, 0, [], [])
    assert issubclass(Refused, OrderError)
    assert issubclass(OrderError, ValueError)
