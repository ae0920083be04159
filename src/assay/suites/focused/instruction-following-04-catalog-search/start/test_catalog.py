import pytest
from catalog import Book, Catalog, CatalogError

TIDES = Book("1", "The Tides of Älvsund", "Mira Højgaard", 1998, ("Sea",))
KNOTS = Book("2", "Knots and Tides", "Oscar Lind", 2011, ("Sea", "Craft"))


def filled():
    catalog = Catalog()
    for book in (TIDES, KNOTS):
        catalog.add(book)
    return catalog


def test_add_and_remove():
    catalog = filled()
    assert catalog.remove("1") == TIDES
    assert len(catalog) == 1


def test_by_author():
    assert filled().by_author("mira hojgaard") == [TIDES]


def test_unknown_number():
    with pytest.raises(CatalogError, match="no such number: 9"):
        filled().get("9")
