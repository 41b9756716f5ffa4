"""The newest word on each namespace, whatever its case, and whether the registry knows it."""

from __future__ import annotations

from .conftest import Answer

OWNERS = """
select namespace, kind, full_name, true as is_verified, null::varchar as plan, 3::bigint as member_count, 1::bigint as follower_count,
    models::bigint as model_count, 0::bigint as dataset_count, 0::bigint as space_count, 0::bigint as paper_count,
    day::date as observed_on, day::timestamp as observed_at, 'huggingface_owners' as source
from (values
    ('Acme', 'org', 'Acme Inc', 5, '2026-11-02'),
    ('acme', 'org', 'Acme AI', 7, '2026-11-16'),
    ('Left', 'org', 'Left behind', 2, '2026-11-02'),
    ('Left', 'gone', null, null, '2026-11-09'),
    ('someone', 'user', null, 4, '2026-11-09')
) as t(namespace, kind, full_name, models, day)
"""
REGISTRY = "select * from (values ('ACME'), ('ACME'), ('other')) as t(namespace)"


def test_the_newest_observation_of_each_namespace_counts(answer: Answer) -> None:
    rows = answer("core.owners", {"raw.owners": OWNERS, "registry.namespaces": REGISTRY})
    found = {row["namespace"]: (row["kind"], row["full_name"], row["model_count"], row["is_reviewed"]) for row in rows}
    assert len(rows) == len(found)
    assert found == {
        "acme": ("org", "Acme AI", 7, True),
        "Left": ("gone", None, None, False),
        "someone": ("user", None, 4, False),
    }
