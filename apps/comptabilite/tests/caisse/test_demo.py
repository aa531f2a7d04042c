"""The demonstration: three real days, whole, through the services, whatever their dates."""

from __future__ import annotations

import csv
import json
import stat
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone

from apps.comptabilite.caisse.demo import charger as demo
from apps.comptabilite.caisse.demo.reprise import ICI, lire_trois_jours, reprendre
from apps.comptabilite.caisse.models import (
    AllocationPaiement,
    FactureCaisse,
    LigneFactureCaisse,
    PaiementQuittance,
    Quittance,
    SessionCaisse,
)
from apps.comptabilite.caisse.reprise import ecriture, execution
from apps.comptabilite.caisse.reprise.lecture import Lecture
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, LigneEcriture
from apps.fiscal.models import FiscalEntry
from apps.mouvements.models import SoldeTiers
from apps.organisations.models import Membership, Tenant, User
from apps.organisations.tests.factories import make_tenant
from apps.socle.clock import local_date
from apps.socle.models import Fait, TenantRegistry
from apps.socle.scope import scope

DOUALA = ZoneInfo("Africa/Douala")
PAR_JOUR = {date(2026, 10, 1): 2_679_485, date(2026, 10, 2): 3_584_145, date(2026, 10, 3): 1_671_300}


def sommes(fichier: str, cle: str, dossier: Path = ICI) -> dict[str, int]:
    """Add up a file of the demonstration by one of its columns, without the code under test."""
    total: dict[str, int] = defaultdict(int)
    with (dossier / fichier).open(encoding="utf-8", newline="") as lignes:
        for ligne in csv.DictReader(lignes, delimiter=";"):
            total[ligne[cle]] += int(ligne["montant"])
    return dict(total)


def reprise_sans_decalage() -> Tenant:
    """The three days at their own dates, in a tenant whose exercise holds them."""
    tenant = make_tenant(options={"premier_jour": date(2026, 10, 1)})
    reprendre(tenant, lire_trois_jours())
    return tenant


@pytest.mark.usefixtures("db")
def test_the_three_days_add_up_by_day_type_and_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 10, 4, 9, tzinfo=DOUALA))
    tenant = reprise_sans_decalage()
    with scope(tenant.id):
        par_jour: dict[date, Decimal] = defaultdict(Decimal)
        for quittance in Quittance.objects.all():
            par_jour[quittance.date_paiement.astimezone(DOUALA).date()] += quittance.montant_paye
        assert par_jour == PAR_JOUR
        par_type = LigneFactureCaisse.objects.values_list("type_recette").annotate(somme=Sum("montant"))
        assert dict(par_type) == sommes("recettes.csv", "type_recette")
        par_moyen = PaiementQuittance.objects.values_list("moyen").annotate(somme=Sum("montant"))
        assert dict(par_moyen) == sommes("encaissements.csv", "mode_paiement")
        par_caisse = Quittance.objects.values_list("session_caisse__caisse__code").annotate(somme=Sum("montant_paye"))
        assert dict(par_caisse) == sommes("encaissements.csv", "caisse")
        les_documents_sont_entiers()
        les_livres_suivent()
        avant = [modele.objects.count() for modele in (FactureCaisse, Quittance, Fait, SessionCaisse)]
    reprendre(tenant, lire_trois_jours())
    with scope(tenant.id):
        assert [modele.objects.count() for modele in (FactureCaisse, Quittance, Fait, SessionCaisse)] == avant


def les_documents_sont_entiers() -> None:
    assert (FactureCaisse.objects.count(), LigneFactureCaisse.objects.count()) == (319, 681)
    assert (Quittance.objects.count(), PaiementQuittance.objects.count()) == (314, 335)
    statuts = FactureCaisse.objects.values_list("statut").annotate(somme=Sum(1))
    assert dict(statuts) == {"PAYEE": 302, "VALIDEE": 17}
    assert FactureCaisse.objects.filter(montant=0, statut="PAYEE", quittances=None).count() == 5
    assert not FactureCaisse.objects.exclude(historique__acteur_type="takeover").exists()
    assert not SessionCaisse.objects.exclude(statut="FERMEE", ecart=0).exists()
    numeros = sorted(Quittance.objects.values_list("numero_quittance", flat=True))
    assert numeros == [f"QUIT-2026-{rang:05d}" for rang in range(1, 315)]
    alloue = AllocationPaiement.objects.aggregate(somme=Sum("montant"))["somme"]
    assert alloue == sum(PAR_JOUR.values())


def les_livres_suivent() -> None:
    """Each fact is chained; each fact of money is posted, balanced, on its day; accounts agree with the paper."""
    assert FiscalEntry.objects.count() == Fait.objects.count()
    assert not ImputationEnAttente.objects.exists()
    assert Ecriture.objects.filter(fait__type="invoice_issued").count() == 319 - 5
    totaux = LigneEcriture.objects.aggregate(debit=Sum("montant_debit"), credit=Sum("montant_credit"))
    assert totaux["debit"] == totaux["credit"]
    facture, encaisse = sum(sommes("recettes.csv", "type_recette").values()), sum(PAR_JOUR.values())
    creances = LigneEcriture.objects.filter(compte__numero="4111")
    assert creances.aggregate(d=Sum("montant_debit"), c=Sum("montant_credit")) == {"d": facture, "c": encaisse}
    assert SoldeTiers.objects.aggregate(somme=Sum("montant_actuel"))["somme"] == facture - encaisse
    par_jour = Ecriture.objects.filter(fait__type="quittance_emise").values_list("date_ecriture")
    assert {jour: int(somme) for jour, somme in par_jour.annotate(somme=Sum("lignes__montant_debit"))} == PAR_JOUR


@pytest.fixture
def trois_recus(monkeypatch: pytest.MonkeyPatch) -> Lecture:
    """A few receipts of each day: enough for the shape, not the sums."""
    lecture = lire_trois_jours()
    par_jour: dict[date, list[str]] = defaultdict(list)
    for numero, lignes in lecture.recettes.items():
        par_jour[lignes[0].jour].append(numero)
    choisis = {numero for numeros in par_jour.values() for numero in numeros[:2]}
    for code, _prix, _motif in demo.REMISES:
        choisis.add(next(n for n, lignes in lecture.recettes.items() if code in {ligne.code for ligne in lignes}))
    quelques = Lecture(
        {n: x for n, x in lecture.recettes.items() if n in choisis},
        {n: x for n, x in lecture.encaissements.items() if n in choisis},
        [],
    )
    monkeypatch.setattr(demo, "lire_trois_jours", lambda: quelques)
    return quelques


@pytest.mark.usefixtures("db", "trois_recus")
def test_the_days_are_shifted_so_that_the_last_is_yesterday_and_a_second_load_adds_nothing(tmp_path: Path) -> None:
    comptes = demo.charger(tmp_path)
    hopital = TenantRegistry.objects.get(slug="sainte-odile")
    hier = local_date("Africa/Douala") - timedelta(days=1)
    with scope(hopital.tenant_id):
        jours = {q.date_paiement.astimezone(DOUALA).date() for q in Quittance.objects.all()}
        assert jours == {hier, hier - timedelta(days=1), hier - timedelta(days=2)}
        assert Tenant.objects.get().environment == "sandbox"
        assert FactureCaisse.objects.filter(statut="EN_ATTENTE").count() == len(demo.REMISES)
        assert set(Membership.objects.values_list("role__name", flat=True)) == {
            "administrateur", "caissier", "comptable", "medecin", "auditeur",
        }  # fmt: skip
        avant = [modele.objects.count() for modele in (FactureCaisse, Quittance, Fait, Membership)]
    assert demo.charger(tmp_path) == comptes
    with scope(hopital.tenant_id):
        assert [modele.objects.count() for modele in (FactureCaisse, Quittance, Fait, Membership)] == avant
    with scope(TenantRegistry.objects.get(slug="saint-luc").tenant_id):
        assert Quittance.objects.count() == 1
        assert SessionCaisse.objects.get().est_ouverte
    les_comptes_ouvrent(tmp_path, comptes)


def les_comptes_ouvrent(dossier: Path, comptes: list[dict[str, str]]) -> None:
    fichier = dossier / "demo-accounts.json"
    assert stat.S_IMODE(fichier.stat().st_mode) == 0o600
    assert json.loads(fichier.read_text(encoding="utf-8")) == comptes
    assert {compte["role"] for compte in comptes} == {"administrateur", "caissier", "comptable", "medecin", "auditeur"}
    mots = {compte["username"]: compte["password"] for compte in comptes}
    assert len(set(mots.values())) == len(mots)
    for nom in ("amina.caisse@sainte-odile", "jean.comptable@cauris.example", "lea.caisse@saint-luc"):
        assert User.objects.get(username=nom).check_password(mots[nom])


@pytest.mark.usefixtures("db", "trois_recus")
def test_a_lost_file_of_accounts_gives_new_passwords(tmp_path: Path) -> None:
    avant = {compte["username"]: compte["password"] for compte in demo.charger(tmp_path)}
    (tmp_path / "demo-accounts.json").unlink()
    apres = {compte["username"]: compte["password"] for compte in demo.charger(tmp_path)}
    assert avant.keys() == apres.keys()
    assert not set(avant.values()) & set(apres.values())
    assert User.objects.get(username="jean.comptable@cauris.example").check_password(
        apres["jean.comptable@cauris.example"]
    )


@pytest.mark.usefixtures("db", "trois_recus")
def test_a_load_cut_off_in_the_middle_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trois_recus: Lecture
) -> None:
    """The fourth collection fails once, between its invoice and its receipt; two days later the load is run again."""
    attendus = list(trois_recus.recettes)
    appels = iter(range(100))

    def panne(**demande: object) -> object:
        if next(appels) == 3:
            raise RuntimeError("coupure")
        return encaisser_facture(**demande)

    monkeypatch.setattr(execution, "LOT", 1)
    monkeypatch.setattr(ecriture, "encaisser_facture", panne)
    with pytest.raises(RuntimeError, match="coupure"):
        demo.charger(tmp_path)
    hopital = TenantRegistry.objects.get(slug="sainte-odile").tenant_id
    with scope(hopital):
        assert FactureCaisse.objects.count() == 3
        jours = {quittance.date_paiement.date() for quittance in Quittance.objects.all()}
    plus_tard = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: plus_tard)
    demo.charger(tmp_path)
    with scope(hopital):
        assert sorted(
            FactureCaisse.objects.filter(statut__in=["PAYEE", "VALIDEE"]).values_list("motif", flat=True)
        ) == [f"Reçu papier {numero}" for numero in sorted(attendus)]
        derniers = sorted({quittance.date_paiement.date() for quittance in Quittance.objects.all()})
        assert min(jours) == derniers[0]
        assert derniers[-1] - derniers[0] == timedelta(days=2)


@pytest.mark.parametrize(("production", "embarquee"), [(True, True), (False, False), (True, False)])
def test_the_demonstration_is_refused_on_a_real_installation(settings, production: bool, embarquee: bool) -> None:
    settings.PRODUCTION, settings.EMBEDDED_DATABASE = production, embarquee
    with pytest.raises(CommandError, match="refusée avec DATABASE_URL ou en production"):
        call_command("charger_demo")
