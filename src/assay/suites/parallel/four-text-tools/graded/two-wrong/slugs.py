"""Names for addresses."""

import re
import unicodedata


def slug(text: str, longest: int = 40) -> str:
    """Return ``text`` as lower-case words joined by dashes, at most ``longest`` characters long."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    name = "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[:longest].strip("-")
    if not name:
        raise ValueError("nothing is left")
    return name
