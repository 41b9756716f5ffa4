from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from reports_world import EDITION, HOSTILE, LABS, MONDAY, World, country_rows, frame, lab_rows

from dagster_project.reports.charts import bars, palette, placing
from dagster_project.reports.template import style

LAB_FIELDS = [
    *["week", "scope", "credit", "time_window", "lab", "lab_name", "parent", "country", "rank", "downloads_flow"],
    *["share_of_total", "share_of_known", "lower_bound", "upper_bound", "n_models", "unknown_share"],
    *["is_estimate", "estimated_share", "as_of"],
]


def labs(world: World) -> pl.DataFrame:
    return pl.DataFrame(lab_rows(world, MONDAY, "S2"), schema=LAB_FIELDS, orient="row", infer_schema_length=None)


def svgs(html: str) -> list[ET.Element]:
    return [ET.fromstring(text) for text in re.findall(r"<svg.*?</svg>", html, re.S)]


def texts(svg: ET.Element) -> list[str]:
    return [node.text or "" for node in svg.iter("{http://www.w3.org/2000/svg}text")]


def test_bars_add_up_and_keep_the_unknown_last() -> None:
    drawn = bars.country_bars(frame(World()))
    assert [bar.label for bar in drawn][-3:] == ["3 others", "International", "Unknown"]
    assert sum(bar.share for bar in drawn) == pytest.approx(1)
    assert len(drawn) == bars.TOP_COUNTRIES + 3
    assert drawn[-1].fill == palette.HATCHED
    assert drawn[-1].high is None


def test_a_sum_of_countries_holds_the_unknown_once() -> None:
    rows = frame(World())
    others = bars.country_bars(rows)[-3]
    unknown = rows["unknown_share"][0]
    assert others.high == pytest.approx(others.share + unknown)


def test_few_countries_have_no_others() -> None:
    few = bars.country_bars(frame(World(countries=[("CN", "China", 2.0), ("UNKNOWN", "", 1.0)])))
    assert [bar.label for bar in few] == ["China", "Unknown"]


def test_unreviewed_labs_are_hatched_and_go_without_prefix() -> None:
    drawn = bars.lab_bars(labs(World()), {"CN": "China"})
    unreviewed = next(bar for bar in drawn if bar.label == "TheQuantizer")
    assert (unreviewed.fill, unreviewed.note) == (palette.HATCHED, "not reviewed")
    assert (drawn[0].label, drawn[0].note, drawn[0].fill) == ("Qwen", "China", palette.CHINA)


def test_the_sum_of_small_namespaces_is_no_lab() -> None:
    rows = labs(World(tail=20)).with_columns(
        rank=pl.when(pl.col("lab") == "hf:tail0").then(None).otherwise("rank"),
        share_of_total=pl.when(pl.col("lab") == "hf:tail0").then(0.25).otherwise("share_of_total"),
    )
    drawn = bars.top_labs(rows, frame(World()), EDITION, "S2").html
    assert "tail0" not in drawn
    assert f"The other {len(LABS) + 20 - 1 - bars.TOP_LABS} labs and namespaces" in drawn
    assert "too small to stand alone, together have 25.0 %" in drawn.replace("\u00a0", " ")


def test_charts_have_names_descriptions_and_repeat_to_the_byte() -> None:
    figure = bars.share_by_country(frame(World()), EDITION, "S2").html
    assert figure == bars.share_by_country(frame(World()), EDITION, "S2").html
    drawn = svgs(figure)
    assert [svg.get("width") for svg in drawn] == ["720", "358"]
    for svg in drawn:
        assert svg.get("role") == "img"
        assert "China 29.8 %, at most 57.4 %" in (svg.get("aria-label") or "")
        assert [child.tag.split("}")[1] for child in svg][:2] == ["title", "desc"]
        assert "REHEARSAL" not in "".join(texts(svg))
    assert len(set(re.findall(r'id="([^"]+)"', figure))) == len(re.findall(r' id="([^"]+)"', figure))


def test_every_chart_of_a_rehearsal_says_so() -> None:
    rehearsal = replace(EDITION, is_rehearsal=True, origin="pretend")
    figures = [
        bars.share_by_country(frame(World()), rehearsal, "S2"),
        bars.top_labs(labs(World()), frame(World()), rehearsal, "S2"),
    ]
    for svg in [svg for figure in figures for svg in svgs(figure.html)]:
        assert "REHEARSAL: not the real Hub" in texts(svg)
        assert (svg.get("aria-label") or "").startswith("REHEARSAL")


def test_hostile_names_stay_text() -> None:
    world = World(is_hostile=True, is_rehearsal=True)
    edition = replace(EDITION, release_id=HOSTILE[0])
    for figure in (
        bars.share_by_country(frame(world), edition, "S2"),
        bars.top_labs(labs(world), frame(world), edition, "S2"),
    ):
        for svg in svgs(figure.html):
            tags = {node.tag.split("}")[1] for node in svg.iter()}
            assert tags <= {"svg", "title", "desc", "defs", "pattern", "rect", "line", "g", "path", "text"}
            assert not [name for node in svg.iter() for name in node.attrib if name.startswith("on") or "href" in name]
        assert "\u202e" not in figure.html


def test_only_palette_colours_and_each_has_its_rule_for_the_dark() -> None:
    css = style().html
    drawn = bars.share_by_country(frame(World()), replace(EDITION, is_rehearsal=True), "S2").html
    drawn += bars.top_labs(labs(World()), frame(World()), EDITION, "S2").html
    used = set(re.findall(r'(fill|stroke)="(#[0-9a-fA-F]+)"', drawn))
    assert {colour for _, colour in used} <= set(palette.DARK)
    for attribute, colour in used:
        assert f'.chart [{attribute}="{colour}"]{{' in css
    assert not re.findall(r'(?:fill|stroke)="(?!#|none|url\(#)[^"]*"', drawn)


@pytest.mark.parametrize("rows", [frame(World()).clear(), frame(World(countries=[("CN", "China", 0.0)]))])
def test_nothing_measured_is_a_sentence(rows: pl.DataFrame) -> None:
    assert bars.share_by_country(rows, EDITION, "S2").html.startswith('<p class="nothing">Nothing was measured')


@pytest.mark.parametrize(("reach", "ceiling"), [(57.4, 60), (20.1, 25), (0.1, 0.1), (100.0, 100), (81, 100), (7, 8)])
def test_the_axis_ends_on_a_round_number(reach: float, ceiling: float) -> None:
    assert placing.ceiling(reach) == pytest.approx(ceiling)


def test_rows_of_the_fixture_are_consistent() -> None:
    assert sum(row[7] for row in country_rows(World(), MONDAY, "S1")) == pytest.approx(1)
