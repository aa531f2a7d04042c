"""Where a screen that was opened on the way to something leads back to."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import get_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(address: str) -> str:
    """Return `address` when it is a page of the house being visited, an empty text for any other."""
    ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if ours and address.startswith(get_script_prefix()) and ".." not in address else ""


def with_query(address: str, values: Mapping[str, object]) -> str:
    """Return `address` with `values` added to its query string."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}"
