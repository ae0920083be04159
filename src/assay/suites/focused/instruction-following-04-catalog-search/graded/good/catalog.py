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
        """Search for books.

        Args:
            query: Words that the title must have, or words that begin with them.
            author: Only books of this author.
            subject: Only books with this subject.
            since: Only books from this year on.
            limit: The largest number of books to return.

        Returns:
            The books, best match first.

        Raises:
            CatalogError: If the limit is below 1.
        """
        if limit < 1:
            raise CatalogError(f"limit must be at least 1, not {limit}")
        terms = words(query)
        matches = []
        for book in self._books.values():
            if author is not None and fold(book.author) != fold(author):
                continue
            if subject is not None:
                subjects = [fold(name) for name in book.subjects]
                if fold(subject) not in subjects:
                    continue
            if since is not None and book.year < since:
                continue
            title_words = words(book.title)
            if not all(self._matches(term, title_words) for term in terms):
                continue
            exact = all(term in title_words for term in terms)
            matches.append((0 if exact else 1, -book.year, fold(book.title), book))
        matches.sort(key=lambda match: match[:3])
        return [match[3] for match in matches[:limit]]

    def suggest(self, prefix: str, *, limit: int = SUGGEST_LIMIT) -> list[str]:
        """Suggest words from titles.

        Args:
            prefix: What the words begin with.
            limit: The largest number of words to return.

        Returns:
            The words, most frequent first.

        Raises:
            CatalogError: If the limit is below 1 or the prefix is empty.
        """
        if limit < 1:
            raise CatalogError(f"limit must be at least 1, not {limit}")
        folded = fold(prefix)
        if not folded:
            raise CatalogError("prefix is empty")
        counts: dict[str, int] = {}
        for book in self._books.values():
            for word in set(words(book.title)):
                if word.startswith(folded):
                    counts[word] = counts.get(word, 0) + 1
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [word for word, _ in ordered[:limit]]

    @staticmethod
    def _matches(term: str, title_words: list[str]) -> bool:
        for word in title_words:
            if word.startswith(term):
                return True
        return False
