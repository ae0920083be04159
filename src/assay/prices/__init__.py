"""Prices: dated rates by provider and model, and the arithmetic of cost. Unknown is None, never 0."""

from assay.prices.book import Catalogue, PriceBook
from assay.prices.cost import cost, partial_cost, reservation

__all__ = ["Catalogue", "PriceBook", "cost", "partial_cost", "reservation"]
