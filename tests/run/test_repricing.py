"""The same tokens at another price; what was unknown for another reason stays unknown."""

from dataclasses import replace
from typing import Any

import pytest

from assay.prices import cost
from assay.records import Call, Dialect, OwnerKind, Price, Tokens
from assay.run.repricing import again

OLD = Price("price-1", "corp", "m", 1000, 5000, 100)
NEW = replace(OLD, id="price-2", input=500, output=2500)
USED = Tokens(input_uncached=1000, cache_read=2000, output=10)


def call(**changes: Any) -> Call:
    known: dict[str, Any] = {
        "owner_kind": OwnerKind.TRIAL,
        "owner": "t",
        "attempt": "a",
        "step": 0,
        "seq": 1,
        "dialect": Dialect.CHAT,
        "provider": "corp",
        "model_requested": "alias",
        "model_served": "m",
        "tokens": USED,
        "status": 200,
        "sent_at": 0,
        "price_id": "price-1",
        "cost": cost(OLD, USED),
    }
    return Call(**{**known, **changes})


@pytest.mark.parametrize(
    ("one", "new", "expected"),
    [
        (call(), NEW, 725_000),
        (call(), None, None),
        (call(cost=None, price_id=None, model_requested="m"), NEW, 725_000),
        (call(cost=None, tokens=Tokens()), NEW, None),
        (call(cost=None), NEW, None),
        (call(cost=0, tokens=Tokens(), status=429), NEW, 0),
        (call(tokens=Tokens(input_uncached=1000), cost=1_000_000, in_flight_at_kill=True), NEW, 500_000),
    ],
    ids=["cheaper", "unlisted then", "listed since", "no usage", "another tier", "never sent", "cut"],
)
def test_a_call_at_another_price(one: Call, new: Price | None, expected: int | None) -> None:
    assert again(one, {"price-1": OLD}, {("corp", "m"): new}) == expected
