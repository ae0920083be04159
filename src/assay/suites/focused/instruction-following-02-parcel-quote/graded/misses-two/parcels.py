"""Parcels and the rates of our carrier. Whole numbers only: money in cents, weight in grams, length in millimetres."""

from __future__ import annotations

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


def quote(parcels: Sequence[Parcel], *, zone: str, insured: bool = False) -> int:
    """Return the price of a shipment in cents."""
    _check(parcels, zone)
    freight = sum(BASE[zone] + PER_KG[zone] * _ceil_div(parcel.billed_weight, GRAMS_PER_KG) for parcel in parcels)
    surcharge = int(freight * FUEL_PER_MILLE / 1000 + 0.5)
    if not insured:
        return freight + surcharge
    return freight + surcharge + max(_ceil_div(freight * INSURANCE_PERCENT, 100), INSURANCE_LEAST * len(parcels))


def split_cost(cost: int, *, weights: Sequence[int]) -> list[int]:
    """Divide a cost among receivers in proportion to their weights."""
    total = sum(weights)
    if not total:
        raise ParcelError("No weight to share by")
    parts = [cost * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: cost * weights[i] % total, reverse=True)
    for i in order[: cost - sum(parts)]:
        parts[i] += 1
    return parts


def _check(parcels: Sequence[Parcel], zone: str) -> None:
    """Raise ``ParcelError`` if the shipment cannot be sent."""
    if not parcels:
        raise ParcelError("nothing to send")
    if zone not in BASE:
        raise ParcelError(f"unknown zone: {zone}")
    for number, parcel in enumerate(parcels, start=1):
        if parcel.weight > HEAVIEST:
            raise ParcelError(f"parcel {number} is too heavy: {parcel.weight} g")


def _ceil_div(number: int, divisor: int) -> int:
    return -(-number // divisor)
