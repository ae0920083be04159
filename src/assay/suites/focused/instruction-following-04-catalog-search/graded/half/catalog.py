"""The catalogue of a library."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from textkit import fold, words

__all__ = ["Book", "Catalog", "CatalogError"]

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
        """Return the books whose titles match the query, best matches first, optionally filtered."""
        if limit < 1:
            raise CatalogError(f"limit must be at least 1, not {limit}")
        terms = words(query)
        found = []
        for book in self._books.values():
            title = words(book.title)
            if not all(any(word.startswith(term) for word in title) for term in terms):
                continue
            if author and fold(book.author) != fold(author):
                continue
            if subject and fold(subject) not in [fold(name) for name in book.subjects]:
                continue
            if since and book.year < since:
                continue
            found.append(book)
        found.sort(key=lambda book: (not set(terms) <= set(words(book.title)), -book.year, fold(book.title)))
        return found[:limit]

    def suggest(self, prefix: str, *, limit: int = SUGGEST_LIMIT) -> list[str]:
        """Return the most frequent words of titles that begin with the prefix."""
        if limit < 1:
            raise CatalogError(f"limit must be at least 1, not {limit}")
        if not prefix.strip():
            raise CatalogError("prefix is empty")
        counts = Counter(word for book in self._books.values() for word in words(book.title))
        found = [word for word in counts if word.startswith(fold(prefix))]
        return sorted(found, key=lambda word: (-counts[word], word))[:limit]
