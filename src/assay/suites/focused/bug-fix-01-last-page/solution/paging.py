"""Pages over a listing of known length, as the listing screens show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page: its entries, its 1-based number and the number of the last page."""

    items: tuple[Item, ...]
    number: int
    last: int

    @property
    def has_next(self) -> bool:
        """Whether another page follows."""
        return self.number < self.last

    @property
    def has_previous(self) -> bool:
        """Whether a page comes before."""
        return self.number > 1


def page_count(total: int, size: int) -> int:
    """Return how many pages ``total`` entries fill; an empty listing has one page."""
    if size < 1:
        raise ValueError(f"page size must be at least 1, not {size}")
    return max(1, -(-total // size))


def paginate(items: Sequence[Item], number: int, size: int) -> Page[Item]:
    """Return page ``number``; a number outside the listing means the nearest page."""
    last = page_count(len(items), size)
    number = min(max(number, 1), last)
    first = (number - 1) * size
    return Page(tuple(items[first : first + size]), number, last)


def shown_range(page: int, total: int, size: int) -> tuple[int, int]:
    """Return the 1-based positions of the first and last entry on ``page``; (0, 0) for an empty listing."""
    if total == 0:
        return (0, 0)
    page = min(max(page, 1), page_count(total, size))
    return ((page - 1) * size + 1, min(page * size, total))


def page_numbers(current: int, total: int, size: int, around: int = 2) -> list[int]:
    """Return the page numbers to offer as links: at most ``around`` on each side of ``current``."""
    last = page_count(total, size)
    current = min(max(current, 1), last)
    return list(range(max(1, current - around), min(last, current + around) + 1))
