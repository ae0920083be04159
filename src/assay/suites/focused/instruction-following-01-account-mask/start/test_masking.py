import pytest
from masking import mask_email, mask_fields, mask_phone


def test_email():
    assert mask_email("rosa@example.org") == "r***@example.org"


def test_email_without_domain():
    with pytest.raises(ValueError, match="no @"):
        mask_email("rosa@")


def test_phone():
    assert mask_phone("+49 30 1234567") == "+** ** *****67"


def test_fields():
    assert mask_fields({"user": "rosa", "pin": "4711"}, {"pin"}) == {"user": "rosa", "pin": "***"}
