"""The reads of the chain that screens, admin and other apps share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import CheckStatus
from apps.fiscal.models import FiscalAnchor, FiscalEntry, FiscalIntegrityCheck, FiscalSequence
from apps.socle.facts import Trace

# Beginnings are asked as ranges: under row security LIKE may not use an index, a comparison may.
LAST_CHARACTER = "\U0010ffff"
HEAVY = ("data_snapshot", "data_canonical", "signature", "metadata")


def entries() -> QuerySet[FiscalEntry]:
    """Return the links of the tenant in scope without their bytes, with `actor_label`, `tiers_label`, `currency`."""
    return FiscalEntry.objects.defer(*HEAVY).annotate(
        actor_label=KT("data_snapshot__actor_label"),
        tiers_label=KT("data_snapshot__fact__tiers__label"),
        document_date=KT("data_snapshot__document_date"),
    )


def search_entries(
    *, q: str = "", entry_type: str = "", since: date | None = None, until: date | None = None
) -> QuerySet[FiscalEntry]:
    """Return links by their number, or by the beginning of their document's; by type and fiscal days, both included."""
    found = entries()
    words = "".join(q.split()).upper()
    if words:
        asked = Q(entity_number__gte=words, entity_number__lt=words + LAST_CHARACTER)
        found = found.filter(asked | Q(sequence_number=int(words)) if words.isdecimal() else asked)
    if entry_type:
        found = found.filter(entry_type=entry_type)
    if since:
        found = found.filter(fiscal_date__gte=since)
    if until:
        found = found.filter(fiscal_date__lte=until)
    return found


def entries_of_source(source_type: str, source_id: UUID) -> QuerySet[FiscalEntry]:
    """Return the links that a document left, oldest first. `source_type` is `app.Model`."""
    return entries().filter(entity_type=source_type, entity_id=source_id).order_by("sequence_number")


def latest_check() -> FiscalIntegrityCheck | None:
    """Return the latest verification of the tenant in scope, None when there was none."""
    return checks().first()


def checks() -> QuerySet[FiscalIntegrityCheck]:
    """Return the verifications of the tenant in scope with their answers, latest first."""
    return FiscalIntegrityCheck.objects.select_related("answer").order_by("-created_at", "-id")


def unanswered_failures() -> QuerySet[FiscalIntegrityCheck]:
    """Return the failed verifications of the tenant in scope that nobody answered, latest first: while one is there, red."""
    return FiscalIntegrityCheck.objects.filter(status=CheckStatus.FAILED, answer=None).order_by("-created_at", "-id")


def anchors() -> QuerySet[FiscalAnchor]:
    """Return the anchored heads of the tenant in scope with their closings, latest first."""
    return FiscalAnchor.objects.select_related("closing").order_by("-created_at", "-id")


def head() -> FiscalSequence | None:
    """Return where the chain of the tenant in scope stands, None when it has no chain."""
    return FiscalSequence.objects.first()


def standing_links(check: FiscalIntegrityCheck | None) -> set[int]:
    """Return the numbers of a verification's report whose links stand: one that is missing has no page."""
    named = {item.get("sequence_number") or 0 for item in check.report} if check else set()
    return set(FiscalEntry.objects.filter(sequence_number__in=named).values_list("sequence_number", flat=True))


@dataclass(frozen=True)
class Neighbours:
    """The numbers of the links around one; None at either end."""

    previous: int | None
    following: int | None


def neighbours(entry: FiscalEntry) -> Neighbours:
    """Return which links stand before and after this one."""
    numbers = set(
        FiscalEntry.objects.filter(
            sequence_number__in=(entry.sequence_number - 1, entry.sequence_number + 1)
        ).values_list("sequence_number", flat=True)
    )
    before, after = entry.sequence_number - 1, entry.sequence_number + 1
    return Neighbours(before if before in numbers else None, after if after in numbers else None)


def traces_of_fact(fact_id: UUID) -> Iterator[Trace]:
    """Yield the link that a fact left in the chain, and the proof of it that can be handed out."""
    for number, chain_hash in FiscalEntry.objects.filter(fact_id=fact_id).values_list("sequence_number", "chain_hash"):
        yield Trace(
            kind=_("Maillon de la chaîne"),
            label=str(number),
            url=reverse("fiscal:link", args=[number]),
            permission="fiscal.view_fiscalentry",
            detail=f"{chain_hash[:12]}…",
        )
        yield Trace(
            kind=_("Preuve"),
            label=_("à imprimer ou à remettre"),
            url=reverse("fiscal:proof", args=[number]),
            permission="fiscal.prove_entry",
        )
