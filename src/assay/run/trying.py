"""A first real result: which models to try, which tasks fit a cost limit, and one tiny call to each model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.evidence.layout import RunFolder
from assay.experiment.model import Experiment
from assay.plan import LAB_TIME_SCALE, make_plan
from assay.plan.spend import Range, arm_cost, count_cells, guess_cells, minutes, total
from assay.prices import PriceBook
from assay.providers import KNOWN
from assay.records import Price
from assay.run.design import Design, resolve
from assay.run.driver import DriveOptions
from assay.run.opening import machine_facts, one_driver, start_run
from assay.run.preflight import preflight
from assay.run.probing import probe_models
from assay.run.services import services
from assay.sandboxes.base import SandboxKind
from assay.sandboxes.toolchain import toolchain
from assay.suites.base import Task

MOST_MINUTES = 15.0
MOST_REPS = 3
FEW = 6
DIFFICULTIES = ("easy", "medium", "floor", "hard", "headroom")

# One strong and one cheap model of each maker. Only a proposal: the price tables and the probe have the last word.
PROPOSED: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("claude-sonnet-5-5", "claude-haiku-5-5"),
    "openai": ("gpt-5.5", "gpt-5.4-mini"),
    "google": ("gemini-3.8-flash", "gemini-3.5-flash-lite"),
    "openrouter": ("openrouter/anthropic/claude-sonnet-5.5", "openrouter/openai/gpt-5.5"),
}
SIMULATED = ("lab/swift", "lab/steady")


@dataclass(frozen=True, slots=True)
class Fitting:
    """What fits: task ids, repetitions, the guessed US dollars (None = nothing is charged), and why these."""

    tasks: tuple[str, ...]
    reps: int
    why: str


def keys_found(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the known providers whose key is set in the environment."""
    environ = os.environ if environ is None else environ
    return tuple(name for name, one in KNOWN.items() if one.key_env and environ.get(one.key_env, "").strip())


def proposed(providers: Sequence[str]) -> tuple[str, ...]:
    """Return two models or more to try: of two makers where there are two keys; simulated ones without any."""
    known = [PROPOSED[name] for name in providers if name in PROPOSED]
    if not known:
        return SIMULATED
    return known[0] if len(known) == 1 else tuple(models[0] for models in known)


def fit(experiment: Experiment, max_cost: float) -> Fitting:
    """Choose tasks and repetitions whose guessed cost stays below ``max_cost``, and minutes below fifteen.

    First as many tasks as fit, evenly over types and from easy to hard; then repetitions. The high guess counts, or the
    likely one where that would leave too few tasks. Raises ``InputError`` when not even one task fits.
    """
    design = resolve(experiment)
    book = PriceBook()
    pairs = {(arm.provider, arm.model): design.providers[arm.provider] for arm in design.arms if arm.model}
    found = book.resolve_all([(provider, model) for (_, model), provider in pairs.items()])
    prices = dict(zip(pairs, found, strict=True))
    order = spread(design.tasks)
    guess = _Guess(design, prices, len(order))
    for grade, name in ((2, "high"), (1, "likely")):
        count = guess.most(order, max_cost, grade)
        if count >= min(FEW, len(order)) or (grade == 1 and count):
            reps = guess.most_reps(order[:count], max_cost, grade)
            return Fitting(tuple(task.id for task in order[:count]), reps, _why(order, count, reps, name, max_cost))
    cheapest = guess.cost(order[:1], 1, 1)
    raise InputError(
        f"not even one task fits in ${max_cost:g}: one costs about ${0.0 if cheapest is None else cheapest:.2g}",
        remedy="Raise --max-cost, or try cheaper models",
    )


def spread(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Order tasks so that any first few are spread over the types, and go from easy to hard."""
    kinds = sorted({task.type for task in tasks})

    def rank(task: Task) -> tuple[int, str]:
        return DIFFICULTIES.index(task.difficulty), task.id

    columns = {kind: sorted((task for task in tasks if task.type == kind), key=rank) for kind in kinds}
    # Each type begins at another difficulty, so that few tasks are not all easy ones.
    turned = [column[i % len(column) :] + column[: i % len(column)] for i, column in enumerate(columns.values())]
    longest = max((len(column) for column in turned), default=0)
    return tuple(column[i] for i in range(longest) for column in turned if i < len(column))


@dataclass(frozen=True, slots=True)
class _Guess:
    design: Design
    prices: Mapping[tuple[str, str], Price | None]
    n_tasks: int

    def most(self, order: Sequence[Task], max_cost: float, grade: int) -> int:
        fits = [n for n in range(1, self.n_tasks + 1) if self._fits(order[:n], 1, max_cost, grade)]
        return max(fits, default=0)

    def most_reps(self, chosen: Sequence[Task], max_cost: float, grade: int) -> int:
        return max([r for r in range(1, MOST_REPS + 1) if self._fits(chosen, r, max_cost, grade)], default=1)

    def cost(self, chosen: Sequence[Task], reps: int, grade: int) -> float | None:
        """US dollars that are really charged; None when nothing is."""
        money, _ = self._guess(chosen, reps)
        return None if money is None else (money.low, money.likely, money.high)[grade]

    def _fits(self, chosen: Sequence[Task], reps: int, max_cost: float, grade: int) -> bool:
        money, time = self._guess(chosen, reps)
        dollars = 0.0 if money is None else (money.low, money.likely, money.high)[grade]
        return dollars <= max_cost and (time.likely <= MOST_MINUTES or len(chosen) * reps == 1)

    def _guess(self, chosen: Sequence[Task], reps: int) -> tuple[Range | None, Range]:
        design = self.design
        cells = count_cells(make_plan(design.arms, chosen, reps, 0, "try"))
        guesses = guess_cells(design.arms, chosen, design.experiment.limits.max_output_tokens)
        real = [arm for arm in design.arms if arm.model and not design.providers[arm.provider].simulated]
        money = total(arm_cost(arm, cells, guesses, [self.prices[arm.provider, arm.model]]) for arm in real)
        workers = design.experiment.concurrency or os.cpu_count() or 1
        time = minutes(design.arms, cells, guesses, design.providers, workers=workers, lab_time_scale=LAB_TIME_SCALE)
        return money, time


def _why(order: Sequence[Task], count: int, reps: int, guess: str, max_cost: float) -> str:
    kinds = sorted({task.type for task in order[:count]})
    of = f"all {count} tasks" if count == len(order) else f"{count} of {len(order)} tasks"
    times = "once" if reps == 1 else f"{reps} times"
    reason = "the most a first try makes"
    if count < len(order) or reps < MOST_REPS:
        reason = f"the most whose {guess} guess stays below ${max_cost:g} and about {MOST_MINUTES:g} minutes"
    return f"{of}, over {len(kinds)} kinds of work ({', '.join(kinds)}), each {times}: {reason}"


async def first_calls(
    experiment: Experiment, folder: RunFolder, options: DriveOptions, kind: SandboxKind, source: Path
) -> tuple[Mapping[str, Any], ...]:
    """Start the run in ``folder`` and make one tiny call per model in it; return what each showed.

    The calls are in the run's books; ``execute`` on the same folder goes on from here and does not repeat them. Raises
    ``AssayError`` before anything is spent for what can be known beforehand, and at the first model that fails.
    """
    design = resolve(experiment)
    book = preflight(design, options)
    with one_driver(folder):
        run = await start_run(folder, design, source, machine_facts(kind, toolchain()))
        try:
            async with services(run, kind, book, design.providers, max_cost=options.max_cost) as running:
                await probe_models(run, running)
            return tuple(await run.ledger.notes("probe"))
        finally:
            await run.ledger.close()
