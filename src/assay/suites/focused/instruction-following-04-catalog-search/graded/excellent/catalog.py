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
        """Return matching books: whole words first, then newest, then by title."""
        _check_limit(limit)
        terms = words(query)
        found = [
            book
            for book in self._books.values()
            if _has_prefixes(book, terms)
            and (author is None or fold(book.author) == fold(author))
            and (subject is None or fold(subject) in map(fold, book.subjects))
            and (since is None or book.year >= since)
        ]
        return sorted(found, key=lambda book: _sort_key(book, terms))[:limit]

    def suggest(self, prefix: str, *, limit: int = SUGGEST_LIMIT) -> list[str]:
        """Return words from titles with that prefix, most frequent first."""
        _check_limit(limit)
        start = fold(prefix)
        if not start:
            raise CatalogError("prefix is empty")
        titles = [set(words(book.title)) for book in self._books.values()]
        counts = Counter(w for title in titles for w in title if w.startswith(start))
        return sorted(counts, key=lambda word: (-counts[word], word))[:limit]


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise CatalogError(f"limit must be at least 1, not {limit}")


def _has_prefixes(book: Book, terms: list[str]) -> bool:
    title = words(book.title)
    return all(any(word.startswith(term) for word in title) for term in terms)


def _sort_key(book: Book, terms: list[str]) -> tuple[bool, int, str]:
    is_partial = not set(terms).issubset(words(book.title))
    return is_partial, -book.year, fold(book.title)
