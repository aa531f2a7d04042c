"""The till in the bar and on the home page: what waits for a cashier, what waits for an accountant."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.comptabilite.caisse.choices import IssueLigne, MoyenPaiement, StatutFacture, StatutReprise, StatutSession
from apps.comptabilite.caisse.listes import ZERO, debut_du_jour
from apps.comptabilite.caisse.models import FactureCaisse, PaiementQuittance, Quittance, SessionCaisse
from apps.comptabilite.caisse.selectors import factures_a_encaisser, factures_en_attente, session_ouverte
from apps.comptabilite.caisse.transitions import ENCAISSER, TENIR_CAISSE, VALIDER, VOIR_REPRISE
from apps.organisations.context_processors import register_status
from apps.organisations.dashboard import Block, register_block
from apps.organisations.navigation import Entry, register_entry
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.money import format_amount
from apps.socle.screens.chart import Bar
from apps.socle.screens.states import declare_state

JOURS = 14
ETATS_REPRISE = {
    StatutReprise.DEPOSEE: "attente",
    StatutReprise.CONTROLEE: "attente",
    StatutReprise.EN_COURS: "partielle",
    StatutReprise.ARRETEE: "rejetee",
    StatutReprise.TERMINEE: "payee",
    StatutReprise.ABANDONNEE: "annulee",
}
ISSUES_REPRISE = {IssueLigne.REFUSEE: "rejetee", IssueLigne.DEJA_REPRISE: "neutre", IssueLigne.SIGNALEE: "attente"}


def declare() -> None:
    """Put the till in the bar and on the home page. Called from `ready()`."""
    register_entry(Entry(gettext_lazy("Accueil"), "home", VALIDER, 0))
    register_entry(Entry(gettext_lazy("Encaisser"), "caisse:encaisser", ENCAISSER, 10))
    register_entry(
        Entry(gettext_lazy("Factures"), "caisse:factures", "comptabilite.view_facturecaisse", 20, _nombre_en_attente)
    )
    register_entry(Entry(gettext_lazy("Quittances"), "caisse:quittances", "comptabilite.view_quittance", 30))
    register_entry(Entry(gettext_lazy("Ma caisse"), "caisse:session", TENIR_CAISSE, 40))
    register_entry(Entry(gettext_lazy("Reprises"), "caisse:reprises", VOIR_REPRISE, 85))
    for statut, aspect in ETATS_REPRISE.items():
        declare_state(statut.value, aspect, statut.label)
    for issue, aspect in ISSUES_REPRISE.items():
        declare_state(issue.value, aspect, issue.label)
    register_status(_etat_de_la_caisse)
    register_block(_poste_du_caissier, ENCAISSER, order=0)
    register_block(_journee, VALIDER, order=10)


def _nombre_en_attente() -> int:
    return factures_en_attente().count()


def _etat_de_la_caisse(request: HttpRequest) -> dict[str, Any] | None:
    """Say in the bar whether this cashier's till is open, since when and with what float."""
    if not request.user.has_perm(TENIR_CAISSE):
        return None
    session = session_ouverte(request.user.pk)
    url = reverse("caisse:session")
    if session is None:
        return {"strong": _("Caisse fermée"), "text": _("ouvrir"), "url": url, "closed": True}
    dit = {
        "heure": timezone.localtime(session.ouverte_le).strftime("%H:%M"),
        "fonds": format_amount(session.fonds, session.devise),
    }
    return {
        "strong": _("Caisse %s ouverte") % session.caisse.code,
        "text": _("depuis %(heure)s, fonds %(fonds)s") % dit,
        "url": url,
        "closed": False,
    }


def _poste_du_caissier(request: StaffRequest) -> Block:
    """A cashier has one job: lead to it."""
    return Block("comptabilite/caisse/_bloc_caissier.html", redirect_to=reverse("caisse:encaisser"))


@dataclass(frozen=True)
class File:
    """One line of « À faire »: how many wait, since when, for how much."""

    libelle: str
    url: str
    nombre: int
    plus_ancienne: datetime | None
    montant: Decimal


def _journee(request: StaffRequest) -> Block:
    """Return the accountant's day: key figures, queues, fourteen days of receipts, open tills."""
    fuseau, devise = request.tenant.time_zone, request.tenant.currency
    aujourdhui = local_date(fuseau)
    recettes = recettes_par_jour(aujourdhui - timedelta(days=JOURS - 1), aujourdhui, fuseau)
    sessions = sessions_ouvertes()
    contexte = {
        "devise": devise,
        "recettes_du_jour": recettes.get(aujourdhui, (0, ZERO)),
        "url_du_jour": f"{reverse('caisse:quittances')}?du={aujourdhui:%d/%m/%Y}",
        "files": _files(),
        "barres": _barres(recettes, aujourdhui),
        "sessions": sessions,
        "total_sessions": total_des_sessions(sessions),
    }
    return Block("comptabilite/caisse/_bloc_journee.html", contexte)


def recettes_par_jour(du: date, au: date, fuseau: str) -> dict[date, tuple[int, Decimal]]:
    """Return (receipts, amount) by local day, in one query; a day without receipt is absent."""
    quittances = Quittance.objects.filter(
        date_paiement__gte=debut_du_jour(du, fuseau), date_paiement__lt=debut_du_jour(au + timedelta(days=1), fuseau)
    )
    jours = quittances.order_by().annotate(jour=TruncDate("date_paiement")).values("jour")
    return {ligne["jour"]: (ligne["n"], ligne["m"]) for ligne in jours.annotate(n=Count("pk"), m=Sum("montant_paye"))}


def _barres(recettes: dict[date, tuple[int, Decimal]], aujourdhui: date) -> Sequence[Bar]:
    jours = [aujourdhui - timedelta(days=recul) for recul in range(JOURS - 1, -1, -1)]
    liste = reverse("caisse:quittances")
    return [
        Bar(
            label=f"{jour:%d}",
            sublabel=formats.date_format(jour, "D").lower(),
            value=recettes.get(jour, (0, ZERO))[1],
            url=f"{liste}?du={jour:%d/%m/%Y}&au={jour:%d/%m/%Y}",
            full_label=formats.date_format(jour, "l d/m/Y"),
            accent=jour == aujourdhui,
        )
        for jour in jours
    ]


def _files() -> list[File]:
    """Return the queues of the till, oldest date and amount of each."""
    liste = reverse("caisse:factures")
    attente = factures_en_attente().order_by().aggregate(n=Count("pk"), vieille=Min("date_creation"), m=Sum("montant"))
    dues = factures_a_encaisser().order_by().aggregate(n=Count("pk"), vieille=Min("date_creation"), m=Sum("reste"))
    rejetees = FactureCaisse.objects.filter(statut=StatutFacture.REJETEE).aggregate(
        n=Count("pk"), vieille=Min("date_creation"), m=Sum("montant")
    )
    lignes = (
        (_("Factures à valider"), liste, attente),
        (_("Factures à encaisser"), f"{liste}?etat=validees", dues),
        (_("Factures rejetées"), f"{liste}?etat=rejetees", rejetees),
    )
    return [File(libelle, url, a["n"], a["vieille"], a["m"] or ZERO) for libelle, url, a in lignes]


@dataclass(frozen=True)
class SessionEnCours:
    """An open till and what it took, in the session's currency."""

    session: SessionCaisse
    quittances: int
    especes: Decimal
    mobile: Decimal
    autres: Decimal

    @property
    def encaisse(self) -> Decimal:
        return self.especes + self.mobile + self.autres


@dataclass(frozen=True)
class TotalSessions:
    """What the open tills took together."""

    quittances: int
    especes: Decimal
    mobile: Decimal
    autres: Decimal
    encaisse: Decimal


def total_des_sessions(sessions: Sequence[SessionEnCours]) -> TotalSessions:
    """Add the open tills up, in the tenant's currency."""
    noms = ("especes", "mobile", "autres", "encaisse")
    sommes = {nom: sum((getattr(session, nom) for session in sessions), ZERO) for nom in noms}
    return TotalSessions(quittances=sum(session.quittances for session in sessions), **sommes)


def sessions_ouvertes() -> list[SessionEnCours]:
    """Return the open tills with their takings, in two queries whatever their number."""
    sessions = list(
        SessionCaisse.objects.filter(statut=StatutSession.OUVERTE, reprise=None)
        .select_related("caisse", "caissier")
        .order_by("caisse__code")
    )
    sommes = _sommes({session.pk for session in sessions})
    return [SessionEnCours(session, *sommes.get(session.pk, (0, ZERO, ZERO, ZERO))) for session in sessions]


def _sommes(sessions: set[uuid.UUID]) -> dict[uuid.UUID, tuple[int, Decimal, Decimal, Decimal]]:
    def somme(condition: Q) -> Sum:
        return Sum("montant", filter=condition, default=ZERO)

    especes, mobile = Q(moyen=MoyenPaiement.ESPECES), Q(moyen=MoyenPaiement.MOBILE)
    lignes = (
        PaiementQuittance.objects.filter(quittance__session_caisse__in=sessions)
        .order_by()
        .values(cle=F("quittance__session_caisse"))
        .annotate(n=Count("quittance", distinct=True), e=somme(especes), m=somme(mobile), a=somme(~especes & ~mobile))
    )
    return {ligne["cle"]: (ligne["n"], ligne["e"], ligne["m"], ligne["a"]) for ligne in lignes}
