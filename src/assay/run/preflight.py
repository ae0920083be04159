"""What can be refused before a run folder is made: a selection that fits nothing, a missing key, an unpriced model."""

from __future__ import annotations

from assay.gateway.base import Upstream
from assay.gateway.meter import check_budget
from assay.plan import choose, make_plan
from assay.prices import PriceBook
from assay.records import NANO
from assay.run.accounts import check_accounts
from assay.run.design import Design
from assay.run.driver import DriveOptions


def preflight(design: Design, options: DriveOptions) -> PriceBook:
    """Check what costs nothing to check; return the price book that looked the models up.

    Raises ``InputError`` for a selection that fits nothing or accounts that are mixed, ``CredentialError`` for a key
    that is missing or cannot be read, ``PriceError`` for a cost limit that cannot be kept.
    """
    reps = design.experiment.reps
    trials = make_plan(design.arms, design.tasks, reps, design.experiment.seed, "preflight", without=design.without)
    choose(trials, design.arms, options.selection)
    upstreams = [Upstream(design.providers[arm.provider], arm.model) for arm in design.arms if arm.model]
    check_accounts(design)
    book = PriceBook()
    cap = None if options.max_cost is None else round(options.max_cost * NANO)
    check_budget(upstreams, book, max_cost=cap, token_cap=design.experiment.limits.tokens)
    return book
