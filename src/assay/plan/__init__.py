"""The plan: which trials there are, in what order, and what they can show and may cost."""

from assay.plan.selection import Selection, choose, matches_arm
from assay.plan.sentinels import Sentinels, chosen_sentinels, is_sentinel
from assay.plan.spend import LAB_TIME_SCALE, Range
from assay.plan.summary import PlanSummary, Prospects, Surroundings, compared_arms, describe_plan
from assay.plan.trials import make_plan

__all__ = [
    "LAB_TIME_SCALE",
    "PlanSummary",
    "Prospects",
    "Range",
    "Selection",
    "Sentinels",
    "Surroundings",
    "choose",
    "chosen_sentinels",
    "compared_arms",
    "describe_plan",
    "is_sentinel",
    "make_plan",
    "matches_arm",
]
