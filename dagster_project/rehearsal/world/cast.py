"""Who and what a rehearsal world is made of: fictional labs in real countries, namespaces, licences, tasks, sizes.

All names are fictional and say "rehearsal". Not here: what happens to them (scenario), single models (world/facts).
"""

from __future__ import annotations

from dataclasses import dataclass

COUNTRIES = {
    "AE": ("United Arab Emirates", "Asia"),
    "AU": ("Australia", "Oceania"),
    "BR": ("Brazil", "South America"),
    "CA": ("Canada", "North America"),
    "CH": ("Switzerland", "Europe"),
    "CN": ("China", "Asia"),
    "DE": ("Germany", "Europe"),
    "ES": ("Spain", "Europe"),
    "FI": ("Finland", "Europe"),
    "FR": ("France", "Europe"),
    "GB": ("United Kingdom", "Europe"),
    "ID": ("Indonesia", "Asia"),
    "IL": ("Israel", "Asia"),
    "IN": ("India", "Asia"),
    "IT": ("Italy", "Europe"),
    "JP": ("Japan", "Asia"),
    "KE": ("Kenya", "Africa"),
    "KR": ("South Korea", "Asia"),
    "MX": ("Mexico", "North America"),
    "NL": ("Netherlands", "Europe"),
    "NO": ("Norway", "Europe"),
    "PL": ("Poland", "Europe"),
    "SA": ("Saudi Arabia", "Asia"),
    "SE": ("Sweden", "Europe"),
    "SG": ("Singapore", "Asia"),
    "TR": ("Türkiye", "Asia"),
    "US": ("United States", "North America"),
    "VN": ("Vietnam", "Asia"),
}
_LABS = """Aurelon US company|Brivane CN company|Cindrelle US company|Dovarisse FR company|Elmorane CN company
Farrowine CA non-profit|Galdanor KR company|Hestrixa GB company|Iskandelle AE research-institute|Jorvanel DE company
Kelmirate JP company|Lunastrel CN university|Morvellin IN company|Nimbrasso SG government|Ondarriel CH university
Pellucine US non-profit|Quillanor GB university|Rostmerre DE research-institute|Solvantine BR company
Tarnwicke AU company|Umbrivale FR research-institute|Veldorane KE community|Wynmarse KR government
Xandrille CN research-institute|Yarrowmond NL company|Zephirelle US community|Almarque IL company
Borvessa IT university|Corvanthe FI company|Mirandreth US company|Northessel CN company|Orvalune JP company
Pravennor IN company|Dagmirelle SE government|Esparrine ES government|Fjordessel NO research-institute
Grevannet PL government|Hollandrel TR company|Ilvorane SA government|Jasmirelle VN company|Kordavine ID company
Lisombrel MX university"""


@dataclass(frozen=True, slots=True)
class Lab:
    """A fictional lab. Its slug is its key in the registry; its place in LABS is its rank by size."""

    name: str
    country: str
    kind: str

    @property
    def slug(self) -> str:
        """The registry's key, and the lab's first namespace."""
        return f"rehearsal-{self.name.lower()}"


LABS = tuple(Lab(*entry.split(" ")) for entry in _LABS.replace("\n", "|").split("|"))
LAB_NUMBERS = {lab.slug: number for number, lab in enumerate(LABS)}
SUBSIDIARY_OF = {"rehearsal-cindrelle": "rehearsal-aurelon", "rehearsal-elmorane": "rehearsal-brivane"}
ARGUABLE_HOMES = {"rehearsal-elmorane": "SG", "rehearsal-hestrixa": "US"}
"""Labs that others place elsewhere: the largest Chinese one in Singapore, a British one in the United States."""
INTERMEDIARIES = {"rehearsal-yarrowmond": 0.24, "rehearsal-zephirelle": 0.20, "rehearsal-user-000": 0.06}
"""Accounts that quantise everybody's models, with their share of all quantised re-packs."""
SECOND_NAMESPACES = 18
"""So many labs, the largest ones, publish under a second namespace as well."""
PEOPLE = 20
"""A quarter of all namespaces: people, left out of the registry on purpose, so they must stay UNKNOWN."""
NOBODY = len(LABS)
"""Number that stands for "no lab": people's accounts."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A publisher on the pretend Hub; without a lab it is a person's account."""

    name: str
    lab: str | None
    lab_number: int

    @property
    def is_registered(self) -> bool:
        """Whether the registry knows it."""
        return self.lab is not None


def make_namespaces() -> list[Namespace]:
    """Give all namespaces: each lab's first, some labs' second, people's."""
    first = [Namespace(lab.slug, lab.slug, number) for number, lab in enumerate(LABS)]
    second = [Namespace(f"{lab.slug}-labs", lab.slug, number) for number, lab in enumerate(LABS[:SECOND_NAMESPACES])]
    people = [Namespace(f"rehearsal-user-{number:03d}", None, NOBODY) for number in range(PEOPLE)]
    return [*first, *second, *people]


LICENCES = {
    "apache-2.0": ("permissive", 45),
    "mit": ("permissive", 18),
    "gpl-3.0": ("copyleft", 4),
    "openrail": ("responsible-use", 7),
    "other": ("custom", 9),
    "cc-by-nc-4.0": ("non-commercial", 6),
    "unknown": ("none", 3),
    "": ("", 8),
}
"""Licence ids with their class and weight; an empty id is a model that states none."""
LICENCE_IDS = tuple(LICENCES)
CUSTOM, NON_COMMERCIAL = LICENCE_IDS.index("other"), LICENCE_IDS.index("cc-by-nc-4.0")
FAMILIES = ("Veyra", "Osterin", "Calliard", "Nuvexa", "Thalorn", "Bryndle", "Ferrowyn", "Ombrette")
TASKS = {"text-generation": 50, "image-text-to-text": 14, "feature-extraction": 8, "text-classification": 8}
TASKS |= {"automatic-speech-recognition": 6, "text-to-image": 8, "": 6}
TASK_IDS = tuple(TASKS)
TEXT_TASKS = 2
"""The first so many tasks are scope S2: text generation and image-text-to-text."""
SIZES = {"0.5B": 494_032_768, "1.5B": 1_543_714_304, "3B": 3_085_938_688, "7B": 7_615_616_512}
SIZES |= {"14B": 14_770_033_664, "32B": 32_763_876_352, "72B": 72_706_203_648, "235B": 235_093_634_560}
SIZES |= {"480B": 480_154_875_392}
SIZE_IDS = tuple(SIZES)
SIZE_WEIGHTS = (24, 17, 13, 17, 10, 7, 6, 4, 2)
BANDS = ("small", "mid", "large")
BAND_OF_SIZE = (0, 0, 0, 1, 1, 1, 2, 2, 2)
"""Place in BANDS of each size: under 5, 5 to 50, over 50 billion parameters."""
ROLES = ("base", "finetune", "adapter", "quantized", "merge")
BASE, FINETUNE, ADAPTER, QUANTIZED, MERGE = range(5)
ROLE_WEIGHTS = (30, 28, 12, 23, 7)
ROLE_PULL = (10.0, 30.0, 6.0, 90.0, 12.0)
"""Downloads that a model of this role gets, against others in the same place of the Zipf law."""
FLAGSHIP_PULL = 36.0
ROLE_BURST = (1.5, 0.5, 0.3, 0.8, 0.3)
"""Downloads of the first week after release beyond the steady ones, in steady first weeks."""
SUFFIXES = ("", "-Chat", "-LoRA", "-GGUF", "-Merge")
