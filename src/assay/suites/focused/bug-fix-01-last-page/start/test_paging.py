import pytest
from paging import page_count, page_numbers, paginate, shown_range


def test_full_pages():
    page = paginate(list(range(20)), number=2, size=10)
    assert page.items == tuple(range(10, 20))
    assert (page.number, page.last) == (2, 2)
    assert not page.has_next


def test_number_outside_the_listing_means_nearest_page():
    assert paginate(list("abcd"), number=0, size=2).items == ("a", "b")
    assert paginate(list("abcd"), number=9, size=2).items == ("c", "d")


def test_empty_listing_has_one_page():
    page = paginate([], number=1, size=10)
    assert page.items == ()
    assert page.last == 1


def test_links_around_the_current_page():
    assert page_numbers(5, total=100, size=10) == [3, 4, 5, 6, 7]


def test_shown_range():
    assert shown_range(2, total=20, size=10) == (11, 20)


def test_size_must_be_positive():
    with pytest.raises(ValueError):
        page_count(5, 0)
