# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # The page about quality
#
# Run it with `leadershift report`, or open it in Jupyter and set the two parameters to look at another week.
# The checks stand in the headers of the files in `sql/` and in `sql/audits/`.

# %% tags=["parameters"]
database = "leadershift.duckdb"  # a published release
week = "2026-W47"

# %%
from datetime import timedelta
from pathlib import Path

from dagster_project.calendar import Week
from dagster_project.reports import quality, weekly
from dagster_project.warehouse import published

release = published.open_release(Path(database))
edition = weekly.read_edition(release, Week.parse(week))
monday, first = edition.week.monday, edition.week.monday - timedelta(weeks=quality.EVENT_WEEKS - 1)

# %%
checks = release.frame("select * from marts.checks")
captured = release.frame(
    """
    select weeks.*,
        count(snapshots.source) as snapshots, sum(snapshots.seen) as seen,
        sum(snapshots.quarantined) as quarantined, sum(snapshots.merged) as merged
    from core.weeks as weeks
    left join core.snapshots as snapshots on weeks.week = snapshots.week and snapshots.table_name = 'models'
    where weeks.week between ? and ?
    group by all
    order by weeks.week desc
    """,
    parameters=[first, monday],
)
shares = release.frame(
    """
    select scope, sum(n_models) as n_models, max(unknown_share) as unknown_share,
        sum(estimated_share * downloads_flow) / nullif(sum(downloads_flow), 0) as estimated_share
    from marts.share_by_country
    where week = ? and credit = 'publisher' and time_window = 'week'
    group by scope order by scope
    """,
    parameters=[monday],
)
events = release.frame(
    """
    select kind, count(*) as events, count(distinct hub_id) as models
    from core.counter_events
    where week between ? and ? and source = 'huggingface'
    group by kind order by kind
    """,
    parameters=[first, monday],
)

# %%
quality.masthead(edition, checks)

# %% [markdown]
# ## What came
#
# Every record that the Hub sends is loaded, or merged with its twin, or kept apart as unreadable with the reason. Nothing is dropped.

# %%
quality.weeks(captured, edition)

# %% [markdown]
# ## What is unknown
#
# The unknown is never spread over the known. It is why every share has a least and a most.

# %%
quality.unknown(shares, edition)

# %% [markdown]
# ## What happened to models and counters
#
# Each of these is a row of `core.counter_events`, and the weeks it touches are flagged in `core.weekly_flow`.

# %%
quality.events(events, edition)

# %% [markdown]
# ## Every check
#
# Each table says in its own file what must be so. A release with a failed check is only published when a person signs for it.

# %%
quality.checks_by_table(checks)

# %%
release.close()
