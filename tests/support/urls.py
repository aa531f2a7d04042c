"""Every address of the house, read from the resolver, and sample objects to fill their arguments.

Nothing here knows what a role may do: that table stands in `tests/test_urls_roles.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.comptabilite.caisse.choices import StatutFacture
from apps.comptabilite.caisse.models import FactureCaisse, Quittance, RepriseCaisse, SessionCaisse
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente
from apps.facturation.models import Invoice
from apps.fiscal.models import FiscalClosing, FiscalIntegrityCheck
from apps.hospital.models import HospitalActTarif, Patient, Session
from apps.mouvements.models import MouvementFinancier
from apps.organisations.models import Membership, Tenant, Tiers
from apps.socle.scope import scope
from config.views import closed_door

PUBLIC, STAFF = "config.urls", "config.urls_staff"
# Third parties' addresses: their table goes by namespace or prefix, see the test.
ADMIN, ALLAUTH = "admin", ("account_", "mfa_")


@dataclass(frozen=True)
class Address:
    """A URL pattern with its full name and the names of its arguments."""

    name: str
    arguments: tuple[str, ...]
    view: Callable[..., Any]
    urlconf: str

    @property
    def is_admin(self) -> bool:
        return self.name.startswith(f"{ADMIN}:")

    @property
    def is_allauth(self) -> bool:
        return self.name.startswith(ALLAUTH)

    def path(self, samples: dict[str, Any], slug: str = "") -> str:
        """Return the path, under `/<slug>` when there is one. KeyError names an argument without a sample."""
        known = samples | samples.get(self.name, {})
        bare = reverse(self.name, urlconf=self.urlconf, kwargs={name: known[name] for name in self.arguments})
        return f"/{slug}{bare}" if slug else bare


def addresses(urlconf: str) -> list[Address]:
    """Return the addresses of `urlconf`.

    Without names are the admin's own redirections and the doors of allauth that the house shuts in front of
    allauth's addresses, which are tried by their names.
    """
    found = _walk(get_resolver(urlconf), "", (), urlconf)
    return [a for a in found if a.name != f"{ADMIN}:" and a.view is not closed_door]


def _walk(resolver: URLResolver, namespace: str, arguments: tuple[str, ...], urlconf: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        names = (*arguments, *(getattr(pattern.pattern, "converters", None) or pattern.pattern.regex.groupindex))
        if isinstance(pattern, URLPattern):
            yield Address(f"{namespace}{pattern.name or ''}", names, pattern.callback, urlconf)
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern, inner, names, urlconf)


def samples_of(tenant: Tenant) -> dict[str, Any]:
    """Return a value for each argument that a staff address takes, from the specimens of `tenant`.

    Under an address's name stand the values that it alone needs.
    """
    with scope(tenant.pk):
        return {
            "attente_id": ImputationEnAttente.objects.latest("pk").pk,
            "check_id": FiscalIntegrityCheck.objects.latest("pk").pk,
            "closing_id": FiscalClosing.objects.latest("pk").pk,
            "fiscal:close": {
                "periodicity": "jour",
                "day": FiscalClosing.objects.latest("pk").closing_date.isoformat(),
            },
            "ecriture_id": Ecriture.objects.latest("pk").pk,
            "facture_id": FactureCaisse.objects.filter(statut=StatutFacture.EN_ATTENTE).latest("pk").pk,
            "caisse:corriger": {
                "facture_id": FactureCaisse.objects.filter(statut=StatutFacture.REJETEE).latest("pk").pk
            },
            "invoice_id": Invoice.objects.latest("pk").pk,
            "membership_id": Membership.objects.order_by("pk")[0].pk,
            "mouvement_id": MouvementFinancier.objects.latest("pk").pk,
            "numero": Ecriture.objects.latest("pk").lignes.first().compte.numero,
            "patient_id": Patient.objects.latest("pk").pk,
            "quittance_id": Quittance.objects.filter(session_caisse__reprise=None).latest("pk").pk,
            "rang": 1,
            "reprise_id": RepriseCaisse.objects.latest("pk").pk,
            "sequence_number": 1,
            "session_caisse_id": SessionCaisse.objects.latest("pk").pk,
            "session_id": Session.objects.latest("pk").pk,
            "tarif_id": HospitalActTarif.objects.latest("pk").pk,
            "tiers_id": Tiers.objects.latest("pk").pk,
        }


def cashier_at_work(tenant: Tenant) -> Any:
    """Return the id of the specimens' cashier, whose till is open."""
    with scope(tenant.pk):
        return SessionCaisse.objects.filter(reprise=None).latest("pk").caissier_id
