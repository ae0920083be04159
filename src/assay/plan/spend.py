"""What a plan may cost and how long it may take: guesses per trial, summed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from assay.plan.guess import Guess, guess_trial
from assay.prices.cost import cost
from assay.providers import Provider
from assay.records import NANO, Arm, ArmId, Price, Record, Tokens, Trial
from assay.suites.base import Task

Cell: TypeAlias = tuple[ArmId, str]
Guesses: TypeAlias = Mapping[Cell, tuple[Guess, Guess, Guess]]

LAB_TIME_SCALE = 0.01
"""What part of a simulated second the Lab sleeps, where no arm's ``time_scale`` says otherwise."""


@dataclass(frozen=True, slots=True)
class Range(Record):
    """A rough guess."""

    low: float
    likely: float
    high: float


def count_cells(trials: Iterable[Trial]) -> Counter[Cell]:
    """Return how many trials each arm has on each task."""
    return Counter((trial.arm, trial.task) for trial in trials)


def guess_cells(arms: Sequence[Arm], tasks: Sequence[Task], max_output_tokens: int) -> Guesses:
    """Guess one trial of every arm x task."""

    def limit(arm: Arm) -> int:
        return int(str(arm.settings.get("max_output_tokens", max_output_tokens)))

    return {(arm.id, task.id): guess_trial(arm, task, limit(arm)) for arm in arms for task in tasks}


def arm_cost(arm: Arm, cells: Counter[Cell], guesses: Guesses, prices: Sequence[Price | None]) -> Range | None:
    """US dollars of all trials of an arm; None when a model has no price; 0 without a model.

    ``prices`` are those of every model that it may name, its own first: the likely figure takes that one, the low
    one the cheapest and the high one the dearest, because nobody knows beforehand how much is handed out.
    """
    each = [one_cost(arm, cells, guesses, price) for price in prices or (None,)]
    if None in each:
        return None
    known = [one for one in each if one is not None]
    return Range(min(one.low for one in known), known[0].likely, max(one.high for one in known))


def one_cost(arm: Arm, cells: Counter[Cell], guesses: Guesses, price: Price | None) -> Range | None:
    """US dollars if one price held for all that an arm asks; None without it; 0 without a model."""
    sums = [0.0, 0.0, 0.0]
    for (owner, task), count in cells.items():
        if owner != arm.id or not arm.model:
            continue
        for grade, guess in enumerate(guesses[owner, task]):
            one = cost(price, _billable(guess.tokens, price))
            if one is None:
                return None
            sums[grade] += count * one / NANO
    return Range(*sums)


def _billable(tokens: Tokens, price: Price | None) -> Tokens:
    """Where reading a cache has no rate, take all input as uncached."""
    if price is None or price.cache_read is not None:
        return tokens
    return replace(tokens, input_uncached=(tokens.input_uncached or 0) + (tokens.cache_read or 0), cache_read=None)


def total(ranges: Iterable[Range | None]) -> Range | None:
    """Sum the known ones; None when there is none."""
    known = [one for one in ranges if one is not None]
    if not known:
        return None
    return Range(sum(r.low for r in known), sum(r.likely for r in known), sum(r.high for r in known))


def minutes(
    arms: Sequence[Arm],
    cells: Counter[Cell],
    guesses: Guesses,
    providers: Mapping[str, Provider],
    *,
    workers: int,
    lab_time_scale: float,
) -> Range:
    """How long the run takes: bound by sandboxes at once, and by each provider's limits."""
    owners = {arm.id: arm for arm in arms}
    return Range(*(_minutes(owners, cells, guesses, providers, workers, lab_time_scale, grade) for grade in range(3)))


def _minutes(
    owners: Mapping[ArmId, Arm],
    cells: Counter[Cell],
    guesses: Guesses,
    providers: Mapping[str, Provider],
    workers: int,
    lab_time_scale: float,
    grade: int,
) -> float:
    everywhere = 0.0
    at_provider: dict[str, float] = defaultdict(float)
    for (owner, task), count in cells.items():
        guess, provider = guesses[owner, task][grade], providers.get(owners[owner].provider)
        model_s = guess.model_s * (lab_time_scale if provider is not None and provider.simulated else 1.0)
        everywhere += count * (guess.around_s + model_s)
        if provider is not None:
            at_provider[provider.name] += count * model_s
    bounds = [everywhere / max(1, workers)]
    bounds += [seconds / (providers[name].limits.concurrency or workers) for name, seconds in at_provider.items()]
    return max(bounds) / 60
