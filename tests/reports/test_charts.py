"""Charts over time: labels that never collide, gaps that stay gaps, events that all find a place or a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from altair import Chart
from reports_world import EDITION, MONDAY

from dagster_project.reports.charts import course, crossing, family, matrix, palette, placing, ranks, tiles
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import CARD, NARROW, WIDE, Layout
from dagster_project.reports.charts.share import one_share

WEEKS = [MONDAY - timedelta(weeks=11 - number) for number in range(12)]


def history(missing: date | None = None, *, estimated: int = 0) -> pl.DataFrame:
    """China grows from 20 to 42 %, the United States fall from 60 to 38 %, a tenth is unknown, a tenth French."""
    rows = []
    for number, week in enumerate(WEEKS):
        if week == missing:
            continue
        for code, name, share in (
            ("CN", "China", 0.20 + 0.02 * number),
            ("US", "United States", 0.60 - 0.02 * number),
            ("FR", "France", 0.10),
            ("UNKNOWN", "Unknown", 0.10),
        ):
            low, high = share, share + (0.0 if code == "UNKNOWN" else 0.1)
            is_estimate = number < estimated
            rows.append((week, code, name, share, low, high, share * 1000, code, is_estimate, float(is_estimate)))
    fields = [
        "week",
        "country",
        "country_name",
        "share_of_total",
        "lower_bound",
        "upper_bound",
        "downloads_flow",
        "side",
        "is_estimate",
        "estimated_share",
    ]
    return pl.DataFrame(rows, schema=fields, orient="row")


def events(days: list[date]) -> pl.DataFrame:
    titles = [f"Event {number} with a long title, as the registry has them" for number in range(len(days))]
    return pl.DataFrame({"event_id": [f"{n:03}" for n in range(len(days))], "event_on": days, "title": titles})


def written(picture: Picture, layout: Layout) -> list[tuple[str, float, float, float, str]]:
    """Every text of a plot with its left and right edge and its height."""
    plot = picture.draw(layout, "hatch")
    found = []
    for layer in plot.layers:
        assert isinstance(layer, Chart)
        made = layer.to_dict(validate=False)
        mark = made["mark"]
        if mark["type"] != "text":
            continue
        (rows,) = made["datasets"].values()
        for row in rows:
            wide = placing.text_width(row["text"], mark["fontSize"], is_bold=mark["fontWeight"] >= 600)
            left = row["px"] - {"left": 0.0, "center": wide / 2, "right": wide}[mark["align"]]
            found.append((row["text"], left, left + wide, plot.height - row["py"], plot.layout))
    return found


def collisions(picture: Picture, layout: Layout) -> list[tuple[str, str]]:
    texts = written(picture, layout)
    return [
        (one[0], other[0])
        for number, one in enumerate(texts)
        for other in texts[number + 1 :]
        if abs(one[3] - other[3]) < 9 and one[1] < other[2] - 1 and other[1] < one[2] - 1
    ]


@pytest.mark.parametrize("layout", [WIDE, NARROW, CARD], ids=lambda layout: layout.name)
@pytest.mark.parametrize(
    "days",
    [[], [MONDAY], [MONDAY - timedelta(days=2 * n) for n in range(9)], [WEEKS[0]] * 5, [*WEEKS, *WEEKS]],
    ids=["none", "last day", "crowded end", "one day", "many"],
)
def test_events_and_names_never_collide_and_stay_inside(layout: Layout, days: list[date]) -> None:
    picture = course.countries_over_time(history(), events(days), EDITION, "S2")
    assert picture is not None
    sized = layout if layout is not CARD else replace(CARD, plot_height=190)
    assert collisions(picture, sized) == []
    texts = written(picture, sized)
    for text, left, right, _at, used in texts:
        assert left >= -used.left - 1, text
        assert right <= used.plot + used.right + 1, text
    numbers = {text for text, *_ in texts} & {str(number) for number in range(1, len(days) + 1)}
    assert len(numbers) == len(days), "every event keeps its number"
    assert any(text.startswith("Unknown ") for text, *_ in texts), "what is unknown is named in full, on a phone too"


def test_a_week_that_nobody_captured_is_a_gap() -> None:
    whole = course.countries_over_time(history(), events([]), EDITION, "S2")
    torn = course.countries_over_time(history(missing=WEEKS[5]), events([]), EDITION, "S2")
    assert whole is not None
    assert torn is not None
    areas = [[layer.mark.type for layer in picture.draw(WIDE, "h").layers].count("area") for picture in (whole, torn)]
    assert areas == [4, 8], "four areas, each cut in two"
    assert torn.data is not None
    assert torn.data.rows.filter(pl.col("week") == "2026-W41").row(0)[1:] == (None, None, None, None)


def test_a_course_says_which_of_its_weeks_were_only_estimated() -> None:
    whole = course.countries_over_time(history(), events([]), EDITION, "S2")
    part = course.countries_over_time(history(estimated=3), events([]), EDITION, "S2")
    china = one_share(history(estimated=1).filter(pl.col("country") == "CN"), history().clear(), EDITION, "S2", "China")
    assert whole is not None
    assert part is not None
    assert china is not None
    assert "estimated" not in whole.caption
    # The first of twelve weeks up to week 47 is week 36.
    assert part.caption.endswith(
        "3 weeks are estimated, not measured (7/30 of the rolling 30-day counter), the last of them 2026-W38."
    )
    assert "1 week is estimated" in china.caption


def test_spread_moves_labels_apart_and_no_further() -> None:
    assert placing.spread([10, 50, 90], 15, 0, 100) == [10, 50, 90]
    assert placing.spread([50, 50], 10, 0, 100) == [45, 55]
    assert placing.spread([98, 99], 10, 0, 100) == [90, 100]
    crowded = sorted(placing.spread([5.0] * 30, 15, 0, 100))
    assert min(after - before for before, after in pairwise(crowded)) == pytest.approx(100 / 29)


def test_ranks_say_who_left_and_who_came() -> None:
    # B overtakes A, and C leaves for D.
    flows = {"a": [9, 9, 7], "b": [7, 8, 9], "c": [3, 0, 0], "d": [0, 3, 3]}
    rows = [
        (
            MONDAY - timedelta(weeks=4 * (2 - n)),
            lab,
            f"Lab {lab}",
            "CN",
            flow[n],
            flow[n] / 20,
            flow[n] / 20,
            flow[n] / 10,
        )
        for lab, flow in flows.items()
        for n in range(3)
        if flow[n]
    ]
    fields = ["week", "lab", "lab_name", "country", "downloads_flow", "share_of_total", "lower_bound", "upper_bound"]
    picture = ranks.ranks_of_labs(pl.DataFrame(rows, schema=fields, orient="row"), EDITION, "S2")
    assert picture is not None
    assert picture.alternative == "Ranks of labs. Now: 1 Lab b; 2 Lab a; 3 Lab d."
    texts = [text for text, *_ in written(picture, WIDE)]
    assert {text for text in texts if text.startswith(("1  ", "2  ", "3  "))} == {"1  Lab b", "2  Lab a", "3  Lab d"}
    assert {text for text in texts if text.endswith(("  1", "  2", "  3"))} == {"Lab a  1", "Lab b  2", "Lab c  3"}


def test_a_crossover_says_its_interval_and_where_there_is_none_that() -> None:
    pair = {"side_a": "CN", "side_b": "US", "credit": "publisher", "leads_after": "CN", "resample_share": 0.8}
    pair |= {
        "crossover_week": WEEKS[6],
        "interval_low": WEEKS[4],
        "interval_high": WEEKS[9],
        "unknown_share": 0.1,
        "n_weeks": 12,
        "leads_now": "CN",
        "last_week": WEEKS[11],
    }
    both = history().filter(pl.col("country").is_in(["CN", "US"]))
    picture = crossing.crossover_of(both, pair, EDITION, "S2", ("China", "United States"))
    assert picture is not None
    assert picture.words.title == "China passed the United States in week 2026-W42, not for certain"
    assert "Found in 80.0\u00a0% of 500 resamples" in picture.words.subtitle
    assert "In week" not in picture.words.subtitle
    back = crossing.crossover_of(both, pair | {"leads_now": "US"}, EDITION, "S2", ("China", "United States"))
    assert back is not None
    assert "In week 2026-W47 the United States leads, for less than eight weeks so far." in back.words.subtitle
    sure = crossing.crossover_of(both, pair | {"resample_share": 0.97}, EDITION, "S2", ("China", "United States"))
    assert sure is not None
    assert sure.words.title == "China passed the United States in week 2026-W42"
    assert "week 2026-W40 to week 2026-W45" in picture.words.subtitle
    never = crossing.crossover_of(both, pair | {"crossover_week": None}, EDITION, "S2", ("China", "United States"))
    assert never is not None
    assert never.words.title == "China and the United States: no lead passed over"


def test_a_family_adds_up_and_names_what_it_leaves_out() -> None:
    root = {"hub_id": "r", "name": "lab/base", "country": "CN", "downloads_flow": 100}
    rows = [(f"c{n}", "r", f"other/child-{n}", "finetune", "US", float(n)) for n in range(9)]
    rows += [
        ("g", "c1", "third/grandchild", "quantized", None, 50.0),
        ("c1", "c2", "again/child-1", "merge", "US", 1.0),
    ]
    fields = ["child", "parent", "name", "relation", "country", "downloads_flow"]
    picture = family.family_tree(root, pl.DataFrame(rows, schema=fields, orient="row"), EDITION)
    assert picture is not None
    # 0 + 1 + ... + 8 of the children and 50 of what c1 made; a merge stands once, under the first of its parents.
    assert "10 models were made from it" in picture.words.subtitle
    assert "they had 86 downloads, itself 100" in picture.words.subtitle
    for layout in (WIDE, NARROW):
        texts = [text for text, *_ in written(picture, layout)]
        assert "2 more" in texts, "six of eight children are shown"
        assert collisions(picture, layout) == []


def test_every_country_of_the_map_has_one_tile_of_its_own() -> None:
    assert len(set(tiles.TILES.values())) == len(tiles.TILES)
    assert {"CN", "US", "IN", "SG", "TW", "IL", "PS", "UA", "NZ"} <= set(tiles.TILES)


def test_small_cells_of_the_matrix_are_never_numbers() -> None:
    rows = [("CN", "US", 80.0, 0.8, False), ("US", "US", 20.0, 0.2, False), ("FR", "US", None, None, True)]
    frame = pl.DataFrame(
        rows, schema=["base_country", "derivative_country", "n_models", "share", "is_suppressed"], orient="row"
    )
    whole = {
        "quarter": date(2026, 7, 1),
        "is_running": False,
        "unknown_share": 0.05,
        "all_models": 110,
        "suppressed_models": 10,
    }
    picture = matrix.lineage_matrix(
        frame.with_columns(**{k: pl.lit(v) for k, v in whole.items()}), {"CN": "China"}, EDITION
    )
    assert picture is not None
    texts = [text for text, *_ in written(picture, WIDE)]
    assert [text for text in texts if text.endswith(" %")] == ["80 %", "20 %"]
    assert "9.1 % of all lie in such cells" in picture.caption
    assert picture.data is not None
    assert picture.data.rows.select("author", "base").rows() == [("US", "China"), ("US", "US")]
    assert picture.data.caption.endswith("; without 1 of 3 pairs, which have fewer than 20")


def test_the_altair_specs_hold_with_their_checks_on() -> None:
    picture = course.countries_over_time(history(), events([MONDAY]), EDITION, "S2")
    assert picture is not None
    for layer in picture.draw(WIDE, "h").layers:
        layer.to_dict(validate=True)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("shown", [lambda colour: colour, palette.DARK.__getitem__], ids=["light", "dark"])
def test_a_number_in_a_cell_can_be_read(shown) -> None:
    pairs = [*zip(palette.RAMP, palette.RAMP_TEXT, strict=True), (palette.INK, palette.PAPER)]
    for ground, text in pairs:
        low, high = sorted((luminance(shown(ground)), luminance(shown(text))))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ground, text)
