"""The site on loopback, for whoever looks at it on this machine: static files, read only.

Not here: putting a site on the web. Any server that can serve a folder can serve this one.
"""

from __future__ import annotations

import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dagster_project.errors import NothingYetError, UsageError

LOOPBACK = "127.0.0.1"
HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class _Files(SimpleHTTPRequestHandler):
    """Serves files of the site, and nothing to a page of another name that was made to point here."""

    def send_head(self) -> Any:
        """Answer, unless the request was meant for another host."""
        host = (self.headers.get("Host") or "").partition(":")[0]
        if host not in (LOOPBACK, "localhost"):
            self.send_error(421, "This is the site of leadershift on loopback.")
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> None:
        """List no folder: every page of the site is linked."""
        del path
        self.send_error(404)

    def end_headers(self) -> None:
        """Add what keeps a page to itself."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: who reads what is nobody's business."""


def serving(home: Path, port: int) -> ThreadingHTTPServer:
    """Open the site of a home on a port of loopback. Raises NothingYetError without a site, UsageError for a port in use."""
    site = home / "site"
    if not (site / "index.html").is_file():
        raise NothingYetError(f"There is no site in {home} yet.", next_command="leadershift site")
    try:
        # By the name of the link, so that each request sees the site that is current then.
        return ThreadingHTTPServer((LOOPBACK, port), partial(_Files, directory=str(site)))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise UsageError(
            f"Port {port} can't be had: {error.strerror}.", next_command="leadershift site serve --port 0"
        ) from error
