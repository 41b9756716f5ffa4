# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first look around
#
# The current release, read-only: nothing here can change or stop the pipeline. Change the SQL and run a cell again.
# What a table means: `leadershift describe TABLE`. Questions that others asked: `leadershift examples`.

# %% tags=["parameters"]
home = "data"  # LEADERSHIFT_HOME

# %%
from pathlib import Path

from dagster_project import asking
from dagster_project.settings import Settings

settings = Settings(Path(home))
release = asking.release(settings)
asking.current(settings).release_id


# %%
def ask(sql: str):
    """Answer a SELECT as a polars frame."""
    return release.frame(sql)


# %% [markdown]
# ## What is there

# %%
ask("select schema_name, table_name, estimated_size as row_count from duckdb_tables() order by all")

# %% [markdown]
# ## Who leads now
#
# The share of what is known, and the least and the most it can be of all. `S2` is text generation and image-text-to-text.

# %%
ask("""
    select country_name, share_of_known, lower_bound, upper_bound, unknown_share, estimated_share, week
    from marts.latest_shares_by_country
    where scope = 'S2' and credit = 'publisher' and time_window = 'week'
    order by place
    limit 10
""")

# %% [markdown]
# ## How that came about
#
# A chart of the five largest countries. A week that nobody saw has no point.

# %%
import altair as alt

shares = ask("""
    select week, country_name, share_of_known
    from marts.share_by_country
    where scope = 'S2' and credit = 'publisher' and time_window = 'week' and country in (
        select country from marts.latest_shares_by_country
        where scope = 'S2' and credit = 'publisher' and time_window = 'week' and country <> 'UNKNOWN' and place <= 5
    )
    order by week, country_name
""")
alt.renderers.enable("png")
chart = (
    alt.Chart(shares, width=640, height=320)
    .mark_line(point=True)
    .encode(
        alt.X("week:T", title=None),
        alt.Y("share_of_known:Q", title="share of known downloads", axis=alt.Axis(format="%")),
        alt.Color("country_name:N", title=None),
    )
)
shares if shares.is_empty() else chart

# %% [markdown]
# ## A question that others asked
#
# `leadershift examples` lists them; here one of them is run.

# %%
ready = asking.example("how_concentrated")
ready.question, ready.answer

# %%
ask(ready.sql)
