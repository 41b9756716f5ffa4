/*
question: Which releases were there, with which gaps, and who signed for what failed?
answer: gaps are weeks of which nobody captured the whole Hub; overrides names who accepted a failed check, and why. The newest release stands first.
*/
select
    release_id,
    published_at,
    weeks,
    gaps,
    audit_result,
    overrides,
    is_rehearsal
from marts.releases
order by published_at desc
limit 20
