"""What can go wrong between an agent and a model, on request.

A request names faults by the arm's setting ``lab_fault`` or by the model id's end (``swift!429``): one name
(``429``), a chance (``429@0.1``), several (``429@0.1,cut@0.05``), or the same as a mapping. ``-once`` behind a
name means: only the first request of each trial in this process. Chances are drawn from seed and trial.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from assay.errors import InputError
from assay.identity import Json
from assay.lab.draws import uniform
from assay.names import suggestion

_ONCE = "-once"


class Fault(StrEnum):
    """One way to fail. The first four are HTTP statuses."""

    BAD_REQUEST = "400"
    TOO_MANY_REQUESTS = "429"
    SERVER_ERROR = "500"
    OVERLOADED = "529"
    CUT = "cut"
    SLOW = "slow"
    HANG = "hang"
    REFUSAL = "refusal"
    ENDLESS = "endless"
    WRONG_USAGE = "wrong_usage"
    NO_USAGE = "no_usage"
    MALFORMED = "malformed"
    ASKS = "asks"

    @property
    def status(self) -> int | None:
        """The HTTP status of those that are one."""
        return int(self) if self.isdigit() else None


@dataclass(frozen=True, slots=True)
class Chance:
    """A fault and how likely it is for a trial; ``once`` spares all but the trial's first request."""

    fault: Fault
    probability: float = 1.0
    once: bool = False


def parse_faults(value: Json) -> tuple[Chance, ...]:
    """Read a fault setting; nothing, ``None`` and ``""`` mean no fault. Raises ``InputError``."""
    if isinstance(value, str) and value.startswith(("{", '"', "[")):
        try:
            value = json.loads(value)
        except ValueError:
            raise InputError(f"lab fault {value!r} is not readable") from None
    if not value:
        return ()
    if isinstance(value, Mapping):
        chances = tuple(_chance(name, share) for name, share in value.items())
    else:
        parts = [part.strip().partition("@") for part in str(value).split(",")]
        chances = tuple(_chance(name, share if at else 1.0) for name, at, share in parts)
    if sum(chance.probability for chance in chances) > 1 + 1e-9:
        raise InputError(f"lab faults {value!r} are likelier than 1 together")
    return chances


def drawn(chances: tuple[Chance, ...], seed: int, trial: str) -> Chance | None:
    """Return the fault that befalls this trial, if any: the same one at every attempt."""
    at = uniform(seed, trial, "fault")
    for chance in chances:
        at -= chance.probability
        if at < 0:
            return chance
    return None


def _chance(name: str, share: Json) -> Chance:
    bare = name.strip().removesuffix(_ONCE)
    try:
        probability = float(str(share))
    except ValueError:
        probability = -1.0
    if not 0 <= probability <= 1:
        raise InputError(f"lab fault '{name}' needs a chance between 0 and 1, not {share!r}")
    if bare not in set(Fault):
        raise InputError(f"lab fault '{bare}' is not known", remedy=suggestion(bare, Fault))
    return Chance(Fault(bare), probability, once=name.strip().endswith(_ONCE))
