from fines import fine, standing


def test_first_days_are_free():
    assert fine("book", "adult", 2) == 0
    assert fine("book", "adult", 5) == 60


def test_reserved_counts_double():
    assert fine("book", "adult", 2, reserved=True) == 80


def test_staff_pay_nothing():
    assert fine("film", "staff", 9) == 0


def test_standing():
    assert standing("adult", []) == "clear"
    assert standing("adult", [("film", 1, False)]) == "owing"
    assert standing("adult", [("book", 31, False)]) == "blocked"
