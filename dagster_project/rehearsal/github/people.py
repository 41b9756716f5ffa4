"""The people of the pretend GitHub: logins, and profile locations as hard as real ones, with the true country known.

Every fact about a person follows from the seed and the person's number. Here: who they are and what they write about
where they live. Not here: what they work on (github/world). The places are real, the people are not, and say so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dagster_project.rehearsal.github.source import Account

_SLOTS = """US CN IN DE US CN GB US FR CN US IN JP US CA CN US KR US CN IN US BR CN US RU US CN IN US DE CN US SG AU CH NL
IL GE IN ID CN TW HK UA DE PL KE US NG AE GB XK NA FR PR CO CN IN JP CA BR US AM MA"""
COUNTRY_SLOTS: tuple[str, ...] = tuple(_SLOTS.split())
"""Person number n lives in the country at place n modulo the length: so whom a country has needs no list."""
LOCATION_KINDS = {"empty": 40, "plain": 31, "hard": 14, "several": 4, "ambiguous": 4, "nowhere": 5, "dirty": 2}
"""Kinds of location texts in percent; each in a hundred is 1 in 1."""
PERSON_IDS = 30_000_001
PERSON_ID_STEP = 13
DAY_SECONDS = 86_400
LONG_TEXT_CHARACTERS = 10_000
MAX_DIGITS = 9
AS_IT_IS_SHARE = 0.6
LONGEST_WITH_CODE = len("Perth, WA")
"""Shorter texts are not worn down: without its comma or capitals a code would say nothing any more."""
RENAMED_EVERY, GONE_EVERY, MOVED_EVERY = 97, 89, 31
"""One person in so many changes the login, deletes the account, moves to another country."""

PLAIN: dict[str, tuple[str, ...]] = {
    "AE": ("Dubai, United Arab Emirates", "Abu Dhabi, UAE"),
    "AM": ("Yerevan, Armenia", "Armenia"),
    "AU": ("Melbourne, Australia", "Brisbane, Queensland, Australia"),
    "BR": ("Recife, Brazil", "Porto Alegre, Brasil"),
    "CA": ("Toronto, Canada", "Ottawa, Ontario, Canada"),
    "CH": ("Lausanne, Switzerland", "Zürich, Schweiz"),
    "CN": ("Hangzhou, China", "Shenzhen, Guangdong, China", "Beijing, China"),
    "CO": ("Medellín, Colombia", "Colombia"),
    "DE": ("Leipzig, Germany", "Bremen, Deutschland"),
    "FR": ("Grenoble, France", "Nantes, France"),
    "GB": ("Leeds, United Kingdom", "Glasgow, Scotland, UK"),
    "GE": ("Tbilisi, Georgia", "Kutaisi, Georgia"),
    "HK": ("Hong Kong", "Kowloon, Hong Kong"),
    "ID": ("Bandung, Indonesia", "Indonesia"),
    "IL": ("Haifa, Israel", "Israel"),
    "IN": ("Pune, India", "Kochi, Kerala, India"),
    "JP": ("Osaka, Japan", "Sendai, Japan"),
    "KE": ("Nairobi, Kenya", "Kenya"),
    "KR": ("Busan, South Korea", "Daejeon, Republic of Korea"),
    "MA": ("Rabat, Morocco", "Fès, Maroc"),
    "NA": ("Windhoek, Namibia", "Namibia"),
    "NG": ("Ibadan, Nigeria", "Nigeria"),
    "NL": ("Utrecht, The Netherlands", "Groningen, Nederland"),
    "PL": ("Poznań, Poland", "Gdańsk, Polska"),
    "PR": ("San Juan, Puerto Rico", "Puerto Rico"),
    "RU": ("Novosibirsk, Russia", "Kazan, Russian Federation"),
    "SG": ("Singapore", "Tampines, Singapore"),
    "TW": ("Hsinchu, Taiwan", "Taichung, Taiwan"),
    "UA": ("Kharkiv, Ukraine", "Lviv, Ukraine"),
    "US": ("Austin, Texas, USA", "Pittsburgh, Pennsylvania, United States", "Seattle, USA"),
    "XK": ("Prishtina, Kosovo", "Kosovo"),
}
HARD: dict[str, tuple[str, ...]] = {
    "AE": ("دبي", "DXB"),
    "AM": ("Երևան", "EVN 🇦🇲"),
    "AU": ("Newcastle, NSW", "Perth WA", "🇦🇺"),
    "BR": ("Floripa - SC", "São Carlos/SP", "Belém, PA", "🇧🇷 RS"),
    "CA": ("London, Ontario", "Sydney, Nova Scotia", "Paris, ON", "Vancouver, BC", "Montréal QC", "Toronto, CA"),
    "CH": ("St. Gallen, SG", "Neuchâtel (NE)", "Genf", "Bern BE"),
    "CN": ("北京", "上海市浦东新区", "中国 杭州", "广东 深圳", "PRC", "西安", "🇨🇳"),
    "CO": ("Bogotá D.C.", "Cali, CO"),
    "DE": ("München", "NRW", "Frankfurt (Oder)", "Halle/Saale", "BER", "Schland 🇩🇪"),
    "FR": ("Île-de-France", "Lille (59)", "Orléans", "Aix-en-Provence 🇫🇷"),
    "GB": ("Cambridge, UK", "Boston, Lincolnshire", "Newcastle upon Tyne", "Washington, Tyne and Wear", "Belfast, NI"),
    "GE": ("თბილისი", "Georgia (the country)", "Batumi, GE", "Sakartvelo"),
    "HK": ("香港", "HK", "九龍"),
    "ID": ("Jakarta, ID", "Yogyakarta", "DKI Jakarta"),
    "IL": ("תל אביב", "Tel Aviv, IL"),
    "IN": ("बेंगलुरु", "Hyderabad, TS, IN", "Chennai, TN", "Blr", "New Delhi (NCR)"),
    "JP": ("東京", "日本 福岡", "京都市", "とうきょう"),
    "KE": ("Nairobi 🇰🇪", "Mombasa, KE"),
    "KR": ("대한민국", "서울특별시", "Pangyo", "판교"),
    "MA": ("الدار البيضاء", "Casablanca, MA"),
    "NA": ("NA (Namibia)", "Swakopmund, NA"),
    "NG": ("Lagos, NG", "Abuja FCT"),
    "NL": ("Den Haag", "'s-Hertogenbosch", "AMS"),
    "PL": ("Łódź", "Kraków, małopolskie"),
    "PR": ("Ponce, PR", "Mayagüez 🇵🇷"),
    "RU": ("Москва", "Санкт-Петербург", "Екатеринбург, РФ"),
    "SG": ("新加坡", "SG"),
    "TW": ("台北", "臺中市", "Taipei"),
    "UA": ("Київ", "Одеса", "Kyiv"),
    "US": (
        "Cambridge, MA",
        "Paris, TX",
        "Moscow, Idaho",
        "Dublin, Ohio",
        "Athens, GA",
        "SF Bay Area",
        "NYC",
        "Wilmington, DE",
        "Gary, IN",
        "Peoria, IL",
        "Pueblo, CO",
        "Berlin, MD",
        "Augusta, ME",
        "St. Paul, MN",
        "Boise, ID",
        "Mobile, AL",
        "Little Rock, AR",
        "PDX",
        "ＳＥＡＴＴＬＥ，ＷＡ",
    ),
    "XK": ("Prizren, XK", "Kosovë"),
}
AMBIGUOUS: tuple[str, ...] = (
    "Georgia",
    "Cambridge",
    "Springfield",
    "London / Ontario?",
    "San José",
    "Victoria",
    "CA",
    "IN",
    "PA",
    "Birmingham",
)
NOWHERE: tuple[str, ...] = (
    "Earth",
    "the cloud",
    "127.0.0.1",
    "/dev/null",
    "city",
    "Of",
    "Remote",
    "Milky Way",
    "your terminal",
    "🌍",
)
NOWHERE += (
    "in front of a keyboard",
    "localhost:3000",
    "N/A",
    "null",
    "None",
    "somewhere over the rainbow",
    "42",
    "::1",
)
OFFSETS_HOURS = {
    "US": -7,
    "CN": 8,
    "IN": 5.5,
    "JP": 9,
    "KR": 9,
    "BR": -3,
    "CA": -5,
    "AU": 10,
    "SG": 8,
    "GE": 4,
    "NA": 2,
}


@dataclass(frozen=True, slots=True)
class Person:
    """A person at a moment: the truth, and what the profile says."""

    number: int
    login: str
    country: str
    """Where they live, ISO 3166-1 alpha-2 (XK for Kosovo)."""
    location: str | None
    """What the profile says, None where the field is empty."""
    stated: tuple[str, ...]
    """What a perfect reader could tell from that text: no country, one, or several."""
    kind: str
    """Which of LOCATION_KINDS the text is."""


def id_of(number: int) -> int:
    """Give GitHub's id of a person."""
    return PERSON_IDS + PERSON_ID_STEP * number


def number_of(account_id: int) -> int | None:
    """Give the person who has an id, None for an id that is no person's."""
    number, rest = divmod(account_id - PERSON_IDS, PERSON_ID_STEP)
    return number if number >= 0 and not rest else None


def someone_in(country: str, place: int) -> int:
    """Give the number of the person at a place among those who live in a country; anyone for an unknown country."""
    slots = [slot for slot, there in enumerate(COUNTRY_SLOTS) if there == country] or list(range(len(COUNTRY_SLOTS)))
    return place // len(slots) * len(COUNTRY_SLOTS) + slots[place % len(slots)]


class People:
    """`count` people; those who move, rename or leave do so within the window that begins at `start`, in seconds."""

    def __init__(self, seed: int, count: int, start: int, span: int) -> None:
        self.seed, self.count, self._start, self._span = seed, count, start, span
        self.locate = lru_cache(maxsize=200_000)(self._locate)
        self._moment = lru_cache(maxsize=200_000)(self._make_moment)

    def person(self, number: int, now: int) -> Person:
        """Give a person at a moment, deleted or not."""
        country = self.country(number, now)
        kind, text, stated = self.locate(number, country)
        return Person(number, self.login(number, now), country, text, stated, kind)

    def country(self, number: int, now: int) -> str:
        """Give where a person lives at a moment."""
        country = COUNTRY_SLOTS[number % len(COUNTRY_SLOTS)]
        if number % MOVED_EVERY != MOVED_EVERY - 1 or now < self._moment(number):
            return country
        others = [other for other in COUNTRY_SLOTS if other != country]
        return others[number // len(COUNTRY_SLOTS) % len(others)]

    def login(self, number: int, now: int) -> str:
        """Give a person's login at a moment."""
        is_renamed = any(at <= now for at in self.renames(number))
        return f"rehearsal-user-{number:04d}{'-now' if is_renamed else ''}"

    def renames(self, number: int) -> list[int]:
        """Give the seconds at which a person's login changes."""
        return [self._moment(number)] if number % RENAMED_EVERY == RENAMED_EVERY - 1 else []

    def steady(self, number: int) -> int:
        """Give the next person who stays and keeps the login."""
        while number % RENAMED_EVERY == RENAMED_EVERY - 1 or number % GONE_EVERY == GONE_EVERY - 1:
            number -= 1
        return number

    def is_gone(self, number: int, now: int) -> bool:
        """Say whether a person has deleted the account."""
        return number % GONE_EVERY == GONE_EVERY - 1 and now >= self._moment(number)

    def account(self, number: int, now: int) -> Account:
        """Give a person's account as lists show it, and as the profile shows it."""
        person = self.person(number, now)
        created = 1_230_768_000 + number * 7_919 % (14 * 365) * DAY_SECONDS
        company = f"@rehearsal-lab-{number % 24:02d}" if number % 5 == 0 else None
        name = f"Rehearsal Person {number:04d}" if number % 4 else None
        return Account(id_of(number), person.login, "User", name, company, person.location, created, self._start)

    def find(self, login: str, now: int) -> int | None:
        """Find a person by the present login; an old one leads nowhere, as on GitHub."""
        digits = login.lower().removeprefix("rehearsal-user-").removesuffix("-now")
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= MAX_DIGITS else self.count
        return number if number < self.count and self.login(number, now).lower() == login.lower() else None

    def moves(self) -> list[tuple[int, int, str, str]]:
        """Give every move as (second, person, from, to)."""
        movers = range(MOVED_EVERY - 1, self.count, MOVED_EVERY)
        moments = [(self._moment(number), number) for number in movers]
        return [(at, who, self.country(who, at - 1), self.country(who, at)) for at, who in moments]

    def offset(self, number: int, now: int) -> int:
        """Give the seconds east of UTC that a person's commits carry."""
        return int(OFFSETS_HOURS.get(self.country(number, now), 1) * 3600)

    def _make_moment(self, number: int) -> int:
        draw = random.Random(f"{self.seed}:moment:{number}").random()
        return self._start + int(self._span * (0.2 + 0.6 * draw))

    def _locate(self, number: int, country: str) -> tuple[str, str | None, tuple[str, ...]]:
        """Draw what a person in a country writes: the kind, the text, and what it says."""
        draws = random.Random(f"{self.seed}:location:{number}:{country}")
        kind = draws.choices(list(LOCATION_KINDS), list(LOCATION_KINDS.values()))[0]
        plain, hard = draws.choice(PLAIN[country]), draws.choice(HARD[country])
        if kind == "several":
            return kind, *_several(country, plain, draws)
        says = (country,) if kind in {"plain", "hard", "dirty"} else ()
        texts: dict[str, Callable[[], str | None]] = {
            "empty": lambda: None,
            "plain": lambda: _worn(plain, draws),
            "hard": lambda: _worn(hard, draws) if hard.isascii() else hard,
            "ambiguous": lambda: draws.choice(AMBIGUOUS),
            "nowhere": lambda: draws.choice(NOWHERE),
            "dirty": lambda: _dirty(plain, draws),
        }
        return kind, texts[kind](), says


def _worn(text: str, draws: random.Random) -> str:
    """Write a place as people do: another case, no comma, blanks, a pin."""
    if draws.random() < AS_IT_IS_SHARE or len(text) <= LONGEST_WITH_CODE:
        return text
    return draws.choice((text.lower(), text.replace(", ", " / "), f"  {text} ", f"📍 {text}", text.replace(",", "")))


def _several(country: str, plain: str, draws: random.Random) -> tuple[str, tuple[str, ...]]:
    """Write two places of two countries."""
    other = draws.choice([code for code in PLAIN if code != country])
    place = draws.choice(PLAIN[other])
    text = draws.choice(("{} / {}", "{} & {}", "{} → {}", "{} and {}")).format(plain, place)
    return text, (country, other)


def _dirty(plain: str, draws: random.Random) -> str:
    """Put what does not belong in a line of text around a true place."""
    filler = ("very " * LONG_TEXT_CHARACTERS)[: LONG_TEXT_CHARACTERS - len(plain)]
    ways: Sequence[str] = (
        f"\u202e{plain}\u202c",
        f"\x07{plain}\x1b[31m",
        f"{plain}\u0000",
        f"{plain}\r\nX-Injected: yes",
        "\u200b".join(plain),
        f"=cmd|'{plain}'",
        f"<script>alert(1)</script>{plain}",
        filler + plain,
    )
    return draws.choice(ways)
