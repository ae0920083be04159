from types import MappingProxyType

import pytest
from signup import SignupError, check_signup, clean_signup

FORM = {"name": "Ida Berg", "email": "ida@example.org", "age": 34, "seats": 2, "terms": True}


def problems(field, *values):
    """What is said about each value of one field, in a form that is good otherwise."""
    return [check_signup(FORM | {field: value}) for value in values]


def test_empty_form():
    assert check_signup({}) == [
        "name is missing",
        "email is missing",
        "age is missing",
        "seats is missing",
        "terms must be accepted",
    ]


def test_one_problem_for_each_field_in_order():
    form = {"zip": 1, "terms": 1, "seats": 0, "age": 7, "city": "X", "email": "a@b@c.de", "name": 5, "aim": ""}
    assert check_signup(form) == [
        "name must be text",
        "email must have one @",
        "city is too short",
        "age must be 16 to 120",
        "seats must be 1 to 8",
        "terms must be accepted",
        "unknown field: aim",
        "unknown field: zip",
    ]


def test_missing_name():
    assert problems("name", None, "", "  \t") == [["name is missing"]] * 3


def test_name_of_another_kind_is_not_missing():
    assert problems("name", 0, False, [], b"Ida") == [["name must be text"]] * 4


def test_length_of_name_without_blanks():
    assert problems("name", " I ", "Ib", "x" * 40, " " + "x" * 40 + " ", "x" * 41) == [
        ["name is too short"],
        [],
        [],
        [],
        ["name is too long"],
    ]


def test_email_length_comes_before_its_form():
    assert problems("email", "a@b.c", "@@@", "x" * 61, " a@b.c ", "", 7) == [
        ["email is too short"],
        ["email is too short"],
        ["email is too long"],
        ["email is too short"],
        ["email is missing"],
        ["email must be text"],
    ]


def test_form_of_email():
    assert problems("email", "ab.example", "ida@@b.org", "ida@b@c.de") == [["email must have one @"]] * 3
    assert (
        problems("email", "@example.org", "ida@example", "ida.b@", "ida@.org", "ida@org.")
        == [["email is not complete"]] * 5
    )
    assert problems("email", "a@b.co", "a@b..co", "a b@c.de", "x" * 54 + "@ab.de") == [[]] * 4


def test_city_may_be_left_out():
    assert problems("city", None, "", "   ", "Bo", "x" * 30) == [[]] * 5
    assert problems("city", " B ", "x" * 31) == [["city is too short"], ["city is too long"]]
    assert problems("city", 0, False, []) == [["city must be text"]] * 3


def test_numbers_as_numbers_and_as_text():
    assert problems("seats", 1, 8, "1", " 8 ", "+3", "08") == [[]] * 6
    assert problems("age", 16, 120, "18", " 99\n") == [["guardian is missing"], [], [], []]


def test_numbers_out_of_range():
    assert problems("seats", 0, 9, "0", -1, "-1", "9") == [["seats must be 1 to 8"]] * 6
    assert problems("age", 0, 15, 121, "15", -20) == [["age must be 16 to 120"]] * 5


def test_what_is_not_a_whole_number():
    assert problems("seats", True, False, 2.0, "2.0", "two", "   ", [2]) == [["seats must be a whole number"]] * 7
    assert problems("age", True, 30.0, "3 0", " ") == [["age must be a whole number"]] * 4


def test_missing_numbers():
    assert problems("seats", None, "") == [["seats is missing"]] * 2
    assert problems("age", None, "") == [["age is missing"]] * 2


def test_guardian_of_young_people():
    young = FORM | {"age": "17"}
    assert check_signup(young) == ["guardian is missing"]
    values = (None, "  ", "B", "Bo", "x" * 80, "x" * 81, 5)
    assert [check_signup(young | {"guardian": value}) for value in values] == [
        ["guardian is missing"],
        ["guardian is missing"],
        ["guardian is too short"],
        [],
        [],
        ["guardian is too long"],
        ["guardian must be text"],
    ]


def test_guardian_is_not_looked_at_otherwise():
    assert problems("guardian", 5, "B", "", "x" * 99) == [[]] * 4
    assert check_signup(FORM | {"age": 12, "guardian": 5}) == ["age must be 16 to 120"]
    assert check_signup(FORM | {"age": "old", "guardian": "B"}) == ["age must be a whole number"]


def test_guardian_stands_between_age_and_seats():
    form = FORM | {"age": 16, "seats": "", "city": "B"}
    assert check_signup(form) == ["city is too short", "guardian is missing", "seats is missing"]


def test_terms_must_be_true_itself():
    assert problems("terms", False, None, 1, "yes", "") == [["terms must be accepted"]] * 5


def test_cleaned_values_in_order():
    form = {
        "terms": True,
        "seats": " 3",
        "guardian": " Bo Berg ",
        "age": "16",
        "city": " Ulm ",
        "email": " Ida@Example.ORG",
        "name": " Ida  Berg ",
    }
    assert list(clean_signup(form).items()) == [
        ("name", "Ida  Berg"),
        ("email", "ida@example.org"),
        ("city", "Ulm"),
        ("age", 16),
        ("guardian", "Bo Berg"),
        ("seats", 3),
    ]


def test_cleaned_values_that_were_not_given():
    cleaned = {"name": "Ida Berg", "email": "ida@example.org", "city": None, "age": 34, "guardian": None, "seats": 2}
    assert clean_signup(FORM) == cleaned
    assert clean_signup(FORM | {"city": "  ", "guardian": " Bo "}) == cleaned
    assert clean_signup(FORM | {"guardian": 5}) == cleaned


def test_error_of_cleaning():
    with pytest.raises(SignupError) as caught:
        clean_signup(FORM | {"name": "I", "seats": None, "zip": 1})
    assert caught.value.problems == ["name is too short", "seats is missing", "unknown field: zip"]
    assert str(caught.value) == "name is too short; seats is missing; unknown field: zip"
    assert isinstance(caught.value, ValueError)


def test_form_is_left_alone_and_may_be_read_only():
    form = MappingProxyType(FORM | {"city": " Ulm ", "age": "34"})
    assert check_signup(form) == []
    assert clean_signup(form)["city"] == "Ulm"
    before = dict(FORM)
    clean_signup(FORM)
    assert before == FORM
