"""One JSON message to an address that the user named. The only thing we ever send that nobody asked us for; it carries no token.

Not here: what is told (alerts).
"""

from __future__ import annotations

from typing import Any

import httpx2

from dagster_project.errors import SourceError

ANSWER_SECONDS = 10.0


def post(url: str, message: dict[str, Any]) -> None:
    """Post a message once. Raises SourceError, which never holds the address: that of a chat is a secret.

    Redirects are not followed, and neither .netrc nor a proxy of the environment is used: what is sent goes there or nowhere.
    """
    try:
        with httpx2.Client(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False) as client:
            status = client.post(url, json=message).status_code
    except httpx2.TransportError as error:
        raise SourceError(f"The webhook could not be reached ({type(error).__name__}).") from None
    if not httpx2.codes.is_success(status):
        raise SourceError(f"The webhook answered HTTP {status}.")
