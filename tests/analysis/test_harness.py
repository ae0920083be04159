from dataclasses import replace

import pytest

from assay.analysis.analyse import analyse
from assay.analysis.harness import MEASURES, fixed_model_pairs
from assay.analysis.table import build_table
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Arm, Verdict
from assay.stats import compare_like
from assay.testing.agent_facts import make_agent_facts
from assay.testing.facts import sums


def with_arms(facts: Facts, lock: Lock, *arms: Arm) -> tuple[Facts, Lock]:
    """The same cells under other arms."""
    names = {old.id: new.id for old, new in zip(lock.arms, arms, strict=True)}
    cells = tuple(replace(cell, arm=names[cell.arm]) for cell in facts.cells)
    return replace(facts, cells=cells, works=(), efforts=()), replace(lock, arms=arms)


def pairs(facts: Facts, lock: Lock) -> list[tuple[int, int]]:
    return fixed_model_pairs(build_table(facts, lock))


def test_every_measure_is_one_family_over_all_pairs() -> None:
    facts, lock = make_agent_facts(2, agents=("claude-code", "codex", "opencode"))
    found = analyse(facts, lock).harness
    assert [one.measure for one in found] == [name for name in MEASURES for _ in range(3)]
    for name in MEASURES:
        assert len({one.family for one in found if one.measure == name}) == 1


def test_numbers_are_those_of_every_other_comparison() -> None:
    facts, lock = make_agent_facts(2)
    analysis = analyse(facts, lock)
    (here,) = [one for one in analysis.harness if one.measure == "solved"]
    (there,) = [one for one in analysis.findings if one.measure == "solved" and one.target is here.target]
    assert (here.difference, here.low, here.high, here.p) == (there.difference, there.low, there.high, there.p)
    cost = build_table(facts, lock).measure("cost").means
    (dear,) = [one for one in analysis.harness if one.measure == "cost"]
    expected = compare_like(cost[0], cost[1])
    assert (dear.difference, dear.low, dear.high, dear.p) == (expected.mean, expected.low, expected.high, expected.p)


@pytest.mark.parametrize(("first", "word"), [(1.0, Verdict.BETTER), (9.0, Verdict.WORSE)])
def test_less_is_better_of_what_it_took(first: float, word: Verdict) -> None:
    facts, lock = make_agent_facts(2)
    cells = tuple(
        replace(cell, cost=sums([(first if cell.arm == lock.arms[0].id else 5.0) + index % 5 / 10]))
        for index, cell in enumerate(facts.cells)
    )
    found = [one for one in analyse(replace(facts, cells=cells), lock).harness if one.measure == "cost"]
    assert [one.verdict for one in found] == [word]


def test_another_model_variant_or_profile_is_not_the_same() -> None:
    facts, lock = make_agent_facts(3)
    one, two = lock.arms
    assert pairs(facts, lock) == [(0, 1)]
    for other in (
        replace(two, model="lab/deep"),
        replace(two, variant={"prefix": "You must delegate."}),
        replace(two, profile={}),
        replace(two, agent=one.agent, settings={"effort": "low"}),
        replace(two, replicate=1),
    ):
        assert pairs(*with_arms(facts, lock, one, other)) == []
    native = {**two.profile, "native": {"codex": {"config.toml": ""}}}
    assert pairs(*with_arms(facts, lock, one, replace(two, profile=native))) == [(0, 1)]


def test_settings_that_differ_are_said_and_never_crossed() -> None:
    facts, lock = make_agent_facts(3)
    one, two = lock.arms
    high = replace(two, settings={"effort": "high"})
    found = analyse(*with_arms(facts, lock, one, high)).harness
    assert all("the two also differ in settings" in finding.caveats for finding in found)
    facts, lock = make_agent_facts(3, agents=("claude-code", "codex", "codex"))
    arms = (*lock.arms[:2], replace(lock.arms[2], settings={"effort": "high"}))
    assert pairs(*with_arms(facts, lock, *arms)) == [(0, 1)]


def test_a_cost_that_is_a_lower_bound_is_said() -> None:
    facts, lock = make_agent_facts(3)
    cells = (replace(facts.cells[0], cost_is_lower_bound=1), *facts.cells[1:])
    found = analyse(replace(facts, cells=cells), lock).harness
    said = {one.measure: "the cost of some trials is a lower bound or not known" in one.caveats for one in found}
    assert said == {name: name == "cost" for name in MEASURES}
