"""What REST and GraphQL of the pretend GitHub share: the switches, one request, refusals in GitHub's words, headers.

Not here: what is answered (github, github/graphql), how much of it (github/service).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from dagster_project.rehearsal.hub.api import Reply

DOCUMENTATION = "https://docs.github.com/rest"
DEFAULT_VERSION, NEW_VERSION = "2022-11-28", "2026-03-10"
VERSIONS = (DEFAULT_VERSION, NEW_VERSION)


@dataclass(frozen=True)
class GitHubOptions:
    """How strict the pretend GitHub is, and the switches for what nobody has verified on the real one.

    The quota's hour is counted on the service's clock, so that its dates agree; a clock that stands still never refills
    it. With `quota_follows_clock` off it is counted on the machine's, which is what a client that really waits needs.
    """

    quota_with_token: int = 5_000
    quota_anonymous: int = 60
    quota_graphql: int = 5_000
    window_seconds: int = 3_600
    quota_follows_clock: bool = True
    over_limit_status: Literal[403, 429] = 403
    secondary_points_per_minute: int | None = None
    """900 on the real one. Off, because the rehearsal is faster than the world."""
    bad_tokens: frozenset[str] = frozenset({"ghp_revoked"})
    collaborator_on: frozenset[str] = frozenset()
    """Full names, in lower case, whose closed lists every token may read."""
    closed_lists: Literal["404", "403", "401", "empty"] = "404"
    statistics_after: int = 1
    """How many 202s come before a repository's statistics."""
    history_week_starts: int = 0
    """Days after Sunday."""
    history_rejects_big_pages: bool = False
    """Whether per_page over 30 is refused (422) instead of cut to 30."""
    history_has_links: bool = True
    dropped_fields: tuple[str, ...] = ("has_downloads",)
    """What version 2026-03-10 leaves out of a repository."""


@dataclass(frozen=True)
class GitHubRequest:
    """One GET, as far as its meaning goes."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    accept: str = ""
    version: str = DEFAULT_VERSION
    has_token: bool = True
    overlap: int = 0
    """Rows of the page before that this page repeats (a fault, see faults)."""


class GitHubError(Exception):
    """The request can't be answered: status and GitHub's own words."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status, self.message, self.more = status, message, more

    def reply(self) -> Reply:
        """Give the JSON error."""
        text = {"message": self.message, **self.more, "documentation_url": DOCUMENTATION, "status": str(self.status)}
        return Reply(self.status, msgspec.json.encode(text))


def not_found() -> GitHubError:
    """Make the error for what is not there, or not for everybody."""
    return GitHubError(404, "Not Found")


def finished(reply: Reply, media: str = "github.v3; format=json") -> Reply:
    """Give a reply the headers that all have."""
    digest = hashlib.blake2b(reply.body, digest_size=32).hexdigest()
    headers = {"Content-Type": "application/json; charset=utf-8", "X-GitHub-Media-Type": media, **reply.headers}
    return replace(reply, headers={**headers, **({"ETag": f'W/"{digest}"'} if reply.status in {200, 204} else {})})
