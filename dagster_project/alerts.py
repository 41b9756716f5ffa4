"""What somebody should look at, told once each: into the diary, and to a webhook if one is set. Part of the hall.

Not here: what is an alert (sql/marts/alerts.sql), when it is looked for (defs/sensors).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dagster_project import asking
from dagster_project.errors import SourceError
from dagster_project.reports.render import MAX_LINE, clean
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger
from dagster_project.sources import webhook
from dagster_project.warehouse.published import Publication

TABLE = "marts.alerts"
# Older ones are in the table. A first release of an imported past would ring for every week of it.
WEEKS_TOLD = 4
_RECENT = """
    select alert_id, cast(week as varchar) as week, kind, subject, hub_id, detail, number, scope, unknown_share
    from marts.alerts
    where week > as_of - 7 * (cast(? as integer) + 1)
    order by week, kind, subject, alert_id
"""
# The diary outlives an erasure, so it never holds a name that may be a person's; alert_id finds the row in the release.
_UNREVIEWED = "hf:"


@dataclass(frozen=True)
class Told:
    """What the current release had to tell: the alerts that are `new` in the diary, and why posting failed, if it did."""

    release_id: str
    new: tuple[dict[str, Any], ...]
    trouble: str | None = None


def tell(settings: Settings) -> Told:
    """Write each alert of the current release's last weeks into the diary once, and post those that were not posted yet.

    A webhook that fails is no error of ours: what it was not told is tried again the next time. Raises NothingYetError without a
    release, DamagedDataError for a diary that can't be read.
    """
    release = asking.current(settings)
    found = _recent(settings, release)
    diary = ledger.read(settings.home)
    known = {entry["alert"] for entry in diary if entry["event"] == "alerted"}
    posted = {alert for entry in diary if entry["event"] == "alert_posted" for alert in entry["alerts"]}
    new = tuple(alert for alert in found if alert["alert_id"] not in known)
    for alert in new:
        ledger.write(
            settings.home,
            "alerted",
            settings.now(),
            alert=alert["alert_id"],
            week=alert["week"],
            kind=alert["kind"],
            subject=_without_names(alert),
            number=alert["number"],
            release=release.release_id,
        )
    waiting = [alert for alert in found if alert["alert_id"] not in posted]
    if not settings.webhook or not waiting:
        return Told(release.release_id, new)
    try:
        webhook.post(settings.webhook, _message(release, waiting))
    except SourceError as error:
        return Told(release.release_id, new, error.message)
    ids = [alert["alert_id"] for alert in waiting]
    ledger.write(settings.home, "alert_posted", settings.now(), alerts=ids, release=release.release_id)
    return Told(release.release_id, new)


def _recent(settings: Settings, release: Publication) -> list[dict[str, Any]]:
    """Read the alerts to be told; none from a release of an earlier day's knowledge, or one made before there were alerts."""
    if release.known_at:
        return []
    with asking.release(settings) as opened:
        if TABLE not in opened.tables():
            return []
        columns, rows = opened.rows(_RECENT, [WEEKS_TOLD])
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _without_names(alert: dict[str, Any]) -> str | None:
    if alert["hub_id"]:
        return str(alert["hub_id"])
    return None if alert["subject"].startswith(_UNREVIEWED) else str(alert["subject"])


def _message(release: Publication, alerts: list[dict[str, Any]]) -> dict[str, Any]:
    """Write what is posted; `text` is what chats show."""
    lines = [
        clean(f"{alert['week']} {alert['kind']} {alert['subject']}: {alert['detail']}", MAX_LINE) for alert in alerts
    ]
    title = f"leadershift {release.release_id}{' (REHEARSAL, not the real Hub)' if release.is_rehearsal else ''}"
    return {
        "text": "\n".join([title, *lines]),
        "release_id": release.release_id,
        "is_rehearsal": release.is_rehearsal,
        "alerts": alerts,
    }
