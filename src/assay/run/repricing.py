"""What a run would have cost at the prices of another day: from the same tokens, beside what it was priced at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assay.evidence.calls import read_calls
from assay.prices import PriceBook, cost, partial_cost
from assay.providers import Limits, Provider
from assay.records import NANO, ArmId, Call, Dialect, NanoUSD, OwnerKind, Price, Record
from assay.run.opening import Run

DECLARED = frozenset({"declared", "override"})


@dataclass(frozen=True, slots=True)
class Sum(Record):
    """US dollars of what is known (None when nothing is), and how many calls have no known cost."""

    usd: float | None
    unknown_calls: int
    lower_bound: bool


@dataclass(frozen=True, slots=True)
class Repriced(Record):
    """One arm: all its attempts, as priced when it ran and at the prices of another day."""

    arm: ArmId
    label: str
    simulated: bool
    calls: int
    then: Sum
    now: Sum
    prices: Mapping[str, str] = field(default_factory=dict)


async def reprice(run: Run, as_of: datetime) -> tuple[Repriced, ...]:
    """Price every call of every attempt again, as of a day. Writes nothing: frozen prices stay what they are.

    Prices that the experiment declares have no date, and hold for simulated models too; the others come from the
    published tables as of that day. What was unknown for another reason than its price stays unknown.
    """
    frozen = {price.id: price for price in await run.ledger.prices()}
    providers = {name: _provider(data) for name, data in run.lock.providers.items()}
    owners = {trial.id: trial.arm for trial in await run.ledger.trials()}
    calls: dict[ArmId, list[Call]] = defaultdict(list)
    for attempt in await run.ledger.attempts():
        if attempt.owner_kind is OwnerKind.TRIAL:
            calls[owners[attempt.owner]] += read_calls(run.folder.attempt(attempt.owner, attempt.number))
    new = _new_prices((call for of_arm in calls.values() for call in of_arm), frozen, providers, as_of)
    return tuple(
        Repriced(
            arm=arm.id,
            label=arm.label,
            simulated=bool(arm.provider) and providers[arm.provider].simulated,
            calls=len(calls[arm.id]),
            then=_sum([(call.cost, call.in_flight_at_kill) for call in calls[arm.id]]),
            now=_sum([(again(call, frozen, new), call.in_flight_at_kill) for call in calls[arm.id]]),
            prices={
                f"{call.provider}/{_model(call, frozen)}": "unknown" if price is None else price.source
                for call in calls[arm.id]
                for price in (new[call.provider, _model(call, frozen)],)
            },
        )
        for arm in run.lock.arms
        if arm.model
    )


def again(call: Call, frozen: Mapping[str, Price], new: Mapping[tuple[str, str], Price | None]) -> NanoUSD | None:
    """Return what a call costs at the new price; None where it cannot be known."""
    old = frozen.get(call.price_id or "")
    if call.cost == 0 and call.tokens.total is None:
        return 0  # never sent
    charge = partial_cost if call.in_flight_at_kill else cost
    if call.cost is None and old is not None and charge(old, call.tokens) is not None:
        return None  # another tier than the standard one: the tables do not hold for it
    return charge(new[call.provider, _model(call, frozen)], call.tokens)


def _new_prices(
    calls: Iterable[Call], frozen: Mapping[str, Price], providers: Mapping[str, Provider], as_of: datetime
) -> dict[tuple[str, str], Price | None]:
    pairs = {(call.provider, _model(call, frozen)): frozen.get(call.price_id or "") for call in calls}
    kept = {pair: price for pair, price in pairs.items() if price is not None and _stays(price)}
    asked = [pair for pair in pairs if pair not in kept]
    found = PriceBook(as_of=as_of).resolve_all([(providers[name], model) for name, model in asked])
    return {**kept, **dict(zip(asked, found, strict=True))}


def _stays(price: Price) -> bool:
    return price.simulated or price.source in DECLARED


def _model(call: Call, frozen: Mapping[str, Price]) -> str:
    """The id that was priced: the upstream's, which may differ from the one the agent named."""
    price = frozen.get(call.price_id or "")
    return price.model if price is not None else call.model_requested


def _sum(costs: Sequence[tuple[NanoUSD | None, bool]]) -> Sum:
    known = [one for one, _ in costs if one is not None]
    unknown = len(costs) - len(known)
    bounded = unknown > 0 or any(cut for _, cut in costs)
    return Sum(sum(known) / NANO if known or not costs else None, unknown, bounded)


def _provider(data: Mapping[str, Any]) -> Provider:
    """Read a provider back from the lock."""
    plain = {key: value for key, value in data.items() if key != "billing"}
    limits = Limits.from_json(plain.pop("limits"))
    return Provider(**{**plain, "dialects": tuple(map(Dialect, plain["dialects"])), "limits": limits})
