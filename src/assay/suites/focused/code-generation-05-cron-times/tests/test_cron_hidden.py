from datetime import UTC, datetime, timedelta

import pytest
from cron import CronError, Schedule


def after(text, *moment):
    return Schedule.parse(text).next_after(datetime(*moment))


def hours(text):
    times = Schedule.parse(f"0 {text} * * *").between(datetime(2026, 1, 1), datetime(2026, 1, 2))
    return [time.hour for time in times]


def days(text, year=2026, month=1):
    """Days of a month on which a schedule of day of month, month and day of week fires."""
    start = datetime(year, month, 1)
    end = (start + timedelta(days=32)).replace(day=1)
    return [time.day for time in Schedule.parse(f"0 0 {text}").between(start, end)]


def refuses(*texts):
    for text in texts:
        with pytest.raises(CronError):
            Schedule.parse(text)


def test_strictly_after():
    assert after("* * * * *", 2026, 3, 1, 9, 15) == datetime(2026, 3, 1, 9, 16)
    assert after("* * * * *", 2026, 3, 1, 9, 15, 30, 5) == datetime(2026, 3, 1, 9, 16)
    assert after("15 9 * * *", 2026, 3, 1, 9, 14, 59) == datetime(2026, 3, 1, 9, 15)
    assert after("15 9 * * *", 2026, 3, 1, 9, 15, 1) == datetime(2026, 3, 2, 9, 15)


def test_carries_into_the_next_hour_day_month_and_year():
    assert after("5 * * * *", 2026, 3, 1, 9, 30) == datetime(2026, 3, 1, 10, 5)
    assert after("5 8-10 * * *", 2026, 3, 1, 10, 30) == datetime(2026, 3, 2, 8, 5)
    assert after("0 0 31 * *", 2026, 3, 31, 0, 0) == datetime(2026, 5, 31)
    assert after("0 0 1 1 *", 2026, 1, 1) == datetime(2027, 1, 1)


def test_lists_ranges_and_steps():
    assert hours("1,5,3-4,5") == [1, 3, 4, 5]
    assert hours("*/7") == [0, 7, 14, 21]
    assert hours("9-17/4") == [9, 13, 17]
    assert hours("2-20/100,*/50") == [0, 2]
    assert hours("007,08") == [7, 8]


def test_ranges_that_wrap():
    assert hours("22-2") == [0, 1, 2, 22, 23]
    assert hours("22-4/3") == [1, 4, 22]
    assert hours("5-5") == [5]
    assert days("29-2 * *") == [1, 2, 29, 30, 31]
    assert days("1 nov-feb *", 2026, 2) == [1]
    assert days("1 nov-feb *", 2026, 3) == []


def test_days_of_week():
    assert days("* * 0") == days("* * 7") == days("* * SUN") == [4, 11, 18, 25]
    assert days("* * 5-7") == days("* * fri-sun") == [2, 3, 4, 9, 10, 11, 16, 17, 18, 23, 24, 25, 30, 31]
    assert days("* * sat-1") == [3, 4, 5, 10, 11, 12, 17, 18, 19, 24, 25, 26, 31]
    assert days("* * 7-1") == [4, 5, 11, 12, 18, 19, 25, 26]
    assert days("* * mon-sun/3") == days("* * 1,4,7")


def test_last_days_of_the_month():
    assert days("L * *", 2026, 2) == [28]
    assert days("l,L-1,1 * *", 2028, 2) == [1, 28, 29]
    assert days("L-30 * *", 2026, 1) == [1]
    assert days("L-30 * *", 2026, 4) == []


def test_weekdays_by_number():
    assert days("* * fri#2") == [9]
    assert days("* * 5#5,1#1") == [5, 30]
    assert days("* * mon#5") == []
    assert days("* * fri#L,7#l") == [25, 30]
    assert days("* * thu#L", 2026, 2) == [26]


def test_both_day_fields_given_means_either():
    assert days("13 * fri") == [2, 9, 13, 16, 23, 30]
    assert days("L * mon#1") == [5, 31]
    assert days("13 * *") == [13]
    assert days("* * fri#1") == [2]


def test_only_a_plain_star_leaves_a_day_field_open():
    assert days("*/10 * fri") == [1, 2, 9, 11, 16, 21, 23, 30, 31]
    assert days("20 * */6") == [3, 4, 10, 11, 17, 18, 20, 24, 25, 31]
    assert days("1-31 * fri#1") == list(range(1, 32))


def test_month_must_fit_in_any_case():
    assert days("13 feb fri") == []
    assert after("0 0 13 FEB fri", 2026, 1, 1) == datetime(2026, 2, 6)


def test_leap_days_and_the_year_2100():
    assert after("0 12 29 2 *", 2026, 1, 1) == datetime(2028, 2, 29, 12)
    assert after("0 12 29 2 *", 2096, 3, 1) == datetime(2104, 2, 29, 12)
    assert after("0 0 * 2 fri#5", 2009, 1, 1) == datetime(2036, 2, 29)


def test_times_that_never_come():
    assert after("0 0 30 2 *", 2026, 1, 1) is None
    assert after("* * 31 4,6,9,11 *", 2026, 1, 1) is None
    assert after("0 0 L-29,L-30 feb *", 2026, 1, 1) is None


def test_end_of_the_calendar():
    assert after("* * * * *", 9999, 12, 31, 23, 58) == datetime(9999, 12, 31, 23, 59)
    assert after("* * * * *", 9999, 12, 31, 23, 59) is None
    assert after("0 0 1 1 *", 9999, 1, 1) is None
    assert Schedule.parse("59 23 L 12 *").matches(datetime(9999, 12, 31, 23, 59))


def test_matches_agrees_with_next_after():
    for text in ("*/20 6,18 L,5 * *", "10-40/15 22-1 1-7 * mon", "0 12 * feb-mar fri#L"):
        schedule = Schedule.parse(text)
        start = datetime(2028, 2, 20)
        found = [
            minute for minute in (start + timedelta(minutes=n) for n in range(20 * 1440)) if schedule.matches(minute)
        ]
        moment, listed = start - timedelta(minutes=1), []
        while (following := schedule.next_after(moment)) < start + timedelta(days=20):
            listed.append(following)
            moment = following
        assert listed == found
        assert found


def test_matches_ignores_seconds():
    schedule = Schedule.parse("15 9 1 3 *")
    assert schedule.matches(datetime(2026, 3, 1, 9, 15, 59, 999999))
    assert not schedule.matches(datetime(2026, 3, 1, 9, 16))
    assert not schedule.matches(datetime(2026, 3, 2, 9, 15))


def test_between_includes_the_start_and_not_the_end():
    schedule = Schedule.parse("0 * * * *")
    start, end = datetime(2026, 1, 1, 22), datetime(2026, 1, 2, 1)
    assert schedule.between(start, end) == [start, datetime(2026, 1, 1, 23), datetime(2026, 1, 2, 0)]
    assert schedule.between(start + timedelta(seconds=1), end)[0] == datetime(2026, 1, 1, 23)
    assert schedule.between(start, start) == []
    assert schedule.between(end, start) == []


def test_aware_times_are_refused():
    schedule = Schedule.parse("* * * * *")
    aware = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError):
        schedule.next_after(aware)
    with pytest.raises(ValueError):
        schedule.matches(aware)
    with pytest.raises(ValueError):
        schedule.between(aware, aware)


def test_space_between_fields():
    assert Schedule.parse("  0\t12  * *   * ").matches(datetime(2026, 1, 1, 12))


def test_refuses_wrong_numbers_of_fields():
    refuses("", "*", "* * * *", "* * * * * *", "@daily")


def test_refuses_values_out_of_range():
    refuses(
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "* * * * 8",
        "5-60 * * * *",
        "-1 * * * *",
    )


def test_refuses_wrong_items():
    refuses(
        "1,,2 * * * *",
        ", * * * *",
        "1- * * * *",
        "1-2-3 * * * *",
        "*-5 * * * *",
        "+5 * * * *",
        "1.5 * * * *",
        "** * * * *",
        "\u0661 * * * *",
    )


def test_refuses_wrong_steps():
    refuses(
        "*/0 * * * *", "5/10 * * * *", "*/ * * * *", "*/-1 * * * *", "1-9/2/2 * * * *", "/5 * * * *", "* * * * mon/2"
    )


def test_refuses_names_and_specials_in_other_fields():
    refuses(
        "jan * * * *",
        "* * mon * *",
        "* * * fri *",
        "* * * * jan",
        "* * * january *",
        "* L * * *",
        "* * * * L",
        "* * 5#2 * *",
    )


def test_refuses_wrong_specials():
    refuses(
        "* * L-0 * *",
        "* * L-31 * *",
        "* * L- * *",
        "* * 1-L * *",
        "* * L/2 * *",
        "* * * * fri#0",
        "* * * * fri#6",
        "* * * * fri#",
        "* * * * #2",
    )
    refuses("* * * * 8#1", "* * * * mon-fri#1", "* * * * fri#2/2", "* * * * fri#L-1", "* * * * *#1")
