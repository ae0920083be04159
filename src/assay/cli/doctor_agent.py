"""``assay doctor --agent NAME``: does the installed version do what is believed of it?"""

from __future__ import annotations

import asyncio
import textwrap

from rich.console import Console

from assay.cli.output import counted, page, print_json, table
from assay.evidence.measures import MEASURES
from assay.run.selftest import SelfTest, self_test

_WIDTH = 74  # the page fits 100 columns, also where it is no terminal's

_ATTRIBUTION = {
    "attributed": "their requests are told from the main loop's",
    "not attributed": "their requests cannot be told from the main loop's",
    "not offered": "none was offered, or the agent has none",
}


def examine_agents(names: tuple[str, ...], *, as_json: bool) -> bool:
    """Run the self-tests, print what they found, and say whether all passed. Raises ``MachineError``."""
    done = [asyncio.run(self_test(name)) for name in names]
    if as_json:
        print_json({"ok": all(one.passed for one in done), "agents": [one.to_json() for one in done]})
    else:
        console = page()
        for one in done:
            _print(one, console)
    return all(one.passed for one in done)


def _print(one: SelfTest, console: Console) -> None:
    verdict = "passed" if one.passed else "FAILED"
    head = f"{one.agent} {one.version}: self-test {verdict} in {one.seconds:g} s, {counted(one.calls, 'request')}"
    console.print(head, style="bold")
    for failure in one.failures:
        console.print(f"  - {failure}", style="red")
    found = table(["what", "found"])
    for source, sentence in one.sources.items():
        found.add_row(f"gateway and {source}", sentence)
    if not one.sources:
        found.add_row("gateway and its own sources", "it has none: the gateway alone counts")
    found.add_row("sub-agents", _ATTRIBUTION[one.sub_agents])
    asked = "not audited by this sandbox" if one.lookups is None else ", ".join(one.lookups)
    found.add_row("look-ups", asked or "none")
    found.add_row("measures it yields", _listed(one.emits))
    found.add_row("measures it does not", _listed(one.lacks) or "none is missing")
    if one.unknown_events:
        found.add_row("events unknown to us", f"{one.unknown_events}, kept in the raw evidence")
    console.print(found)


def _listed(names: tuple[str, ...]) -> str:
    """Names, those that carry a model first, in lines that fit."""
    by_model = [name for name in names if MEASURES[name].carries_model]
    per_run = [name for name in names if not MEASURES[name].carries_model]
    parts = (("by model", by_model), ("per run", per_run))
    lines = [textwrap.fill(f"{head}: {', '.join(found)}", _WIDTH) for head, found in parts if found]
    return "\n".join(lines)
