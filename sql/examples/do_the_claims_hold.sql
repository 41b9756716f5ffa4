/*
question: Do the claims that the press makes about open models hold?
answer: >-
  verdict is what the tables say today, number what was found, reason a sentence about it. The column query of the same table has the SQL that finds
  it.
*/
select
    claim_id,
    claim,
    verdict,
    number,
    interval_low,
    interval_high,
    reason
from marts.claims_ledger
order by claim_id
