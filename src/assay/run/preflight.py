"""What can be refused before a run folder is made: a selection that fits nothing, a missing key, an unpriced model."""

from __future__ import annotations

from assay.experiment.arm_models import all_models
from assay.gateway.base import Upstream
from assay.gateway.meter import check_budget
from assay.plan import choose
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
    choose(design.trials("preflight"), design.arms, options.selection)
    upstreams = [Upstream(design.providers[name], model) for name, model in all_models(design.arms)]
    if options.replay is None:
        check_accounts(design)
    book = PriceBook()
    cap = None if options.max_cost is None else round(options.max_cost * NANO)
    check_budget(upstreams, book, max_cost=cap, token_cap=design.experiment.limits.tokens)
    return book
