"""What a first try proposes and how much of a suite fits its money."""

import pytest

from assay.errors import InputError
from assay.experiment.endpoints import resolve_model
from assay.experiment.load import experiment_from
from assay.prices import PriceBook
from assay.providers import KNOWN
from assay.run.design import resolve
from assay.run.trying import PROPOSED, fit, keys_found, proposed, spread

PRICED = {"corp": {"base_url": "http://127.0.0.1:9", "key": "none", "price": {"input": 1, "output": 5}}}


def test_every_proposal_has_a_published_price() -> None:
    pairs = [resolve_model(model, KNOWN) for models in PROPOSED.values() for model in models]
    prices = PriceBook().resolve_all([(KNOWN[provider], model) for provider, model in pairs])
    assert [pair for pair, price in zip(pairs, prices, strict=True) if price is None] == []


def test_keys_decide_what_is_proposed() -> None:
    assert keys_found({"OPENAI_API_KEY": "k", "GEMINI_API_KEY": " "}) == ("openai",)
    assert proposed(("openai",)) == PROPOSED["openai"]
    assert proposed(("anthropic", "openai")) == (PROPOSED["anthropic"][0], PROPOSED["openai"][0])
    assert all(model.startswith("lab/") for model in proposed(()))


def test_more_money_buys_more_tasks_then_repetitions() -> None:
    experiment = experiment_from(suite="focused", models=["corp/m"], providers=PRICED)
    few, more = fit(experiment, 0.3), fit(experiment, 2.0)
    assert 0 < len(few.tasks) < len(more.tasks)
    assert few.tasks == more.tasks[: len(few.tasks)]
    assert "guess stays below $0.3" in few.why
    with pytest.raises(InputError, match="not even one task fits"):
        fit(experiment, 0.0001)


def test_the_first_few_tasks_are_spread() -> None:
    tasks = resolve(experiment_from(suite="focused", models=["lab/swift"])).tasks
    first = spread(tasks)[:8]
    assert len({task.type for task in first}) == 4
    assert len({task.difficulty for task in first}) > 1
    assert {task.id for task in spread(tasks)} == {task.id for task in tasks}
