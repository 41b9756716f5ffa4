"""Cuts a location text into mentions of places, without saying yet which places are meant.

Not here: the form of names (names), their meanings (gazetteer), the choice between meanings (judging).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dagster_project.geography.gazetteer import CITY, COUNTRY, REGION, Gazetteer, Meaning
from dagster_project.geography.names import STRONG, fold, is_unspaced
from dagster_project.geography.words import BETWEEN_PLACES, FILLERS, NO_PLACES

MAX_WORDS_OF_A_NAME, MAX_LETTERS_OF_AN_UNSPACED_NAME = 6, 10
MAX_MENTIONS = 8
MIN_WEIGHT_AMONG_UNKNOWN_WORDS = 5.5
"""Inside a part with words that nobody knows only a country, a region or a large city is believed."""
MAX_WORDS_OF_A_MISSPELT_NAME = 3
MIN_LETTERS_OF_A_VILLAGE, MIN_WEIGHT_AGAINST_A_VILLAGE = 5, 5.0
REMEMBERED_PARTS = 100_000
BESIDE, COMMA, SLASH = "beside", "comma", "slash"
"""What stands between a mention and the one before: a space, a WEAK sign, a STRONG sign."""

_SIGNS = re.compile(r"([|,]+)")
_FLAG = re.compile("([\U0001f1e6-\U0001f1ff])([\U0001f1e6-\U0001f1ff])")
_BRITISH_FLAG = re.compile("\U0001f3f4\U000e0067\U000e0062[\U000e0061-\U000e007f]*")
_FIRST_FLAG, _FIRST_FLAG_LETTER = "\U0001f1e6", 0x1F1E6
_MOJIBAKE = re.compile("[ÂÃÄÅÐÑ][\x80-\xff\u0152-\u2122]")


class Mention(NamedTuple):
    """A name in a text: what it may mean, and what stands before it."""

    meaning: Meaning
    link: str


class Reading(NamedTuple):
    """The mentions of a text in their order, and how many of its words are unknown."""

    mentions: list[Mention]
    unknown: int


class Reader:
    """Reads texts with one gazetteer; remembers parts, which texts share (`usa`, `berlin`)."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._parts: dict[str, Reading] = {}

    def read(self, text: str) -> Reading:
        """Give the mentions of a text, at most MAX_MENTIONS."""
        mentions: list[Mention] = []
        unknown = 0
        link = COMMA
        pieces = _SIGNS.split(fold(text if text.isascii() else _with_flags_as_words(_repaired(text))))
        for place, piece in enumerate(pieces):
            if place % 2:
                link = SLASH if STRONG in piece else COMMA
                continue
            part = self._part(piece)
            if part.mentions:
                mentions.append(part.mentions[0] if link == COMMA else Mention(part.mentions[0].meaning, link))
                mentions += part.mentions[1:]
            unknown += part.unknown
            if len(mentions) >= MAX_MENTIONS:
                break
        if not mentions or all(mention.meaning.is_code for mention in mentions):
            mentions = self._misspelt(pieces[::2]) + mentions
        return Reading(mentions[:MAX_MENTIONS] if len(mentions) > MAX_MENTIONS else mentions, unknown)

    def _part(self, piece: str) -> Reading:
        reading = self._parts.get(piece)
        if reading is None:
            if len(self._parts) >= REMEMBERED_PARTS:
                self._parts.clear()
            reading = self._parts[piece] = self._read_part(piece.split())
        return reading

    def _read_part(self, words: list[str]) -> Reading:
        name = " ".join(words)
        if not name or name in NO_PLACES:
            return Reading([], 0)
        meaning = self._gazetteer.find(name)
        if meaning is not None:
            return Reading([Mention(meaning, COMMA)], 0)
        mentions, unknown = self._tiled(words)
        is_doubtful = unknown > 0 or not any(_is_large(mention) for mention in mentions)
        village = self._gazetteer.find_village(name) if is_doubtful and len(name) >= MIN_LETTERS_OF_A_VILLAGE else None
        if village is not None:
            return Reading([Mention(village, COMMA)], 0)
        if unknown:
            mentions = [strong for mention in mentions if (strong := _only_strong(mention))]
        return Reading(mentions, unknown)

    def _tiled(self, words: list[str]) -> tuple[list[Mention], int]:
        """Cover words with names, the longest first, from the left."""
        mentions: list[Mention] = []
        unknown, place, link, follows = 0, 0, COMMA, False
        while place < len(words):
            meaning, length = self._longest(words, place, follows=follows)
            word = words[place]
            if meaning is not None:
                mentions.append(Mention(meaning, link))
                link, follows = BESIDE, True
            elif is_unspaced(word):
                found, missed = self._unspaced(word)
                mentions += found
                unknown, follows = unknown + missed, bool(found)
            else:
                if word in BETWEEN_PLACES:
                    link = SLASH
                elif word not in FILLERS and not any(map(str.isdigit, word)):
                    unknown += 1
                follows = False
            place += length
        return mentions, unknown

    def _longest(self, words: list[str], place: int, *, follows: bool) -> tuple[Meaning | None, int]:
        for length in range(min(MAX_WORDS_OF_A_NAME, len(words) - place), 0, -1):
            if length == 1 and words[place] in FILLERS and not follows:
                break
            meaning = self._gazetteer.find(" ".join(words[place : place + length]))
            is_last = place + length == len(words)
            if meaning is not None and (not meaning.is_code or (follows and is_last)):
                return meaning, length
        return None, 1

    def _unspaced(self, word: str) -> tuple[list[Mention], int]:
        """Cover a run of letters without spaces with names of two letters and more; what is left over is unknown."""
        mentions, unknown, place = [], 0, 0
        while place < len(word):
            for end in range(min(len(word), place + MAX_LETTERS_OF_AN_UNSPACED_NAME), place + 1, -1):
                meaning = self._gazetteer.find(word[place:end])
                if meaning is not None:
                    mentions.append(Mention(meaning, BESIDE))
                    place = end
                    break
            else:
                unknown, place = unknown + 1, place + 1
        return mentions, unknown

    def _misspelt(self, pieces: list[str]) -> list[Mention]:
        for piece in pieces:
            name = " ".join(piece.split())
            if name.count(" ") < MAX_WORDS_OF_A_MISSPELT_NAME and name not in NO_PLACES:
                meaning = self._gazetteer.find_misspelt(name)
                if meaning:
                    return [Mention(meaning, COMMA)]
        return []


def _is_large(mention: Mention) -> bool:
    alone = mention.meaning.alone
    return bool(alone) and alone[0][0] >= MIN_WEIGHT_AGAINST_A_VILLAGE


def _only_strong(mention: Mention) -> Mention | None:
    strong = [
        candidate
        for candidate in mention.meaning.candidates
        if not candidate.is_weak
        and (
            candidate.kind in (COUNTRY, REGION)
            or (candidate.kind == CITY and candidate.weight >= MIN_WEIGHT_AMONG_UNKNOWN_WORDS)
        )
    ]
    return Mention(Meaning(strong), mention.link) if strong else None


def _repaired(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252 (`MÃ¼nchen`)."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def _with_flags_as_words(text: str) -> str:
    if max(text) < _FIRST_FLAG:
        return text
    text = _BRITISH_FLAG.sub("|flag gb|", text)
    return _FLAG.sub(lambda pair: f"|flag {_letter(pair[1])}{_letter(pair[2])}|", text)


def _letter(indicator: str) -> str:
    return chr(ord(indicator) - _FIRST_FLAG_LETTER + ord("a"))
