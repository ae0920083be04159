from dataclasses import replace

from assay.analysis.analyse import analyse
from assay.analysis.work import added, money, share
from assay.evidence.facts import Sums
from assay.evidence.work import ModelWork
from assay.records import Role, Tokens
from assay.testing.agent_facts import make_agent_facts
from assay.testing.facts import make_facts, sums


def model(role: str | None, cost: float | None, tokens: int | None = 100) -> ModelWork:
    return ModelWork(role, None, "deep", 1, 0, Tokens(output=tokens), cost, None, None, 0)


def test_a_run_without_agents_has_none_of_it() -> None:
    facts, lock = make_facts(1)
    found = analyse(facts, lock)
    assert (found.agents, found.harness, found.efforts, found.drifts) == ((), (), (), ())


def test_measures_are_means_over_trials_and_unknown_stays_so() -> None:
    facts, lock = make_agent_facts(1)
    first = analyse(facts, lock).agents[0]
    assert first.measures["requests"].mean == float(len("requests"))
    assert first.measures["requests"].n == first.work.trials
    assert first.measures["cost_reported_usd"].mean is None
    assert first.measures["cost_reported_usd"].unknown == first.work.trials
    assert first.declared == ("coder",)


def test_auxiliary_is_a_part_that_can_be_taken_out() -> None:
    facts, lock = make_agent_facts(1)
    first = analyse(facts, lock).agents[0]
    assert first.auxiliary.cost_usd == 0.05
    assert first.without_auxiliary_usd is not None
    assert round(first.without_auxiliary_usd, 9) == 0.5
    assert first.delegated.of_cost is not None
    assert round(first.delegated.of_cost, 9) == round(0.1 / 0.55, 9)


def test_a_share_is_unknown_while_a_role_is() -> None:
    assert share([model("main", 0.2), model(None, 0.1)], Role.AUXILIARY).tokens is None
    none = share([model("main", 0.2)], Role.AUXILIARY)
    assert (none.tokens, none.cost_usd, none.of_cost) == (0, 0.0, 0.0)


def test_money_is_unknown_when_a_billed_request_is_unpriced() -> None:
    assert money([model("main", 0.2), model("main", None)]) is None
    assert money([model("main", 0.2), model("main", None, tokens=None)]) == 0.2


def test_waste_splits_the_money_by_verdict() -> None:
    facts, lock = make_agent_facts(1)
    effort = facts.efforts[0]
    rows = (
        replace(effort, sums={"cost_usd": sums([3.0])}),
        replace(effort, outcome="failed", sums={"cost_usd": sums([1.0])}),
    )
    waste = analyse(replace(facts, efforts=rows), lock).agents[0].waste
    assert waste is not None
    assert (waste.solved_usd, waste.unsolved_usd, waste.no_verdict_usd, waste.share_unsolved) == (3.0, 1.0, 0.0, 0.25)
    assert waste.least is not None
    assert waste.most is not None
    assert waste.least <= waste.most
    unknown = (rows[0], replace(rows[1], sums={"cost_usd": Sums(unknown=1)}))
    waste = analyse(replace(facts, efforts=unknown), lock).agents[0].waste
    assert waste is not None
    assert (waste.unsolved_usd, waste.share_unsolved, waste.unknown) == (None, None, 1)


def test_sums_add_up() -> None:
    whole = added([sums([1.0, 2.0]), None, sums([6.0, None])])
    assert (whole.n, whole.total, whole.least, whole.most, whole.unknown) == (3, 9.0, 1.0, 6.0, 1)
