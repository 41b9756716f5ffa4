"""A small published release to report on: one clean, one whose every text field is an attack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.headline import Edition

Row = tuple[Any, ...]
MONDAY = date(2026, 11, 16)
MARKER = "window.__ran = true"
HOSTILE = [
    f"</script><script>{MARKER}</script>",
    f"<img src=x onerror='{MARKER}'>",
    f'</text></svg><svg onload="{MARKER}"><text>',
    "\u202egnp.exe\u2066\u200b evil\x00\x07\x1b[31m",
    "=cmd|' /C calc'!A0",
    f"\"><iframe srcdoc='<script>{MARKER}</script>'>",
    "Z\u0351\u0352\u0353\u0354\u0355\u0356\u0357algo",
    "{{ 7*7 }}{% raw %}]]></desc></title>-->",
    "深度求索人工智能基础技术研究有限公司与北京分公司",
    "x" * 5000,
]
EDITION = Edition(
    Week(MONDAY), "r1", None, date(2026, 11, 22), "passed", "", "", is_rehearsal=False, origin="huggingface.co"
)
COUNTRIES = [
    *[("CN", "China", 298.0), ("US", "United States", 264.0), ("FR", "France", 51.0), ("KR", "South Korea", 23.0)],
    *[("GB", "United Kingdom", 19.0), ("CA", "Canada", 14.5), ("DE", "Germany", 11.2), ("IL", "Israel", 8.8)],
    *[("JP", "Japan", 7.1), ("AE", "United Arab Emirates", 5.5), ("IN", "India", 4.1), ("SG", "Singapore", 3.3)],
    *[("CH", "Switzerland", 1.9), ("SE", "Sweden", 0.9), ("VN", "Viet Nam", 0.2)],
    *[("INTERNATIONAL", "International", 11.5), ("UNKNOWN", "Unknown", 276.0)],
]
LABS = [
    ("qwen", "Qwen", "Alibaba", "CN", 201.0),
    ("meta", "Meta", "Meta Platforms", "US", 96.0),
    ("google", "Google DeepMind", "Alphabet", "US", 74.0),
    ("deepseek", "DeepSeek", "High-Flyer", "CN", 61.0),
    ("mistral", "Mistral AI", None, "FR", 47.0),
    ("openai", "OpenAI", None, "US", 41.0),
    ("hf:TheQuantizer", "hf:TheQuantizer", None, "UNKNOWN", 38.0),
    ("moonshot", "Moonshot AI", None, "CN", 21.0),
    ("lg", "LG AI Research", "LG", "KR", 14.0),
    ("hf:gguf-mirror", "hf:gguf-mirror", None, "UNKNOWN", 13.0),
    ("microsoft", "Microsoft", None, "US", 12.5),
    ("stability", "Stability AI", None, "GB", 11.0),
    ("bigscience", "BigScience", None, "INTERNATIONAL", 10.5),
    ("cohere", "Cohere", None, "CA", 10.0),
    ("ibm", "IBM Granite", "IBM", "US", 9.1),
    ("ai21", "AI21 Labs", None, "IL", 6.0),
    ("naver", "Naver", None, "KR", 5.0),
    ("sakana", "Sakana AI", None, "JP", 4.2),
]
COUNTRY_FIELDS = [
    *["week", "scope", "credit", "time_window", "country", "country_name", "downloads_flow", "share_of_total"],
    *["share_of_known", "lower_bound", "upper_bound", "n_models", "unknown_share"],
    *["is_estimate", "estimated_share", "as_of"],
]
SCHEMA = """
create schema marts; create schema core;
create table marts.share_by_country (
    week date, scope varchar, credit varchar, time_window varchar, country varchar, country_name varchar, downloads_flow double,
    share_of_total double, share_of_known double, lower_bound double, upper_bound double, n_models bigint, unknown_share double,
    is_estimate boolean, estimated_share double, as_of date);
create table marts.share_by_lab (
    week date, scope varchar, credit varchar, time_window varchar, lab varchar, lab_name varchar, parent varchar, country varchar,
    "rank" bigint, downloads_flow double, share_of_total double, share_of_known double, lower_bound double, upper_bound double,
    n_models bigint, unknown_share double, is_estimate boolean, estimated_share double, as_of date);
create table marts.releases (
    release_id varchar, published_at timestamptz, weeks varchar[], gaps varchar[], audit_result varchar, overrides varchar,
    is_rehearsal boolean, origin varchar);
create table core.snapshots (
    source varchar, observed_on date, week date, row_count bigint, status varchar, seen bigint, loaded bigint, merged bigint,
    quarantined bigint, sealed_at timestamptz, table_name varchar);
create table core.weeks (
    week date, is_captured boolean, is_imported boolean, is_quick boolean, is_gap boolean, snapshot_count bigint, counted_days double,
    is_uneven boolean);
create table core.counter_events (
    event_id varchar, kind varchar, hub_id varchar, week date, observed_on date, source varchar, detail varchar);
create table marts.checks (
    table_name varchar, says varchar, observed double, low double, high double, is_passed boolean);
create table core.models (
    hub_id varchar, model_name varchar, namespace varchar, created_at timestamptz, pipeline_tag varchar, library varchar,
    licence_id varchar, licence_class varchar, is_gated boolean, parameters_total bigint, size_band varchar, first_seen_on date,
    last_seen_on date, removed_on date);
create schema registry;
create table registry.countries (country varchar, country_name varchar);
create table registry.labs (lab varchar, lab_name varchar, valid_from date);
create table registry.namespaces (namespace varchar, country varchar, valid_from date, valid_to date);
create table registry.events (event_id varchar, event_on date, kind varchar, country varchar, lab varchar, title varchar);
create table marts.share_changes (
    week date, weeks_back integer, since_week date, scope varchar, credit varchar, level varchar, side varchar, lab varchar,
    country varchar, share_then double, share_now double, change double, entry double, growth double, decay double,
    reclassification double);
create table marts.crossovers (
    level varchar, side_a varchar, side_b varchar, scope varchar, credit varchar, crossover_week date, leads_after varchar,
    interval_low date, interval_high date, resample_share double, leads_now varchar, n_weeks bigint, unknown_share double,
    last_week date);
create table marts.openness_tier (
    quarter date, level varchar, side varchar, lab varchar, country varchar, n_models bigint, n_own bigint,
    own_open_share double, gated_share double, tier varchar, is_before_capture boolean, is_running boolean);
create table marts.retreat_watch (
    month date, level varchar, side varchar, releases bigint, open_share double, gated_share double, withdrawn bigint,
    months_since_open_flagship bigint, is_turning boolean, turned_on date, turned varchar,
    is_complete boolean);
create table marts.lineage_flows (
    quarter date, credit varchar, base_country varchar, derivative_country varchar, n_models double, share double,
    is_suppressed boolean, all_models double, suppressed_models double, unknown_share double, is_running boolean);
create table marts.lineage_dependence (
    quarter date, credit varchar, country varchar, n_models double, dependence double, lower_bound double, upper_bound double,
    downloads_dependence double);
create table marts.claims_ledger (
    claim_id varchar, article varchar, claim varchar, measure varchar, judged_by varchar, verdict varchar, number double,
    interval_low double, interval_high double, as_of date, weeks_of_data bigint, reason varchar, query varchar);
create table marts.contributor_geography (
    quarter date, level varchar, lab varchar, country varchar, contributors double, share_of_located double, share_of_all double,
    lower_bound double, upper_bound double, is_suppressed boolean, located_contributors bigint, all_contributors bigint,
    is_back_cast boolean, is_running boolean);
create table core.roots (hub_id varchar, root_hub_id varchar, root_name varchar, weight double);
create table core.lineage_edges (child_hub_id varchar, parent_hub_id varchar, parent_name varchar, relation varchar);
create table core.weekly_flow (hub_id varchar, week date, downloads_flow double);
create table main.data_dictionary (
    schema_name varchar, table_name varchar, column_name varchar, data_type varchar, meaning varchar, made_from varchar[]);
"""
CHARTS = 9  # every one that the site has, when all of these tables have rows


@dataclass(frozen=True)
class World:
    """What differs from one fixture release to the next."""

    is_hostile: bool = False
    is_rehearsal: bool = False
    estimated: float = 0.0
    monday: date = MONDAY
    countries: list[tuple[str, str, float]] = field(default_factory=lambda: COUNTRIES)
    # How many weeks of shares, and whether the tables have rows from which the charts beside the bars are drawn.
    weeks: int = 2
    is_rich: bool = False
    labs: int = len(LABS)
    tail: int = 80


def build_release(path: Path, world: World | None = None) -> Path:
    """Write a release with the tables that pages read; the factor lets the last week have more downloads than those before."""
    world = world or World()
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA)
        for age in range(world.weeks):
            week, factor = world.monday - timedelta(weeks=age), 0.9**age
            for scope, unknown in (("S1", 1.7), ("S2", 1.0)):
                countries = country_rows(world, week, scope, factor, unknown)
                _insert(connection, "marts.share_by_country", countries)
                labs = lab_rows(world, week, scope, factor)
                _insert(connection, "marts.share_by_lab", labs)
                if world.is_rich:
                    for credit, window in (("publisher", "28d"), ("root", "week")):
                        renamed = [(*row[:2], credit, window, *row[4:]) for row in labs]
                        _insert(connection, "marts.share_by_lab", renamed)
                        renamed = [(*row[:2], credit, window, *row[4:]) for row in countries]
                        _insert(connection, "marts.share_by_country", renamed)
        if world.is_rich:
            _enrich(connection, world)
        _insert(connection, "marts.releases", [release_row(world)])
        _insert(connection, "core.snapshots", snapshot_rows(world))
        _insert(connection, "core.models", model_rows(world))
        _insert(connection, "core.weeks", week_rows(world))
        _insert(connection, "core.counter_events", event_rows(world))
        _insert(connection, "marts.checks", check_rows(world))
    return path


def _enrich(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    """Fill the tables behind every chart; each text that a stranger could have written is hostile in a hostile world."""
    names = iter(HOSTILE * 40)

    def foreign(text: str) -> str:
        return next(names) if world.is_hostile else text

    monday, quarter = world.monday, date(2026, 7, 1)
    before = monday - timedelta(weeks=4)
    _insert(connection, "registry.countries", [(code, foreign(name)) for code, name, _flow in COUNTRIES])
    _insert(connection, "registry.labs", [(lab[0], foreign(lab[1]), date(2022, 1, 1)) for lab in LABS])
    namespaces = [("lab", "CN", date(2022, 1, 1), date(9999, 12, 31))]
    _insert(connection, "registry.namespaces", namespaces)
    events = [(f"e{n}", monday - timedelta(days=9 * n), "policy", "CN", None, foreign(f"Event {n}")) for n in range(6)]
    _insert(connection, "registry.events", events)
    moved = [("country", "CN", None), ("country", "US", None), ("lab", "qwen", "qwen")]
    parts = (0.3, 0.32, 0.02, 0.01, 0.03, -0.02, 0.0)
    changes = [(monday, 4, before, "S2", "publisher", *side, "CN", *parts) for side in moved]
    _insert(connection, "marts.share_changes", changes)
    found = ("S2", "publisher", before, "CN", before - timedelta(weeks=1), monday, 0.9, "CN", 12, 0.2, monday)
    _insert(
        connection,
        "marts.crossovers",
        [("country", "CN", "US", *found), ("lab", "meta", "qwen", *found[:3], "qwen", *found[4:7], "qwen", *found[8:])],
    )
    tiers = [(quarter, "lab", lab[0], lab[0], lab[3], 9, 5, 0.8, 0.1, "mostly open", False, False) for lab in LABS]
    _insert(
        connection,
        "marts.openness_tier",
        [*tiers, (quarter, "country", "CN", None, "CN", 9, 5, 0.8, 0.1, "mostly open", False, False)],
    )
    watch = (4, 0.5, 0.2, 1, 3, True, date(2026, 10, 12), foreign("gated,licences"), True)
    _insert(connection, "marts.retreat_watch", [(date(2026, 10, 1), "country", "CN", *watch)])
    cells = [
        ("CN", "US", 80.0, 0.8, False),
        ("US", "US", 20.0, 0.2, False),
        ("CN", "CN", 50.0, 1.0, False),
        ("FR", "US", None, None, True),
    ]
    _insert(connection, "marts.lineage_flows", [(quarter, "root", *cell, 160.0, 10.0, 0.05, False) for cell in cells])
    _insert(connection, "marts.lineage_dependence", [(quarter, "root", "US", 110.0, 0.8, 0.75, 0.8, 0.7)])
    claim = (
        foreign("Chinese labs lead"),
        foreign("shares"),
        foreign("if they do"),
        "supported",
        0.4,
        0.3,
        0.5,
        monday,
        12,
    )
    query = foreign("select 1 -- a query")
    _insert(connection, "marts.claims_ledger", [("R2", "meta-retreat-2025", *claim, foreign("They do."), query)])
    # Two labs of 100 people each, who are partly the same: their rows don't add up to those of all.
    people = {"CN": 50, "US": 20, "OTHER": 10, "UNKNOWN": 80}
    shares = {
        code: (None if code == "UNKNOWN" else n / 80, n / 160, n / 160, (n + 80) / 160) for code, n in people.items()
    }
    seen = [
        (quarter, level, lab, code, n, *shares[code], code == "OTHER", 80, 160, False, False)
        for level, lab in (("all", None), ("lab", "qwen"), ("lab", "llama"))
        for code, n in people.items()
    ]
    _insert(connection, "marts.contributor_geography", seen)
    _insert(connection, "core.roots", [(f"id{n}", "id1", "lab/model-1", 1.0) for n in range(1, 20)])
    edges = [(f"id{n}", "id1" if n < 12 else f"id{n - 10}", "lab/model-1", foreign("finetune")) for n in range(2, 20)]
    _insert(connection, "core.lineage_edges", edges)
    _insert(connection, "core.weekly_flow", [(f"id{n}", monday, 1000.0 - 10 * n) for n in range(20)])
    described = [
        ("marts", "share_by_country", name, "double", foreign("a share"), [foreign("staging.lab_windows.week")])
        for name in ("week", "share_of_total")
    ]
    _insert(connection, "main.data_dictionary", described)


def country_rows(world: World, week: date, scope: str, factor: float = 1.0, unknown: float = 1.0) -> list[Row]:
    """Rows of marts.share_by_country whose shares are consistent with their flows."""
    flows = [
        (code, name, flow * factor * (unknown if code == "UNKNOWN" else 1.0)) for code, name, flow in world.countries
    ]
    total = sum(flow for _, _, flow in flows)
    missing = sum(flow for code, _, flow in flows if code == "UNKNOWN")
    rows = []
    for index, (code, name, flow) in enumerate(flows):
        share = flow / total if total else 0.0
        is_unknown = code == "UNKNOWN"
        of_known = None if is_unknown or total == missing else flow / (total - missing)
        high = share if is_unknown else share + (missing / total if total else 0.0)
        shown = HOSTILE[index % len(HOSTILE)] if world.is_hostile and index and not is_unknown else name
        row = (week, scope, "publisher", "week", code, shown, flow * 1e5, share, of_known, share, high, int(flow * 40))
        rows.append(
            (*row, missing / total if total else 0.0, world.estimated > 0, world.estimated, week + timedelta(days=6))
        )
    return rows


def lab_rows(world: World, week: date, scope: str, factor: float = 1.0) -> list[Row]:
    """Rows of marts.share_by_lab: the labs above, and a tail of namespaces that nobody has reviewed."""
    labs = [(*lab[:4], lab[4] * factor) for lab in LABS[: world.labs]]
    labs += [(f"hf:tail{n}", f"hf:tail{n}", None, "UNKNOWN", 325.9 * factor / world.tail) for n in range(world.tail)]
    total = sum(lab[4] for lab in labs)
    missing = sum(lab[4] for lab in labs if lab[3] == "UNKNOWN") / total
    rows = []
    for index, (lab, name, parent, country, flow) in enumerate(sorted(labs, key=lambda row: -row[4])):
        shown = HOSTILE[index % len(HOSTILE)] if world.is_hostile else name
        above = HOSTILE[(index + 3) % len(HOSTILE)] if world.is_hostile else parent
        code = f"hf:{HOSTILE[index % len(HOSTILE)]}" if world.is_hostile and index % 2 else lab
        share = flow / total
        known = None if country == "UNKNOWN" else share / (1 - missing)
        row = (week, scope, "publisher", "week", code, shown, above, country, index + 1, flow * 1e5, share, known)
        rest = (
            share,
            share + missing,
            int(flow),
            missing,
            world.estimated > 0,
            world.estimated,
            week + timedelta(days=6),
        )
        rows.append((*row, *rest))
    return rows


def release_row(world: World) -> Row:
    nasty = HOSTILE[0] + HOSTILE[3]
    origin = "a pretend Hub and GitHub on loopback, with a scripted history" if world.is_rehearsal else "huggingface.co"
    return (
        nasty if world.is_hostile else "2026-W47-3f9a1c",
        datetime(2026, 11, 23, 6, 12, tzinfo=UTC),
        ["2026-W46", "2026-W47"],
        [nasty] if world.is_hostile else ["2026-W40"],
        nasty if world.is_hostile else "passed",
        nasty if world.is_hostile else "",
        world.is_rehearsal,
        nasty if world.is_hostile else origin,
    )


def snapshot_rows(world: World) -> list[Row]:
    rows = []
    for name, offset, seen, status in (
        ("huggingface", 0, 2_961_044, "sealed"),
        ("huggingface", 6, 2_988_310, "sealed"),
        ("github", 6, 51_202, "partial"),
    ):
        source = HOSTILE[1] if world.is_hostile else name
        sealed_at = datetime(2026, 11, 16 + offset, 3, 40, tzinfo=UTC)
        day = world.monday + timedelta(days=offset)
        rows.append((source, day, world.monday, seen - 412, status, seen, seen - 412, 400, 12, sealed_at, "models"))
    return rows


def week_rows(world: World) -> list[Row]:
    """Twenty weeks: one missed, one that a quick capture alone saw, three from an archive, and the newest with most of an eighth day."""
    missed, quick = 6, 8
    return [
        (
            world.monday - timedelta(weeks=age),
            age < 17 and not is_gap,
            age >= 17,
            age == quick,
            is_gap,
            int(not is_gap),
            7.875 if age == 0 else 7.0,
            age == 0,
        )
        for age in range(20)
        for is_gap in [age in (missed, quick)]
    ]


def event_rows(world: World) -> list[Row]:
    kinds = ["rename", "removal", "rollback", "rollback", "spike", HOSTILE[0] if world.is_hostile else "stall"]
    said = HOSTILE[1] if world.is_hostile else "a -> b"
    return [
        (f"{kind}:{n}", kind, f"id{n}", world.monday, world.monday + timedelta(days=7), "huggingface", said)
        for n, kind in enumerate(kinds)
    ]


def check_rows(world: World) -> list[Row]:
    name = HOSTILE[5] if world.is_hostile else "core.models"
    return [
        (name, "no two rows share hub_id", 3.0 if world.is_hostile else 0.0, 0.0, 0.0, not world.is_hostile),
        (name, "every country stands in registry.countries", None, 0.0, 0.0, True),
        ("marts.share_by_country", "share_of_total adds up to 1 for each week", 2.2e-16, 0.0, 1e-9, True),
    ]


def model_rows(world: World) -> list[Row]:
    rows = []
    for index in range(30):
        name = HOSTILE[index % len(HOSTILE)] if world.is_hostile else f"lab/model-{index}"
        first = world.monday + timedelta(days=-30 + 2 * index)
        gone = world.monday + timedelta(days=2) if index == 0 else None
        made = datetime(2026, 10, 1, tzinfo=UTC)
        rows.append(
            (f"id{index}", name, name, made, name, name, name, name, False, 7_000_000_000, name, first, first, gone)
        )
    return rows


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Row]) -> None:
    """Insert by one statement, because each flushes the file."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"insert into {table} select {', '.join(['unnest(?)'] * len(columns))}", columns)


def frame(world: World, week: date = MONDAY, scope: str = "S2") -> pl.DataFrame:
    """Rows of marts.share_by_country as the page reads them, without a database."""
    rows = country_rows(world, week, scope)
    types = {"week": pl.Date, "as_of": pl.Date, "is_estimate": pl.Boolean}
    types |= dict.fromkeys(["scope", "credit", "time_window", "country", "country_name"], pl.String)
    schema = {name: types.get(name, pl.Int64 if name == "n_models" else pl.Float64) for name in COUNTRY_FIELDS}
    return pl.DataFrame(rows, schema=schema, orient="row")


class Tags(HTMLParser):
    """Every tag a browser would see, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data
