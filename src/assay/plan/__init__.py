"""The plan: which trials there are, in what order, and what they can show and may cost."""

from assay.plan.trials import Selection, choose, make_plan, matches_arm

__all__ = ["Selection", "choose", "make_plan", "matches_arm"]
