import inspect

import pytest
from fines import fine, standing


def fines(kind, reader, days, reserved=False):
    return [fine(kind, reader, day, reserved) for day in days]


def test_adults_books():
    assert fines("book", "adult", (1, 2, 3, 10, 51, 52, 53, 400)) == [0, 0, 20, 160, 980, 1000, 1000, 1000]


def test_adults_magazines():
    assert fines("magazine", "adult", (1, 2, 3, 30, 31, 32)) == [0, 10, 20, 290, 300, 300]


def test_adults_films():
    assert fines("film", "adult", (1, 2, 39, 40, 41)) == [50, 100, 1950, 2000, 2000]


def test_childrens_books():
    assert fines("book", "child", (1, 5, 6, 44, 45, 46)) == [0, 0, 10, 390, 400, 400]


def test_childrens_magazines():
    assert fines("magazine", "child", (1, 5, 6, 34, 35, 36)) == [0, 0, 5, 145, 150, 150]


def test_childrens_films():
    assert fines("film", "child", (1, 2, 3, 34, 35)) == [0, 30, 60, 990, 1000]


def test_reserved_for_adults():
    assert fines("book", "adult", (1, 2, 3, 25, 26), True) == [40, 80, 120, 1000, 1000]
    assert fines("magazine", "adult", (1, 15, 16), True) == [20, 300, 300]
    assert fines("film", "adult", (1, 20, 21), True) == [100, 2000, 2000]


def test_reserved_for_children():
    assert fines("book", "child", (1, 5, 20, 21), True) == [20, 100, 400, 400]
    assert fines("magazine", "child", (1, 15, 16), True) == [10, 150, 150]
    assert fines("film", "child", (1, 16, 17), True) == [60, 960, 1000]


def test_staff_never_pay():
    assert fines("book", "staff", (1, 99), True) == [0, 0]
    assert fine("map", "staff", 5) == 0


def test_nothing_is_asked_about_what_is_not_late():
    assert fine("book", "adult", 0) == 0
    assert fine("film", "child", -3, True) == 0
    assert fine("map", "ghost", 0) == 0


def test_unknown_words():
    with pytest.raises(ValueError, match=r"^unknown kind: map$"):
        fine("map", "adult", 1)
    with pytest.raises(ValueError, match=r"^unknown kind: map$"):
        fine("map", "child", 1, True)
    with pytest.raises(ValueError, match=r"^unknown reader: ghost$"):
        fine("book", "ghost", 1)
    with pytest.raises(ValueError, match=r"^unknown kind: None$"):
        fine(None, "adult", 1)


def test_reader_is_looked_at_before_kind():
    with pytest.raises(ValueError, match=r"^unknown reader: ghost$"):
        fine("map", "ghost", 1)


def test_standing_by_days():
    assert standing("adult", [("book", 30, False)]) == "owing"
    assert standing("adult", [("book", 31, False), ("film", 0, False)]) == "blocked"
    assert standing("staff", [("book", 30, False)]) == "clear"
    assert standing("staff", [("book", 31, False)]) == "blocked"


def test_standing_by_sum():
    assert standing("adult", [("film", 25, False), ("film", 25, False)]) == "owing"
    assert standing("adult", [("film", 25, False), ("film", 25, False), ("magazine", 2, False)]) == "blocked"
    assert standing("adult", [("film", 20, True), ("book", 10, False)]) == "owing"


def test_standing_of_free_days_and_of_nothing():
    assert standing("child", [("book", 5, False), ("film", 1, False)]) == "clear"
    assert standing("child", [("book", 5, True)]) == "owing"
    assert standing("ghost", []) == "clear"


def test_standing_reads_all_loans_once():
    assert standing("adult", iter([("book", 3, False), ("film", 31, False)])) == "blocked"
    with pytest.raises(ValueError, match=r"^unknown kind: map$"):
        standing("adult", [("book", 31, False), ("map", 1, False)])


def test_parameters_keep_their_names():
    assert list(inspect.signature(fine).parameters) == ["kind", "reader", "days", "reserved"]
    assert list(inspect.signature(standing).parameters) == ["reader", "loans"]
    assert fine(kind="book", reader="adult", days=3) == 20
