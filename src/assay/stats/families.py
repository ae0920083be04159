"""Many claims at once: Holm's correction, rank intervals and tie groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return Holm's adjusted p values (1979) in the given order.

    A claim without a p value still belongs to the family: it counts in the correction, and stays None.
    """
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, index) in enumerate(known):
        running = max(running, min(1.0, p * (len(p_values) - rank)))
        adjusted[index] = running
    return tuple(adjusted)


def rank_intervals(better: npt.ArrayLike) -> tuple[tuple[int, int], ...]:
    """Return (lowest, highest) possible rank of each arm (after Mogstad et al. 2024); 1 is best.

    ``better[i, j]`` says that arm i is significantly better than arm j after correction.
    """
    wins = np.asarray(better, dtype=bool)
    count = len(wins)
    return tuple((1 + int(wins[:, i].sum()), count - int(wins[i].sum())) for i in range(count))


def tie_groups(different: npt.ArrayLike, order: Sequence[int]) -> tuple[str, ...]:
    """Return compact letters (Piepho 2004, insert and absorb): arms that share a letter are not separable.

    ``different[i, j]`` is symmetric. ``order`` lists the arms from best to worst, so that the best hold ``a``.
    """
    apart = np.asarray(different, dtype=bool)
    groups: list[frozenset[int]] = [frozenset(range(len(apart)))] if len(apart) else []
    for i, j in zip(*np.nonzero(np.triu(apart, 1)), strict=True):
        split = [part for group in groups for part in _split(group, int(i), int(j))]
        groups = [part for part in dict.fromkeys(split) if not any(part < other for other in split)]
    place = {arm: position for position, arm in enumerate(order)}
    groups.sort(key=lambda group: sorted(place[arm] for arm in group))
    letters = [_letter(index) for index in range(len(groups))]
    return tuple(
        "".join(letter for letter, group in zip(letters, groups, strict=True) if arm in group)
        for arm in range(len(apart))
    )


def _split(group: frozenset[int], i: int, j: int) -> tuple[frozenset[int], ...]:
    return (group - {i}, group - {j}) if {i, j} <= group else (group,)


def _letter(index: int) -> str:
    """A, ..., z, then aa-like pairs; two-character letters end in a digit so that strings stay readable."""
    cycle, place = divmod(index, 26)
    return chr(ord("a") + place) + (str(cycle) if cycle else "")
