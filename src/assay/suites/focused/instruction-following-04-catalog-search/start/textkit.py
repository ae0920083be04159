"""How text is compared and cut into words, everywhere in our software."""

from __future__ import annotations

import unicodedata

__all__ = ["fold", "words"]

_SPELLED = str.maketrans({"æ": "ae", "ø": "o", "đ": "d", "ł": "l"})


def fold(text: str) -> str:
    """Return ``text`` without what does not matter: case, accents, blanks around it, runs of blanks in it."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(plain.translate(_SPELLED).split())


def words(text: str) -> list[str]:
    """Return the words of ``text``, folded: runs of letters and digits, in order, repeated ones too."""
    return "".join(character if character.isalnum() else " " for character in fold(text)).split()
