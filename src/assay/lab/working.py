"""What a simulated model does when it is driven by an agent: look, write its solution, check it, say that it is done.

Pure. Which solution it has is decided as for a plain answer (``lab.choice``), so that its chance of success is known
whatever agent drives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.lab.choice import choose
from assay.lab.draws import uniform
from assay.lab.models import HARDNESS, LabModel
from assay.lab.scripts import Action, Delegate, Part, Read, Run, Script, Turn, Write, part_mark
from assay.suites.base import Task

CHECK = "python -m pytest -q"
PARALLEL_TAG = "parallel"
"""Tasks with this tag have parts that need nothing of each other: the only ones worth handing out."""
MOST_PARTS = 4
_ORDERED = re.compile(r"\b(must|always) delegate\b|\bdelegate (all|every|each)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Work:
    """What the model was asked to do, by whom. ``delegates`` are the sub-agents that were declared."""

    model: LabModel
    task: Task
    seed: int
    trial: str
    step: int = 0
    system: str = ""
    delegates: tuple[str, ...] = ()
    part: Part | None = None

    def files(self) -> dict[str, str]:
        """The files of the chosen solution by workspace path; of a part, its share of them."""
        variant = {"system": self.system}
        chosen = choose(self.model, self.task, seed=self.seed, trial=self.trial, step=self.step, variant=variant)
        texts = {path: data.decode("utf-8", "replace") for path, data in sorted(chosen.files.items())}
        if self.part is None:
            return texts
        names = list(texts)[self.part.number - 1 :: self.part.of]
        return {name: texts[name] for name in names}


def script_for(work: Work, opening: str) -> Script:
    """Return the turns of the main loop, or those of the part that this conversation is about."""
    if work.part is not None:
        return Script(turns=(_writing(work, work.files()), Turn(text="My part is done.")))
    files = work.files()
    looking = tuple(Turn((action,)) for action in _looks(work, files))
    if work.delegates and len(files) > 1 and _delegates(work, opening):
        return Script((*looking, _handing_out(work, files), Turn((Run(CHECK),)), Turn(text="All parts are done.")))
    checked = (Turn((Run(CHECK),)),) if files else ()
    return Script((*looking, _writing(work, files), *checked, Turn(text="The change is made.")))


def _looks(work: Work, files: Mapping[str, str]) -> Sequence[Action]:
    """Harder tasks are looked at longer, and careful models look more."""
    known = list(HARDNESS).index(work.task.difficulty) if work.task.difficulty in HARDNESS else 2
    wanted = work.model.looks + known // 2
    there = [path for path in sorted(files) if path in work.task.start_files()]
    looks: list[Action] = [Run("ls"), *map(Read, there), *[Run("cat *.md")] * wanted]
    return looks[:wanted]


def _writing(work: Work, files: Mapping[str, str]) -> Turn:
    """From the second step on, the files are there from the first."""
    there = set(files) if work.step else work.task.start_files().keys()
    return Turn(tuple(Write(path, text, path in there) for path, text in files.items()), "I change the files.")


def _delegates(work: Work, opening: str) -> bool:
    """An order is obeyed; else parts that need nothing of each other are handed out as often as the model likes."""
    if _ORDERED.search(opening) or _ORDERED.search(work.system):
        return True
    likes = work.model.delegates if PARALLEL_TAG in work.task.tags else 0.0
    return uniform(work.seed, work.trial, "delegates", work.step) < likes


def _handing_out(work: Work, files: Mapping[str, str]) -> Turn:
    parts = min(len(files), MOST_PARTS)
    names = sorted(files)
    actions = []
    for index in range(parts):
        agent = work.delegates[index % len(work.delegates)]
        mark = part_mark(Part(index + 1, parts, agent))
        actions.append(Delegate(agent, f"{mark} do what the task asks in {', '.join(names[index::parts])}."))
    return Turn(tuple(actions), "I hand the parts out.")
