"""The catalogue of a library."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from textkit import fold

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
        """Return the books whose titles contain the words of the query."""
        if limit <= 0:
            raise CatalogError("limit must be positive")
        results = []
        for book in self._books.values():
            title = book.title.lower()
            if not all(term in title for term in query.lower().split()):
                continue
            if author and book.author.lower() != author.lower():
                continue
            if subject and subject.lower() not in [name.lower() for name in book.subjects]:
                continue
            if since and book.year < since:
                continue
            results.append(book)
        results.sort(key=lambda book: (-book.year, book.title))
        return results[:limit]

    def suggest(self, prefix: str, *, limit: int = SUGGEST_LIMIT) -> list[str]:
        """Return the words of titles that begin with the prefix."""
        if not prefix:
            raise CatalogError("prefix is empty")
        counts = Counter(word for book in self._books.values() for word in book.title.lower().split())
        return [word for word, _ in counts.most_common() if word.startswith(prefix.lower())][:limit]
