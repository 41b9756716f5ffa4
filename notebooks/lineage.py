# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # The report about lineage
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
names = reads.country_names(release)

# %%
flows = reads.lineage_quarter(release, edition.week.monday)
quarter = flows["quarter"][0] if flows.height else edition.week.monday
dependence = reads.read(release, "marts.lineage_dependence", "where credit = 'root' and quarter = ?", [quarter])

# %%
sides.lineage_masthead(flows, names, edition)

# %% [markdown]
# ## Countries
#
# A model that says it was made from another is a derivative. Cells with fewer than 20 are hidden; the sums stay whole.

# %%
canvas.shown(gallery.lineage(release, edition), "This release has no matrix of countries.")

# %% [markdown]
# ## Who depends on foreign bases

# %%
sides.dependence(dependence, names, edition)

# %% [markdown]
# ## The most built-on family
#
# The base model whose derivatives were downloaded most in this week, and the largest branches of what was made from it.

# %%
canvas.shown(gallery.family(release, edition), "No downloaded model says that it was made from another.")

# %% [markdown]
# ## What these numbers are not
#
# - **Not all lineage.** Only what a model says of itself, in its card or in its tags. What it keeps silent nobody knows.
# - **Not the whole past.** Of quarters before the first capture only what was still listed then is counted.
#
# ## How to cite

# %%
weekly.how_to_cite(
    edition,
    "all models, root credit, new derivatives by quarter, country of the base and of the author (marts.lineage_flows)",
)

# %%
release.close()
