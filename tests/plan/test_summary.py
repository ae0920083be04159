from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from assay.cli.prospects import prospects
from assay.experiment.labels import labelled
from assay.experiment.load import experiment_from
from assay.plan import PlanSummary, Surroundings, describe_plan, make_plan
from assay.plan.guess import guess_trial, prompt_tokens
from assay.providers import KNOWN, Limits
from assay.records import Arm, Price
from assay.suites.base import Task
from assay.testing.tasks import make_task

CHEAP = Price("p1", "openai", "small", input=1_000, output=4_000, cache_read=100)
NO_CACHE = Price("p2", "openai", "large", input=10_000, output=40_000)

SWIFT = Arm("api", "1", "swift", "lab", names={"agent": "api", "model": "lab/swift"})
SMALL = Arm("api", "1", "small", "openai", names={"agent": "api", "model": "small"})
LARGE = Arm("api", "1", "large", "openai", names={"agent": "api", "model": "large"})


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    return [make_task(tmp_path, id="a"), make_task(tmp_path, id="b", type="refactoring", difficulty="hard")]


def summary(
    arms: list[Arm],
    tasks: list[Task],
    *,
    prices: Mapping[tuple[str, str], Price | None] | None = None,
    reps: int = 3,
    without: frozenset[tuple[str, str]] = frozenset(),
    workers: int = 2,
    concurrency: int | None = None,
) -> PlanSummary:
    made = labelled(arms)
    providers = {**KNOWN, "openai": replace(KNOWN["openai"], limits=Limits(concurrency=concurrency))}
    around = Surroundings(providers, prices or {}, workers, 0.01)
    plan = make_plan(made, tasks, reps, 0, "plan", without=without)
    experiment = experiment_from(models="lab/swift", suite="x", reps=reps)
    return describe_plan(experiment, made, tasks, plan, around, prospects(made, len(tasks), reps))


def test_what_varies_and_what_is_constant(tasks: list[Task]) -> None:
    made = summary([SWIFT, SMALL, Arm("oracle", "1", "", "", names={"agent": "oracle"})], tasks)
    assert made.varies == {"model": ("lab/swift", "small")}
    assert made.constant == {"agent": "api", "variant": "none", "profile": "none"}
    assert made.together == ()
    assert made.simulated


def test_factors_that_only_change_together_are_named(tasks: list[Task]) -> None:
    cold = replace(SMALL, variant={"prefix": "x"}, names={**SMALL.names, "variant": "x"})
    assert summary([SWIFT, cold], tasks).together == (("model", "variant"),)
    crossed = [SWIFT, cold, SMALL, replace(SWIFT, variant={"prefix": "x"}, names={**SWIFT.names, "variant": "x"})]
    assert summary(crossed, tasks).together == ()


def test_a_plan_with_holes_is_not_balanced(tasks: list[Task]) -> None:
    full, holed = summary([SWIFT, SMALL], tasks), summary([SWIFT, SMALL], tasks, without=frozenset({(SMALL.id, "a")}))
    assert full.balanced
    assert (full.left_out, holed.left_out, holed.balanced) == (0, 3, False)
    assert [(row.type, row.tasks, row.fewest, row.most) for row in holed.balance] == [
        ("bug-fix", 1, 0, 3),
        ("refactoring", 1, 3, 3),
    ]


def test_unknown_prices_are_unknown_and_not_nothing(tasks: list[Task]) -> None:
    made = summary([SMALL, LARGE], tasks, prices={("openai", "small"): CHEAP})
    small, large = made.arms
    assert small.cost_usd is not None
    assert 0 < small.cost_usd.low < small.cost_usd.likely < small.cost_usd.high
    assert large.cost_usd is None
    assert made.unpriced == ("openai/large",)
    assert made.cost_usd == small.cost_usd
    assert summary([LARGE], tasks).cost_usd is None


def test_cost_is_trials_times_rates(tasks: list[Task]) -> None:
    made = summary([SMALL], tasks, prices={("openai", "small"): CHEAP}, reps=2)
    expected = 0
    for task in tasks:
        tokens = guess_trial(SMALL, task, 16_384)[1].tokens
        expected += 2 * ((tokens.input_uncached or 0) * 1_000 + (tokens.output or 0) * 4_000)
    assert made.cost_usd is not None
    assert made.cost_usd.likely == pytest.approx(expected / 1e9)


def test_simulated_cost_stands_apart_and_anchors_cost_nothing(tasks: list[Task]) -> None:
    nop = Arm("nop", "1", "", "", names={"agent": "nop"})
    made = summary([SWIFT, nop], tasks, prices={("lab", "swift"): CHEAP})
    assert made.simulated_usd is not None
    assert made.simulated_usd.likely > 0
    assert made.cost_usd is not None
    assert made.cost_usd.high == 0
    assert made.arms[1].cost_usd is not None
    assert made.unpriced == ()


def test_an_agent_with_tools_is_guessed_dearer_and_needs_no_cache_rate(tasks: list[Task]) -> None:
    agent = replace(LARGE, agent="claude-code")
    made = summary([LARGE, agent], tasks, prices={("openai", "large"): NO_CACHE})
    direct, tools = (arm.cost_usd for arm in made.arms)
    assert direct is not None
    assert tools is not None
    assert tools.likely > 10 * direct.likely


def test_prompts_are_guessed_from_what_is_sent(tasks: list[Task]) -> None:
    longer = replace(SMALL, variant={"system": "x" * 3600}, profile={"files": {"AGENTS.md": "y" * 3600}})
    assert prompt_tokens(longer, tasks[0]) - prompt_tokens(SMALL, tasks[0]) == pytest.approx(2000, abs=2)


def test_time_is_bound_by_sandboxes_and_by_the_providers_limit(tasks: list[Task]) -> None:
    one, two = summary([SMALL], tasks, workers=1), summary([SMALL], tasks, workers=2)
    assert one.minutes.likely == pytest.approx(2 * two.minutes.likely)
    many = summary([SMALL], tasks, workers=64, concurrency=1)
    assert many.minutes.likely > summary([SMALL], tasks, workers=64).minutes.likely * 10
    assert summary([SWIFT], tasks).minutes.likely < two.minutes.likely


def test_what_can_be_shown_at_best() -> None:
    arms = labelled([SWIFT, SMALL, LARGE])
    found = prospects(arms, 6, 3)
    assert found.minimum_p == pytest.approx(2 / 64)
    assert found.comparisons == 3
    assert found.minimum_p_corrected == pytest.approx(6 / 64)
    assert found.tasks_needed == 7
    assert found.detectable is not None
    more_tasks, more_reps = prospects(arms, 24, 3).detectable, prospects(arms, 6, 30).detectable
    assert more_tasks is not None
    assert more_reps is not None
    assert more_tasks < found.detectable
    assert more_reps < found.detectable
    assert prospects(arms, 1, 3).detectable is None


def test_a_twin_is_no_comparison() -> None:
    twin = replace(SWIFT, replicate=1, names={**SWIFT.names, "control": "aa"})
    assert prospects(labelled([SWIFT, SMALL, twin]), 6, 3).comparisons == 1
