"""The pages of a load world over real HTTP, in a process of its own; ends when its input is closed.

Prints its address. Faults and log are those of every pretend service (rehearsal/loopback). Not here: the pages (world).
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from dagster_project.rehearsal.hub.api import Reply
from dagster_project.rehearsal.loopback import Call, Clock, Service
from tests.load import world


class PagesService(Service):
    """Gives page after page by number, and to the question for the newest model the last record."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages = len(list(folder.glob("*.json.gz")))
        super().__init__(port=0, clock=Clock(world.NOW))
        last = gzip.decompress(world.page_path(folder, self.pages).read_bytes())
        self.newest = b"[" + last[last.rindex(b',{"_id":') + 1 :]

    def answer(self, call: Call) -> tuple[Reply, dict[str, str]]:
        """Answer a GET of the list; the quota is never used up."""
        asked = dict(call.params)
        quota = {"RateLimit": '"api";r=999999;t=300', "RateLimit-Policy": '"fixed window";"api";q=1000000;w=300'}
        headers = {"Content-Type": "application/json"}
        if asked.get("limit") == "1":
            return Reply(200, self.newest, headers), quota
        page = int(asked.get("cursor", "1"))
        if page < self.pages:
            kept = call.target.partition("&cursor=")[0]
            headers["Link"] = f'<{call.base_url}{kept}&cursor={page + 1}>; rel="next"'
        packed = world.page_path(self.folder, page).read_bytes()
        return Reply(200, packed, {**headers, "Content-Encoding": "gzip"}), quota


def main() -> None:
    """Serve the folder named on the command line."""
    with PagesService(Path(sys.argv[1])) as service:
        print(service.url, flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main()
