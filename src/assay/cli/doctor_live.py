"""``assay doctor --live``: one smallest real call per provider with a key, and a transcript without secrets."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from assay import __version__
from assay.cli.output import counted, page, print_json, table, usd
from assay.experiment.endpoints import resolve_model
from assay.providers import KNOWN, Provider
from assay.records import NANO
from assay.run.live import LiveCall, NotTried, live_calls
from assay.run.trying import PROPOSED


def live(
    models: Sequence[str],
    out: Path | None,
    *,
    as_json: bool,
    providers: Mapping[str, Provider] = KNOWN,
    environ: Mapping[str, str] = os.environ,
) -> bool:
    """Call, write the transcript, say what came; True when something was tried and all of it answered."""
    made, left = asyncio.run(live_calls(providers, _models(models, providers), environ))
    path = out or Path(time.strftime("doctor-live-%Y%m%d-%H%M%S.json", time.gmtime()))
    good = bool(made) and all(one.probe.ok for one in made)
    data = {
        "assay": __version__,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "ok": good,
        "calls": [one.to_json() for one in made],
        "not_tried": [one.to_json() for one in left],
    }
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if as_json:
        print_json({**data, "transcript": str(path)})
    else:
        _print(made, left, path)
    return good


def _models(named: Sequence[str], providers: Mapping[str, Provider]) -> dict[str, tuple[str, ...]]:
    """Return what to call at each provider: the named models, else the cheapest proposed one."""
    wanted: dict[str, tuple[str, ...]] = {}
    for text in named or [models[-1] for name, models in PROPOSED.items() if name in providers]:
        provider, model = resolve_model(text, providers)
        wanted[provider] = (*wanted.get(provider, ()), model)
    return wanted


def _print(made: Sequence[LiveCall], left: Sequence[NotTried], path: Path) -> None:
    console = page()
    shown = table(["provider", "model", "dialect", "answer", "cost"])
    for one in made:
        probe = one.probe
        said = f"ok, as {probe.served}" if probe.ok else f"{probe.status}: {probe.error}. {probe.remedy}"
        cost = None if probe.cost is None else probe.cost / NANO
        shown.add_row(probe.provider, probe.model, probe.dialect.value, said, usd(cost))
    if made:
        console.print(shown)
    for nothing in left:
        console.print(f"not tried: {nothing.provider}: {nothing.reason}")
    failed = sum(not one.probe.ok for one in made)
    said = f"{counted(len(made), 'call')}, {failed} failed" if made else "nothing was tried: no key is set"
    console.print(f"{said}. Transcript, without keys and accounts: {path}", style="bold")
