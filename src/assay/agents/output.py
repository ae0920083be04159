"""Says how a process broke, from what it printed last."""

from __future__ import annotations

from pathlib import Path

from assay.evidence.streams import printed
from assay.sandboxes.base import Exit, ExitRecord


def crash_detail(output: Path, exit_record: ExitRecord) -> str | None:
    """Say how a process broke, with the last line of its complaint; None when it ended well or was stopped."""
    if exit_record.reason is Exit.SIGNALLED:
        how = f"signal {exit_record.signal}"
    elif exit_record.reason is Exit.EXITED and exit_record.exit_code != 0:
        how = f"exit code {exit_record.exit_code}"
    else:
        return None
    last = ""
    for text in printed(output, fd=2):
        last = text.strip() or last
    words = " ".join(last.split("\n")[-1].split())[:300]
    return f"the agent ended with {how}" + (f": {words}" if words else "")
