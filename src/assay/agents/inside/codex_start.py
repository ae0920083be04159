"""Runs inside the sandbox: gives Codex a catalogue that knows the declared models, then becomes Codex.

A model that Codex does not know gets the full set of tools only from a catalogue. Those that it knows keep their own
entry; others take over that of a plain model. The list that Codex brings is asked for here, so that it is the installed
version's. Arguments: program, catalogue to write, template, models, ``--``, command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Offers of the vendor, which only hold for the template itself.
_VENDORS: Mapping[str, Any] = {
    "upgrade": None,
    "availability_nux": None,
    "additional_speed_tiers": [],
    "service_tiers": [],
}
# Tools that have to be searched for are found by one vendor's servers alone.
_PLAIN: Mapping[str, Any] = {"supports_search_tool": False, "visibility": "list"}


def catalogue(known: Sequence[Mapping[str, Any]], template: str, models: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return the entries of ``models``, out of those that are known."""
    by_name = {entry["slug"]: entry for entry in known}
    plain = by_name.get(template) or next((e for e in known if not e.get("use_responses_lite")), known[0])
    own = {**plain, **_VENDORS, **_PLAIN}
    return [by_name.get(name) or {**own, "slug": name, "display_name": name, "description": name} for name in models]


def main(argv: Sequence[str]) -> None:
    """Write the catalogue where that can be done; Codex itself says what else is wrong."""
    split = argv.index("--")
    program, target, template, *models = argv[:split]
    listed = subprocess.run([program, "debug", "models", "--bundled"], capture_output=True, check=False)
    try:
        entries = catalogue(json.loads(listed.stdout)["models"], template, models)
    except (ValueError, KeyError, IndexError, TypeError):
        sys.stderr.write("codex does not list its models, so that there is no catalogue\n")
    else:
        Path(target).write_text(json.dumps({"models": entries}), encoding="utf-8")
    command = list(argv[split + 1 :])
    os.execv(command[0], command)  # noqa: S606 - signals must reach Codex itself


if __name__ == "__main__":
    main(sys.argv[1:])
