"""Parcels and the rates of our carrier. Whole numbers only: money in cents, weight in grams, length in millimetres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

BASE = {"domestic": 390, "near": 890, "far": 1690}
PER_KG = {"domestic": 55, "near": 120, "far": 310}
HEAVIEST = 31_500
GRAMS_PER_KG = 1_000
VOLUME_PER_GRAM = 5_000
FUEL_PER_MILLE = 75
INSURANCE_PERCENT = 2
INSURANCE_LEAST = 150


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


def quote(parcels: Sequence[Parcel], zone: str, insured: bool = False) -> int:
    """Return the price of a shipment in cents."""
    if not parcels:
        raise ParcelError("Nothing to send")
    if zone not in BASE:
        raise ParcelError(f"Unknown zone: {zone}")
    total = 0
    for index, parcel in enumerate(parcels):
        if parcel.weight > HEAVIEST:
            raise ParcelError(f"parcel {index + 1} is too heavy: {parcel.weight} g")
        total += BASE[zone] + PER_KG[zone] * math.ceil(parcel.billed_weight / GRAMS_PER_KG)
    price = total * (1 + FUEL_PER_MILLE / 1000)
    if insured:
        price += max(total * INSURANCE_PERCENT / 100, INSURANCE_LEAST)
    return round(price)


def split_cost(cost: int, weights: Sequence[int]) -> list[int]:
    """Divide a cost in proportion to the weights."""
    total = sum(weights)
    if total == 0:
        raise ParcelError("No weight to share by")
    parts = [cost * weight // total for weight in weights]
    parts[0] += cost - sum(parts)
    return parts
