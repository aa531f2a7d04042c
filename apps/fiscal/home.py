"""The chain in the bar and on the home page: what failed, what is to be closed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.fiscal.choices import ClosingType
from apps.fiscal.closing_sheet import due
from apps.fiscal.closings import WORDS, latest_closing
from apps.fiscal.selectors import unanswered_failures
from apps.organisations.context_processors import register_status
from apps.organisations.dashboard import Block, register_block
from apps.organisations.navigation import Entry, register_entry
from apps.organisations.requests import StaffRequest

READ = "fiscal.view_fiscalentry"


def declare() -> None:
    """Called from `FiscalConfig.ready()`."""
    register_entry(Entry(gettext_lazy("Chaîne"), "fiscal:chain", READ, order=90))
    register_entry(Entry(gettext_lazy("Clôtures"), "fiscal:closings", "fiscal.view_fiscalclosing", order=89))
    register_status(_alarm_in_the_bar)
    register_block(_to_close, "fiscal.close_period", order=45)
    register_block(_alarm, "fiscal.view_fiscalintegritycheck", order=5)


def _alarm_in_the_bar(request: HttpRequest) -> dict[str, Any] | None:
    """Say on every page that a failed verification waits for an answer."""
    if not request.user.has_perm(READ) or not unanswered_failures().exists():
        return None
    return {
        "strong": _("Vérification en échec"),
        "text": _("sans réponse"),
        "url": reverse("fiscal:chain"),
        "closed": False,
        "alert": True,
    }


def _alarm(request: StaffRequest) -> Block | None:
    """Return the first thing to read in the morning, None while nothing failed."""
    failures = unanswered_failures()
    latest = failures.first()
    return Block("fiscal/_alarme.html", {"latest": latest, "number": failures.count()}) if latest else None


def _to_close(request: StaffRequest) -> Block:
    """Return the latest closing and what may be closed now."""
    latest = latest_closing(ClosingType.DAILY)
    return Block(
        "fiscal/_bloc_clotures.html",
        {
            "latest": latest,
            "due": [
                {"what": item, "word": WORDS[ClosingType(item.closing_type)]} for item in due(request.tenant.time_zone)
            ],
        },
    )
