"""Charts over time: who is downloaded by country with what happened, ranks of labs, one share, a crossover, two credits.

Every number comes from a row of a mart. A week that nobody captured leaves a gap; nothing is drawn across it.
Not here: what all charts share (canvas), which rows are read (reads).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports import canvas
from dagster_project.reports.canvas import (
    ALARM,
    CARD,
    ELSEWHERE,
    FILLS,
    GRID,
    HATCHED,
    HOMELESS,
    INK,
    MUTED,
    OTHERS,
    PAPER,
    WHISKER,
    Band,
    Layout,
    Picture,
    Plot,
    Rule,
    Text,
    Track,
)
from dagster_project.reports.charts import lab_label
from dagster_project.reports.headline import INTERNATIONAL, SCOPES, UNKNOWN, Edition, country_label
from dagster_project.reports.render import Column, clean, count, day, fit, percent

ONE_WEEK = timedelta(weeks=1)
TOP_AREAS = 6
TOP_RANKS = 10
CARD_RANKS = 8
RANK_STEP_WEEKS = 4  # ranks over four weeks, read every four weeks: weekly ranks cross too often to be read
MAX_RANK_STEPS = 26
EVENT_LANES = 4
SLOPE_SIDES = 10
NUMBER_WIDTH = 16
MAX_TITLE_NAME = 22
MIN_NAME = 60  # pixels without which a name says nothing
OTHER_LABELS = "Others"
ISO_LETTERS = 2
RANK_COLUMNS = [
    Column("label", "Lab"),
    Column("place", "Place", "count"),
    Column("country", "Home"),
    Column("downloads_flow", "Downloads", "count"),
    Column("share_of_total", "Share of all", "share"),
    Column("upper_bound", "At most", "share"),
]
COURSE_COLUMNS = [
    Column("label", "Week"),
    Column("share_of_total", "Share of all", "share"),
    Column("lower_bound", "At least", "share"),
    Column("upper_bound", "At most", "share"),
]
CREDIT_COLUMNS = [
    Column("label", "Who"),
    Column("publisher", "By publisher", "share"),
    Column("root", "By root", "share"),
]
_LEGEND = (
    (FILLS["CN"], "China"),
    (FILLS["US"], "United States"),
    (ELSEWHERE, "other countries"),
    (HOMELESS, "international"),
    (MUTED, "not reviewed"),
)


@dataclass(frozen=True)
class _Area:
    code: str
    name: str
    fill: str
    shares: tuple[float | None, ...]  # one a week, None where nobody saw the week

    @property
    def last(self) -> float:
        """The share in the last week that has one."""
        return next((share for share in reversed(self.shares) if share is not None), 0.0)


def countries_over_time(history: pl.DataFrame, events: pl.DataFrame, edition: Edition, scope: str) -> Picture | None:
    """Draw the shares of all downloads by country, week by week, with numbered events. Rows of `marts.share_by_country`, one scope."""
    weeks = _weeks(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    areas = _areas(history, weeks)
    happened = listed_events(events, weeks)
    spoken = "; ".join(f"{area.name} {percent(area.last)}" for area in areas)
    told = f" {len(happened)} events are numbered." if happened else ""
    subtitle = f"Per cent of all downloads of {SCOPES[scope]}, week by week. Hatched: unknown.{told}"
    around = canvas.words(edition, "Whose models are downloaded", subtitle, canvas.scope_words(scope))

    def draw(layout: Layout, hatch: str) -> Plot:
        return _draw_areas(layout, hatch, weeks, areas, happened)

    alternative = f"Stacked areas over {len(weeks)} weeks. In the last week: {spoken}."
    caption = "What nobody reviewed lies on top, hatched: it could belong to any of the others."
    return Picture(
        f"course-{scope.lower()}", around, alternative, caption, draw, _course_data(weeks, areas, edition, scope)
    )


def _course_data(weeks: Sequence[date], areas: Sequence[_Area], edition: Edition, scope: str) -> canvas.Data:
    named = {"week": [str(Week(week)) for week in weeks], **{area.code: area.shares for area in areas}}
    columns = [Column("week", "Week"), *(Column(area.code, area.name, "share") for area in areas)]
    caption = f"Shares of all downloads, scope {scope}, publisher credit, release {edition.release_id}"
    return canvas.Data(pl.DataFrame(named, strict=False).reverse(), columns, edition.marked(caption))


def listed_events(events: pl.DataFrame, weeks: Sequence[date]) -> list[tuple[int, date, str]]:
    """Number the events that fall into the weeks shown: number, day, title."""
    if not events.height or not weeks:
        return []
    inside = events.filter(pl.col("event_on").is_between(weeks[0], weeks[-1] + timedelta(days=6)))
    rows = inside.sort("event_on", "event_id").select("event_on", "title").iter_rows()
    return [(number, on, clean(title)) for number, (on, title) in enumerate(rows, start=1)]


def _weeks(history: pl.DataFrame) -> list[date]:
    """Every Monday from the first to the last week of the rows, those without rows included."""
    if not history.height:
        return []
    known = sorted(history["week"].unique().to_list())
    return [known[0] + ONE_WEEK * n for n in range((known[-1] - known[0]).days // 7 + 1)]


def _areas(history: pl.DataFrame, weeks: Sequence[date]) -> list[_Area]:
    """Give the largest countries of the last week, then the others as one, the international and the unknown."""
    newest = history.filter(pl.col("week") == weeks[-1])
    special = {INTERNATIONAL, UNKNOWN}
    ranked = newest.filter(~pl.col("country").is_in(list(special))).sort(
        "share_of_total", "country", descending=[True, False]
    )
    top = [code for code, share in ranked.select("country", "share_of_total").head(TOP_AREAS).iter_rows() if share]
    names = dict(history.sort("week").select("country", "country_name").iter_rows())
    # China and the United States keep their colours; the others take theirs in the order of the alphabet.
    free = iter(OTHERS)
    fills = {code: FILLS.get(code) or next(free) for code in sorted(top)}
    group = pl.when(pl.col("country").is_in([*top, *special])).then("country").otherwise(pl.lit(OTHER_LABELS))
    sums = history.group_by("week", group.alias("side")).agg(pl.col("share_of_total").sum())
    shares = {(week, side): share for week, side, share in sums.iter_rows()}
    seen = {week for week, _side in shares}
    areas = []
    for side in [*top, OTHER_LABELS, INTERNATIONAL, UNKNOWN]:
        course = tuple(shares.get((week, side), 0.0) if week in seen else None for week in weeks)
        if not any(course):
            continue
        name = OTHER_LABELS if side == OTHER_LABELS else country_label(side, names.get(side))
        fill = {OTHER_LABELS: WHISKER, UNKNOWN: HATCHED, INTERNATIONAL: HOMELESS}.get(side) or fills[side]
        areas.append(_Area(side, name, fill, course))
    return areas


def _draw_areas(
    layout: Layout,
    hatch: str,
    weeks: Sequence[date],
    areas: Sequence[_Area],
    happened: Sequence[tuple[int, date, str]],
) -> Plot:
    used = layout.inset(46, 118 if layout.is_narrow else 184)
    if layout.name == CARD.name:
        used = layout.inset(46, 164)
    lanes = 1 if layout.is_narrow else 2 if layout.plot_height else EVENT_LANES
    marks, roof = _event_marks(used, weeks, happened, lanes)
    height = layout.plot_height or (300 if layout.is_narrow else 350) + round(roof)
    room = height - roof
    across = [used.plot * n / (len(weeks) - 1) for n in range(len(weeks))]
    layers: list[Any] = []
    base = [0.0] * len(weeks)
    middles = []
    for area in areas:
        tops = [low + (share or 0.0) for low, share in zip(base, area.shares, strict=True)]
        fill = f"url(#{hatch})" if area.fill == HATCHED else area.fill
        for start, stop in _runs(area.shares):
            points = tuple(
                (across[n], roof + room * (1 - tops[n]), roof + room * (1 - base[n])) for n in range(start, stop)
            )
            layers += canvas.bands([Band(points, fill, edge=PAPER)], used, height)
        last = max(n for n, share in enumerate(area.shares) if share is not None)
        middles.append(roof + room * (1 - (base[last] + tops[last]) / 2))
        base = tops
    grid = [Rule(-4, roof + room * (1 - part), 0, roof + room * (1 - part), MUTED) for part in (0, 0.25, 0.5, 0.75, 1)]
    labels = [
        Text(f"{round(part * 100)} %", -7, roof + room * (1 - part), size=11, fill=MUTED, align="right")
        for part in (0, 0.25, 0.5, 0.75, 1)
    ]
    labels += _week_labels(used, weeks, across, height)
    size = 11 if layout.is_narrow or layout.plot_height else 12.5
    shown = canvas.spread(middles, size + 3.5, roof + 6, height - 6)
    for area, at, wanted in zip(areas, shown, middles, strict=True):
        fill = MUTED if area.fill in (HATCHED, WHISKER) else area.fill
        text = _end_label(area.name, area.code, percent(area.last), used.right - 16, size)
        labels.append(Text(text, used.plot + 14, at, size=size, weight=600, fill=fill))
        grid.append(Rule(used.plot + 2, wanted, used.plot + 11, at, fill, 1))
    layers += canvas.rules(grid, used, height) + marks(height) + canvas.texts(labels, used, height)
    return Plot(layers, height, used)


def _end_label(name: str, code: str, number: str, pixels: float, size: float) -> str:
    """Write a name and its number beside the end of a line: where the name is too long a country's code, then its beginning."""
    room = pixels - canvas.text_width(f" {number}", size, is_bold=True)
    if len(code) == ISO_LETTERS and canvas.text_width(name, size, is_bold=True) > room:
        name = code
    return f"{canvas.fit_width(name, room, size, is_bold=True)} {number}"


def _runs(shares: Sequence[float | None]) -> Iterator[tuple[int, int]]:
    """Cut a course where a week is missing: first and one past the last of each run."""
    start = None
    for number, share in enumerate([*shares, None]):
        if share is not None and start is None:
            start = number
        elif share is None and start is not None:
            yield start, number
            start = None


def _week_labels(layout: Layout, weeks: Sequence[date], across: Sequence[float], height: float) -> list[Text]:
    most = max(layout.plot // 58, 3)
    ticks = canvas.month_ticks(weeks, most)
    labels = []
    free = -10.0
    for week, text in ticks:
        width = canvas.text_width(text, 11)
        at = min(max(across[week], width / 2 - layout.left), layout.plot + layout.right - width / 2)
        if at - width / 2 < free:
            continue
        labels.append(Text(text, at, height + 14, size=11, fill=MUTED, align="center"))
        free = at + width / 2 + 8
    return labels


def _event_marks(
    layout: Layout, weeks: Sequence[date], happened: Sequence[tuple[int, date, str]], lanes: int
) -> tuple[Any, float]:
    """Place events above the plot: numbers that stand apart, and titles in lanes where they touch nothing else.

    Gives what draws them for a height, and the height they take. An event whose title finds no place keeps its number;
    the list under the chart has them all.
    """
    if not happened:
        return (lambda _height: []), 0.0
    span_days = (weeks[-1] - weeks[0]).days or 1
    wanted = [layout.plot * min((on - weeks[0]).days / span_days, 1.0) for _n, on, _t in happened]
    # More numbers than stand side by side stand in several rows, one after the other.
    rows = math.ceil(len(wanted) * NUMBER_WIDTH / (layout.plot - NUMBER_WIDTH))
    at = canvas.spread(wanted, NUMBER_WIDTH / rows, 8, layout.plot - 8)
    base = 22.0 + 17 * (rows - 1)
    placed: list[tuple[int, float]] = []
    if lanes > 1:
        # From right to left: a title runs to the right of its stem, and a stem must cross no title below it.
        right_edges = [float("inf")] * lanes
        for index in reversed(range(len(happened))):
            width = canvas.text_width(fit(happened[index][2], 44), 11) + 8
            fits = [
                lane
                for lane in range(lanes)
                if at[index] + width < min(right_edges[lane], layout.plot + layout.right)
                and all(at[index] < right_edges[lower] for lower in range(lane))
            ]
            if fits:
                right_edges[fits[0]] = at[index] - 10
                placed.append((index, float(fits[0])))
    depth = int(max((lane for _i, lane in placed), default=-1)) + 1
    roof = base + 17 * depth

    def draw(height: int) -> list[Any]:
        heights = [roof - 12 - 17 * (index % rows) for index in range(len(at))]
        stems = [Rule(x, y + 7, x, height, INK, 0.9, (2, 3)) for x, y in zip(at, heights, strict=True)]
        numbers = [canvas.Dot(x, y, INK, 7.5) for x, y in zip(at, heights, strict=True)]
        written = [
            Text(str(number), x, y, size=10, weight=700, fill=PAPER, align="center")
            for (number, _on, _title), x, y in zip(happened, at, heights, strict=True)
        ]
        for index, lane in placed:
            level = roof - base - 7 - 17 * lane
            stems.append(Rule(at[index], heights[index] - 7, at[index], level, WHISKER, 0.9))
            written.append(Text(fit(happened[index][2], 44), at[index] + 4, level, size=11, fill=INK))
        return [
            *canvas.rules(stems, layout, height),
            *canvas.dots(numbers, layout, height),
            *canvas.texts(written, layout, height),
        ]

    return draw, roof


def ranks_of_labs(history: pl.DataFrame, edition: Edition, scope: str) -> Picture | None:
    """Draw the ranks of labs over four weeks, read every four weeks. Rows of `marts.share_by_lab`, one scope, time window 28d."""
    steps = _rank_steps(history, edition.week.monday)
    if len(steps) < 2:  # noqa: PLR2004 - one rank is no course
        return None
    ranked = (
        history.filter(pl.col("week").is_in(steps) & (pl.col("lab") != "hf:(others)"))
        .with_columns(place=pl.col("downloads_flow").rank("ordinal", descending=True).over("week"))
        .sort("week", "place")
    )
    newest = ranked.filter(pl.col("week") == steps[-1]).head(TOP_RANKS)
    leader = newest.row(0, named=True)
    spoken = "; ".join(
        f"{place} {lab_label(lab, name)}" for place, lab, name in newest.select("place", "lab", "lab_name").iter_rows()
    )
    subtitle = (
        f"Places by downloads of {SCOPES[scope]} over four weeks, from {steps[0]} to {steps[-1]}."
        f" {lab_label(leader['lab'], leader['lab_name'])} leads with {percent(leader['share_of_total'])} of all"
        f" ({percent(leader['lower_bound'])} to {percent(leader['upper_bound'])})."
    )
    around = canvas.words(edition, "The race of the labs", subtitle, canvas.scope_words(scope))

    def draw(layout: Layout, _hatch: str) -> Plot:
        return _draw_ranks(layout, steps, ranked)

    caption = "A line that ends or begins at the foot left or entered the places shown. The colour is the lab's home."
    pairs = newest.select("lab", "lab_name").iter_rows()
    told = newest.with_columns(label=pl.Series([lab_label(lab, name) for lab, name in pairs], dtype=pl.String))
    data = canvas.Data(
        told,
        RANK_COLUMNS,
        edition.marked(f"Four weeks up to {edition.week}, scope {scope}, publisher credit"),
    )
    return Picture(f"ranks-{scope.lower()}", around, f"Ranks of labs. Now: {spoken}.", caption, draw, data)


def _rank_steps(history: pl.DataFrame, newest: date) -> list[date]:
    if not history.height:
        return []
    there = set(history["week"].unique().to_list())
    wanted = [newest - ONE_WEEK * RANK_STEP_WEEKS * n for n in range(MAX_RANK_STEPS)]
    return sorted(week for week in wanted if week in there)


def _draw_ranks(layout: Layout, steps: Sequence[date], ranked: pl.DataFrame) -> Plot:
    most = CARD_RANKS if layout.plot_height or layout.is_narrow else TOP_RANKS
    used = (
        layout.inset(20, 176)
        if layout.is_narrow
        else layout.inset(24, 204)
        if layout.plot_height
        else layout.inset(196, 204)
    )
    key = legend_of(ranked, steps, most)
    rows = canvas.legend_rows(key, used)
    head = 16 * rows + 10
    height = layout.plot_height or head + 34 * most
    row = (height - head) / most
    first, last = steps[0], steps[-1]
    across = {week: used.plot * (week - first).days / (last - first).days for week in steps}
    courses: dict[str, list[tuple[date, int]]] = {}
    facts: dict[str, dict[str, Any]] = {}
    for line in ranked.iter_rows(named=True):
        if line["place"] <= most:
            courses.setdefault(line["lab"], []).append((line["week"], line["place"]))
            facts[line["lab"]] = line
    drawn: list[Track] = []
    marks: list[canvas.Dot] = []
    labels: list[Text] = []
    size = 11 if layout.is_narrow or layout.plot_height else 12.5
    order = sorted(courses, key=lambda lab: -dict(courses[lab]).get(last, most + 1))
    for lab in order:
        fact = facts[lab]
        stroke = side_colour(fact["country"])
        dash = (5, 4) if fact["country"] == UNKNOWN else None
        name = lab_label(lab, fact["lab_name"])
        is_here = dict(courses[lab]).get(last) is not None
        for run in _rank_runs(courses[lab], steps):
            points = [(across[week], head + row * (place - 0.5)) for week, place in run]
            # To the foot, where the lab leaves the places shown or comes from below.
            if run[-1][0] != last:
                points.append((across[steps[steps.index(run[-1][0]) + 1]], head + row * most + 3))
            if run[0][0] != first:
                points.insert(0, (across[steps[steps.index(run[0][0]) - 1]], head + row * most + 3))
            drawn.append(Track(tuple(points), stroke, 2.6 if is_here else 1.4, dash, "monotone", halo=True))
            marks += [canvas.Dot(px, py, stroke, 3.2) for px, py in points if py <= head + row * most]
        for week, place in courses[lab]:
            at = head + row * (place - 0.5)
            if week == last:
                text = canvas.fit_width(f"{place}  {name}", used.right - 13, size, is_bold=True)
                labels.append(Text(text, used.plot + 11, at, size, 600, stroke))
            if week == first:
                short = canvas.fit_width(name, used.left - 40, size)
                text = str(place) if used.left < MIN_NAME else f"{short}  {place}"
                labels.append(Text(text, -11, at, size, 400, stroke, "right"))
    layers = canvas.tracks(drawn, used, height) + canvas.dots(marks, used, height)
    labels += _week_labels(used, list(steps), [across[week] for week in steps], height)
    layers += canvas.texts(labels, used, height) + canvas.legend(key, used, height, 6)
    return Plot(layers, height, used)


def legend_of(ranked: pl.DataFrame, steps: Sequence[date], most: int) -> list[tuple[str, str]]:
    """Name only the colours that are there."""
    shown = ranked.filter((pl.col("place") <= most) & pl.col("week").is_in(list(steps)))
    there = {side_colour(country) for country in shown["country"].unique()}
    return [(fill, text) for fill, text in _LEGEND if fill in there]


def _rank_runs(course: Sequence[tuple[date, int]], steps: Sequence[date]) -> Iterator[list[tuple[date, int]]]:
    """Cut a course where the lab was not among the places shown."""
    run: list[tuple[date, int]] = []
    for week, place in course:
        if run and steps.index(week) != steps.index(run[-1][0]) + 1:
            yield run
            run = []
        run.append((week, place))
    if run:
        yield run


def side_colour(country: str | None) -> str:
    """The colour of a lab or country: that of its home; what nobody reviewed is grey."""
    if country is None or country == UNKNOWN:
        return MUTED
    return FILLS.get(country, ELSEWHERE)


def one_share(history: pl.DataFrame, rooted: pl.DataFrame, edition: Edition, scope: str, name: str) -> Picture | None:
    """Draw one side's share by publisher with its upper bound, and by root credit beside it. Rows of one side and one scope."""
    weeks = _weeks(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    by_week = {row["week"]: row for row in history.iter_rows(named=True)}
    by_root = dict(rooted.select("week", "share_of_total").iter_rows()) if rooted.height else {}
    newest = history.sort("week").row(-1, named=True)
    country = newest["country"]
    subtitle = (
        f"Per cent of all downloads, weekly, {weeks[0]} to {weeks[-1]}. Tinted: the most it can be, if the whole unknown"
        f" belonged here.{' Broken line: credited to the model that others build on.' if by_root else ''}"
    )
    around = canvas.words(edition, f"{name}: share of downloads", subtitle, canvas.scope_words(scope))
    highest = max([float(history["upper_bound"].max()), *[share or 0.0 for share in by_root.values()]])  # type: ignore[arg-type] # shares
    top = canvas.ceiling(max(highest * 100, 0.1)) / 100

    def draw(layout: Layout, _hatch: str) -> Plot:
        used = layout.inset(44, 86)
        height = layout.plot_height or 190
        across = [used.plot * n / (len(weeks) - 1) for n in range(len(weeks))]

        def up(share: float) -> float:
            return height * (1 - share / top)

        stroke = side_colour(country)
        shares = [by_week[week]["share_of_total"] if week in by_week else None for week in weeks]
        layers: list[Any] = []
        grid = [Rule(0, up(top * part), used.plot, up(top * part)) for part in (0, 0.5, 1)]
        layers += canvas.rules(grid, used, height)
        lines = []
        for start, stop in _runs(shares):
            inside = range(start, stop)
            band = tuple(
                (across[n], up(by_week[weeks[n]]["upper_bound"]), up(by_week[weeks[n]]["lower_bound"])) for n in inside
            )
            layers += canvas.bands([Band(band, stroke, opacity=0.16)], used, height)
            lines.append(Track(tuple((across[n], up(shares[n] or 0.0)) for n in inside), stroke, 2.2))
        roots = [by_root.get(week) for week in weeks]
        for start, stop in _runs(roots):
            points = tuple((across[n], up(roots[n] or 0.0)) for n in range(start, stop))
            lines.append(Track(points, INK, 1.4, (4, 3)))
        layers += canvas.tracks(lines, used, height)
        labels = [
            Text(canvas.axis_percent(top * part), -7, up(top * part), size=11, fill=MUTED, align="right")
            for part in (0, 0.5, 1)
        ]
        ends = [(up(newest["share_of_total"]), percent(newest["share_of_total"]), stroke)]
        last_root = next((share for share in reversed(roots) if share is not None), None)
        if last_root is not None:
            ends.append((up(last_root), f"{percent(last_root)} root", INK))
        for (_at, text, fill), at in zip(ends, canvas.spread([e[0] for e in ends], 14, 0, height), strict=True):
            labels.append(Text(text, used.plot + 6, at, size=11, weight=600, fill=fill))
        labels += _week_labels(used, weeks, across, height)
        return Plot(layers + canvas.texts(labels, used, height), height, used)

    bounds = f"{percent(newest['lower_bound'])} to {percent(newest['upper_bound'])}"
    alternative = f"Line over {len(weeks)} weeks; in the last {percent(newest['share_of_total'])} of all ({bounds})."
    caption = f"In the week of {day(newest['week'])}: {percent(newest['share_of_total'])} of all downloads, {bounds}."
    labels = pl.Series([str(Week(week)) for week in history["week"]], dtype=pl.String)
    data = canvas.Data(
        history.with_columns(label=labels).reverse(),
        COURSE_COLUMNS,
        edition.marked(f"{name}, scope {scope}, publisher credit"),
    )
    return Picture(f"share-{scope.lower()}", around, alternative, caption, draw, data)


def crossover(
    history: pl.DataFrame, pair: dict[str, Any], edition: Edition, scope: str, names: tuple[str, str]
) -> Picture | None:
    """Draw two sides' shares over four weeks and when the lead passed, with its interval. Rows with `side`; a row of `marts.crossovers`."""
    weeks = _weeks(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    a, b = pair["side_a"], pair["side_b"]
    names = (fit(names[0], MAX_TITLE_NAME), fit(names[1], MAX_TITLE_NAME))
    named = dict(zip((a, b), names, strict=True))
    passed = pair["crossover_week"]
    if passed:
        leader = named[pair["leads_after"]]
        other = named[b if pair["leads_after"] == a else a]
        title = f"{leader} passed {other} in week {Week(passed)}"
        told = f"95 % interval: week {Week(pair['interval_low'])} to week {Week(pair['interval_high'])}."
        if (again := pair["resample_share"]) is not None:
            told += f" The same in {percent(again)} of the resamples."
    else:
        title = f"{names[0]} and {names[1]}: no lead passed over"
        told = "No lead of eight weeks passed from one side to the other."
    subtitle = f"Per cent of all downloads, over four weeks. {told} Unknown: {percent(pair['unknown_share'])}."
    around = canvas.words(edition, title, subtitle, canvas.scope_words(scope, pair["credit"]))
    courses = {
        side: dict(history.filter(pl.col("side") == side).select("week", "share_of_total").iter_rows())
        for side in (a, b)
    }
    homes = dict(history.sort("week").select("side", "country").iter_rows())
    top = canvas.ceiling(max(float(history["share_of_total"].max()) * 100, 0.1)) / 100  # type: ignore[arg-type] # a share

    def draw(layout: Layout, _hatch: str) -> Plot:
        return _draw_crossover(layout, pair, weeks, courses, (named, homes, top))

    caption = (
        "The red line is the last week before the median of four weeks turned for good; the tinted band is its 95 % interval."
        if passed
        else f"Looked at: {count(pair['n_weeks'])} measured weeks."
    )
    both = [
        (str(Week(week)), courses[a].get(week), courses[b].get(week))
        for week in reversed(weeks)
        if week in courses[a] or week in courses[b]
    ]
    data = canvas.Data(
        pl.DataFrame(both, schema=["week", "a", "b"], orient="row", infer_schema_length=None),
        [Column("week", "Four weeks up to"), Column("a", names[0], "share"), Column("b", names[1], "share")],
        edition.marked(f"Shares of all downloads, scope {scope}, {pair['credit']} credit"),
    )
    return Picture(f"crossover-{scope.lower()}", around, f"Two lines. {title}. {told}", caption, draw, data)


def _draw_crossover(
    layout: Layout,
    pair: dict[str, Any],
    weeks: Sequence[date],
    courses: dict[str, dict[date, float]],
    facts: tuple[dict[str, str], dict[str, str], float],
) -> Plot:
    a, b = pair["side_a"], pair["side_b"]
    passed = pair["crossover_week"]
    named, homes, top = facts
    used = layout.inset(44, 96 if layout.is_narrow else 186)
    if layout.plot_height:
        used = layout.inset(44, 176)
    height = layout.plot_height or 260
    across = [used.plot * n / (len(weeks) - 1) for n in range(len(weeks))]
    at_week = dict(zip(weeks, across, strict=True))

    def up(share: float) -> float:
        return height * (1 - share / top)

    layers = canvas.rules([Rule(0, up(top * p), used.plot, up(top * p)) for p in (0, 0.5, 1)], used, height)
    labels = [
        Text(canvas.axis_percent(top * p), -7, up(top * p), size=11, fill=MUTED, align="right") for p in (0, 0.5, 1)
    ]
    if passed:
        low, high = (_at(at_week, weeks, pair[end]) for end in ("interval_low", "interval_high"))
        wide = max(high - low, 2)
        layers += canvas.boxes([canvas.Box(low, 0, wide, height, canvas.RAMP[1])], used, height)
        where = _at(at_week, weeks, passed)
        layers += canvas.rules([Rule(where, 0, where, height, ALARM, 1.4)], used, height)
    ends, lines = [], []
    strokes = {a: side_colour(homes.get(a)), b: side_colour(homes.get(b))}
    if strokes[a] == strokes[b]:
        strokes[b] = INK
    for side in (a, b):
        shares = [courses[side].get(week) for week in weeks]
        for start, stop in _runs(shares):
            points = tuple((across[n], up(shares[n] or 0.0)) for n in range(start, stop))
            lines.append(Track(points, strokes[side], 2.6, halo=True))
        last = next((share for share in reversed(shares) if share is not None), 0.0)
        ends.append((up(last), side, last))
    layers += canvas.tracks(lines, used, height)
    shown = canvas.spread([end[0] for end in ends], 16, 0, height)
    for (_y, side, last), at in zip(ends, shown, strict=True):
        size = 11 if layout.is_narrow else 12.5
        text = _end_label(named[side], side, percent(last), used.right - 10, size)
        labels.append(Text(text, used.plot + 8, at, size, 600, strokes[side]))
    labels += _week_labels(used, weeks, across, height)
    return Plot(layers + canvas.texts(labels, used, height), height, used)


def _at(across: dict[date, float], weeks: Sequence[date], wanted: date) -> float:
    """Where a week stands; one outside of the weeks shown stands at their end."""
    return across[min(max(wanted, weeks[0]), weeks[-1])]


def signed(points: float) -> str:
    """Write a difference in percentage points with its sign."""
    return f"{points:+.1f}".replace("-", "−")


def credits(sides: pl.DataFrame, edition: Edition, scope: str, what: str) -> Picture | None:
    """Draw publisher against root credit as slopes. Columns: label, country, publisher, root (shares of all downloads)."""
    rows = sides.sort("publisher", "label", descending=[True, False]).head(SLOPE_SIDES)
    if rows.height < 2:  # noqa: PLR2004 - one line shows no difference
        return None
    items = list(rows.iter_rows(named=True))
    moved = max(items, key=lambda row: (abs(row["root"] - row["publisher"]), row["label"]))
    change = (moved["root"] - moved["publisher"]) * 100
    title = f"Who uploads, and whose models they are: {what}"
    subtitle = (
        f"Per cent of all downloads in week {edition.week}, {SCOPES[scope]}. Left: credited to whoever uploaded; right: to whoever"
        f" made the model it comes from. {moved['label']}: {signed(change)} points."
    )
    around = canvas.words(edition, title, subtitle, f"scope {scope} ({SCOPES[scope]}), publisher and root credit")
    top = max(max(row["publisher"], row["root"]) for row in items) or 1.0

    def draw(layout: Layout, _hatch: str) -> Plot:
        return _draw_credits(layout, items, top)

    spoken = "; ".join(f"{row['label']} {percent(row['publisher'])} to {percent(row['root'])}" for row in items)
    caption = "A line that rises: others upload what this side made. One that falls: it uploads what others made."
    return Picture(
        f"credits-{scope.lower()}", around, f"Slopes from publisher to root credit: {spoken}.", caption, draw
    )


def _draw_credits(layout: Layout, items: Sequence[dict[str, Any]], top: float) -> Plot:
    used = (
        layout.inset(62, 206)
        if layout.is_narrow
        else layout.inset(62, 236)
        if layout.plot_height
        else layout.inset(240, 240)
    )
    chosen = items[: 7 if layout.plot_height else SLOPE_SIDES]
    height = layout.plot_height or 400
    head = 24

    def up(share: float) -> float:
        return head + (height - head) * (1 - share / top)

    size = 11 if layout.is_narrow or layout.plot_height else 12
    gap = size + 5
    lefts = canvas.spread([up(row["publisher"]) for row in chosen], gap, head, height)
    rights = canvas.spread([up(row["root"]) for row in chosen], gap, head, height)
    lines, marks, labels = [], [], []
    leaders = []
    for row, left, right in zip(chosen, lefts, rights, strict=True):
        stroke = side_colour(row["country"])
        one, two = up(row["publisher"]), up(row["root"])
        lines.append(Track(((0, one), (used.plot, two)), stroke, 2.2, halo=True))
        marks += [canvas.Dot(0, one, stroke, 3.5), canvas.Dot(used.plot, two, stroke, 3.5)]
        leaders += [
            Rule(-5, one, -15, left, stroke, 0.8),
            Rule(used.plot + 5, two, used.plot + 15, right, stroke, 0.8),
        ]
        room = used.right - 20 - canvas.text_width("99.9 % ", size, is_bold=True)
        name = canvas.fit_width(row["label"], room, size, is_bold=True)
        own = f"{name} " if used.left > MIN_NAME * 2 else ""
        labels.append(Text(f"{own}{percent(row['publisher'])}", -18, left, size, 600, stroke, "right"))
        labels.append(Text(f"{percent(row['root'])} {name}", used.plot + 18, right, size, 600, stroke))
    labels.append(Text("publisher", 0, 6, 11, 400, MUTED, "right"))
    labels.append(Text("root", used.plot, 6, 11, 400, MUTED, "left"))
    posts = [Rule(0, head - 6, 0, height, GRID, 1.2), Rule(used.plot, head - 6, used.plot, height, GRID, 1.2)]
    layers = canvas.rules(posts + leaders, used, height) + canvas.tracks(lines, used, height)
    layers += canvas.dots(marks, used, height) + canvas.texts(labels, used, height)
    return Plot(layers, height, used)
