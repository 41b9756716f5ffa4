# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # The weekly page
#
# Run it with `leadershift report`, or open it in Jupyter and set the two parameters to look at another week.
# Everything shown comes from the published tables; how a number is made stands in the header of its file in `sql/`.

# %% tags=["parameters"]
database = "leadershift.duckdb"  # a published release
week = "2026-W47"

# %%
from datetime import timedelta
from pathlib import Path

from dagster_project.calendar import Week
from dagster_project.reports import headline, reads, robustness, weekly
from dagster_project.reports.charts import bars, canvas, gallery
from dagster_project.warehouse import published

release = published.open_release(Path(database))
edition = weekly.read_edition(release, Week.parse(week))
text_scope, whole_scope = edition.scope("S2"), edition.scope("S1")
monday, next_monday = edition.week.monday, edition.week.next_monday

# %%
countries = release.frame(
    """
    select * from marts.share_by_country
    where week = ? and credit = 'publisher' and time_window = 'week'
    """,
    parameters=[monday],
)
labs = release.frame(
    """
    select * from marts.share_by_lab
    where week = ? and credit = 'publisher' and time_window = 'week'
    """,
    parameters=[monday],
)
snapshots = release.frame(
    "select * from core.snapshots where observed_on between ? and ? order by source, observed_on",
    parameters=[monday, next_monday],
)
models = release.frame(
    """
    select
        count(*) as known,
        count(*) filter (where first_seen_on >= ? and first_seen_on < ?) as new,
        count(*) filter (where removed_on >= ? and removed_on < ?) as gone,
        (select counted_days from core.weeks where is_uneven and week = ?) as uneven_days
    from core.models
    """,
    parameters=[monday, next_monday, monday, next_monday, monday],
)

# %%
weekly.masthead(edition, headline.compose(countries, edition.week, text_scope))

# %% [markdown]
# ## Since last week

# %%
before = reads.week_shares(release, "country", monday - timedelta(weeks=1))
weekly.since_last_week(countries, before, edition, text_scope)

# %% [markdown]
# ## Why it moved
#
# Over four weeks, because in a single one chance moves more than models do. The four parts add up to the change exactly.

# %%
names = reads.country_names(release) | reads.lab_names(release)
weekly.why_it_moved(reads.changes(release, monday, text_scope), names, edition, text_scope)

# %% [markdown]
# ## Would the lead hold?
#
# The same week counted again, each time without something one may doubt, on both sides of the share, and once with
# the labs of arguable home in the other place.

# %%
trials = reads.read(release, "marts.share_robustness", "where week = ? and credit = 'publisher'", [monday])
robustness.would_it_hold(trials, names, edition, text_scope)

# %% [markdown]
# ## Over time

# %%
canvas.shown(gallery.course(release, edition), "Two weeks are needed to draw a course; this release has one.")

# %% [markdown]
# ## By country
#
# Text and image-text models are where the race is watched. A lab counts for the country of its primary base.

# %%
bars.share_by_country(countries, edition, text_scope)

# %%
weekly.country_table(countries, edition, text_scope)

# %% [markdown]
# The same for every model, from speech to robotics. Shares of the two scopes have different denominators:
# compare the order, not the numbers.

# %%
bars.share_by_country(countries, edition, whole_scope)

# %%
weekly.country_table(countries, edition, whole_scope)

# %% [markdown]
# ## By lab

# %%
bars.top_labs(labs, countries, edition, text_scope)

# %%
weekly.lab_table(labs, countries, edition, text_scope)

# %% [markdown]
# ## What was captured

# %%
weekly.captured(snapshots, models, edition)

# %% [markdown]
# Every check, and what it found, stands on the [page about quality](quality.html). More on [countries](country.html), [labs](lab.html),
# [lineage](lineage.html), the [claims](claims.html) that others made, and [where contributors are](geography.html).
#
# ## What these numbers are not
#
# - **Not people.** The Hub counts requests (GET and HEAD) for a few files of a model. Build servers, mirrors and one team
#   pulling a model a thousand times count as much as a thousand teams.
# - **Not all use.** Other hubs, private mirrors and hosted services are not in it.
# - **Not origin.** Publisher credit goes to whoever uploaded a model. A re-pack counts for the re-packer, not for the lab that
#   trained its base.
# - **Not nationality.** A country is the primary base of the lab that publishes, not where its users or its staff are.
# - **Not complete.** Unknown means that nobody has reviewed the publisher yet. It is never spread over the known; that is why
#   every share has a least and a most.
# - **Not always measured.** Until the all-time counter has been read on both sides of a week, the week is estimated from the
#   rolling 30-day counter, and the page says what part. It is measured, and changes, with the next reading.
#
# ## How it is made
#
# Every week the Hub's list of models is captured whole and sealed; a quick capture takes a part of it, and then the top of the
# page says so. A week's downloads are the difference between two readings of a model's all-time counter, and never less than
# nothing: a counter that fell and came back is bridged, one that stays low was corrected for good and adds nothing.
# A reviewed registry says which lab stands behind a namespace and where it is at home; what it does not say stays unknown.
#
# ## How to cite

# %%
weekly.how_to_cite(edition)

# %%
release.close()
