"""The plan: which trials there are, in what order, and what they can show and may cost."""

from assay.plan.selection import Selection, choose, matches_arm
from assay.plan.spend import LAB_TIME_SCALE, Range
from assay.plan.summary import PlanSummary, Prospects, Surroundings, compared_arms, describe_plan
from assay.plan.trials import make_plan

__all__ = [
    "LAB_TIME_SCALE",
    "PlanSummary",
    "Prospects",
    "Range",
    "Selection",
    "Surroundings",
    "choose",
    "compared_arms",
    "describe_plan",
    "make_plan",
    "matches_arm",
]
