"""The catalogue of a library."""

from __future__ import annotations

from collections import Counter
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
        """Return the books that fit, whole words first, then by year and title."""
        _check_limit(limit)
        wanted = words(query)
        found = [
            book
            for book in self._books.values()
            if _begin(wanted, words(book.title))
            and (author is None or fold(author) == fold(book.author))
            and (subject is None or fold(subject) in map(fold, book.subjects))
            and (since is None or book.year >= since)
        ]
        return sorted(found, key=lambda book: _rank(book, wanted))[:limit]

    def suggest(self, prefix: str, *, limit: int = SUGGEST_LIMIT) -> list[str]:
        """Return words of titles that begin with ``prefix``, frequent ones first."""
        _check_limit(limit)
        beginning = fold(prefix)
        if not beginning:
            raise CatalogError("prefix is empty")
        books = self._books.values()
        counts = Counter(word for book in books for word in set(words(book.title)))
        found = [word for word in counts if word.startswith(beginning)]
        return sorted(found, key=lambda word: (-counts[word], word))[:limit]


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise CatalogError(f"limit must be at least 1, not {limit}")


def _begin(wanted: list[str], present: list[str]) -> bool:
    """Tell whether each of the wanted words begins one that is present."""
    return all(any(word.startswith(start) for word in present) for start in wanted)


def _rank(book: Book, wanted: list[str]) -> tuple[bool, int, str]:
    """Return what books are sorted by: whole words, newer years, titles."""
    partly = not set(wanted) <= set(words(book.title))
    return partly, -book.year, fold(book.title)
