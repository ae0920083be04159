import pytest
from paging import page_count, page_numbers, paginate, shown_range


def test_reported_case():
    page = paginate(list(range(25)), number=3, size=10)
    assert page.items == (20, 21, 22, 23, 24)
    assert (page.number, page.last) == (3, 3)


def test_page_before_the_last_knows_that_one_follows():
    page = paginate(list(range(25)), number=2, size=10)
    assert page.has_next
    assert page.has_previous


def test_last_partial_page_has_no_next():
    page = paginate(list(range(25)), number=3, size=10)
    assert not page.has_next
    assert page.has_previous


def test_one_entry_over():
    assert page_count(21, 10) == 3
    assert paginate(list(range(21)), number=3, size=10).items == (20,)


def test_one_entry_short():
    assert page_count(19, 10) == 2


def test_exact_multiple_gets_no_empty_page():
    for total, pages in ((10, 1), (20, 2), (100, 10)):
        assert page_count(total, 10) == pages
        assert paginate(list(range(total)), number=pages + 1, size=10).number == pages


def test_fewer_entries_than_a_page():
    page = paginate(["only"], number=1, size=10)
    assert page.items == ("only",)
    assert page.last == 1
    assert not page.has_next


def test_empty_listing_has_exactly_one_page():
    assert page_count(0, 10) == 1
    page = paginate([], number=3, size=10)
    assert (page.items, page.number, page.last) == ((), 1, 1)


def test_size_one():
    assert page_count(7, 1) == 7


def test_every_entry_is_on_exactly_one_page():
    for total in range(1, 40):
        for size in range(1, 12):
            entries = list(range(total))
            last = page_count(total, size)
            seen = [entry for number in range(1, last + 1) for entry in paginate(entries, number, size).items]
            assert seen == entries


def test_shown_range_reaches_the_last_entry():
    assert shown_range(3, total=25, size=10) == (21, 25)
    assert shown_range(9, total=25, size=10) == (21, 25)
    assert shown_range(1, total=0, size=10) == (0, 0)


def test_links_include_the_partial_page():
    assert page_numbers(2, total=25, size=10) == [1, 2, 3]
    assert page_numbers(3, total=30, size=10) == [1, 2, 3]


def test_huge_totals_are_exact():
    assert page_count(10**17 + 1, 10) == 10**16 + 1


def test_size_below_one_is_refused():
    for size in (0, -1):
        with pytest.raises(ValueError):
            paginate([1], number=1, size=size)
