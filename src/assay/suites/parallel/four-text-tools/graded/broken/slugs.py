"""Names for addresses."""


def slug(text: str, longest: int = 40) -> str:
    """Return ``text`` as lower-case words joined by dashes, at most ``longest`` characters long."""
    return text.lower().replace(" ", "-")[:longest]
