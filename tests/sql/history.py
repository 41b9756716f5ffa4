"""Days of a Hub written down as snapshots, sealed the way a capture seals them, and every table built from them."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.calendar import stamp
from dagster_project.settings import shipped
from dagster_project.snapshots import seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources.huggingface import MODEL_SCHEMA
from dagster_project.sources.repositories import REPOSITORY_SCHEMA
from dagster_project.sources.stars import STAR_SCHEMA
from dagster_project.warehouse import build, catalog, lineage
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import connect_private

Rows = list[dict[str, Any]]
LONG_AGO = datetime.fromisoformat("2022-03-03")
HOUR = 2
_NAMESPACES = """namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,2026-01-01,,2026-01-01,low,general knowledge
base,base,,,2026-01-01,,2026-01-01,low,general knowledge
"""
_LABS = """lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,,2026-01-01,,2026-01-01,low,general knowledge
base,Base,,CN,company,,,2026-01-01,,2026-01-01,low,general knowledge
"""


def model(hub_id: str | None, **said: Any) -> dict[str, Any]:
    """Write one record: an old model of a lab, unless said otherwise. `total` and `month` are the two counters."""
    counters = {"downloads_all_time": said.pop("total", None), "downloads_30d": said.pop("month", None)}
    usual = {"hub_id": hub_id, "model_name": f"lab/{hub_id}", "created_at": LONG_AGO, "tags": [], "gated": "false"}
    return {**dict.fromkeys(MODEL_SCHEMA), **usual, **counters, **said}


def repository(repo_id: int, repo_name: str, **said: Any) -> dict[str, Any]:
    """Write one repository of an organisation, which the registry names so unless said otherwise; no counter moves."""
    login = repo_name.split("/", maxsplit=1)[0]
    usual = {"asked_name": repo_name, "owner_id": sum(login.encode()), "owner_login": login, "state": "there"}
    usual |= {"owner_type": "Organization", "created_at": LONG_AGO, "is_fork": False, "is_archived": False}
    return {**dict.fromkeys(REPOSITORY_SCHEMA), "repo_id": repo_id, "repo_name": repo_name, **usual, **said}


def star_week(repo_id: int, week_start: date, *days: int) -> dict[str, Any]:
    """Write one week of a repository's stars as GitHub sends it."""
    key = f"{repo_id} {week_start}"
    return {"repo_id": repo_id, "week_start": week_start, "retained": sum(days), "days": list(days), "week_key": key}


@dataclass
class History:
    """A home that fills day by day."""

    home: Path
    registry: Path = field(default_factory=lambda: shipped("data/registry"))
    _known_at: date = date.max
    _made: set[str] = field(default_factory=set)

    def day(
        self,
        on: date,
        *models: Mapping[str, Any],
        source: str = "huggingface",
        unreadable: Sequence[str] = (),
        status: seal.Status | None = None,
        sealed_on: date | None = None,
        hour: int = HOUR,
    ) -> None:
        """Seal one day's snapshot, on that day if not later, taken at that hour.

        `unreadable` are ids, or names, of records that could not be read.
        """
        attempt = Spool(self.home, source, on, 1)
        rows = pl.DataFrame([dict(row) for row in models], schema=MODEL_SCHEMA, orient="row").with_columns(
            pl.lit(source).alias("source"),
            pl.lit(on).alias("observed_on"),
            pl.lit(0, pl.Int32).alias("page"),
            pl.int_range(pl.len(), dtype=pl.Int32).alias("position"),
        )
        at = datetime.combine(on, time(hour), UTC)
        is_own = source in ("huggingface", "huggingface_quick")
        attempt.folder.mkdir(parents=True)
        counts = seal.write_table(
            attempt,
            [(rows, _refused(unreadable))],
            table="models",
            key="hub_id" if is_own else "model_name",
            rank=("page", "position"),
            observed_at=stamp(at),
        )
        seal.close(
            attempt,
            counts,
            status=status or ("sealed" if is_own else "imported"),
            is_complete=source == "huggingface" and status is None,
            origin="https://huggingface.co",
            started_at=stamp(at),
            now=datetime.combine(sealed_on or on, time(HOUR), UTC),
        )

    def github_day(self, on: date, *repositories: Mapping[str, Any], stars: Sequence[Mapping[str, Any]] = ()) -> None:
        """Seal one day's repositories and, if given, the weeks of stars read that day."""
        tables = [("github", "repositories", REPOSITORY_SCHEMA, "repo_id", repositories)]
        tables += (
            [("github_stars", "star_weeks", {**STAR_SCHEMA, "week_key": pl.String()}, "week_key", stars)]
            if stars
            else []
        )
        at = datetime.combine(on, time(HOUR), UTC)
        for source, table, schema, key, rows in tables:
            attempt = Spool(self.home, source, on, 1)
            attempt.folder.mkdir(parents=True)
            frame = pl.DataFrame([dict(row) for row in rows], schema=schema, orient="row").with_columns(
                pl.lit(source).alias("source"),
                pl.lit(on).alias("observed_on"),
                pl.lit(at.replace(tzinfo=None)).alias("observed_at"),
                pl.lit(0, pl.Int32).alias("page"),
                pl.int_range(pl.len(), dtype=pl.Int32).alias("position"),
            )
            rank, moment = ("page", "position"), stamp(at)
            counts = seal.write_table(
                attempt, [(frame, _refused([]))], table=table, key=key, rank=rank, observed_at=moment
            )
            origin = "https://api.github.com"
            seal.close(attempt, counts, status="sealed", is_complete=False, origin=origin, started_at=moment, now=at)

    def write_registry(self, **texts: str) -> None:
        """Write a registry of its own: these files, the others as shipped."""
        shutil.copytree(
            self.registry if self.registry.is_dir() else shipped("data/registry"), self.registry, dirs_exist_ok=True
        )
        for name, text in texts.items():
            (self.registry / f"{name}.csv").write_text(text)

    def build(self, known_at: date = date.max) -> History:
        """Take what is sealed now, as known on a day. Tables are made when a question needs them: all of them take seconds."""
        self._known_at = known_at
        self._made.clear()
        return self

    def build_all(self, known_at: date = date.max) -> History:
        """Make every table, as known on a day."""
        self.build(known_at)._make(_tables())
        return self

    def rows(self, query: str) -> Rows:
        """Ask the build, for which the tables of the question and those they are made from are made, unless they were."""
        if needed := _needed(query) - self._made:
            self._make(needed | self._made)
        with connect_private(build.database_path(self.home), read_only=True) as connection:
            answer = connection.execute(query)
            names = [column[0] for column in answer.description or ()]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def _make(self, names: Collection[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                path = _tables()[name].path
                place = Path(folder) / path.parent.name
                place.mkdir(exist_ok=True)
                (place / path.name).symlink_to(path)
            build.build(
                self.home,
                list(seal.sealed(self.home)),
                sql=Path(folder),
                registry=self.registry,
                known_at=self._known_at,
            )
        self._made |= set(names)


@functools.cache
def _tables() -> dict[str, Table]:
    return catalog.load(shipped("sql"))


@functools.cache
def _needed(query: str) -> frozenset[str]:
    """Name the tables that a question selects from and all that they are made from."""
    found: set[str] = set()
    waiting = {"staging.weeks", *lineage.selected_from(query)}  # every build goes week by week
    while waiting:
        name = waiting.pop()
        if name in _tables() and name not in found:
            found.add(name)
            waiting |= lineage.selected_from(_tables()[name].body)
    return frozenset(found)


def two_labs(folder: Path) -> History:
    """Begin a history whose registry knows acme of the United States and base of China, and nobody else."""
    made = History(folder / "home", registry=folder / "registry")
    made.write_registry(labs=_LABS, namespaces=_NAMESPACES)
    return made


def _refused(unreadable: Sequence[str]) -> pl.DataFrame:
    told = [
        {"model_name" if "/" in told else "hub_id": told, "reason": "no JSON", "record": b"{"} for told in unreadable
    ]
    return pl.DataFrame(told, schema=seal.QUARANTINE_SCHEMA)
