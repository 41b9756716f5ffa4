/*
meaning: >-
  Each country's share of the contributors to the captured repositories beside its share of all of GitHub, as GitHub's
  Innovation Graph counts it by IP address. Empty until the graph is imported.
grain: [quarter, metric, country]
columns:
  quarter: first day of the quarter of our contributors, UTC
  metric: what the graph counts - developers, git_pushes, repositories or organizations
  country: ISO 3166-1 alpha-2; the graph's total of the European Union is left out
  share_of_located: share of our contributors who name a country, as in marts.contributor_geography
  lower_bound: share of all of them if nobody of unknown place is there
  upper_bound: share of all of them if everybody of unknown place is
  graph_quarter: quarter of the graph that is compared - the same, or the last before it that the graph has
  graph_amount: the graph's number
  graph_share: graph_amount / that of all economies of the graph in that quarter
  quotient: share_of_located / graph_share, over 1 where a country does more here than on GitHub as a whole
  quotient_low: lower_bound / graph_share
  quotient_high: upper_bound / graph_share
  is_running: whether the quarter was not over at the last capture
  graph_read_on: day on which the graph was imported
  as_of: last snapshot of contributors
checks:
  - one_of: {column: metric, values: [developers, git_pushes, repositories, organizations]}
  - between: {column: graph_share, min: 0, max: 1}
  - holds: {rule: quotient_low <= quotient and quotient <= quotient_high + 0.000001, says: the quotient lies between its bounds}
  - holds: {rule: graph_quarter <= quarter, says: the graph is never of a later quarter}
warnings:
  - >-
    Do not read China's quotient. The graph goes by IP address, and mainland pushes fell from 6.9 to 0.95 % between 2020 and
    2025 while Hong Kong's rose, which is people's way to the net and not their work.
  - The graph counts where people connect from, ours what they write in their profile. VPNs move the one, empty profiles the other.
  - Developers and organizations are stocks, git_pushes is the work of a quarter. The graph leaves out economies with few developers, so shares are of what it has.
*/
with graph as (
    select
        metric,
        country,
        quarter,
        amount,
        observed_on
    from raw.innovation_graph
    -- Of each file: a later import may have brought only some of them.
    qualify observed_on = max(observed_on) over (partition by metric)
),

shares as (
    select
        metric,
        country,
        quarter,
        amount,
        observed_on,
        amount / nullif(sum(amount) over (partition by metric, quarter), 0) as graph_share
    from graph
),

compared as (
    select
        ours.quarter,
        shares.metric,
        max(shares.quarter) as graph_quarter
    from (select distinct quarter from marts.contributor_geography) as ours
    inner join (select distinct metric, quarter from shares) as shares on shares.quarter <= ours.quarter
    group by ours.quarter, shares.metric
)

select
    ours.quarter,
    compared.metric,
    ours.country,
    ours.share_of_located,
    ours.lower_bound,
    ours.upper_bound,
    compared.graph_quarter,
    shares.amount as graph_amount,
    shares.graph_share,
    ours.share_of_located / nullif(shares.graph_share, 0) as quotient,
    ours.lower_bound / nullif(shares.graph_share, 0) as quotient_low,
    ours.upper_bound / nullif(shares.graph_share, 0) as quotient_high,
    ours.is_running,
    shares.observed_on as graph_read_on,
    ours.as_of
from marts.contributor_geography as ours
inner join compared on ours.quarter = compared.quarter
inner join shares
    on
        compared.metric = shares.metric
        and compared.graph_quarter = shares.quarter
        and ours.country = shares.country
where ours.level = 'all' and ours.contributors is not null and ours.country not in ('OTHER', 'UNKNOWN')
order by ours.quarter, compared.metric, ours.country
