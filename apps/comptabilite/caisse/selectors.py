"""What screens, API and services read of the till."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import MoyenPaiement, StatutFacture, StatutSession
from apps.comptabilite.caisse.models import (
    AllocationPaiement,
    Caisse,
    FactureCaisse,
    LigneFactureCaisse,
    PaiementQuittance,
    Quittance,
    RegleValidation,
    SessionCaisse,
)
from apps.facturation.models import InvoiceLine
from apps.organisations.selectors import current_tenant
from apps.socle.money import format_amount
from apps.socle.unit_of_work import write_waiting

ZERO = Decimal(0)


def session_ouverte(caissier_id: uuid.UUID | None) -> SessionCaisse | None:
    """Return the till session that this cashier holds open, or None; a takeover's is nobody's place at the counter."""
    sessions = SessionCaisse.objects.select_related("caisse", "caissier")
    return sessions.filter(caissier_id=caissier_id, statut=StatutSession.OUVERTE, reprise=None).first()


def session_ouverte_de_la_caisse(caisse_id: uuid.UUID) -> SessionCaisse | None:
    """Return the open session of this till, or None."""
    return (
        SessionCaisse.objects.select_related("caissier")
        .filter(caisse_id=caisse_id, statut=StatutSession.OUVERTE, reprise=None)
        .first()
    )


def caisses_libres() -> QuerySet[Caisse]:
    """Return the tills in service that nobody holds open."""
    occupees = SessionCaisse.objects.filter(statut=StatutSession.OUVERTE, reprise=None).values("caisse_id")
    return Caisse.objects.filter(actif=True).exclude(pk__in=occupees)


def derniere_caisse_tenue(caissier_id: uuid.UUID | None) -> uuid.UUID | None:
    """Return the till that this cashier opened last, whatever its state; None for whoever never held one."""
    siennes = SessionCaisse.objects.filter(caissier_id=caissier_id, reprise=None)
    return siennes.order_by("-ouverte_le", "-id").values_list("caisse_id", flat=True).first()


def solde_de_caisse(caisse_id: uuid.UUID) -> Decimal:
    """Return what the till held when it was last counted, in the tenant's currency; 0 for a till never counted."""
    return dernier_comptage(caisse_id) or ZERO


def dernier_comptage(caisse_id: uuid.UUID) -> Decimal | None:
    """Return what was counted when the till was last closed, in the tenant's currency; None where it never was."""
    derniere = (
        SessionCaisse.objects.filter(caisse_id=caisse_id, statut=StatutSession.FERMEE, reprise=None)
        .order_by("-fermee_le", "-id")
        .first()
    )
    return derniere.compte if derniere else None


def especes_attendues(session: SessionCaisse) -> Decimal:
    """Return the float and the cash taken since, in the session's currency."""
    paiements = PaiementQuittance.objects.filter(quittance__session_caisse=session, moyen=MoyenPaiement.ESPECES)
    return session.fonds + (paiements.aggregate(somme=Sum("montant"))["somme"] or ZERO)


def regle_en_vigueur() -> RegleValidation | None:
    """Return the latest version of the validation rule, active or not; None where none was ever set."""
    return RegleValidation.objects.order_by("-modifie_le", "-id").first()


def motifs_d_attente(
    facture: FactureCaisse, lignes: Iterable[LigneFactureCaisse], regle: RegleValidation | None = None
) -> list[str]:
    """Return, in French, why a person must validate `facture`; empty when `regle` (by default the one in force) does not ask it."""
    regle = regle or regle_en_vigueur()
    motifs = []
    if regle is None or not regle.active:
        motifs.append(_("aucune règle de validation n’est active"))
    elif regle.plafond is not None and facture.montant > regle.plafond:
        plafond = format_amount(regle.plafond, regle.devise)
        motifs.append(_("le montant dépasse le plafond de la règle (%s)") % plafond)
    if facture.deja_rejetee:
        motifs.append(_("elle a déjà été rejetée"))
    hors_tarif = [ligne.libelle for ligne in lignes if not ligne.au_tarif]
    if hors_tarif:
        motifs.append(_("prix hors tarif : %s") % ", ".join(hors_tarif))
    return motifs


def restes_par_ligne(lignes: Sequence[InvoiceLine], deja_regle: Decimal) -> list[tuple[uuid.UUID, Decimal]]:
    """Return, for each line of a legal invoice in order, its id and what is still due on it (total less allocations).

    `deja_regle`, what was paid on the whole invoice, spares the question where it is zero.

    A rounding down has a negative line, on which nothing is due: it is the last francs that are not asked.
    """
    recus = _alloues(lignes) if deja_regle else {}
    return [(ligne.id, ligne.total_ttc - recus.get(ligne.id, ZERO)) for ligne in lignes if ligne.total_ttc >= 0]


def _alloues(lignes: Sequence[InvoiceLine]) -> dict[uuid.UUID, Decimal]:
    write_waiting()
    par_ligne = AllocationPaiement.objects.filter(invoice_line__in=lignes).values_list("invoice_line_id")
    return dict(par_ligne.annotate(somme=Sum("montant")))


def factures_en_attente() -> QuerySet[FactureCaisse]:
    """Return the accountant's queue, oldest first."""
    return (
        FactureCaisse.objects.filter(statut=StatutFacture.EN_ATTENTE)
        .select_related("session__patient", "caissier")
        .order_by("date_creation", "id")
    )


def factures_a_encaisser() -> QuerySet[FactureCaisse]:
    """Return the validated invoices that are not paid whole, oldest first, with what is due (`reste`)."""
    factures = FactureCaisse.objects.filter(statut=StatutFacture.VALIDEE).select_related("session__patient", "invoice")
    return factures.annotate(reste=F("montant") - F("invoice__amount_paid")).order_by("date_creation", "id")


def lien_quittance(quittance_id: uuid.UUID) -> tuple[str, str]:
    """Return (URL, number) of a receipt, for whoever shows its fact."""
    numero = Quittance.objects.values_list("numero_quittance", flat=True).get(pk=quittance_id)
    return reverse("caisse:quittance", args=[quittance_id]), numero


def piece_de_la_session(session: SessionCaisse) -> str:
    """Return what names a till's session on its entries: `C3 20/11/2026`, `C3 20/11/2026 n° 2` for the day's second.

    The day is that of its opening, in the tenant's zone; a takeover's sessions stand apart.
    """
    zone = ZoneInfo(current_tenant().time_zone)
    local = session.ouverte_le.astimezone(zone)
    minuit = datetime.combine(local.date(), time.min, tzinfo=zone)
    du_jour = SessionCaisse.objects.filter(caisse_id=session.caisse_id, reprise=None, ouverte_le__gte=minuit)
    avant = Q(ouverte_le__lt=session.ouverte_le) | Q(ouverte_le=session.ouverte_le, pk__lt=session.pk)
    rang = du_jour.filter(avant).count() + 1
    nom = f"{session.caisse.code} {local:%d/%m/%Y}"
    return nom if rang == 1 else f"{nom} n°\u00a0{rang}"


def lien_session(session_caisse_id: uuid.UUID) -> tuple[str, str]:
    """Return (URL, label) of a till session, for whoever shows the fact of its float or of its difference."""
    session = SessionCaisse.objects.select_related("caisse").get(pk=session_caisse_id)
    return reverse("caisse:une_session", args=[session_caisse_id]), piece_de_la_session(session)


def lien_facture(facture_id: uuid.UUID) -> tuple[str, str]:
    """Return (URL, number) of a cashier's invoice, for the legal invoice that it became."""
    numero = FactureCaisse.objects.values_list("numero_travail", flat=True).get(pk=facture_id)
    return reverse("caisse:facture", args=[facture_id]), numero


def autorite_de_la_facture(facture_id: uuid.UUID) -> str:
    """Return under whose rule the system validated an invoice of the till, and whose invoice it is; empty where a person did."""
    facture = FactureCaisse.objects.select_related("regle", "caissier").filter(pk=facture_id).first()
    if facture is None or facture.regle is None:
        return ""
    return _("selon la règle de %(regle)s ; facture de %(caissier)s") % {
        "regle": facture.regle.modifie_par_libelle,
        "caissier": facture.caissier.full_name,
    }
