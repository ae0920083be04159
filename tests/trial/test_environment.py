import pytest

from assay.trial.environment import TIME_S, TrialLimits


@pytest.mark.parametrize(
    ("of_experiment", "of_task", "seconds"),
    [(None, None, TIME_S), (None, 900.0, 900.0), (8.0, 300.0, 8.0), (900.0, 300.0, 300.0), (900.0, None, 900.0)],
)
def test_no_task_gets_more_than_the_experiment_allows(
    of_experiment: float | None, of_task: float | None, seconds: float
) -> None:
    assert TrialLimits(time_s=of_experiment).seconds(of_task) == seconds
