"""Decides which countries the mentions of a text mean, all of them at once.

The rule is one of likelihood: how often would somebody who lives there write just this? A place counts with its weight (people
times their country's rate); a region or country that contains it costs next to nothing; two places that have nothing to do with
each other cost as much as their coincidence is rare. Scores are log10. Not here: reading (reading) and the weights (build).
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.geography.gazetteer import Candidate, Gazetteer, Meaning, Sense
from dagster_project.geography.reading import BESIDE, COMMA, SLASH, Mention, Reading

MARGIN = 0.2
"""Below this (1.6 to 1) the best country is not clear of the next, and the text is ambiguous."""
MIN_WEIGHT_AMONG_UNKNOWN_WORDS = 3.6
"""A lone hamlet is not believed when other words of the text are unknown."""
CONTAINER, CODE = -0.3, -0.7
"""What it costs to name the region or country around a place, in full or as a code."""
OTHER_REGION = -3.0
"""A place named with a region that, says the gazetteer, does not hold it."""
SAME_REGION, SAME_COUNTRY = -2.5, -0.5
"""A second place: a neighbour in the same region, or (beside the rarity of the coincidence) elsewhere in the country."""
DROPPED, DROPPED_BEFORE_COUNTRY, DROPPED_CODE, DROPPED_WEAK = -5.5, -4.0, -4.0, -2.0
"""A name that has no place in the country: a gap of the gazetteer (likelier before a country's name), a code, a common word."""
SEVERAL = {SLASH: -0.5, COMMA: -1.3, BESIDE: -2.5}
"""How rarely somebody names places in two countries, by what stands between them."""
PARENTS = {
    child: parent
    for parent, children in {
        "CN": "HK MO TW", "US": "PR GU VI AS MP", "FR": "GP MQ GF RE YT NC PF PM WF MF BL", "DK": "GL FO", "NL": "AW CW SX BQ",
        "GB": "GI JE GG IM BM KY VG TC MS AI FK SH", "FI": "AX", "NO": "SJ", "AU": "NF CX CC",
    }.items()
    for child in children.split()
}  # fmt: skip
"""Places with an ISO code of their own, by the country whose name may stand behind theirs."""
REMEMBERED_JUDGEMENTS = 50_000
NOTHING = float("-inf")

Scored = tuple[float, tuple[str, ...]]


class Judge:
    """Judges readings by one gazetteer; remembers how it judged the same mentions before (`Berlin, Germany`, `berlin - germany`)."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._judged: dict[tuple[Mention, ...], tuple[str, ...]] = {}

    def countries(self, reading: Reading, *, is_in_capitals: bool) -> tuple[str, ...]:
        """Give the countries that a text names, in its order; none if there is no place or no clear one."""
        if len(reading.mentions) < 2:  # noqa: PLR2004 - one, or several
            return _alone(reading, is_in_capitals=is_in_capitals)
        mentions = tuple(reading.mentions)
        answer = self._judged.get(mentions)
        if answer is None:
            if len(self._judged) >= REMEMBERED_JUDGEMENTS:
                self._judged.clear()
            answer = self._judged[mentions] = self._judge(reading)
        return answer

    def _judge(self, reading: Reading) -> tuple[str, ...]:
        mentions = _without_parents(reading.mentions)
        if len(mentions) == 1:
            return _alone(Reading(list(mentions), 0), is_in_capitals=False)
        sure = _contained(mentions) or _in_region_by_code(mentions)
        return _together(mentions, self._gazetteer) if sure is None else (sure,)


def _alone(reading: Reading, *, is_in_capitals: bool) -> tuple[str, ...]:
    if not reading.mentions:
        return ()
    meaning = reading.mentions[0].meaning
    ranked = meaning.as_written_in_capitals() if is_in_capitals else meaning.alone
    if not ranked or meaning.is_divided or (reading.unknown and ranked[0][0] < MIN_WEIGHT_AMONG_UNKNOWN_WORDS):
        return ()
    return _if_clear(ranked)


def _without_parents(mentions: Sequence[Mention]) -> Sequence[Mention]:
    """Leave out the country that a place with a code of its own is named with: "Hong Kong, China" is Hong Kong."""
    kept: list[Mention] = []
    for mention in mentions:
        before = kept[-1].meaning.alone[:1] if kept and mention.link != SLASH else []
        parent = PARENTS.get(before[0][1]) if before else None
        if (
            parent is None
            or parent not in mention.meaning.senses
            or mention.meaning.senses[parent].name_of_country is None
        ):
            kept.append(mention)
    return kept


def _if_clear(ranked: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    return (ranked[0][1],) if len(ranked) == 1 or ranked[0][0] - ranked[1][0] >= MARGIN else ()


def _contained(mentions: Sequence[Mention]) -> str | None:
    """Answer the plain case at once: the last mention is a country's name and nothing else, and all others lie in it."""
    last = mentions[-1].meaning
    if not last.alone or last.is_divided:
        return None
    country = last.alone[0][1]
    if last.senses[country].name_of_country is None:
        return None
    is_inside = all(mention.link != SLASH and country in mention.meaning.senses for mention in mentions)
    return country if is_inside else None


def _in_region_by_code(mentions: Sequence[Mention]) -> str | None:
    """Answer "Normal, IL": a name, and the code of a region that has such a place, unless the code's country has one too."""
    if len(mentions) != 2 or mentions[1].link != COMMA or not mentions[1].meaning.is_code:  # noqa: PLR2004 - a pair
        return None
    senses, codes = mentions[0].meaning.senses, mentions[1].meaning.candidates
    holding = {
        code.country
        for code in codes
        if code.region and code.country in senses and code.region in senses[code.country].weight_by_region
    }
    is_country_meant = any(not code.region and code.country in senses for code in codes)
    return holding.pop() if len(holding) == 1 and not is_country_meant else None


def _together(mentions: Sequence[Mention], gazetteer: Gazetteer) -> tuple[str, ...]:
    single = sorted(_scores(mentions, gazetteer), reverse=True)
    # Two runs can score no more than this; it spares most texts the cutting.
    most = sum(mention.meaning.alone[0][0] for mention in mentions if mention.meaning.alone) - gazetteer.weight_of_world
    if single and single[0][0] >= most + SEVERAL[SLASH]:
        return _if_clear(single)
    several_score, several = _in_groups(mentions, gazetteer)
    return _if_clear(single) if single and single[0][0] >= several_score else several


def _in_groups(mentions: Sequence[Mention], gazetteer: Gazetteer) -> Scored:
    """Cut the mentions into runs of one country each, two runs at least, so that the sum of the scores is best."""
    best: list[Scored] = [(0.0, ())]
    for end in range(1, len(mentions) + 1):
        options: list[Scored] = []
        for start in range(1 if end == len(mentions) else 0, end):
            before, countries = best[start]
            run = mentions[start].meaning.alone[:1] if end - start == 1 else _scores(mentions[start:end], gazetteer)
            if not run or before == NOTHING:
                continue
            score, country = max(run)
            cost = SEVERAL[mentions[start].link] - gazetteer.weight_of_world if start else 0.0
            options.append((before + score + cost, countries if country in countries else (*countries, country)))
        best.append(max(options, default=(NOTHING, ())))
    return best[-1]


def _scores(mentions: Sequence[Mention], gazetteer: Gazetteer) -> list[tuple[float, str]]:
    """Score the countries that all the mentions may be about: those that hold each of them, and the likeliest of each."""
    countries = set(mentions[0].meaning.senses)
    for mention in mentions[1:]:
        countries &= mention.meaning.senses.keys()
    countries.update(mention.meaning.alone[0][1] for mention in mentions if mention.meaning.alone)
    scores = ((_score(mentions, country, gazetteer.weights[country]), country) for country in countries)
    return [scored for scored in scores if scored[0] > NOTHING]


def _score(mentions: Sequence[Mention], country: str, weight_of_country: float) -> float:
    total, named = 0.0, NOTHING
    dropped: list[Mention] = []
    rest: list[Sense] = []
    for mention in mentions:
        sense = mention.meaning.senses.get(country)
        if sense is None:
            dropped.append(mention)
        elif sense.name_of_country is not None:
            named, total = sense.name_of_country, total + CONTAINER
            total += sum(_cost_of_dropping(held.meaning, DROPPED_BEFORE_COUNTRY) for held in dropped)
            dropped.clear()
        elif sense.code_of_country is not None:
            named, total = max(named, sense.code_of_country), total + CODE
        else:
            rest.append(sense)
    total += sum(_cost_of_dropping(held.meaning, DROPPED) for held in dropped)
    if rest:
        return total + _inside(rest, weight_of_country, named)
    return total + min(named, weight_of_country) if named > NOTHING else NOTHING


def _cost_of_dropping(meaning: Meaning, of_a_name: float) -> float:
    if meaning.is_code:
        return DROPPED_CODE
    return DROPPED_WEAK if meaning.is_weak else of_a_name


def _inside(rest: Sequence[Sense], weight_of_country: float, named: float) -> float:
    """Score what is left when the country's own name is set aside, with each region that one of the names may mean."""
    is_named = named > NOTHING
    best = _places(rest, "", weight_of_country, is_named=is_named)
    for place, sense in enumerate(rest):
        for region in sense.regions:
            others = [*rest[:place], *rest[place + 1 :]]
            best = max(best, _in_region(region, others, weight_of_country, is_named=is_named))
    return named + DROPPED_WEAK * len(rest) if best == NOTHING and is_named else best


def _in_region(region: Candidate, others: Sequence[Sense], weight_of_country: float, *, is_named: bool) -> float:
    if not others:
        return region.weight if is_named or not region.is_weak else NOTHING
    if region.is_weak and not any(sense.place and region.region in sense.weight_by_region for sense in others):
        return NOTHING
    return _places(others, region.region, weight_of_country, is_named=is_named) + CONTAINER


def _places(rest: Sequence[Sense], region: str, weight_of_country: float, *, is_named: bool) -> float:
    """Score places of one country as seen from a region: the heaviest in full, each other as neighbour or coincidence."""
    chosen: list[tuple[float, str]] = []
    total = 0.0
    for sense in rest:
        place = sense.any_place if is_named else sense.place
        weight = sense.weight_by_region.get(region, NOTHING)
        if place and place.weight + (OTHER_REGION if region else 0.0) > weight:
            chosen.append((place.weight + (OTHER_REGION if region else 0.0), place.region))
        elif weight > NOTHING:
            chosen.append((weight, region))
        else:
            total += _cost_of_dropping(sense.meaning, DROPPED)
    if not chosen:
        return NOTHING
    if len(chosen) == 1:
        return total + chosen[0][0]
    chosen.sort(reverse=True)
    (heaviest, home), *others = chosen
    return (
        total
        + heaviest
        + sum(
            SAME_REGION if home and home == elsewhere else max(weight - weight_of_country + SAME_COUNTRY, DROPPED)
            for weight, elsewhere in others
        )
    )
