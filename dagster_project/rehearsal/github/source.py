"""What the pretend GitHub must be told by whoever knows the repositories: the simulated world, or a table of real ones.

Here: the records and the protocol, nothing else. All moments are whole seconds since 1970, UTC. A repository's number is
its place in the source; its id is GitHub's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

AccountKind = Literal["User", "Organization", "Bot"]
Access = Literal["open", "dmca", "blocked"]


@dataclass(frozen=True, slots=True)
class Account:
    """A person, organisation or bot as its profile shows it at a moment."""

    id: int
    login: str
    kind: AccountKind
    name: str | None = None
    company: str | None = None
    location: str | None = None
    created: int = 0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by, as its text says; the account only where the e-mail address is known to belong to one."""

    name: str
    email: str
    account: Account | None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the default branch. `offset` is the author's own, in seconds east of UTC."""

    sha: str
    at: int
    offset: int
    author: Author
    message: str


@dataclass(frozen=True, slots=True)
class Release:
    """One published release."""

    id: int
    tag: str
    created: int
    published: int
    is_prerelease: bool
    author: Account


@dataclass(frozen=True, slots=True)
class Fork:
    """One fork, as far as a list of forks shows it."""

    id: int
    owner: Account
    created: int


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository at a moment."""

    number: int
    id: int
    owner: Account
    name: str
    created: int
    updated: int
    pushed: int
    stars: int = 0
    forks: int = 0
    watchers: int = 0
    open_issues: int = 0
    open_pulls: int = 0
    closed_issues: int = 0
    closed_pulls: int = 0
    description: str | None = None
    homepage: str | None = None
    language: str | None = None
    languages: Mapping[str, int] | None = None
    licence: str | None = None
    """The Hub's licence id; "other" for a text that GitHub does not recognise."""
    topics: tuple[str, ...] = ()
    is_fork: bool = False
    is_archived: bool = False
    is_disabled: bool = False
    default_branch: str = "main"
    size_kb: int = 0
    access: Access = "open"
    is_empty: bool = False
    is_too_large: bool = False
    never_counts: bool = False
    """Its statistics are being computed for ever (202)."""

    @property
    def full_name(self) -> str:
        """Give owner/name."""
        return f"{self.owner.login}/{self.name}"


class GitHubSource(Protocol):
    """Repositories and accounts, asked at a moment `now`."""

    def number(self, repo_id: int) -> int | None:
        """Find a repository by GitHub's id."""

    def find(self, owner: str, name: str, now: int) -> tuple[int, bool] | None:
        """Find the repository that has this name, in any case, else the one that had it (then True)."""

    def repo(self, number: int, now: int) -> Repo | None:
        """Give a repository, or None before its creation and after its deletion."""

    def repos_of(self, account_id: int, now: int) -> Sequence[int]:
        """Give the repositories that an account owns, oldest first."""

    def account(self, login: str, now: int) -> Account | None:
        """Find an account by its present login, in any case."""

    def account_by_id(self, account_id: int, now: int) -> Account | None:
        """Find an account by GitHub's id."""

    def organisations(self, account_id: int, now: int) -> Sequence[Account]:
        """Give the organisations a person says to belong to."""

    def stars(self, number: int, now: int) -> tuple[int, Sequence[int]]:
        """Give the second at which the first day begins, and the stars of each day that are still there."""

    def stargazer(self, number: int, place: int, now: int) -> Account:
        """Give who gave the star at a place, counted from the oldest that is still there."""

    def contributors(self, number: int, now: int) -> Sequence[tuple[Author, int]]:
        """Give authors and their commits so far, most first."""

    def commits(self, number: int, since: int, until: int) -> range:
        """Give the places of the commits from one second to before another, oldest first."""

    def commit(self, number: int, place: int, now: int) -> Commit:
        """Give a commit by its place."""

    def releases(self, number: int, now: int) -> Sequence[Release]:
        """Give the releases so far, newest first."""

    def fork(self, number: int, place: int, now: int) -> Fork:
        """Give the fork at a place, counted from the oldest."""
