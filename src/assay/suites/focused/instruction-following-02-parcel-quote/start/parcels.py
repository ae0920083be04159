"""Parcels and the rates of our carrier. Whole numbers only: money in cents, weight in grams, length in millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BASE = {"domestic": 390, "near": 890, "far": 1690}
PER_KG = {"domestic": 55, "near": 120, "far": 310}
HEAVIEST = 31_500
GRAMS_PER_KG = 1_000
VOLUME_PER_GRAM = 5_000


class ParcelError(ValueError):
    """A shipment that the carrier does not take, or a cost that cannot be divided."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel."""

    weight: int
    length: int
    width: int
    height: int

    @property
    def volume_weight(self) -> int:
        """Grams that are charged for its size, rounded up."""
        volume = self.length * self.width * self.height
        return -(-volume // VOLUME_PER_GRAM)

    @property
    def billed_weight(self) -> int:
        """Grams that are charged: the larger one of weight and volume weight."""
        return max(self.weight, self.volume_weight)


def total_weight(parcels: Sequence[Parcel]) -> int:
    """Return the grams of all parcels together."""
    return sum(parcel.weight for parcel in parcels)
