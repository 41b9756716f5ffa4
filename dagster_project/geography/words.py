"""Words that stand in location texts and are no places, though the gazetteer has places of that name.

Not here: names of places (aliases.csv), and common words of the dictionaries, which the index marks by itself.
"""

from __future__ import annotations

_WHOLE_PARTS = """
africa; america latina; americas; amerika; antarctica; apac; arctic; asia; asia pacific; the americas; caribbean; central america;
central asia; east africa; east asia; eastern europe; emea; eu; eurasia; europa; europe; european union; far east; latam; latin
america; middle east; mena; north africa; north america; northern europe; oceania; sea; south america; south asia; south east
asia; southeast asia; southern europe; sub saharan africa; west africa; western europe; scandinavia; nordics; balkans; the
balkans; baltics; benelux; dach; cis; worldwide; world wide; world; the world; global; globe; international; anywhere; everywhere;
nowhere; somewhere; elsewhere; here; there; where; home sweet home; man; remote; remotely; fully remote; 100% remote; work from home;
wfh; home; my home; house; office; work; school; bed; couch; basement; garage; kitchen; desk; online; offline; internet; the
internet; interwebs; the web; web; www; cloud; the cloud; cyberspace; cyber; metaverse; virtual; matrix; the matrix; vpn;
localhost; local; server; terminal; console; shell; root; null; nil; none; nan; na; n a; undefined; unknown; void; the void; dev
null; test; tbd; todo; secret; private; hidden; earth; the earth; planet earth; mother earth; terra; gaia; mars; the moon; moon;
luna; venus; jupiter; saturn; pluto; neptune; uranus; mercury; sun; space; outer space; universe; the universe; multiverse;
galaxy; milky way; milky way galaxy; solar system; orbit; iss; sol; andromeda; krypton; pale blue dot; third rock from the sun;
hell; heaven; paradise; utopia; limbo; purgatory; valhalla; asgard; atlantis; eden; nirvana; shangri la; wonderland; neverland;
never land; narnia; hogwarts; middle earth; mordor; the shire; shire; rivendell; gondor; westeros; winterfell; gotham; gotham
city; metropolis; wakanda; tatooine; hoth; coruscant; zion; oz; el dorado; eldorado; hyrule; south park; arrakis; azeroth; night
city; vault; vice city; san andreas; liberty city; raccoon city; twin peaks; bikini bottom; pallet town; kanto; nomad; digital
nomad; nomadic; traveling; travelling; traveler; on the road; on the move; in transit; hometown; my city; big city; small town;
city; town; village; country; state; north; south; east; west; northeast; northwest; southeast; southwest; midwest; the north; the
south; the west; the east; center; centre; central; northern hemisphere; southern hemisphere; pacific; atlantic; pacific ocean;
atlantic ocean; ocean; the sea; mountains; forest; desert; beach; jungle; utc; gmt; cet; est; pst; cst; edt; pdt; ist; cest; bst;
jst; open source; github; linux; emacs; vim; java; python; docker; kubernetes; google; facebook; meta; full stack; developer;
engineer; student; freelance; freelancer; self employed; me; you; us all; behind you; mom; love; life; happy; freedom; hope;
peace
"""
_FILLERS = """
a an the of in at on by from near around and or to for my our is am i im live living lives based currently mostly sometimes
usually now originally formerly previously born also always still between area areas region regions metro metropolitan greater
great downtown suburb suburbs outside inside city town village state province prefecture county district municipality municipio
comune commune country republic kingdom united federal capital territory territories dist distrito provincia provincie estado
ciudad cidade ville stadt land kreis oblast krai raion gmina powiat kota kabupaten jalan street st road rd avenue ave blvd suite
floor building zip code cedex postal university univ college institute school campus tech technology department faculty lab labs
center centre north south east west northern southern eastern western central upper lower old new nord sud est ouest norte sur sul
sued zone timezone time remote hybrid onsite global worldwide anywhere earth world planet europe asia america africa eu emea apac
latam dach de da do del della di du des la le les el los las das der den die dem aus von und et y e en na no van het
"""

NO_PLACES = frozenset(phrase.strip() for phrase in _WHOLE_PARTS.replace("\n", " ").split(";"))
"""Whole parts of a text (between its signs) that name no country, although some are names of places or of continents."""

FILLERS = frozenset(_FILLERS.split())
"""Words that neither are places by themselves nor make a text unclear. A longer name may begin or end with one (La Paz)."""

BETWEEN_PLACES = frozenset(("and", "or", "und", "et", "y", "then", "vs", "to", "och", "og", "en"))
"""Words between two places that stand for a STRONG sign."""
