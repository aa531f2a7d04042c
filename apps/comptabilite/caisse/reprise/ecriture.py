"""The visits of the paper put through the services of the screens, some fifty a transaction.

Each visit has a savepoint of its own: what a service refuses is written into the report, and the
others of the batch stand. Each row taken over leaves a `LigneReprise`, unique in the tenant, in the
same transaction: a run cut off anywhere, or two at once, doubles nothing.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import DataError, IntegrityError
from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import FichierPapier, MoyenPaiement, StatutReprise, StatutSession
from apps.comptabilite.caisse.models import Caisse, LigneReprise, Quittance, RepriseCaisse, SessionCaisse
from apps.comptabilite.caisse.reprise.controles import ENCAISSEMENTS, RECETTES, Passage
from apps.comptabilite.caisse.reprise.lecture import montrable
from apps.comptabilite.caisse.reprise.papier import Encaissement, LigneDeRecette, Refus
from apps.comptabilite.caisse.reprise.rapport import noter
from apps.comptabilite.caisse.reprise.registres import caissiers_connus
from apps.comptabilite.caisse.saisies import LigneSaisie, PaiementSaisi
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.hospital.en_main import prendre_patients
from apps.hospital.selectors import tarifs_en_vigueur
from apps.hospital.services import enregistrer_patient
from apps.mouvements.locks import prendre_mouvements_ouverts
from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, from_integrity_error
from apps.socle.unit_of_work import step

Place = tuple[str, str]
"""A till and a cashier, as the paper names them."""


class Arretee(Conflict):
    """Somebody stopped this takeover while it ran."""


class Sessions:
    """The till sessions of a takeover: one a cashier, a till and a day, without float and without count."""

    def __init__(self, reprise: RepriseCaisse, tenant: Tenant) -> None:
        self.reprise, self.fuseau = reprise, ZoneInfo(tenant.time_zone)

    def ouvrir(self, caisse_id: uuid.UUID, caissier_id: uuid.UUID, moment: datetime, acteur: Acteur) -> SessionCaisse:
        """Return the session that a run cut off left open that day, or a new one from `moment` on."""
        ouvertes = [x for x in self.laissees() if (x.caisse_id, x.caissier_id) == (caisse_id, caissier_id)]
        jour = moment.astimezone(self.fuseau).date()
        laissee = next((x for x in ouvertes if x.ouverte_le.astimezone(self.fuseau).date() == jour), None)
        return laissee or ouvrir_session_caisse(
            caisse_id=caisse_id,
            fonds=Decimal(0),
            acteur=acteur,
            caissier_id=caissier_id,
            le=moment,
            reprise=self.reprise,
        )

    def laissees(self) -> Iterable[SessionCaisse]:
        """Return the sessions that are open: those of the day, and those that a run cut off left."""
        return SessionCaisse.objects.filter(reprise=self.reprise, statut=StatutSession.OUVERTE)

    def fermer(self, session: SessionCaisse, dernier: datetime, acteur: Acteur) -> None:
        """Close as « reprise, sans comptage » after the last receipt of the day."""
        fermer_session_caisse(
            session_caisse_id=session.id, compte=None, acteur=acteur, le=max(dernier, session.ouverte_le)
        )


@dataclass
class Atelier:
    """What a run keeps at hand from batch to batch: people, tills and the sessions open on the day that it is at."""

    tenant: Tenant
    reprise: RepriseCaisse
    acteur: Acteur
    sessions: Sessions
    caisses: dict[str, uuid.UUID]
    caissiers: dict[str, uuid.UUID]
    factures: dict[str, uuid.UUID] = field(default_factory=dict)
    ouvertes: dict[Place, SessionCaisse] = field(default_factory=dict)
    derniers: dict[Place, datetime] = field(default_factory=dict)

    def moment(self, local: datetime) -> datetime:
        return local.replace(tzinfo=ZoneInfo(self.tenant.time_zone))


def ouvrir_atelier(
    tenant: Tenant,
    reprise: RepriseCaisse,
    acteur: Acteur,
    passages: Iterable[Passage],
    sessions: Sessions | None = None,
) -> Atelier:
    """Return the workshop of a run, in scope: the tills and cashiers that `passages` name must exist."""
    noms = {x.caissier for passage in passages for x in (*passage.lignes, *passage.paiements)}
    return Atelier(
        tenant=tenant,
        reprise=reprise,
        acteur=acteur,
        sessions=sessions or Sessions(reprise, tenant),
        caisses=dict(Caisse.objects.values_list("code", "pk")),
        caissiers=caissiers_connus(tenant, noms),
    )


@dataclass
class _Lot:
    """What one batch found and made; it reaches the workshop only once the batch is committed."""

    patients: dict[str, uuid.UUID]
    factures: dict[str, uuid.UUID] = field(default_factory=dict)
    ouvertes: dict[Place, SessionCaisse] = field(default_factory=dict)
    derniers: dict[Place, datetime] = field(default_factory=dict)
    lignes: list[LigneReprise] = field(default_factory=list)
    refus: list[Refus] = field(default_factory=list)

    def essai(self) -> _Lot:
        """Return a copy for one visit: what a rolled-back savepoint made must not be remembered."""
        return _Lot(
            dict(self.patients), dict(self.factures), dict(self.ouvertes), dict(self.derniers),
            list(self.lignes), list(self.refus),
        )  # fmt: skip


def reprendre_lot(atelier: Atelier, passages: Sequence[Passage]) -> None:
    """Take over one batch of visits of one day, or, where the books refuse it as a whole, one visit at a time."""
    try:
        lot = _reprendre(passages=passages, atelier=atelier, acteur=atelier.acteur)
    except Arretee:
        raise
    except (BusinessError, IntegrityError, DataError):
        if len(passages) == 1:
            raise
        lot = None
    if lot is None:
        for passage in passages:
            _reprendre_seul(atelier, passage)
        return
    atelier.factures |= lot.factures
    atelier.ouvertes |= lot.ouvertes
    atelier.derniers |= lot.derniers


def _reprendre_seul(atelier: Atelier, passage: Passage) -> None:
    """Take over one visit in a transaction of its own; what only its end refused is written into the report."""
    try:
        reprendre_lot(atelier, [passage])
    except Arretee:
        raise
    except BusinessError as erreur:
        _refuser_au_rapport(passages=[passage], erreur=erreur, reprise=atelier.reprise, acteur=atelier.acteur)


@command
def _refuser_au_rapport(
    *, passages: Sequence[Passage], erreur: BusinessError, reprise: RepriseCaisse, acteur: Acteur
) -> None:
    noter(reprise, [refus for passage in passages for refus in _refus_du_passage(passage, str(erreur), erreur.code)])
    _avancer(reprise, len(passages))


@command
def _reprendre(*, passages: Sequence[Passage], atelier: Atelier, acteur: Acteur) -> _Lot:
    lot = _Lot(patients=_patients(atelier, passages), ouvertes=dict(atelier.ouvertes), derniers=dict(atelier.derniers))
    faits = _deja_faits(passages)
    tarifs_en_vigueur({ligne.code for passage in passages for ligne in passage.lignes}, passages[0].jour)  # asked once
    for passage in passages:
        if not faits.isdisjoint(passage.empreintes):
            continue  # another run took it over while this one waited
        essai = lot.essai()
        try:
            with step():
                _un_passage(atelier, essai, passage)
        except BusinessError as erreur:
            lot.refus += _refus_du_passage(passage, str(erreur), erreur.code)
        except IntegrityError as erreur:
            dit = from_integrity_error(erreur)
            if dit is None:
                raise
            lot.refus += _refus_du_passage(passage, str(dit), dit.code)
        else:
            lot = essai
    LigneReprise.objects.bulk_create(lot.lignes)
    noter(atelier.reprise, lot.refus)
    _avancer(atelier.reprise, len(passages))
    return lot


def _patients(atelier: Atelier, passages: Sequence[Passage]) -> dict[str, uuid.UUID]:
    """Return the known patients of a batch by number; what they owe and their visits of the day are asked with them."""
    numeros = {ligne.patient_numero for passage in passages for ligne in passage.lignes}
    patients = prendre_patients(numeros, passages[0].jour)
    prendre_mouvements_ouverts([patient.tiers_id for patient in patients.values()], atelier.tenant.currency)
    return {numero: patient.pk for numero, patient in patients.items()}


def _deja_faits(passages: Sequence[Passage]) -> set[str]:
    empreintes = [empreinte for passage in passages for empreinte in passage.empreintes]
    return set(LigneReprise.objects.filter(empreinte__in=empreintes).values_list("empreinte", flat=True))


def _avancer(reprise: RepriseCaisse, nombre: int) -> None:
    """Write how far it is, once a batch. Raises Arretee when somebody has stopped it."""
    reprise.faits += nombre
    reprise.battement = now()
    en_cours = RepriseCaisse.objects.filter(pk=reprise.pk, statut=StatutReprise.EN_COURS)
    if not en_cours.update(faits=reprise.faits, battement=reprise.battement, essais=0):
        reprise.faits -= nombre
        raise Arretee(_("Cette reprise a été arrêtée."), code="takeover-stopped")


# One visit ------------------------------------------------------------------------------


def _un_passage(atelier: Atelier, lot: _Lot, passage: Passage) -> None:
    """Invoice the receipt's lines and collect its payments: one receipt of ours an invoice, a till and a cashier."""
    groupes: dict[tuple[uuid.UUID | None, Place], list[Encaissement]] = defaultdict(list)
    for paiement, facture in zip(passage.paiements, passage.factures, strict=True):
        groupes[facture, (paiement.caisse, paiement.caissier)].append(paiement)
    nouvelle = _facturer(atelier, lot, passage, a_valider=not any(cle is None for cle, _place in groupes))
    lignes = [_ligne_de_recette(atelier, ligne, nouvelle) for ligne in passage.lignes if nouvelle]
    for (facture, place), paiements in groupes.items():
        cle = facture or nouvelle or atelier.factures.get(passage.recu) or lot.factures.get(passage.recu)
        if cle is None:
            raise BusinessError(_("Le reçu de ce paiement n’est pas repris."), code="receipt-refused")
        quittance = _encaisser(atelier, lot, cle, place, paiements)
        lignes += [_ligne_d_encaissement(atelier, paiement, cle, quittance) for paiement in paiements]
    lot.lignes += lignes
    if nouvelle:
        lot.factures[passage.recu] = nouvelle


def _facturer(atelier: Atelier, lot: _Lot, passage: Passage, *, a_valider: bool) -> uuid.UUID | None:
    """Make the invoice of the lines; collection validates it, unless nothing is collected that day."""
    if not passage.lignes:
        return None
    tete = passage.lignes[0]
    facture = facturer_patient(
        patient_id=_patient(atelier, lot, tete),
        lignes=[
            LigneSaisie(x.code, x.quantite, x.prix_unitaire, libelle=x.libelle, type_recette=x.type_recette)
            for x in passage.lignes
        ],
        acteur=atelier.acteur,
        motif=_("Reçu papier %s") % passage.recu,
        caissier_id=atelier.caissiers[tete.caissier],
        le=atelier.moment(tete.date_heure),
    )
    if a_valider:
        valider_facture(facture_id=facture.id, acteur=atelier.acteur, le=atelier.moment(tete.date_heure))
    return facture.id


def _patient(atelier: Atelier, lot: _Lot, ligne: LigneDeRecette) -> uuid.UUID:
    connu = lot.patients.get(ligne.patient_numero)
    if connu is None:
        connu = enregistrer_patient(
            nom=ligne.patient_nom,
            prenom=ligne.patient_prenom,
            telephone=ligne.patient_telephone,
            numero=ligne.patient_numero,
            acteur=atelier.acteur,
        ).id
        lot.patients[ligne.patient_numero] = connu
    return connu


def _encaisser(
    atelier: Atelier, lot: _Lot, facture: uuid.UUID, place: Place, paiements: Sequence[Encaissement]
) -> Quittance:
    moments = [atelier.moment(paiement.date_heure) for paiement in paiements]
    if place not in lot.ouvertes:
        caisse, caissier = place
        lot.ouvertes[place] = atelier.sessions.ouvrir(
            atelier.caisses[caisse], atelier.caissiers[caissier], min(moments), atelier.acteur
        )
    quittance = encaisser_facture(
        facture_id=facture,
        paiements=[saisie_du_papier(paiement) for paiement in paiements],
        acteur=atelier.acteur,
        session_caisse_id=lot.ouvertes[place].id,
        le=max(moments),
    )
    if quittance is None:
        raise BusinessError(_("Il n’y a rien à payer sur cette facture."), code="nothing-due")
    lot.derniers[place] = max([*moments, *filter(None, [lot.derniers.get(place)])])
    return quittance


def saisie_du_papier(encaissement: Encaissement) -> PaiementSaisi:
    """Return a payment of the paper as the till takes it: `detail` and `payeur` mean another thing for each means."""
    detail, payeur, jour = encaissement.detail, encaissement.payeur, encaissement.jour
    precisions = {
        MoyenPaiement.ESPECES: {},
        MoyenPaiement.CHEQUE: {"banque": detail, "titulaire": payeur, "date": jour},
        MoyenPaiement.VIREMENT: {"banque": detail, "date": jour},
        MoyenPaiement.CARTE: {"terminal": detail, "carte": payeur},
        MoyenPaiement.MOBILE: {"operateur": detail.upper(), "payeur": payeur},
    }[MoyenPaiement(encaissement.mode)]
    return PaiementSaisi(encaissement.mode, encaissement.montant, reference=encaissement.reference, **precisions)


# What it leaves --------------------------------------------------------------------------


def _ligne_de_recette(atelier: Atelier, ligne: LigneDeRecette, facture: uuid.UUID) -> LigneReprise:
    return _trace(atelier, RECETTES, ligne, ligne.type_recette, facture, None)


def _ligne_d_encaissement(
    atelier: Atelier, paiement: Encaissement, facture: uuid.UUID, quittance: Quittance
) -> LigneReprise:
    return _trace(atelier, ENCAISSEMENTS, paiement, paiement.mode, facture, quittance.id)


def _trace(
    atelier: Atelier, fichier: FichierPapier, x: LigneDeRecette | Encaissement, genre: str, facture: uuid.UUID,
    quittance: uuid.UUID | None,
) -> LigneReprise:  # fmt: skip
    return LigneReprise(
        tenant_id=atelier.tenant.id,
        reprise_id=atelier.reprise.id,
        fichier=fichier,
        ligne=x.ligne,
        recu=x.recu,
        empreinte=x.empreinte,
        jour=x.jour,
        genre=genre,
        montant=x.montant,
        devise=atelier.tenant.currency,
        facture_id=facture,
        quittance_id=quittance,
        donnees=x.donnees,
    )


def _refus_du_passage(passage: Passage, motif: str, code: str) -> list[Refus]:
    """Return the refusal of every row of a visit that a service refused."""
    recu = montrable(passage.recu, 50)
    return [Refus(RECETTES, x.ligne, "recu_papier", motif, code, recu, recu) for x in passage.lignes] + [
        Refus(ENCAISSEMENTS, x.ligne, "recu_papier", motif, code, recu, recu) for x in passage.paiements
    ]


@command
def fermer_la_journee(*, atelier: Atelier, jour: date | None, acteur: Acteur) -> None:
    """Close the sessions that the visits of `jour` opened, with those that a run cut off left there; None: all that are left."""
    fuseau = ZoneInfo(atelier.tenant.time_zone)
    laissees = {x.pk: x for x in atelier.sessions.laissees() if jour in {None, x.ouverte_le.astimezone(fuseau).date()}}
    ouvertes = {x.pk: x for x in atelier.ouvertes.values()}
    derniers = {x.pk: atelier.derniers[place] for place, x in atelier.ouvertes.items() if place in atelier.derniers}
    for session in (laissees | ouvertes).values():
        atelier.sessions.fermer(session, derniers.get(session.pk) or _dernier_passage(session), acteur)
    atelier.ouvertes, atelier.derniers = {}, {}


def _dernier_passage(session: SessionCaisse) -> datetime:
    dernier = session.quittances.order_by("-date_paiement").values_list("date_paiement", flat=True).first()
    return dernier or session.ouverte_le
