import pytest
from signup import SignupError, check_signup, clean_signup

FORM = {"name": "Ida Berg", "email": "Ida@Example.org", "age": "34", "seats": 2, "terms": True}


def test_good_form():
    assert check_signup(FORM) == []
    assert clean_signup(FORM)["email"] == "ida@example.org"


def test_problems_come_in_order():
    assert check_signup({"name": "I", "terms": True}) == [
        "name is too short",
        "email is missing",
        "age is missing",
        "seats is missing",
    ]


def test_young_people_need_a_guardian():
    assert check_signup(FORM | {"age": 17}) == ["guardian is missing"]


def test_error_holds_the_problems():
    with pytest.raises(SignupError) as caught:
        clean_signup(FORM | {"seats": 9})
    assert caught.value.problems == ["seats must be 1 to 8"]
