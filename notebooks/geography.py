# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # The report about geography
#
# Run it with `leadershift report`, or open it in Jupyter and set the two parameters to look at another week.
# Everything shown comes from the published tables; how a number is made stands in the header of its file in `sql/`.

# %% tags=["parameters"]
database = "leadershift.duckdb"  # a published release
week = "2026-W47"

# %%
from pathlib import Path

from dagster_project.calendar import Week
from dagster_project.reports import geography, reads, weekly
from dagster_project.reports.charts import canvas, gallery
from dagster_project.warehouse import published

release = published.open_release(Path(database))
edition = weekly.read_edition(release, Week.parse(week))
found = geography.newest(reads.read(release, geography.TABLE), edition)

# %%
geography.masthead(found, reads.country_names(release), edition)

# %% [markdown]
# ## The map
#
# Every country is one tile, so that small ones can be seen and no border is drawn.

# %%
canvas.shown(gallery.contributors(release, edition), geography.NOTHING_CAPTURED)

# %% [markdown]
# ## What these numbers are not
#
# - **Not nationality, not residence.** A profile says a place if its owner likes to, and any place.
# - **Not all contributors.** Many name no place that can be read. They stay in every bound.
# - **Not persons.** Only counts are published, and none under the limit that could point to somebody.
#
# ## How to cite

# %%
weekly.how_to_cite(edition, "contributors by country of their self-declared location (marts.contributor_geography)")

# %%
release.close()
