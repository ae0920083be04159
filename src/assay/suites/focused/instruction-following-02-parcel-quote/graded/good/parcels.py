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
    """Return the price of a shipment in cents.

    Args:
        parcels: The parcels to send.
        zone: Where they go.
        insured: Whether they are insured.

    Returns:
        The price in cents.
    """
    if not parcels:
        raise ParcelError("nothing to send")
    if zone not in BASE or zone not in PER_KG:
        raise ParcelError(f"unknown zone: {zone}")
    for number, parcel in enumerate(parcels, start=1):
        if parcel.weight > HEAVIEST:
            raise ParcelError(f"parcel {number} is too heavy: {parcel.weight} g")
    subtotal = 0
    for parcel in parcels:
        kilograms = (parcel.billed_weight + GRAMS_PER_KG - 1) // GRAMS_PER_KG
        subtotal += BASE[zone] + PER_KG[zone] * kilograms
    surcharge = (subtotal * FUEL_PER_MILLE + 500) // 1000
    insurance = 0
    if insured:
        insurance = (subtotal * INSURANCE_PERCENT + 99) // 100
        insurance = max(insurance, INSURANCE_LEAST * len(parcels))
    return subtotal + surcharge + insurance


def split_cost(cost: int, *, weights: Sequence[int]) -> list[int]:
    """Divide a cost in proportion to the weights.

    Args:
        cost: The cost in cents.
        weights: One weight for each receiver.

    Returns:
        The parts in cents, in the order of the weights.
    """
    total = sum(weights)
    if not weights or total == 0:
        raise ParcelError("no weight to share by")
    parts = []
    remainders = []
    for index, weight in enumerate(weights):
        part, remainder = divmod(cost * weight, total)
        parts.append(part)
        remainders.append((-remainder, index))
    missing = cost - sum(parts)
    for _, index in sorted(remainders)[:missing]:
        parts[index] += 1
    return parts
