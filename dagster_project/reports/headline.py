"""What the week says in words: which edition this is, who leads, how sure that is, and how to cite it.

Pure functions of rows that were already read. Not here: reading them (weekly) and drawing them (charts).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.naming import INTERNATIONAL, NOT_COUNTRIES, capital, country_label, spoken
from dagster_project.reports.render import bounds, percent, span

SCOPES = {
    "S1": "all models",
    "S2": "text and image-text models",
    "S3": "much downloaded text and image-text models that labs published themselves",
    "S4": "all models in their first year",
    "S1-quick": "all models of a quick capture",
    "S2-quick": "text and image-text models of a quick capture",
    "S3-quick": "much downloaded text and image-text models that labs published themselves, of a quick capture",
    "S4-quick": "all models of a quick capture in their first year",
}
HEADLINE_SCOPE, WHOLE_SCOPE = "S2", "S1"
QUICK_SUFFIX = "-quick"
QUICK_MEANING = (
    "Only models of the labs in the registry, the most downloaded and the newest ones were asked for. Whatever else the Hub "
    "has is in no total here, so these shares can't be set beside those of a full capture."
)
LEVEL = 0.0005  # two shares closer than half of the last printed digit are level


@dataclass(frozen=True)
class Edition:
    """One week of one release. Its strings are cleaned when it is read."""

    week: Week
    release_id: str
    published_at: datetime | None
    as_of: date | None
    audit_result: str
    overrides: str
    gaps: str
    is_rehearsal: bool
    origin: str
    is_quick: bool = False

    def scope(self, name: str) -> str:
        """Give the scope of this name that the week was measured in: a quick capture has scopes of its own."""
        return f"{name}{QUICK_SUFFIX}" if self.is_quick else name

    def marked(self, text: str) -> str:
        """Put REHEARSAL in front of a text that may travel without its page."""
        return f"REHEARSAL: {text}" if self.is_rehearsal else text

    @property
    def warning(self) -> str:
        """Say that this is not the real Hub, and what it is; empty for a real edition."""
        if not self.is_rehearsal:
            return ""
        return (
            "These numbers say nothing about the real Hugging Face Hub."
            f" They come from: {self.origin or 'an origin not stated'}."
        )

    @property
    def title(self) -> str:
        """The title of the page."""
        quick = ", quick capture" if self.is_quick else ""
        return self.marked(f"Who leads open-source AI, week {self.week} ({span(self.week)}){quick}")


@dataclass(frozen=True)
class Headline:
    """The finding in one sentence, and the three things a careful reader asks next. Shares lie in 0..1."""

    sentence: str
    runner_up: str
    certainty: str
    basis: str
    leader: str | None = None
    is_certain: bool | None = None
    estimated_share: float | None = None
    lead: str = ""  # the words the sentence begins with, to be set in bold
    leads: str = ""  # the same as the beginning of a sentence
    lead_share: str = ""


@dataclass(frozen=True)
class _Standing:
    code: str
    name: str
    known: float
    low: float
    high: float

    @property
    def bounds(self) -> str:
        return f"{bounds(self.low, self.high)} of all"

    @property
    def spoken(self) -> str:
        """Its name within a sentence."""
        return spoken(self.code, self.name)


def compose(rows: pl.DataFrame, week: Week, scope: str = HEADLINE_SCOPE) -> Headline:
    """Say who leads a week, from its rows of `marts.share_by_country` (other scopes are set aside)."""
    scoped = rows.filter((pl.col("scope") == scope) & (pl.col("week") == week.monday))
    denominator = f"{SCOPES[scope]}, publisher credit, week of {week.monday}"
    total = scoped["downloads_flow"].sum() if scoped.height else 0
    if not total:
        return _silent(f"No downloads were measured for {denominator}.", "", None)
    estimated = estimated_share(scoped)
    standings = _standings(scoped)
    unknown = float(scoped["unknown_share"].max())  # type: ignore[arg-type] # a share is a number
    if not standings:
        return _silent(_nobody(scoped, denominator, unknown), basis_in_words(estimated), estimated)
    leader, others = standings[0], standings[1:]
    lead = _lead(leader, others)
    return Headline(
        sentence=f"{lead} of known downloads ({leader.bounds}, {percent(unknown)} unknown), {denominator}.",
        lead=lead,
        leads=_leads(leader, others),
        lead_share=percent(leader.known),
        runner_up=_runner_up(others, scoped),
        certainty=_certainty(leader, others, unknown),
        basis=basis_in_words(estimated),
        leader=leader.code,
        is_certain=_is_certain(leader, others, unknown),
        estimated_share=estimated,
    )


def estimated_share(rows: pl.DataFrame) -> float:
    """The part of a flow that comes from the rolling 30-day counter, 0..1; a row without it counts by its flag."""
    if not rows.height or not rows["downloads_flow"].sum():
        return 0.0
    share = pl.coalesce("estimated_share", pl.col("is_estimate").cast(pl.Float64))
    parts = rows.select(estimated=(pl.col("downloads_flow") * share).sum(), total=pl.col("downloads_flow").sum())
    estimated, total = parts.row(0)
    return float(estimated) / float(total)


def basis_in_words(estimated: float) -> str:
    """Say whether a flow was measured or estimated, and what part of it."""
    if not estimated:
        return "Measured: every download here is the difference between two readings of the all-time counter."
    how = "7/30 of the Hub's rolling 30-day counter"
    if estimated > 1 - LEVEL:
        return f"Estimated: the whole flow is {how}, because the all-time counter was not yet read on both sides of this week."
    return f"{percent(estimated)} of this flow is estimated ({how}); the rest is measured, as the difference of two readings."


def uneven_in_words(days: float) -> str:
    """Say how many days a week is told the downloads of, where the snapshots on its two sides were taken at different hours."""
    return (
        f"The week is told the downloads of {days:.1f} days: the snapshots on its two sides were taken at hours that far apart."
        " Shares hardly move by it; quote its totals only together with its neighbours'."
    )


def estimated_weeks_in_words(history: pl.DataFrame) -> str:
    """Say how many weeks of a course were wholly estimated, and up to when; empty where none was."""
    weeks = [week for (week,), rows in history.group_by("week") if estimated_share(rows) > 1 - LEVEL]
    if not weeks:
        return ""
    many = f"{len(weeks)} weeks are" if len(weeks) > 1 else "1 week is"
    return f"{many} estimated, not measured (7/30 of the rolling 30-day counter), the last of them {Week(max(weeks))}."


def citation(edition: Edition, scope: str = HEADLINE_SCOPE, by: str = "country of lab") -> str:
    """Give the line that makes a quoted share of downloads checkable; `by` says whose shares they are."""
    return cited(edition, f"scope {scope} ({SCOPES[scope]}), publisher credit, share of downloads by {by}")


def cited(edition: Edition, measure: str) -> str:
    """Give the line that makes a quoted number checkable: release, week, what was measured, and the last reading."""
    monday = edition.week.monday
    as_of = f", as of {edition.as_of}" if edition.as_of else ""
    return edition.marked(
        f"leadershift, release {edition.release_id}, week {edition.week} ({monday} to {date.fromordinal(monday.toordinal() + 6)}), "
        f"{measure}{as_of}."
    )


def _silent(sentence: str, basis: str, estimated: float | None) -> Headline:
    return Headline(sentence=sentence, runner_up="", certainty="", basis=basis, estimated_share=estimated)


def _standings(scoped: pl.DataFrame) -> list[_Standing]:
    known = scoped.filter(~pl.col("country").is_in(list(NOT_COUNTRIES)) & (pl.col("share_of_known") > 0))
    rows = known.sort("share_of_known", "country", descending=[True, False])
    facts = rows.select("country", "country_name", "share_of_known", "lower_bound", "upper_bound").iter_rows()
    return [_Standing(code, country_label(code, name), *shares) for code, name, *shares in facts]


def _nobody(scoped: pl.DataFrame, denominator: str, unknown: float) -> str:
    if _international(scoped):
        return f"No country has known downloads: every reviewed lab is international ({percent(unknown)} unknown), {denominator}."
    return f"No downloads could be placed in a country: {percent(unknown)} unknown, {denominator}."


def _international(scoped: pl.DataFrame) -> float:
    share = scoped.filter(pl.col("country") == INTERNATIONAL)["share_of_known"].sum()
    return float(share)


def _lead(leader: _Standing, others: list[_Standing]) -> str:
    if others and leader.known - others[0].known < LEVEL:
        return f"{leader.name} and {others[0].spoken} level at {percent(leader.known)}"
    return f"{leader.name} {percent(leader.known)}"


def _leads(leader: _Standing, others: list[_Standing]) -> str:
    if others and leader.known - others[0].known < LEVEL:
        return f"{capital(leader.spoken)} and {others[0].spoken} are level at {percent(leader.known)}"
    return f"{capital(leader.spoken)} leads with {percent(leader.known)}"


def _runner_up(others: list[_Standing], scoped: pl.DataFrame) -> str:
    if not others:
        return "No other country has known downloads."
    second = others[0]
    sentence = f"{capital(second.spoken)} follows with {percent(second.known)} of known downloads ({second.bounds})."
    homeless = _international(scoped)
    if homeless > second.known:
        sentence += f" Labs reviewed as international, without one home, hold {percent(homeless)} of known."
    return sentence


def _is_certain(leader: _Standing, others: list[_Standing], unknown: float) -> bool:
    """Whether the lead stands wherever the unknown belongs. A country not seen at all has at most the unknown."""
    return leader.low > (others[0].high if others else unknown)


def _certainty(leader: _Standing, others: list[_Standing], unknown: float) -> str:
    rival = f"{others[0].spoken} has" if others else "another country would have"
    most = others[0].high if others else unknown
    figures = f"{leader.spoken} has at least {percent(leader.low)} of all, {rival} at most {percent(most)}"
    if _is_certain(leader, others, unknown):
        return f"Certain, wherever the unknown belongs: {figures}."
    return f"The unknown could reverse this: {figures}."
