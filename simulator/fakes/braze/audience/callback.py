"""Tells a loopback address that an export is ready: the one HTTP request that the Braze fake makes itself."""

from __future__ import annotations

import urllib3

TIMEOUT_SECONDS = 5.0


def post_json(url: str, body: bytes) -> int:
    """POST a JSON body; the status of the answer. Raises OSError when nobody answers."""
    headers = {"Content-Type": "application/json"}
    try:
        with urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS) as pool:
            return pool.request("POST", url, body=body, headers=headers, redirect=False).status
    except urllib3.exceptions.HTTPError as error:
        raise ConnectionError(str(error)) from error
