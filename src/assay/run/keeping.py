"""Moving kept sandboxes out of a driver's scratch space, which is removed, into the run folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from assay.sandboxes.box import KEPT, OWNER, TOKEN_PREFIX, remove_tree

DOOR = "door"


def rescue_kept(scratch: Path, into: Path) -> tuple[Path, ...]:
    """Move the sandboxes kept below ``scratch`` to ``into/<label>``; return the new folders.

    A sandbox's label is the id of its attempt. What cannot be moved stays where it is, and ``scratch`` must stay too.
    """
    return tuple(
        moved
        for record in sorted(scratch.glob(f"{TOKEN_PREFIX}*/{KEPT}"))
        if (moved := _moved(record.parent, into)) is not None
    )


def holds_kept(scratch: Path) -> bool:
    """True while a kept sandbox is below ``scratch``."""
    return next(scratch.glob(f"{TOKEN_PREFIX}*/{KEPT}"), None) is not None


def _moved(box: Path, into: Path) -> Path | None:
    owner = json.loads((box / KEPT).read_text(encoding="utf-8"))
    files, target = Path(str(owner["folder"])), into / str(owner["label"])
    if target.exists():  # of an earlier session, killed between copying and removing
        remove_tree(target)
    into.mkdir(exist_ok=True)
    if not _renamed(files, target) and not _copied(files, target):
        return None
    if files != box.absolute():
        remove_tree(box)
    _tidy(target)
    return target


def _tidy(kept: Path) -> None:
    """Remove what was ours and is dead: records that name places of this machine; a socket, which no copy takes."""
    for name in (KEPT, OWNER):
        (kept / name).unlink(missing_ok=True)
    shutil.rmtree(kept / DOOR, ignore_errors=True)


def _renamed(source: Path, target: Path) -> bool:
    try:
        source.rename(target)
    except OSError:  # another file system
        return False
    return True


def _copied(source: Path, target: Path) -> bool:
    """Copy with owners, modes, pipes and sockets as they are: whatever a program inside may have made."""
    done = subprocess.run(["cp", "-a", "--", str(source), str(target)], check=False, capture_output=True)
    if done.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        return False
    remove_tree(source)
    return True
