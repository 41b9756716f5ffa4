"""Who owns and does what on the pretend GitHub: the labs' organisations, the people, one bot; logins change.

Here: accounts by login and id at any second. Not here: what people write about where they live (github/people), and
what they own (github/world).
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.rehearsal.github import people
from dagster_project.rehearsal.github.people import DAY_SECONDS, People
from dagster_project.rehearsal.github.source import Account
from dagster_project.rehearsal.world.cast import LABS

WEEK_SECONDS = 7 * DAY_SECONDS
ORG_IDS, ORG_ID_STEP, BOT_ID = 20_000_001, 17, 49_699_333
BOT_LOGIN = "rehearsal-bot[bot]"
RENAMED_LABS: dict[int, tuple[str, ...]] = {5: ("-ai",), 9: ("-labs", "-research")}
"""Labs, by their place in LABS, whose organisation is renamed: once, twice."""
MEMBER_EVERY = 6
"""One person in so many says to belong to an organisation."""


class Accounts:
    """All accounts. An owner is a lab's place in LABS, or -1 - person."""

    def __init__(self, seed: int, count: int, start: int, weeks: int, origin: int) -> None:
        self.labs = [(lab.slug, lab.country) for lab in LABS]
        self.people = People(seed, count, start, weeks * WEEK_SECONDS)
        self._window, self._origin = (start, weeks * WEEK_SECONDS), origin

    def org_renames(self, lab: int) -> list[tuple[int, str]]:
        """Give the moments at which an organisation is renamed, and what it then adds to its name."""
        start, span = self._window
        return [(start + span * (place + 1) // 4, s) for place, s in enumerate(RENAMED_LABS.get(lab, ()))]

    def login_moments(self, owner: int) -> list[int]:
        """Give the seconds at which an owner's login changes."""
        return [at for at, _ in self.org_renames(owner)] if owner >= 0 else self.people.renames(-1 - owner)

    def login_at(self, owner: int, now: int) -> str:
        """Give an owner's login at a moment."""
        if owner < 0:
            return self.people.login(-1 - owner, now)
        suffixes = [suffix for at, suffix in self.org_renames(owner) if at <= now]
        return self.labs[owner][0] + (suffixes[-1] if suffixes else "")

    @staticmethod
    def owner_id(owner: int) -> int:
        """Give GitHub's id of an owner."""
        return ORG_IDS + ORG_ID_STEP * owner if owner >= 0 else people.id_of(-1 - owner)

    def owner_country(self, owner: int) -> str:
        """Give the country where an owner sits."""
        return self.labs[owner][1] if owner >= 0 else self.people.country(-1 - owner, 0)

    def owner(self, owner: int, now: int) -> Account:
        """Give an owner's account."""
        if owner < 0:
            return self.people.account(-1 - owner, now)
        title = self.labs[owner][0].removeprefix("rehearsal-").title()
        updated = max((at for at, _ in self.org_renames(owner) if at <= now), default=self._origin)
        login, name = self.login_at(owner, now), f"Rehearsal Lab {title}"
        return Account(self.owner_id(owner), login, "Organization", name, created=self._origin, updated=updated)

    def account(self, login: str, now: int) -> Account | None:
        """Find an account by its present login, in any case."""
        if login.lower() == BOT_LOGIN:
            return self.bot()
        lab = next((n for n in range(len(self.labs)) if self.login_at(n, now) == login.lower()), None)
        if lab is not None:
            return self.owner(lab, now)
        number = self.people.find(login, now)
        return None if number is None or self.people.is_gone(number, now) else self.people.account(number, now)

    def account_by_id(self, account_id: int, now: int) -> Account | None:
        """Find an account by GitHub's id."""
        if account_id == BOT_ID:
            return self.bot()
        lab, rest = divmod(account_id - ORG_IDS, ORG_ID_STEP)
        if 0 <= lab < len(self.labs) and not rest:
            return self.owner(lab, now)
        number = people.number_of(account_id)
        if number is None or number >= self.people.count or self.people.is_gone(number, now):
            return None
        return self.people.account(number, now)

    def bot(self) -> Account:
        """Give the one bot."""
        return Account(BOT_ID, BOT_LOGIN, "Bot", created=self._origin, updated=self._origin)

    def organisations(self, account_id: int, now: int) -> Sequence[Account]:
        """Give the organisation that a person says to belong to, if any."""
        number = people.number_of(account_id)
        if number is None or number % MEMBER_EVERY:
            return []
        return [self.owner(number // MEMBER_EVERY % len(self.labs), now)]
