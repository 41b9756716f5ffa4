# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # The report about labs
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
names = reads.lab_names(release)

# %%
labs = reads.week_shares(release, "lab", monday)
passed = reads.crossovers(release, scope, monday)

# %%
sides.lab_masthead(labs, edition, scope)

# %% [markdown]
# ## The race
#
# Places over four weeks, because places of single weeks cross too often to be read.

# %%
canvas.shown(
    gallery.ranks(release, edition), "Five weeks are needed to compare places over four; this release has fewer."
)

# %% [markdown]
# ## Who uploads, and whose models they are
#
# Publisher credit goes to whoever uploaded a model, root credit to whoever made the model it comes from in the end.

# %%
canvas.shown(gallery.credits(release, edition), "No two reviewed labs have downloads in this week.")

# %% [markdown]
# ## Who passed whom

# %%
sides.crossovers(
    passed.filter(passed["level"] == "lab") if passed.height else passed, names, edition, "between the largest labs"
)

# %% [markdown]
# ## How open
#
# Open is a release under a permissive licence and behind no gate. A model that states no licence is not open here.

# %%
canvas.shown(gallery.openness(release, edition), "No release of a reviewed lab was captured.")

# %% [markdown]
# ## How to cite

# %%
weekly.how_to_cite(edition, by="lab")

# %%
release.close()
