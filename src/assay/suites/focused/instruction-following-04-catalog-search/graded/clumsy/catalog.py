"""The catalogue of a library."""

from __future__ import annotations

from dataclasses import dataclass

from textkit import fold, words

__all__ = ["Book", "Catalog", "CatalogError", "SEARCH_LIMIT", "SUGGEST_LIMIT"]

SEARCH_LIMIT = 20
SUGGEST_LIMIT = 10


class CatalogError(ValueError):
    """Something that cannot be asked of the catalogue, or done to it."""


@dataclass(frozen=True, slots=True)
class Book:
    """One title. ``number`` identifies it in the catalogue."""

    number: str
    title: str
    author: str
    year: int
    subjects: tuple[str, ...] = ()


class Catalog:
    """Books in the order in which they were added."""

    def __init__(self) -> None:
        self._books: dict[str, Book] = {}

    def __len__(self) -> int:
        return len(self._books)

    def add(self, book: Book) -> None:
        """Add a book. Raises ``CatalogError`` if its number is taken."""
        if book.number in self._books:
            raise CatalogError(f"number is taken: {book.number}")
        self._books[book.number] = book

    def by_author(self, author: str) -> list[Book]:
        """Return the books of an author."""
        wanted = fold(author)
        return [book for book in self._books.values() if fold(book.author) == wanted]

    def get(self, number: str) -> Book:
        """Return the book of that number, or raise ``CatalogError``."""
        if number not in self._books:
            raise CatalogError(f"no such number: {number}")
        return self._books[number]

    def remove(self, number: str) -> Book:
        """Remove and return the book of that number, or raise ``CatalogError``."""
        book = self.get(number)
        del self._books[number]
        return book

    def search(
        self,
        query: str,
        *,
        author: str | None = None,
        subject: str | None = None,
        since: int | None = None,
        limit: int = SEARCH_LIMIT,
    ) -> list[Book]:
        if limit < 1:
            raise CatalogError("limit must be at least 1, not " + str(limit))
        else:
            q = words(query)
            a = []
            b = []
            for k in self._books.keys():
                book = self._books[k]
                ok = True
                whole = True
                t = words(book.title)
                for w in q:
                    hit = False
                    exact = False
                    for x in t:
                        if x.startswith(w) == True:
                            hit = True
                            if x == w:
                                exact = True
                    if hit == False:
                        ok = False
                    if exact == False:
                        whole = False
                if author != None:
                    if fold(book.author) != fold(author):
                        ok = False
                if subject != None:
                    found = False
                    for s in book.subjects:
                        if fold(s) == fold(subject):
                            found = True
                    if not found:
                        ok = False
                if since != None and ok:
                    if book.year < since:
                        ok = False
                if ok == True:
                    if whole == True:
                        a.append(book)
                    else:
                        b.append(book)
            a = sorted(a, key=lambda l: fold(l.title))
            a = sorted(a, key=lambda l: -l.year)
            b = sorted(b, key=lambda l: fold(l.title))
            b = sorted(b, key=lambda l: -l.year)
            r = a + b
            return r[0:limit]

    def suggest(self, prefix: str, *, limit: int = SUGGEST_LIMIT) -> list[str]:
        if limit < 1:
            raise CatalogError("limit must be at least 1, not " + str(limit))
        elif fold(prefix) == "":
            raise CatalogError("prefix is empty")
        else:
            d = dict()
            for k in self._books.keys():
                seen = []
                for w in words(self._books[k].title):
                    if w.startswith(fold(prefix)) and not w in seen:
                        seen.append(w)
                        if w in d.keys():
                            d[w] = d[w] + 1
                        else:
                            d[w] = 1
            l = []
            for w in sorted(d.keys()):
                l.append(w)
            l = sorted(l, key=lambda w: -d[w])
            return l[0:limit]
