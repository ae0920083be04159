"""The steps from one version of a document to the next."""

from __future__ import annotations

from collections.abc import Callable

from documents import Document

Step = Callable[[Document], Document]

STEPS: dict[int, Step] = {}


def step(version: int) -> Callable[[Step], Step]:
    """Register the function that turns a document of the version before into one of ``version``."""

    def register(function: Step) -> Step:
        if version in STEPS:
            raise ValueError(f"two steps to version {version}")
        STEPS[version] = function
        return function

    return register
