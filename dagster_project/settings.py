"""Where things are and whom to ask: the only reader of the environment, and the one clock.

Not here: what is done with any of it.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dagster_project.calendar import parse_time
from dagster_project.errors import UsageError

DEFAULT_HF_ENDPOINT = "https://huggingface.co"
DEFAULT_GITHUB_API_URL = "https://api.github.com"
NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
}
_PACKAGE = Path(__file__).parent
# What a header can carry. Anything else would fail deep inside a client, which might repeat it.
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Settings:
    """Everything that differs from one installation to the next. Tokens never appear in its repr."""

    home: Path
    hf_endpoint: str = DEFAULT_HF_ENDPOINT
    github_api_url: str = DEFAULT_GITHUB_API_URL
    hf_token: str | None = field(default=None, repr=False)
    github_token: str | None = field(default=None, repr=False)
    pretended_now: datetime | None = None
    copy: Path | None = None
    # The address of a chat's webhook is a secret like a token.
    webhook: str | None = field(default=None, repr=False)
    site_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read LEADERSHIFT_HOME, _COPY, _WEBHOOK, _SITE_URL and _NOW, HF_ENDPOINT, HF_TOKEN, GITHUB_API_URL, GITHUB_TOKEN."""
        now = environment.get("LEADERSHIFT_NOW")
        home = _home(environment.get("LEADERSHIFT_HOME") or "data")
        return cls(
            home=home,
            copy=_copy(environment.get("LEADERSHIFT_COPY"), home),
            hf_endpoint=_endpoint(environment, "HF_ENDPOINT", DEFAULT_HF_ENDPOINT),
            github_api_url=_endpoint(environment, "GITHUB_API_URL", DEFAULT_GITHUB_API_URL),
            hf_token=_token(environment, "HF_TOKEN"),
            github_token=_token(environment, "GITHUB_TOKEN"),
            pretended_now=_pretended(now) if now else None,
            webhook=_webhook(environment.get("LEADERSHIFT_WEBHOOK")),
            site_url=site_url(environment.get("LEADERSHIFT_SITE_URL")),
        )

    @property
    def registry(self) -> Path:
        """The reviewed CSV files: those of the home if it has its own (a rehearsal does), else those that came with the code."""
        own = self.home / "registry"
        return own if own.is_dir() else shipped("data/registry")

    @property
    def is_rehearsal(self) -> bool:
        """Whether every endpoint is on loopback, so that nothing captured is the real world."""
        return is_loopback(self.hf_endpoint) and is_loopback(self.github_api_url)

    @property
    def ignores_pretended_now(self) -> bool:
        """Whether LEADERSHIFT_NOW is set although an endpoint is real, where a pretended time would falsify history."""
        return self.pretended_now is not None and not self.is_rehearsal

    def now(self) -> datetime:
        """Give the present, UTC. A pretended now is obeyed only in a rehearsal."""
        if self.pretended_now is not None and self.is_rehearsal:
            return self.pretended_now
        return datetime.now(UTC)


def silence_telemetry() -> None:
    """Switch off what our libraries would report home. Called before they are imported: some look only then."""
    for name, value in NO_TELEMETRY.items():
        os.environ.setdefault(name, value)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shipped(relative: str) -> Path:
    """Find a folder that travels with the code (`sql`, `notebooks`, `data/registry`, `data/gazetteer`): in a wheel or beside it."""
    packed = _PACKAGE / "_shipped" / relative
    return packed if packed.exists() else _PACKAGE.parent / relative


def _home(given: str) -> Path:
    """Read where everything is kept: a folder, or a place where one can be made."""
    home = Path(given).absolute()
    try:
        trouble = "is no folder" if home.exists() and not home.is_dir() else None
    except OSError as error:
        trouble = f"can't be looked at: {error.strerror}"
    if trouble:
        raise UsageError(f"LEADERSHIFT_HOME is {home}, which {trouble}.", next_command="export LEADERSHIFT_HOME=data")
    return home


def site_url(given: str | None, name: str = "LEADERSHIFT_SITE_URL") -> str | None:
    """Read the address under which the site will stand, without a slash at its end."""
    if not given:
        return None
    parts = address(given)
    if not parts or parts.scheme not in {"http", "https"} or parts.username or parts.query or parts.fragment:
        raise UsageError(
            f"{name} is '{given}', which is not the plain http(s) address of a site.",
            next_command="leadershift site --base-url https://radar.example.org",
        )
    return given.rstrip("/")


def _copy(given: str | None, home: Path) -> Path | None:
    """Read where the second copy lies: neither inside the home nor around it, where one `rm` would take both."""
    if not given:
        return None
    copy = Path(given).absolute()
    if copy.resolve().is_relative_to(home.resolve()) or home.resolve().is_relative_to(copy.resolve()):
        raise UsageError(
            f"LEADERSHIFT_COPY is {copy}, and the home is {home}: one lies in the other, so one accident takes both.",
            next_command="export LEADERSHIFT_COPY=/another/disk/leadershift",
        )
    return copy


def _webhook(given: str | None) -> str | None:
    """Read where alerts are posted: by https, or to this machine. The message never repeats it."""
    if not given:
        return None
    parts = address(given)
    if not parts or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(given))):
        raise UsageError(
            "LEADERSHIFT_WEBHOOK is not an address that alerts may be posted to: use https, or a loopback address.",
            next_command="unset LEADERSHIFT_WEBHOOK",
        )
    return given


def _token(environment: Mapping[str, str], name: str) -> str | None:
    """Read a token; a line end around it, as a file has one, is not part of it. The message never repeats it."""
    token = environment.get(name, "").strip()
    if token and not _TOKEN.fullmatch(token):
        raise UsageError(
            f"{name} is no token: it holds a space, a line end or a letter that no token has.",
            next_command=f"unset {name}",
        )
    return token or None


def _pretended(now: str) -> datetime:
    try:
        return parse_time(now)
    except UsageError as error:
        raise UsageError(f"LEADERSHIFT_NOW: {error.message}", next_command="unset LEADERSHIFT_NOW") from error


def _endpoint(environment: Mapping[str, str], name: str, default: str) -> str:
    url = (environment.get(name) or default).rstrip("/")
    parts = address(url)
    if not parts or parts.scheme not in {"http", "https"} or parts.username or parts.query or parts.fragment:
        raise UsageError(
            f"{name} is '{url}', which is not a plain http(s) address.", next_command=f"export {name}={default}"
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise UsageError(f"{name} is '{url}': a token would travel in clear. Use https, or a loopback address.")
    return url


def address(url: str) -> SplitResult | None:
    """Take an address apart; None for one without a host, or with a port that is none."""
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_address else None
