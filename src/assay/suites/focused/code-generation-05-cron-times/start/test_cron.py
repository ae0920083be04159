from datetime import datetime

import pytest
from cron import CronError, Schedule


def test_every_quarter_of_an_hour():
    assert Schedule.parse("*/15 * * * *").next_after(datetime(2026, 3, 1, 9, 15)) == datetime(2026, 3, 1, 9, 30)


def test_weekdays():
    assert Schedule.parse("0 9 * * mon-fri").next_after(datetime(2026, 3, 6, 9, 0)) == datetime(2026, 3, 9, 9, 0)


def test_last_day_of_the_month():
    assert Schedule.parse("0 0 L * *").next_after(datetime(2028, 2, 1)) == datetime(2028, 2, 29)


def test_matches():
    assert Schedule.parse("30 12 * * *").matches(datetime(2026, 3, 1, 12, 30, 59))


def test_refuses_nonsense():
    with pytest.raises(CronError):
        Schedule.parse("61 * * * *")
