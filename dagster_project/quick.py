"""A quick capture: in under 300 requests the most downloaded models, the newest, and the registry's labs. Part of the hall.

It is a source of its own and never complete: what is absent from it was not asked for, and says nothing.
Not here: the whole list (crawl), locks (captures), what its scope is called (sql/staging/credited_labs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from dagster_project import crawl, gates
from dagster_project.calendar import Week
from dagster_project.errors import GateError, SourceError
from dagster_project.gates import Tally
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, manifest, seal
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import huggingface, pages, records
from dagster_project.sources.pages import Transport
from dagster_project.warehouse import registry

# Retries come on top; together they stay under 300, which leaves half of an anonymous window to others.
QUICK_REQUESTS = 280
# 1.5 % of the Hub's repositories, about 47,000, take 99 % of its downloads; about 30,000 new ones come in a week.
MOST_DOWNLOADED_PAGES, NEWEST_PAGES = 50, 20


@dataclass(frozen=True)
class QuickFetched:
    """What a quick capture asked for. `not_asked` are namespaces of the registry without a list of their own."""

    pages: int
    asked: int
    not_asked: int


def fetch(
    settings: Settings,
    attempt: Spool,
    transport: Transport,
    on_page: Callable[[int], None],
    *,
    budget: int = QUICK_REQUESTS,
) -> QuickFetched:
    """Fetch what is missing of a quick capture. Raises SourceError that says what is safe and how to go on."""
    lists = _Lists(attempt, transport, on_page)
    before = lists.number
    try:
        fields = huggingface.accepted_fields(settings, crawl.briefly(transport))
        common = lists.fetch(
            huggingface.list_url(settings, fields, sort="downloads", direction=-1), most=MOST_DOWNLOADED_PAGES
        ) + lists.fetch(huggingface.list_url(settings, fields, direction=-1), most=NEWEST_PAGES)
        namespaces = _by_downloads(settings, attempt, common)
        asked = namespaces[: max(0, budget - huggingface.FIELD_TRIES - common)]
        for namespace in asked:
            lists.fetch(
                huggingface.list_url(settings, fields, sort="downloads", direction=-1, author=namespace), most=1
            )
    except SourceError as error:
        raise crawl.placed_error(error, attempt, settings.now()) from error
    fetched = QuickFetched(lists.number - before, len(asked), len(namespaces) - len(asked))
    ledger.write(
        settings.home,
        "captured",
        settings.now(),
        source=crawl.QUICK,
        day=f"{attempt.day}",
        pages=lists.number,
        fetched=fetched.pages,
        not_asked=fetched.not_asked,
    )
    return fetched


class _Lists:
    """The lists of one quick capture: what an earlier try kept of them is not asked for again."""

    def __init__(self, attempt: Spool, transport: Transport, on_page: Callable[[int], None]) -> None:
        kept = attempt.pages()
        manifest.keep_only(attempt.folder, kept)
        self.number = len(kept)
        self._next = {entry.url: entry.next_url for entry in kept}
        self._attempt = attempt
        self._transport = transport
        self._on_page = on_page
        for entry in kept:
            on_page(entry.rows)

    def fetch(self, start: str, *, most: int) -> int:
        """Keep at most so many pages of a list, and give how many there are now."""
        url: str | None = start
        count = 0
        while url in self._next and count < most:
            url, count = self._next[url], count + 1
        if url is None or count == most:
            return count
        for page in pages.walk(url, self._transport, records.count, number=self.number + 1, most=most - count):
            crawl.keep_page(self._attempt, page)
            self.number, count = page.number, count + 1
            self._on_page(page.rows)
        return count


def _by_downloads(settings: Settings, attempt: Spool, common: int) -> list[str]:
    """Name the registry's namespaces, the most downloaded first, as far as the first `common` pages tell."""
    seen = pl.concat([rows for rows, _refused in crawl.typed_models(attempt, attempt.pages()[:common])])
    owner = pl.col("model_name").str.split("/").list.first().str.to_lowercase()
    found = dict(seen.group_by(owner).agg(pl.col("downloads_30d").cast(pl.Float64).sum()).rows())
    reviewed = registry.namespaces(settings.registry)
    return sorted(reviewed, key=lambda name: (-found.get(name.lower(), 0.0), name))


def close(settings: Settings, attempt: Spool, sign_off: str | None) -> Seal:
    """Type the rows, a model met on several lists once, and seal them as what they are: not complete."""
    kept = attempt.pages()
    tally = Tally(sum(entry.rows for entry in kept))
    counts = crawl.write_models(attempt, attempt, kept, tally)
    path = seal.table_path(attempt.home, attempt.source, crawl.MODELS, attempt.day)
    # What is on it differs from one quick capture to the next, so only what can't be read is a reason to wait.
    refused = gates.refusals(gates.this_snapshot(attempt, counts, tally.profile(), path), None)
    if refused and not sign_off:
        raise GateError(
            f"Week {Week.of(attempt.day)}, quick capture: {' '.join(refused)} The pages are kept in {attempt.folder}, but not sealed.",
            next_command=f'{crawl.GO_ON[crawl.QUICK]} --sign-off "NAME: REASON"',
        )
    return crawl.seal_counted(
        settings, attempt, counts, is_complete=False, sign_off=sign_off if refused else None, profile=tally.profile()
    )


def retype(attempt: Spool, scratch: Spool) -> None:
    """Type the pages of a sealed quick capture once more, into a scratch attempt in another home."""
    crawl.write_models(scratch, attempt, attempt.pages())
