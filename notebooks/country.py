# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # The report about countries
#
# Run it with `leadershift report`, or open it in Jupyter and set the two parameters to look at another week.
# Everything shown comes from the published tables; how a number is made stands in the header of its file in `sql/`.

# %% tags=["parameters"]
database = "leadershift.duckdb"  # a published release
week = "2026-W47"

# %%
from pathlib import Path

from dagster_project.calendar import Week
from dagster_project.reports import reads, sides, weekly
from dagster_project.reports.charts import canvas, gallery
from dagster_project.warehouse import published

release = published.open_release(Path(database))
edition = weekly.read_edition(release, Week.parse(week))
scope, monday = edition.scope("S2"), edition.week.monday
names = reads.country_names(release)

# %%
countries = reads.week_shares(release, "country", monday)
passed = reads.crossovers(release, scope, monday)

# %%
sides.country_masthead(countries, edition, scope)

# %% [markdown]
# ## Over time
#
# A lab counts for the country of its primary base. What nobody has reviewed stays in sight.

# %%
canvas.shown(gallery.course(release, edition), "Two weeks are needed to draw a course; this release has one.")

# %% [markdown]
# ## Who passed whom
#
# A lead is the median of four weeks, and it counts when it holds for eight. It is looked for between the largest countries.

# %%
canvas.shown(
    gallery.crossover(release, edition), "No pair of countries was measured long enough to speak of a crossover."
)

# %%
sides.crossovers(
    passed.filter(passed["level"] == "country") if passed.height else passed,
    names,
    edition,
    "between the largest countries",
)

# %% [markdown]
# ## Why shares moved
#
# The four parts add up to the change exactly. A model counts as new for its first 90 days.

# %%
weekly.why_it_moved(reads.changes(release, monday, scope), names | reads.lab_names(release), edition, scope)

# %% [markdown]
# ## How to cite

# %%
weekly.how_to_cite(edition)

# %%
release.close()
