"""The weekly round of GitHub's repositories: which ones, what became of each, and how that is sealed. Part of the hall.

A repository is its number: its name may change, and somebody else may take the old one. The registry names some, its
organisations list more, and what was once found is followed by its number for ever; one that goes leaves a tombstone.
Without a token only a sample of names is asked, as a source and a table of its own, so that it never meets whole numbers.
Not here: what is asked and what may be kept (sources/repositories), locks (captures).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import polars as pl

from dagster_project import crawl, rounds
from dagster_project.calendar import Week, stamp
from dagster_project.errors import GateError, NothingYetError, PauseError, SourceError
from dagster_project.rounds import Bundles, Missing, Shape
from dagster_project.settings import Settings
from dagster_project.snapshots import spool
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import repositories
from dagster_project.sources.github import Client
from dagster_project.sources.github_answers import BlockedError, GoneError, UnansweredError
from dagster_project.sources.pages import AccessRefusedError
from dagster_project.sources.repositories import Repository, State
from dagster_project.warehouse import registry

# A query with six counts for each costs three points and stays below GitHub's ten seconds.
BATCH_REPOSITORIES = 50
# So many repositories that vanish at once speak of GitHub, or of a token, and not of the repositories.
MOST_VANISHED_SHARE, LEAST_VANISHED = 0.1, 10
# Of the 60 requests an hour that GitHub grants to an address without a token.
SAMPLE_REPOSITORIES = 50


@dataclass(frozen=True)
class RepositoriesCaptured:
    """What a round came to. `missing` says what could not be had, and why; `not_asked` are names the sample left out."""

    seal: Seal | None
    asked: int
    requests: int
    points: int
    missing: tuple[Missing, ...] = ()
    is_sample: bool = False
    not_asked: int = 0


@dataclass(frozen=True)
class _Target:
    """One repository to ask for: under which name, as what the registry has it, and as which number it is known."""

    name: str
    asked_name: str | None = None
    repo_id: int | None = None


@dataclass
class _Known:
    """What earlier rounds found, by number: the newest name, the name it was asked for, owners' logins. And what this week is done with."""

    names: dict[int, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    logins: dict[int, str] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    done_ids: set[int] = field(default_factory=set)
    done_names: set[str] = field(default_factory=set)
    is_week_done: bool = False


def capture(
    settings: Settings, client: Client, *, on_page: Callable[[int], None], sign_off: str | None = None
) -> RepositoriesCaptured:
    """Ask for every repository that is due this week and seal what GitHub said; without a token for a sample of names.

    Raises PauseError when a budget is used up, SourceError when GitHub refuses us or gives five bad answers in a row,
    GateError when too many vanished at once (a later day asks anew), NothingYetError with nobody to ask for.
    """
    source = crawl.GITHUB if client.has_token else crawl.SAMPLE
    before = rounds.begun(settings, source, lambda leftover: _close_leftover(settings, leftover))
    known = _known(settings, source, before.attempt)
    if before.is_done_today or (known.is_week_done and not before.attempt):
        return RepositoriesCaptured(before.newest, 0, 0, 0, is_sample=not client.has_token)
    attempt = before.attempt or spool.begin(settings.home, source, settings.now())
    round_ = _Round(settings, attempt, client, known, on_page)
    try:
        not_asked = round_.run() if client.has_token else round_.run_sample()
    except SourceError as error:
        round_.bundles.keep()
        raise rounds.placed(settings, attempt, error, "repositories") from error
    kept = list(_kept(attempt))
    # From what is kept, so that a run that goes on from another's pages says what that one missed as well.
    missing = (*round_.missing, *(_missing(one) for one in kept if one.reason or one.state != "there"))
    refused = _refusal(settings, attempt)
    if refused and not sign_off:
        raise GateError(
            f"Week {Week.of(attempt.day)}, GitHub, repositories: {refused} What it said is kept in {attempt.folder}, but not sealed.",
            next_command=f'{crawl.GO_ON[crawl.GITHUB]} --sign-off "NAME: REASON"',
        )
    has_unread = any(one.reason and one.state is None for one in kept)
    is_complete = client.has_token and not round_.has_unlisted and not has_unread
    counts = {"asked": round_.asked, "requests": client.requests, "points": client.points, "not_asked": not_asked}
    flags = {"is_sample": not client.has_token, "is_complete": is_complete}
    rounds.tell(settings, source, attempt.day, missing, **flags, **counts)
    signed = sign_off if refused else None
    closed = before.newest
    if attempt.pages():
        closed = rounds.close(settings, attempt, _shape(source), is_complete=is_complete, sign_off=signed)
    return RepositoriesCaptured(
        closed, round_.asked, client.requests, client.points, missing, not client.has_token, not_asked
    )


def there(settings: Settings) -> pl.DataFrame:
    """Give the repositories that were there when they were last seen, most starred first: repo_id, repo_name, stargazers_count."""
    columns = ["repo_id", "repo_name", "state", "stargazers_count", "observed_on"]
    tables = [rounds.table(attempt, columns) for attempt, _found in rounds.whole(settings, crawl.GITHUB)]
    if not tables:
        return pl.DataFrame(schema={"repo_id": pl.Int64, "repo_name": pl.String, "stargazers_count": pl.Int64})
    latest = pl.concat(tables).sort("observed_on").unique("repo_id", keep="last")
    return (
        latest.filter(pl.col("state") == "there")
        .sort("stargazers_count", "repo_id", descending=[True, False], nulls_last=True)
        .select("repo_id", "repo_name", "stargazers_count")
    )


def followed(settings: Settings) -> pl.DataFrame:
    """Give what `there` gives, but what was forgotten, for a round that asks for more of each.

    Raises NothingYetError before there is one.
    """
    found = there(settings)
    found = found.filter([repositories.may_be_asked(name) for name in found["repo_name"]])
    if found.is_empty():
        raise NothingYetError(
            "No repository of GitHub is known yet, so there is nobody to ask for.",
            next_command=f"leadershift capture --source {crawl.GITHUB}",
        )
    return found


# Whom to ask


def _known(settings: Settings, source: str, attempt: Spool | None) -> _Known:
    """Read from all that is sealed, and from the round under way, what is known of each repository and done this week."""
    known = _Known()
    this_week = Week.of(settings.now())
    for earlier, found in rounds.whole(settings, source):
        is_this_week = found.week == this_week
        known.is_week_done |= is_this_week and (found.is_complete or source == crawl.SAMPLE)
        rows = rounds.table(earlier, ["repo_id", "repo_name", "asked_name", "owner_id", "owner_login"])
        for repo_id, name, asked, owner_id, login in rows.rows():
            _learn(known, repo_id, name, asked, is_done=is_this_week)
            if login:
                # As with names: whoever takes a login later is somebody else, and who had it first has a new one.
                known.owners.setdefault(login.lower(), owner_id)
                known.logins[owner_id] = login
    for one in _kept(attempt):
        _learn(known, one.repo_id, one.repo_name, one.asked_name, is_done=True)
    return known


def _learn(known: _Known, repo_id: int | None, name: str | None, asked: str | None, *, is_done: bool) -> None:
    if repo_id is not None:
        known.names[repo_id] = name or known.names.get(repo_id, "")
        if asked:
            # The first number a name led to is the one the registry meant: who took the name later is somebody else.
            known.asked.setdefault(asked.lower(), repo_id)
    if is_done:
        known.done_ids |= {repo_id} if repo_id is not None else set()
        known.done_names |= {asked.lower()} if asked else set()


class _Round:
    """One round: its answers, and what is missing."""

    def __init__(
        self, settings: Settings, attempt: Spool, client: Client, known: _Known, on_page: Callable[[int], None]
    ) -> None:
        self._settings, self._client, self._known, self._day = settings, client, known, attempt.day
        self.bundles: Bundles[Repository] = Bundles(
            settings, attempt, repositories.bundle, on_page, size=BATCH_REPOSITORIES
        )
        self.missing: list[Missing] = []
        self.asked = 0
        self.has_unlisted = False
        self._seen: dict[int, str] = {}

    def run(self) -> int:
        """Ask for all that is due: the registry's names first, then what is known, then what its organisations list."""
        targets = self._targets()
        if not targets:
            raise NothingYetError(
                "The registry names no repository and no organisation on GitHub.",
                next_command="leadershift registry check",
            )
        for batch in _batches([target for target in targets if not self._is_done(target)]):
            self._ask(batch)
        self.bundles.trust()
        self.bundles.keep()
        return 0

    def run_sample(self) -> int:
        """Ask for the first names of the registry, one request each; give how many were left out."""
        names = [name for name in registry.repositories(self._settings.registry) if repositories.may_be_asked(name)]
        for name in names[:SAMPLE_REPOSITORIES]:
            if name.lower() in self._known.done_names:
                continue
            self.asked += 1
            try:
                self.bundles.note(repositories.of_rest(self._client.get(repositories.by_name(name)), name))
            except (GoneError, BlockedError) as error:
                state: State = "blocked" if isinstance(error, BlockedError) else "gone"
                self._note_absent(_Target(name, name), state, error.message)
            except (PauseError, AccessRefusedError):
                raise
            except SourceError as error:
                self._note_unread(_Target(name, name), error)
        self.bundles.trust()
        self.bundles.keep()
        return max(0, len(names) - SAMPLE_REPOSITORIES)

    def _targets(self) -> list[_Target]:
        known = self._known
        current = {name.lower(): repo_id for repo_id, name in known.names.items()}
        targets: dict[str, _Target] = {}
        numbers: set[int] = set()
        for asked in registry.repositories(self._settings.registry):
            repo_id = known.asked.get(asked.lower(), current.get(asked.lower()))
            name = known.names[repo_id] if repo_id is not None else asked
            targets[asked.lower()] = _Target(name, asked, repo_id)
            numbers |= {repo_id} if repo_id is not None else set()
        for repo_id, name in known.names.items():
            if repo_id not in numbers:
                targets[f"{repo_id}"] = _Target(name, None, repo_id)
        for listed in self._listed():
            named = targets.get(listed.repo_name.lower())
            # Where the registry's name is known to be another number, this one was made anew under it.
            if listed.repo_id not in known.names and (named is None or named.repo_id is not None):
                targets[f"{listed.repo_id}"] = _Target(listed.repo_name, None, listed.repo_id)
        return [target for target in targets.values() if repositories.may_be_asked(target.name)]

    def _listed(self) -> Iterator[repositories.Listed]:
        """Give what the registry's organisations list. One that is gone is missing, and costs nobody else."""
        for login in registry.github_owners(self._settings.registry):
            owner_id = self._known.owners.get(login.lower())
            current = login if owner_id is None else self._known.logins[owner_id]
            try:
                yield from repositories.of_organisation(self._client, current, owner_id)
            except GoneError as error:
                self.missing.append(Missing(login, f"no organisation: {error.said}"))
            except (PauseError, AccessRefusedError):
                raise
            except SourceError as error:
                self.has_unlisted = True
                self.missing.append(Missing(login, f"its repositories could not be listed: {error.message}"))

    def _is_done(self, target: _Target) -> bool:
        if target.repo_id is not None:
            return target.repo_id in self._known.done_ids
        return (target.asked_name or "").lower() in self._known.done_names

    def _ask(self, targets: Sequence[_Target], *, is_certain: bool = False) -> None:
        """Ask for a batch; what is lost with it is asked for again in halves, down to one. `is_certain`: REST named them."""
        try:
            names = [target.name for target in targets]
            answer = repositories.ask(self._client, names, self._settings.now(), self._day)
        except (PauseError, AccessRefusedError):
            raise
        except SourceError as error:
            if len(targets) == 1:
                self.asked += 1
                self._note_unread(targets[0], error)
                return
            middle = len(targets) // 2
            self._ask(targets[:middle], is_certain=is_certain)
            self._ask(targets[middle:], is_certain=is_certain)
            return
        for place, target in enumerate(targets):
            if place in answer.lost:
                self._ask_alone(target, answer.lost[place], is_last=len(targets) == 1)
                continue
            self.asked += 1
            found = answer.found.get(place)
            if found is not None and target.repo_id in {None, found.repo_id}:
                self._note(target, found)
            elif is_certain:
                self._note_unread(target, SourceError("REST shows it, but GraphQL does not"))
            else:
                self._look_elsewhere(target)

    def _ask_alone(self, target: _Target, reason: str, *, is_last: bool) -> None:
        if is_last:
            self.asked += 1
            self._note_unread(target, SourceError(reason))
        else:
            self._ask([target])

    def _look_elsewhere(self, target: _Target) -> None:
        """Ask REST for what GraphQL does not show under its name: it moved, and its name may be somebody else's now."""
        path = repositories.by_name(target.name) if target.repo_id is None else repositories.by_id(target.repo_id)
        try:
            state, repo_id, name = repositories.place_of(self._client, path)
        except (PauseError, AccessRefusedError):
            raise
        except SourceError as error:
            self._note_unread(target, error)
            return
        if state == "there" and repo_id is not None and name is not None:
            self._ask([replace(target, name=name, repo_id=repo_id)], is_certain=True)
        elif target.repo_id is None:
            self._note_absent(target, state, f"{state}, and was never seen, so it has no number")
        else:
            self._keep(
                target,
                Repository(
                    stamp(self._settings.now()),
                    target.repo_id,
                    self._known.names.get(target.repo_id) or target.name,
                    target.asked_name,
                    state,
                ),
            )

    def _note(self, target: _Target, found: Repository) -> None:
        """Keep an answer, once for each number: two names of the registry may lead to one repository."""
        number = found.repo_id or 0
        if number in self._seen or (target.repo_id is None and number in self._known.done_ids):
            if target.asked_name:
                reason = f"leads to repository {number}, which the registry names twice"
                self.missing.append(Missing(target.asked_name, reason, told_as=f"{number}"))
            return
        self._keep(target, msgspec.structs.replace(found, asked_name=target.asked_name))

    def _keep(self, target: _Target, found: Repository) -> None:
        self._seen[found.repo_id or 0] = target.name
        self.bundles.note(found)

    def _note_absent(self, target: _Target, state: State, reason: str) -> None:
        """Note a name that leads nowhere: a sure answer, so GitHub is well."""
        now = stamp(self._settings.now())
        self.bundles.note(Repository(now, asked_name=target.asked_name, state=state, reason=reason))

    def _note_unread(self, target: _Target, error: SourceError) -> None:
        noted = Repository(
            stamp(self._settings.now()),
            target.repo_id,
            target.name if target.repo_id else None,
            target.asked_name,
            reason=rounds.kind_of(error),
        )
        if isinstance(error, UnansweredError):
            # A sure no, as for what an organisation protects from our token: GitHub is well.
            self.bundles.note(noted)
        else:
            self.bundles.note_bad(noted, _missing(noted))


def _missing(kept: Repository) -> Missing:
    """Say what is missing as the registry names it, else by number."""
    told_as = f"{kept.repo_id}" if kept.repo_id else "a name of the registry"
    return Missing(kept.asked_name or told_as, kept.reason or f"{kept.state}", told_as)


def _batches(targets: Sequence[_Target]) -> Iterator[Sequence[_Target]]:
    for start in range(0, len(targets), BATCH_REPOSITORIES):
        yield targets[start : start + BATCH_REPOSITORIES]


def _kept(attempt: Spool | None) -> Iterator[Repository]:
    for body in rounds.bodies(attempt):
        yield from repositories.read_bundle(body)


# Sealing


def _refusal(settings: Settings, attempt: Spool) -> str | None:
    """Say why a round can't be believed: too much of what was there is said to be gone or blocked, all at once."""
    before = set(there(settings)["repo_id"])
    now = {one.repo_id: one.state for one in _kept(attempt)}
    vanished = sum(now.get(repo_id, "there") not in {"there", None} for repo_id in before)
    if vanished < max(LEAST_VANISHED, MOST_VANISHED_SHARE * len(before)):
        return None
    return f"{vanished:,} of {len(before):,} repositories that were there are said to be gone or blocked, all at once."


def _close_leftover(settings: Settings, attempt: Spool) -> None:
    """Seal what an earlier day left, unless it can't be believed: then it stays as it is, and all is asked anew."""
    if not _refusal(settings, attempt):
        rounds.close(settings, attempt, _shape(attempt.source))


def _shape(source: str) -> Shape:
    return SAMPLE_SHAPE if source == crawl.SAMPLE else SHAPE


def _typed(attempt: Spool) -> Iterator[tuple[pl.DataFrame, list[tuple[int, str, bytes]]]]:
    return map(repositories.read_repositories, rounds.bodies(attempt))


SHAPE = Shape("repositories", "repo_id", _typed)
# Another table, so that nothing built from whole rounds reads it.
SAMPLE_SHAPE = Shape("sampled_repositories", "repo_id", _typed)
