"""What the report stands on: predictions, controls, anchors, limits, disclosures, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.evidence.facts import Anchor
from assay.report.document import Block, Bullets, Cell, Column, Prose, Section, Table
from assay.report.material import Material
from assay.report.numbers import MISSING, SHARES, UNKNOWN, count, decimal, moment, places_of, plural

HELD = {True: "✓ held", False: "✗ did not hold", None: "? cannot be told"}


def predictions_section(made: Material) -> Section:
    """What was predicted before the first claim, and what came."""
    rows = made.analysis.predictions
    if not rows:
        return Section("predictions", "Predictions", (Prose("None were declared before the run."),))
    columns = tuple(Column(title, numeric=False) for title in ("Kind", "Subject", "Predicted", "Observed", "Held"))
    cells = tuple(
        (
            Cell(row.kind),
            Cell(made.name(row.subject), tone="name"),
            Cell(row.predicted),
            Cell(row.observed),
            Cell(HELD[row.held], tone="missing" if row.held is None else "strong"),
        )
        for row in rows
    )
    held = sum(row.held is True for row in rows)
    identity = made.lock.prediction_id or "no id"
    note = f"{held} of {len(rows)} held. Fixed before the first trial, {moment(made.lock.created)}, as {identity}."
    return Section(
        "predictions",
        "Predictions",
        (Table("predictions", "Predicted and observed", columns, cells, note=note, cards=True),),
    )


def controls_section(made: Material) -> Section:
    """Controls of the experiment, and what the scorers give to known answers."""
    blocks: list[Block] = [Bullets(made.analysis.controls, empty="No control arm was declared.", title="Controls")]
    anchors = made.facts.anchors
    if anchors:
        blocks.append(_anchors(made, anchors))
        surprises = tuple(_surprises(made, anchors))
        blocks.append(
            Bullets(surprises, empty="Every anchor came out as it should.", title="Surprises among the anchors")
        )
    else:
        blocks.append(
            Prose(
                "No anchors were scored: nothing shows what a perfect or an empty answer would have got.",
                tone="missing",
            )
        )
    return Section("controls", "Controls and anchors", tuple(blocks))


def _anchors(made: Material, anchors: tuple[Anchor, ...]) -> Table:
    weighted = sorted(made.lock.weights)
    metrics = [m for m in ("score", *weighted) if any(m in anchor.metrics for anchor in anchors)]
    order = {"reference": 0, "start": 1, "empty": 2}
    kinds = sorted({anchor.anchor for anchor in anchors}, key=lambda kind: (order.get(kind, 3), kind))
    columns = (
        Column("Anchor", numeric=False),
        Column("Solved"),
        *(Column(f"Mean {metric}", hint="0 to 1" if metric in SHARES else "0 to 100") for metric in metrics),
    )
    rows = []
    for kind in kinds:
        mine = [anchor for anchor in anchors if anchor.anchor == kind]
        known = [anchor for anchor in mine if anchor.solved is not None]
        cells = [_mean([anchor.metrics.get(metric) for anchor in mine], places_of(metric)) for metric in metrics]
        solved = sum(anchor.solved is True for anchor in known)
        rows.append((Cell(kind, tone="name"), Cell(f"{count(solved)} of {plural(len(known), 'task')}"), *cells))
    return Table(
        "anchors",
        "Anchors",
        columns,
        tuple(rows),
        note="Known answers through the same scorers: the reference solution, the untouched start, an empty answer.",
        cards=True,
    )


def _mean(values: list[float | None], places: int) -> Cell:
    known = [value for value in values if value is not None]
    if not known:
        return Cell(MISSING, title="not measured", tone="missing")
    text = decimal(sum(known) / len(known), places)
    return Cell(text, "" if len(known) == len(values) else f"{len(known)} of {len(values)} known")


def _surprises(made: Material, anchors: tuple[Anchor, ...]) -> Iterator[str]:
    starts = {task.id for task in made.lock.tasks if task.expects_start_to_pass}
    for anchor in anchors:
        if anchor.solved is None:
            yield f"{anchor.task}: the {anchor.anchor} anchor has no verdict"
        elif anchor.anchor == "reference" and not anchor.solved:
            yield f"{anchor.task}: its reference solution does not pass"
        elif anchor.anchor == "empty" and anchor.solved:
            yield f"{anchor.task}: an empty answer passes"
        elif anchor.anchor == "start" and anchor.solved and anchor.task not in starts:
            yield f"{anchor.task}: the untouched start passes"


def limitations_section(made: Material) -> Section:
    """Written from the data by the analysis."""
    items = made.analysis.limitations
    return Section(
        "limitations", "Limitations", (Bullets(items, empty="None were found in the data; that is not a proof."),)
    )


def disclosures_section(made: Material) -> Section:
    """Each a line, ``none declared`` included."""
    items = made.analysis.disclosures
    return Section("disclosures", "Disclosures", (Bullets(items, empty="None declared."),))


def provenance_section(made: Material) -> Section:
    """Enough to find the run again and to repeat it."""
    lock = made.lock
    rows = [
        ("run", lock.run_id),
        ("started", moment(lock.created)),
        ("lock", made.lock_id),
        ("experiment", lock.experiment_id),
        ("predictions", lock.prediction_id or "none"),
        ("seed", str(lock.seed)),
        (
            "design",
            " \N{MULTIPLICATION SIGN} ".join(
                (
                    plural(len(lock.arms), "arm"),
                    plural(len(lock.tasks), "task"),
                    plural(lock.repetitions, "repetition"),
                )
            ),
        ),
        ("primary measure", made.analysis.primary),
        ("grain of the facts", made.facts.grain),
        ("providers", ", ".join(sorted(lock.providers)) or "none"),
        *_flat(lock.machine),
    ]
    columns = (Column("What", numeric=False), Column("Value", numeric=False))
    table = Table(
        "provenance", "This run", columns, tuple((Cell(key, tone="name"), Cell(value)) for key, value in rows)
    )
    return Section("provenance", "Provenance", (table, _arms(made), _prices(made)))


def _flat(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in sorted(value):
        yield key.replace("_", " "), _said(value[key])


def _said(value: Any) -> str:
    """Any plain value on one line."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(value[key])}" for key in sorted(value)) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value)) or "none"
    return str(value)


def _arms(made: Material) -> Table:
    heads = ("Arm", "Id", "Agent", "Provider", "Model", "Variant", "Profile", "Settings")
    columns = tuple(Column(title, numeric=False) for title in heads)
    rows = tuple(
        (
            Cell(made.names.get(arm.id, arm.label), tone="name"),
            Cell(arm.id),
            Cell(f"{arm.agent} {arm.agent_version}"),
            Cell(arm.provider),
            Cell(arm.model),
            Cell(arm.names.get("variant", MISSING)),
            Cell(arm.names.get("profile", MISSING)),
            Cell(", ".join(f"{key}: {value}" for key, value in _flat(arm.settings)) or "defaults"),
        )
        for arm in made.lock.arms
    )
    return Table("identities", "Arms as locked", columns, rows, folded=True)


def _prices(made: Material) -> Table:
    kinds = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
    columns = (
        Column("Model", numeric=False),
        Column("Provider", numeric=False),
        *(Column(kind.replace("_", " ")) for kind in kinds),
        Column("Source", numeric=False),
        Column("As of", numeric=False),
    )
    rows = tuple(
        (
            Cell(str(price.get("model", UNKNOWN)), tone="name"),
            Cell(str(price.get("provider", UNKNOWN))),
            *(_rate(price.get(kind)) for kind in kinds),
            Cell(str(price.get("source") or UNKNOWN)),
            Cell(str(price.get("as_of") or UNKNOWN)),
        )
        for price in made.prices()
    )
    note = "USD per million tokens, frozen when the run first met a model. A kind without a rate is unknown, not free."
    note = note if rows else "No price was met or frozen."
    return Table("prices", "Prices", columns, rows, note=note, cards=True)


def _rate(nano_usd_per_token: object) -> Cell:
    """Nano-USD a token are thousandths of a USD a million."""
    if not isinstance(nano_usd_per_token, int | float):
        return Cell(UNKNOWN, tone="missing")
    return Cell(f"${nano_usd_per_token / 1000:,.3f}")
