"""Names for addresses."""

import re
import unicodedata


def slug(text: str, longest: int = 40) -> str:
    """Return ``text`` as lower-case words joined by dashes, at most ``longest`` characters long."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    words = re.findall(r"[a-z0-9]+", plain.lower())
    if not words or longest < 1:
        raise ValueError("nothing is left")
    name = words[0][:longest]
    for word in words[1:]:
        if len(name) + 1 + len(word) > longest or len(words[0]) > longest:
            break
        name = f"{name}-{word}"
    return name
