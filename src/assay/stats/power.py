"""What a design can detect: exact power of t tests by the noncentral t."""

from __future__ import annotations

import math

from assay.stats.distributions import noncentral_t_beyond, normal_quantile, student_t_quantile

ALPHA = 0.05
POWER = 0.8
MOST_TASKS = 1_000_000


def power(n: int, delta: float, sd: float, *, paired: bool = False, alpha: float = ALPHA) -> float | None:
    """Return the power of a two-sided t test: n per arm, or n pairs with ``sd`` of differences. None below n = 2."""
    if n <= 1 or sd <= 0:
        return None
    df = n - 1.0 if paired else 2.0 * n - 2.0
    shift = abs(delta) / sd * math.sqrt(n if paired else n / 2)
    return noncentral_t_beyond(student_t_quantile(1 - alpha / 2, df), df, shift)


def n_for(delta: float, sd: float, *, paired: bool = False, alpha: float = ALPHA, target: float = POWER) -> int | None:
    """Return the smallest n (per arm, or pairs) that detects ``delta`` with power ``target``.

    None when it cannot be known (no difference, no spread) or exceeds a million.
    """
    if delta == 0 or sd <= 0 or not math.isfinite(delta / sd):
        return None
    z = normal_quantile(1 - alpha / 2) + normal_quantile(target)
    guess = z * z * (1 if paired else 2) * (sd / delta) ** 2
    if guess > MOST_TASKS:
        return None
    n = max(2, math.floor(guess))
    while n > 2 and (power(n - 1, delta, sd, paired=paired, alpha=alpha) or 0.0) >= target:  # noqa: PLR2004  # least n
        n -= 1
    while (power(n, delta, sd, paired=paired, alpha=alpha) or 0.0) < target:
        n += 1
    return n


def sd_for(n: int, delta: float, *, paired: bool = False, alpha: float = ALPHA, target: float = POWER) -> float | None:
    """Return the largest sd at which n detects ``delta`` with power ``target``; None below n = 2."""
    ratio = detectable(n, 1.0, paired=paired, alpha=alpha, target=target)
    return None if ratio is None else abs(delta) / ratio


def detectable(n: int, sd: float, *, paired: bool = False, alpha: float = ALPHA, target: float = POWER) -> float | None:
    """Return the smallest difference that n (per arm, or pairs) detects with power ``target``; None below n = 2."""
    if n <= 1 or sd <= 0:
        return None
    low, high = 0.0, sd
    while (power(n, high, sd, paired=paired, alpha=alpha) or 0.0) < target:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2
        if (power(n, middle, sd, paired=paired, alpha=alpha) or 0.0) < target:
            low = middle
        else:
            high = middle
    return high


def difference_sd(task_sd: float, run_sd_a: float, run_sd_b: float, reps: int) -> float:
    """Return the sd of a paired task difference: ``sqrt(omega^2 + (sigma_A^2 + sigma_B^2)/k)`` (Miller 2024)."""
    return math.sqrt(task_sd**2 + (run_sd_a**2 + run_sd_b**2) / reps)


def more_tasks(
    difference: float, sd: float, n: int, *, alpha: float = ALPHA, target: float = POWER, sides: int = 2
) -> int | None:
    """Return how many further tasks would show ``difference`` from zero; None when that cannot be known.

    ``n = (z(a) + z(b))^2 (sd/difference)^2 + z(a)^2/2`` (Guenther 1981), within one of ``n_for``. At least 1: what n
    tasks have not shown was not settled by them.
    """
    if difference == 0 or sd <= 0 or not math.isfinite(sd / difference):
        return None
    first = normal_quantile(1 - alpha / sides)
    needed = (first + normal_quantile(target)) ** 2 * (sd / difference) ** 2 + first**2 / 2
    return None if needed > MOST_TASKS else max(1, math.ceil(needed) - n)


def more_tasks_for_margin(difference: float, sd: float, n: int, margin: float, *, alpha: float = ALPHA) -> int | None:
    """Return how many further tasks would show that the difference lies above ``-margin`` (one-sided, 80% power)."""
    return more_tasks(difference + margin, sd, n, alpha=alpha, sides=1) if difference + margin > 0 else None
