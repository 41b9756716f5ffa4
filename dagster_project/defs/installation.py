"""The settings as a Dagster resource, and our errors as Dagster failures. Not here: reading the environment (settings)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import dagster as dg

from dagster_project.errors import LeadershiftError, PauseError
from dagster_project.settings import Settings


class Installation(dg.ConfigurableResource[Settings]):
    """This machine's settings. Holds nothing itself, so no token can reach Dagster's event log."""

    def settings(self) -> Settings:
        """Read them when a step runs."""
        return Settings.from_environment()


@contextlib.contextmanager
def failures_in_words() -> Iterator[None]:
    """Turn one of our errors into a failure that says what was wrong and which command comes next."""
    try:
        yield
    except PauseError as error:
        resume_at = {"resume_at": dg.MetadataValue.timestamp(error.resume_at)}
        raise dg.Failure(description=str(error), metadata=resume_at, allow_retries=False) from error
    except LeadershiftError as error:
        way_on = {"go_on_with": dg.MetadataValue.text(error.next_command)} if error.next_command else None
        raise dg.Failure(description=str(error), metadata=way_on, allow_retries=False) from error
