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
    """quote"""
    n = 0
    for p in parcels:
        n = n + 1
    if n == 0:
        raise ParcelError("nothing to send")
    if not zone in BASE.keys() or not zone in PER_KG.keys():
        raise ParcelError("unknown zone: " + str(zone))
    i = 1
    for p in parcels:
        if p.weight > HEAVIEST:
            raise ParcelError("parcel {} is too heavy: {} g".format(i, p.weight))
        i = i + 1
    sum = 0
    for p in parcels:
        w = p.billed_weight
        k = w // GRAMS_PER_KG
        if w % GRAMS_PER_KG != 0:
            k = k + 1
        sum = sum + BASE[zone] + k * PER_KG[zone]
    f = sum * FUEL_PER_MILLE
    fuel = f // 1000
    if f % 1000 >= 500:
        fuel = fuel + 1
    ins = 0
    if insured == True:
        x = sum * INSURANCE_PERCENT
        if x % 100 == 0:
            ins = x // 100
        else:
            ins = x // 100 + 1
        if ins < INSURANCE_LEAST * n:
            ins = INSURANCE_LEAST * n
        else:
            pass
    return sum + fuel + ins


def split_cost(cost: int, *, weights: Sequence[int]) -> list[int]:
    """split"""
    sum = 0
    for w in weights:
        sum = sum + w
    if len(weights) == 0 or sum == 0:
        raise ParcelError("no weight to share by")
    else:
        l = []
        r = []
        for w in weights:
            l.append(cost * w // sum)
            r.append(cost * w % sum)
        rest = cost
        for x in l:
            rest = rest - x
        while rest > 0:
            best = -1
            for i in range(0, len(r)):
                if best == -1 or r[i] > r[best]:
                    best = i
            l[best] = l[best] + 1
            r[best] = -1
            rest = rest - 1
        return l
