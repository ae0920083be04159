import pytest

from assay.errors import InputError
from assay.lab.faults import Chance, Fault, drawn, parse_faults


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ()),
        (None, ()),
        ("429", (Chance(Fault.TOO_MANY_REQUESTS),)),
        ('"cut"', (Chance(Fault.CUT),)),
        ("429@0.1, cut@0.05", (Chance(Fault.TOO_MANY_REQUESTS, 0.1), Chance(Fault.CUT, 0.05))),
        ({"429": 0.1}, (Chance(Fault.TOO_MANY_REQUESTS, 0.1),)),
        ('{"500-once": 1}', (Chance(Fault.SERVER_ERROR, 1.0, once=True),)),
    ],
)
def test_a_fault_is_written_in_several_ways(value: str, expected: tuple[Chance, ...]) -> None:
    assert parse_faults(value) == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("refusel", "Did you mean 'refusal'?"),
        ("cut@2", "a chance between 0 and 1"),
        ("cut@often", "a chance between 0 and 1"),
        ("cut@0.6,hang@0.6", "likelier than 1"),
        ('{"cut": ', "not readable"),
    ],
)
def test_a_wrong_fault_is_one_clear_line(value: str, said: str) -> None:
    with pytest.raises(InputError, match="lab fault") as caught:
        parse_faults(value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_chances_are_met_over_trials_and_kept_by_each() -> None:
    chances = parse_faults("429@0.1,cut@0.2")
    met = [drawn(chances, 5, f"trial-{number}") for number in range(3000)]
    assert met == [drawn(chances, 5, f"trial-{number}") for number in range(3000)]
    shares = [sum(one is not None and one.fault is fault for one in met) / 3000 for fault in (Fault("429"), Fault.CUT)]
    assert shares == [pytest.approx(0.1, abs=0.025), pytest.approx(0.2, abs=0.03)]
