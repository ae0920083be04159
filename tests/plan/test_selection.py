from dataclasses import dataclass

import pytest

from assay.errors import InputError
from assay.plan import Selection, choose, make_plan
from assay.records import Arm


@dataclass(frozen=True)
class Named:
    id: str
    hash: str


ARMS = [
    Arm("api", "1", "swift", "lab", label="swift / bare", names={"model": "lab/swift", "variant": "bare"}),
    Arm("api", "1", "swift", "lab", {"prefix": "x"}, label="swift / tuned", names={"variant": "tuned"}),
    Arm("nop", "1", "", "", label="nop", names={"agent": "nop"}),
]
PLAN = make_plan(ARMS, [Named("fix-1", "a"), Named("fix-2", "b"), Named("write-1", "c")], 4, 0, "run")


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), 36),
        (Selection(tasks=("fix-*",)), 24),
        (Selection(tasks=("fix-1", "write-1")), 24),
        (Selection(arms=("swift / bare",)), 12),
        (Selection(arms=("swift*",)), 24),
        (Selection(arms=("tuned", "nop")), 24),
        (Selection(arms=("swift",)), 12),
        (Selection(arms=(ARMS[2].id[:8],)), 12),
        (Selection(repetitions=1), 9),
        (Selection(limit=5), 5),
        (Selection(tasks=("fix-1",), arms=("nop",), repetitions=3, limit=2), 2),
    ],
)
def test_a_part_of_the_plan(selection: Selection, expected: int) -> None:
    chosen = choose(PLAN, ARMS, selection)
    assert len(chosen) == expected
    assert [trial.order for trial in chosen] == sorted(trial.order for trial in chosen)


def test_a_pattern_that_fits_nothing_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no arm is called 'swift / tund'\. Did you mean 'swift / tuned'"):
        choose(PLAN, ARMS, Selection(arms=("swift / tund",)))
    with pytest.raises(InputError, match=r"no task is called 'fix-9'\. Did you mean 'fix-"):
        choose(PLAN, ARMS, Selection(tasks=("fix-9",)))


def test_everything_says_so() -> None:
    assert Selection().everything
    assert not Selection(limit=1).everything
