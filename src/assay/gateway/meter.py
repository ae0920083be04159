"""The meter: permission to spend, asked before every call. Local today; a leased one fits the same seam."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from assay.errors import PriceError
from assay.gateway.base import Budget, Upstream
from assay.prices import PriceBook
from assay.records import NANO, NanoUSD


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a call may not be sent. ``whole_run`` = the run's cap, not the attempt's own."""

    reason: str
    whole_run: bool = False


class Meter(Protocol):
    """Counts spend by owner (an attempt) and over the run. Simulated cost counts for the attempt only."""

    def open(self, owner: str, budget: Budget) -> None:
        """Begin an account."""
        ...

    async def admit(self, owner: str, estimate: NanoUSD, *, simulated: bool) -> Denial | None:
        """Reserve ``estimate`` for one call, or deny it. An admitted call must be charged once."""
        ...

    def charge(
        self, owner: str, estimate: NanoUSD, cost: NanoUSD | None, tokens: int | None, *, simulated: bool
    ) -> Denial | None:
        """Replace a reservation by what the call cost; return why the owner may not go on, if so."""
        ...

    def close(self, owner: str) -> None:
        """End an account."""
        ...


@dataclass(slots=True)
class _Account:
    budget: Budget
    nano_usd: NanoUSD = 0
    reserved: NanoUSD = 0
    tokens: int = 0

    def used_up(self, reserved: NanoUSD = 0) -> str | None:
        cap = self.budget
        if cap.nano_usd is not None and self.nano_usd + reserved >= cap.nano_usd:
            return f"the budget of this attempt is used up: ${self.nano_usd / NANO:.4f} of ${cap.nano_usd / NANO:.4f}"
        if cap.tokens is not None and self.tokens >= cap.tokens:
            return f"the budget of this attempt is used up: {self.tokens} of {cap.tokens} tokens"
        return None


class LocalMeter:
    """A meter for one process.

    A call is admitted while what is spent, and what open calls will cost at the least, is below each cap. A call
    under way is not cut: one may overshoot, and that is recorded. ``spent`` is what earlier sessions of the run cost.
    """

    def __init__(self, max_cost: NanoUSD | None = None, spent: NanoUSD = 0) -> None:
        self.max_cost = max_cost
        self.spent = spent
        self._reserved: NanoUSD = 0
        self._accounts: dict[str, _Account] = {}

    def open(self, owner: str, budget: Budget) -> None:
        """See ``Meter.open``."""
        self._accounts[owner] = _Account(budget)

    async def admit(self, owner: str, estimate: NanoUSD, *, simulated: bool) -> Denial | None:
        """See ``Meter.admit``."""
        account = self._accounts.get(owner)
        if account is None:
            return Denial("the door is closed")
        reason = account.used_up(account.reserved)
        if reason is not None:
            return Denial(reason)
        if not simulated:
            denial = self._run_denial()
            if denial is not None:
                return denial
            self._reserved += estimate
        account.reserved += estimate
        return None

    def charge(
        self, owner: str, estimate: NanoUSD, cost: NanoUSD | None, tokens: int | None, *, simulated: bool
    ) -> Denial | None:
        """See ``Meter.charge``."""
        if not simulated:
            self._reserved -= estimate
            self.spent += cost or 0
        account = self._accounts.get(owner)
        if account is None:
            return None
        account.reserved -= estimate
        account.nano_usd += cost or 0
        account.tokens += tokens or 0
        reason = account.used_up()
        return None if reason is None else Denial(reason)

    def close(self, owner: str) -> None:
        """See ``Meter.close``."""
        self._accounts.pop(owner, None)

    def _run_denial(self) -> Denial | None:
        if self.max_cost is None or self.spent + self._reserved < self.max_cost:
            return None
        reason = f"max_cost of the run is used up: ${self.spent / NANO:.4f} of ${self.max_cost / NANO:.4f}"
        return Denial(reason, whole_run=True)


def check_budget(
    upstreams: Iterable[Upstream], prices: PriceBook, *, max_cost: NanoUSD | None, token_cap: int | None
) -> None:
    """Refuse a cap in money that cannot be kept. Raises ``PriceError`` naming the unpriced models.

    Simulated models never count. With a token cap every attempt ends anyway, so an unpriced model may run.
    """
    if max_cost is None or token_cap is not None:
        return
    real = [(upstream.provider, upstream.model) for upstream in upstreams if not upstream.provider.simulated]
    found = prices.resolve_all(real)
    unpriced = sorted(
        {f"{provider.name}/{model}" for (provider, model), price in zip(real, found, strict=True) if price is None}
    )
    if unpriced:
        raise PriceError(
            f"max_cost cannot be kept: no price is known for {', '.join(unpriced)}",
            remedy="Declare it (providers: ... price: {input: 3, output: 15}, or price: 0), or cap tokens per trial",
        )
