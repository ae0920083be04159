"""One tiny call per model at the start of a run: a wrong key, id or address is said before anything is spent."""

from __future__ import annotations

from itertools import count

from assay.errors import CredentialError, RunError
from assay.gateway.probe import Probe, probe_model
from assay.ledger.base import Ledger
from assay.providers import SUBSCRIPTION
from assay.records import Attempt, Dialect, Ended, Outcome, OwnerKind
from assay.run.opening import Run
from assay.run.services import Services, route

PROBE_TTL_S = 120.0


async def probe_models(run: Run, services: Services) -> None:
    """Call every model of the run once, unless it answered in an earlier session.

    A probe is a work item like any other: claimed, metered, settled. Raises ``RunError`` (or ``CredentialError``)
    naming the model and the remedy when one does not answer.
    """
    wanted = {}
    for arm in run.lock.arms:
        way = route(arm, services.providers)
        for upstream in way.upstreams.values():
            if way.dialect is not None:
                wanted[upstream.provider.name, upstream.model, way.dialect] = upstream
    for (name, model, dialect), upstream in sorted(wanted.items()):
        services.gateway.link(upstream.provider)  # a missing key is said as such, before anything is claimed
        if upstream.provider.billing == SUBSCRIPTION:
            continue  # a log-in answers its own client only
        attempt = await _claim(run.ledger, f"{name}/{model}/{dialect.value}", services.worker)
        if attempt is None:
            continue
        folder = run.folder.probe(attempt.id)
        folder.mkdir(parents=True, exist_ok=True)
        probe = await probe_model(services.gateway, upstream.provider, model, dialect, folder=folder)
        await _settle(run.ledger, attempt, probe, simulated=upstream.provider.simulated)
        _refuse(probe, model, name, dialect)


async def _claim(ledger: Ledger, name: str, worker: str) -> Attempt | None:
    """Claim the probe of a model; None when it answered before. One that failed for good is asked as a new item."""
    for number in count():
        owner = f"{name}#{number}" if number else name
        await ledger.open_item(OwnerKind.PROBE, owner)
        attempt = await ledger.claim(owner, worker, PROBE_TTL_S, kind=OwnerKind.PROBE)
        if attempt is not None:
            return attempt
        latest = await ledger.latest_attempt(OwnerKind.PROBE, owner)
        if latest is None or latest.ended is None or not latest.ended.is_ours:
            return None
    return None


async def _settle(ledger: Ledger, attempt: Attempt, probe: Probe, *, simulated: bool) -> None:
    """Keep what was seen; a probe that failed stays owed, so that the next session asks again."""
    ended = Ended.COMPLETED if probe.ok else Ended.PROVIDER_ERROR
    await ledger.settle(attempt, Outcome(ended, probe.error, probe.cost, probe.cost is None, simulated))
    await ledger.note("probe", probe.to_json())


def _refuse(probe: Probe, model: str, provider: str, dialect: Dialect) -> None:
    if probe.ok:
        return
    what = f"model '{model}' at provider '{provider}' does not answer ({dialect.value}): {probe.error}"
    kind = CredentialError if probe.status in {401, 403} else RunError
    raise kind(what, remedy=probe.remedy)
