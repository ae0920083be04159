"""Statistics for few, clustered, expensive measurements. Needs numpy only; imports nothing of Assay.

The task is the unit of inference: repeats are averaged inside a task, arms are compared on the same tasks.
``docs/statistics.md`` says which question each function answers and how often each is wrong.
"""

from __future__ import annotations

from assay.stats.bounded import gaffke_bounds, gaffke_p
from assay.stats.comparisons import (
    compare_like,
    compare_like_p,
    compare_these,
    mean_these,
    pooled_run_p,
    welch,
    welch_p,
)
from assay.stats.distributions import (
    beta_cdf,
    beta_quantile,
    log_beta,
    noncentral_t_beyond,
    normal_cdf,
    normal_quantile,
    student_t_cdf,
    student_t_quantile,
    student_t_tails,
)
from assay.stats.families import holm, rank_intervals, tie_groups
from assay.stats.intervals import (
    Interval,
    ci_t,
    fewest_tasks,
    mean,
    minimum_p,
    p_above,
    p_below,
    sd,
    skewness,
    task_p,
    task_t,
)
from assay.stats.power import detectable, difference_sd, more_tasks, more_tasks_for_margin, n_for, power, sd_for
from assay.stats.proportions import (
    bonett_price,
    clopper_pearson,
    effective_n,
    mcnemar_p,
    rate_like,
    sign_flip_p,
    sign_test,
    wilson,
    zero_failures_n,
)
from assay.stats.ratios import cost_per_solved
from assay.stats.trend import Trend, trend

__all__ = [
    "Interval",
    "Trend",
    "beta_cdf",
    "beta_quantile",
    "bonett_price",
    "ci_t",
    "clopper_pearson",
    "compare_like",
    "compare_like_p",
    "compare_these",
    "cost_per_solved",
    "detectable",
    "difference_sd",
    "effective_n",
    "fewest_tasks",
    "gaffke_bounds",
    "gaffke_p",
    "holm",
    "log_beta",
    "mcnemar_p",
    "mean",
    "mean_these",
    "minimum_p",
    "more_tasks",
    "more_tasks_for_margin",
    "n_for",
    "noncentral_t_beyond",
    "normal_cdf",
    "normal_quantile",
    "p_above",
    "p_below",
    "pooled_run_p",
    "power",
    "rank_intervals",
    "rate_like",
    "sd",
    "sd_for",
    "sign_flip_p",
    "sign_test",
    "skewness",
    "student_t_cdf",
    "student_t_quantile",
    "student_t_tails",
    "task_p",
    "task_t",
    "tie_groups",
    "trend",
    "welch",
    "welch_p",
    "wilson",
    "zero_failures_n",
]
