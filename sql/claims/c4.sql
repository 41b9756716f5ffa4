/*
meaning: Whether China is the third contributor to open source after the US and India.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: null, not measured
  interval_low: null, there is none to give
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
select
    'not measurable yet' as verdict,
    cast(null as double) as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    'Contributors of GitHub repositories are not captured yet.' as reason
