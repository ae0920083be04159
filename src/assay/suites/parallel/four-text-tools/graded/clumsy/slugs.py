"""Names for addresses."""
import unicodedata

def slug(text: str, longest: int = 40) -> str:
    """Return ``text`` as lower-case words joined by dashes, at most ``longest`` characters long."""
    if longest < 1:
        raise ValueError("longest")
    words = []
    word = ""
    for char in unicodedata.normalize("NFKD", text):
        if unicodedata.combining(char):
            continue
        else:
            l = char.lower()
            if (l >= "a" and l <= "z" and len(l) == 1) or (l >= "0" and l <= "9" and len(l) == 1):
                word = word + l
            else:
                if word != "":
                    words.append(word)
                    word = ""
    if word != "":
        words.append(word)
        word = ""
    if len(words) == 0:
        raise ValueError("nothing")
    if len(words[0]) > longest:
        return words[0][0:longest]
    result = ""
    for i in range(len(words)):
        if i == 0:
            result = words[0]
        else:
            if len(result) + 1 + len(words[i]) <= longest:
                result = result + "-" + words[i]
            else:
                break
    return result
