"""How a place's name is written for comparing: one form for the index and for the text that is looked up in it.

Not here: what a name means (gazetteer), and how a text is read (reading).
"""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 400
"""A profile field holds 255; what stands behind this is prose, and prose is not read."""
STRONG, WEAK = "|", ","
"""Between two places (`a / b`), and between a place and what contains it (`a, b`)."""

# The Latin, Greek and Cyrillic letters that people leave out or write in another way. Other scripts keep their marks:
# in Hangul, Arabic and the Indic scripts a mark is a letter.
_LETTERS = {
    "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ə": "e",
    "ي": "ی", "ى": "ی", "ك": "ک", "ـ": "", "臺": "台",
}  # fmt: skip
_STRIPPED_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
_APOSTROPHES = "'’‘ʻʼʿʾ`´ʹ′"
_STRONG_SIGNS = "/|;&+•·→➡↔⇄⇒~<>=\n\\"
_WEAK_SIGNS = ',()[]{}:!?*@#"“”«»、。،؛…^%$'
_LINKS = re.compile(r"\w+://\S*|\S+@\S+|\bwww\.\S*")
_INITIALS = re.compile(r"(?<!\w)(?:\w\.){2,}\w?(?!\w)")
_ABBREVIATIONS = re.compile(r"\b(st|ste|sta|sto|mt|ft)\. ?")
_SHORTENED = re.compile(r"\b(saint|fort|mount)\b")
_SHORT = {"saint": "st", "fort": "ft", "mount": "mt"}


_LOOSE_MARKS = re.compile("[\u0300-\u036f\ufe00-\ufe0f]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff]")


class _Folding(dict[int, str]):
    """What each character becomes; worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


def _folded(character: str) -> str:
    fixed = _fixed(character)
    if fixed is not None:
        return fixed
    category = unicodedata.category(character)
    if category == "Cf" or _LOOSE_MARKS.match(character):
        return ""
    if category[0] in "CZ":
        return " "
    if category[0] == "S" or category in ("Ps", "Pe", "Pi", "Pf"):
        return WEAK
    return _without_marks(character)


def _without_marks(character: str) -> str:
    if not unicodedata.name(character, "").startswith(_STRIPPED_SCRIPTS):
        return character
    base = unicodedata.normalize("NFD", character)[0]
    return _LETTERS.get(base, base)


def _fixed(character: str) -> str | None:
    if character in _LETTERS:
        return _LETTERS[character]
    if character in _APOSTROPHES:
        return ""
    if character in _STRONG_SIGNS:
        return STRONG
    if character in _WEAK_SIGNS:
        return WEAK
    return {"_": " ", "–": "-", "—": "-", "‐": "-", "‑": "-", "―": "-"}.get(character)


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Write a text in the form in which names are compared: NFKC, small letters, no accents, signs as STRONG or WEAK."""
    text = text[:MAX_CHARACTERS]
    text = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text)[:MAX_CHARACTERS].casefold()
    if ":" in text or "@" in text or "www." in text:
        text = _LINKS.sub(" ", text)
    text = text.translate(_FOLDING)
    if "-" in text:
        text = text.replace(" -", WEAK).replace("- ", WEAK).replace("-", " ")
    if "." in text:
        text = _without_dots(text)
    if "saint" in text or "fort" in text or "mount" in text:
        text = _SHORTENED.sub(lambda match: _SHORT[match[0]], text)
    return text


def _without_dots(text: str) -> str:
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), text)
    text = _ABBREVIATIONS.sub(r"\1 ", text)
    return text.replace(". ", WEAK).replace(".", " ")


def key(name: str) -> str:
    """Write one name as the index holds it: its words, one space between them."""
    return " ".join(fold(name).replace(STRONG, " ").replace(WEAK, " ").split())


def is_unspaced(word: str) -> bool:
    """Whether a word is in a script that sets no spaces between words, or joins them freely (Han, kana, Hangul, Thai)."""
    return _UNSPACED.match(word) is not None
