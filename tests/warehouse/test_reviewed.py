"""The committed registry is sound and holds what the claims name. Not here: what its check says of others (test_registry)."""

from __future__ import annotations

import csv
import re
import sys

import duckdb
import pytest

from dagster_project.warehouse.registry import INTERNATIONAL, check, github_owners, repositories
from tests.faults.stage import ROOT

REGISTRY = ROOT / "data" / "registry"
REAL = ROOT.parent / "shared" / "real"
WANTED_NAMESPACES = 600
WANTED_COUNTRIES = 60
WANTED_REPOSITORIES = 400
WANTED_OWNERS = 120
# Accounts of persons hold more than the rest of it: docs/registry.md.
WANTED_SHARE_OF_LANGUAGE_MODELS = 0.89
EU_MEMBERS = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
ATOM_ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \| (\w+) \| (.+) \|$", re.MULTILINE)
LABS_OF_THE_CLAIMS = {
    "meta": "US",
    "scale-ai": "US",
    "deepseek": "CN",
    "moonshot": "CN",
    "alibaba": "CN",
    "qwen": "CN",
    "mistral": "FR",
    "tencent": "CN",
    "baidu": "CN",
    "ant-group": "CN",
    "openai": "US",
    "google": "US",
    "google-deepmind": "GB",
    "anthropic": "US",
    "nvidia": "US",
    "huawei": "CN",
    "z-ai": "CN",
    "minimax": "CN",
    "stepfun": "CN",
}
COUNTRIES_OF_THE_CLAIMS = {"US", "CN", "FR", "CZ", "AU", "CA", "IN"}

needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real samples in ../shared are not on this machine")


def rows_of(file: str) -> list[dict[str, str]]:
    with (REGISTRY / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_committed_registry_has_no_problem() -> None:
    assert [str(problem) for problem in check(REGISTRY)] == []


def test_enough_namespaces_are_reviewed() -> None:
    assert len({row["namespace"] for row in rows_of("namespaces.csv")}) >= WANTED_NAMESPACES


def test_enough_countries_have_a_lab() -> None:
    placed = {row["lab"] for row in rows_of("namespaces.csv")}
    homes = {row["country"] for row in rows_of("labs.csv") if row["lab"] in placed}
    assert len(homes - {INTERNATIONAL}) >= WANTED_COUNTRIES


def test_the_labs_of_the_claims_are_there() -> None:
    homes = {row["lab"]: row["country"] for row in rows_of("labs.csv")}
    assert {lab: homes.get(lab) for lab in LABS_OF_THE_CLAIMS} == LABS_OF_THE_CLAIMS


def test_the_countries_of_the_claims_are_there_and_have_a_lab() -> None:
    assert {row["country"] for row in rows_of("countries.csv")} >= COUNTRIES_OF_THE_CLAIMS
    assert {row["country"] for row in rows_of("labs.csv")} >= COUNTRIES_OF_THE_CLAIMS


def test_the_world_has_every_iso_code_and_namibia_is_not_null() -> None:
    names = {row["country"]: row["country_name"] for row in rows_of("countries.csv")}
    assert len(names) == 250  # 249 of ISO 3166-1 and XK
    assert names["NA"] == "Namibia"


@pytest.mark.parametrize("person", ["TheBloke", "bartowski", "mradermacher", "DavidAU", "HauhauCS"])
def test_accounts_of_persons_have_no_row(person: str) -> None:
    assert person.casefold() not in {row["namespace"].casefold() for row in rows_of("namespaces.csv")}


def test_enough_repositories_and_organisations_of_github_are_asked_for() -> None:
    assert len(repositories(REGISTRY)) >= WANTED_REPOSITORIES
    assert len(github_owners(REGISTRY)) >= WANTED_OWNERS


@pytest.mark.real
@needs_real
def test_most_language_model_downloads_are_on_reviewed_namespaces(capsys: pytest.CaptureFixture[str]) -> None:
    models = REAL / "hf_radar" / "models_2026-08-22.parquet"
    downloads = duckdb.sql(
        f"select lower(author), sum(downloads_30d)::bigint from '{models}' "
        "where pipeline_tag in ('text-generation', 'image-text-to-text') and author is not null group by all"
    ).fetchall()
    reviewed = {row["namespace"].lower() for row in rows_of("namespaces.csv")}
    share = sum(count for author, count in downloads if author in reviewed) / sum(count for _, count in downloads)
    with capsys.disabled():
        sys.stdout.write(f"\n{share:.1%} of the language-model downloads of hf_radar are on reviewed namespaces\n")
    assert share >= WANTED_SHARE_OF_LANGUAGE_MODELS


@pytest.mark.real
@needs_real
def test_every_organisation_of_atom_is_reviewed_and_every_difference_is_in_the_docs() -> None:
    lab_of = {row["namespace"]: row["lab"] for row in rows_of("namespaces.csv")}
    labs = {row["lab"]: row for row in rows_of("labs.csv")}
    with (REAL / "atom_tracked_models" / "organization_regions.csv").open(encoding="utf-8", newline="") as lines:
        regions = {row["hf_org"]: row["region"] for row in csv.DictReader(lines)}
    assert [org for org in regions if org not in lab_of] == []
    homes = {org: labs[lab_of[org]]["country"] for org in regions}
    differing = {(org, regions[org], homes[org]) for org in regions if _atom_region(homes[org]) != regions[org]}
    told = ATOM_ROW.findall((ROOT / "docs" / "registry.md").read_text(encoding="utf-8"))
    assert {(org, region, home) for org, region, home, _reason in told} == differing
    assert len(told) == len(differing)


def _atom_region(country: str) -> str:
    """Give the region that ATOM would put a country into."""
    return {"US": "us", "CN": "china", INTERNATIONAL: "no region"}.get(
        country, "eu" if country in EU_MEMBERS.split() else "other"
    )


@pytest.mark.real
@needs_real
def test_every_licence_id_of_the_samples_has_a_class() -> None:
    models = REAL / "hf_radar" / "models_2026-08-22.parquet"
    seen = duckdb.sql(f"select distinct lower(license) from '{models}' where license is not null").fetchall()
    with (REAL / "mteb_model_meta" / "model_meta.csv").open(encoding="utf-8", newline="") as lines:
        told = {row["license"].lower() for row in csv.DictReader(lines)}
    # Elsewhere an address or a phrase stands in the place of an id.
    ids = {licence for (licence,) in seen} | {text for text in told if re.fullmatch(r"[a-z0-9.-]+", text)}
    assert sorted(ids - {row["licence_id"] for row in rows_of("licences.csv")}) == []
