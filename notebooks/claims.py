# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # The report about claims
#
# Run it with `leadershift report`, or open it in Jupyter and set the two parameters to look at another week.
# Everything shown comes from the published tables; how a number is made stands in the header of its file in `sql/`.

# %% tags=["parameters"]
database = "leadershift.duckdb"  # a published release
week = "2026-W47"

# %%
from pathlib import Path

from dagster_project.calendar import Week
from dagster_project.reports import claims, reads, weekly
from dagster_project.warehouse import published

release = published.open_release(Path(database))
edition = weekly.read_edition(release, Week.parse(week))
ledger = reads.read(release, "marts.claims_ledger", "order by claim_id")

# %%
claims.masthead(ledger, edition)

# %% [markdown]
# Each verdict follows from a rule that was written down before the number was known, and each number from a query that runs as it
# stands on the published database. What our sources can't answer is called not measurable, never contradicted.
#
# ## Meta's retreat from open-source AI, a sign of a world power shift (2025)

# %%
claims.ledger(ledger, "meta-retreat-2025")

# %% [markdown]
# ## China's love of open-source AI may shut down fast (Reuters Breakingviews, 2 April 2025)

# %%
claims.ledger(ledger, "reuters-2025-04")

# %% [markdown]
# ## How to cite

# %%
weekly.how_to_cite(edition, "verdicts on claims (marts.claims_ledger)")

# %%
release.close()
