"""The takeover of a paper till: each receipt through the services, at its own date, once.

Each step is a transaction of its own under an idempotency key, so that a takeover cut off in the
middle goes on where it stopped and a second one adds nothing.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from apps.comptabilite.caisse.choices import MoyenPaiement
from apps.comptabilite.caisse.demo.lecture import Encaissement, Recu
from apps.comptabilite.caisse.models import Caisse, SessionCaisse
from apps.comptabilite.caisse.saisies import LigneSaisie, PaiementSaisi
from apps.comptabilite.caisse.selectors import especes_attendues
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.hospital.models import Patient
from apps.hospital.selectors import tarif_en_vigueur
from apps.hospital.services import enregistrer_patient, enregistrer_tarif
from apps.organisations.models import Tenant
from apps.socle.actors import takeover_actor
from apps.socle.idempotency import run_once
from apps.socle.scope import scope

REPRISE = takeover_actor("caisse papier")
FONDS = Decimal(50_000)
OUVERTURE, FERMETURE = time(6, 45), time(18, 30)


@dataclass(frozen=True)
class Reprise:
    """A takeover: for which tenant, by which cashiers (username of the paper → account), days moved by `decalage`."""

    tenant: Tenant
    caissiers: Mapping[str, uuid.UUID]
    decalage: timedelta

    def reprendre(self, recus: Sequence[Recu], dire: Callable[[str], None] = lambda texte: None) -> None:
        """Put `recus` through the services, day by day: tariffs, float, invoices, receipts, count."""
        self._tarifs(recus)
        par_jour: dict[date, list[Recu]] = defaultdict(list)
        for recu in recus:
            par_jour[recu.jour].append(recu)
        for jour in sorted(par_jour):
            dire(f"{jour + self.decalage:%d/%m/%Y} : {len(par_jour[jour])} reçus")
            self._jour(jour, par_jour[jour])

    def _une_fois(self, cle: str, fonction: Callable[[], uuid.UUID]) -> uuid.UUID:
        with scope(self.tenant.id):
            issue = run_once(key=cle, route="reprise", acteur=REPRISE, body={}, function=fonction, wait=True)
        return issue.result_id

    def _moment(self, local: datetime) -> datetime:
        return (local + self.decalage).replace(tzinfo=ZoneInfo(self.tenant.time_zone))

    def _tarifs(self, recus: Sequence[Recu]) -> None:
        """Set the price of each code as the paper has it, from the first day on."""
        premier = min(recu.jour for recu in recus) + self.decalage
        with scope(self.tenant.id):
            for ligne in {ligne.code: ligne for recu in recus for ligne in recu.lignes}.values():
                if tarif_en_vigueur(ligne.code, premier) is None:
                    enregistrer_tarif(
                        code=ligne.code,
                        nom=ligne.libelle,
                        type_recette=ligne.type_recette,
                        montant=ligne.prix_unitaire,
                        valide_du=premier,
                        acteur=REPRISE,
                    )

    def _jour(self, jour: date, recus: Sequence[Recu]) -> None:
        caissiers = {recu.caisse: recu.caissier for recu in recus}
        sessions = {code: self._ouvrir(jour, code, caissier) for code, caissier in caissiers.items()}
        for recu in recus:
            self._une_fois(f"recu:{recu.numero}", lambda recu=recu: self._recu(recu, sessions[recu.caisse]))
        for code, session in sessions.items():
            self._une_fois(f"fermeture:{jour}:{code}", lambda session=session: self._fermer(jour, session))

    def _ouvrir(self, jour: date, code: str, caissier: str) -> uuid.UUID:
        def ouvrir() -> uuid.UUID:
            return ouvrir_session_caisse(
                caisse_id=Caisse.objects.get(code=code).id,
                fonds=FONDS,
                acteur=REPRISE,
                caissier_id=self.caissiers[caissier],
                le=self._moment(datetime.combine(jour, OUVERTURE)),
            ).id

        return self._une_fois(f"ouverture:{jour}:{code}", ouvrir)

    def _fermer(self, jour: date, session_id: uuid.UUID) -> uuid.UUID:
        """Close with a count that agrees: the paper till kept no count."""
        compte = especes_attendues(SessionCaisse.objects.get(pk=session_id))
        moment = self._moment(datetime.combine(jour, FERMETURE))
        return fermer_session_caisse(session_caisse_id=session_id, compte=compte, acteur=REPRISE, le=moment).id

    def _recu(self, recu: Recu, session_id: uuid.UUID) -> uuid.UUID:
        """Invoice a receipt and collect it; its payments of one day are one quittance."""
        facture = facturer_patient(
            patient_id=self._patient(recu),
            lignes=[LigneSaisie(ligne.code, ligne.quantite, ligne.prix_unitaire) for ligne in recu.lignes],
            acteur=REPRISE,
            motif=f"Reçu papier {recu.numero}",
            caissier_id=self.caissiers[recu.caissier],
            le=self._moment(recu.date_heure),
        )
        if recu.encaissements or not recu.montant:
            encaisser_facture(
                facture_id=facture.id,
                paiements=[_paiement(encaissement, self.decalage) for encaissement in recu.encaissements],
                acteur=REPRISE,
                session_caisse_id=session_id,
                le=self._moment(max((x.date_heure for x in recu.encaissements), default=recu.date_heure)),
            )
        return facture.id

    def _patient(self, recu: Recu) -> uuid.UUID:
        connu = Patient.objects.filter(numero=recu.patient_numero).values_list("id", flat=True).first()
        return (
            connu
            or enregistrer_patient(
                nom=recu.patient_nom,
                prenom=recu.patient_prenom,
                telephone=recu.patient_telephone,
                numero=recu.patient_numero,
                acteur=REPRISE,
            ).id
        )


def _paiement(encaissement: Encaissement, decalage: timedelta) -> PaiementSaisi:
    """Return a payment of the paper as the till takes it: `detail` and `payeur` mean another thing for each means."""
    jour = encaissement.date_heure.date() + decalage
    detail, payeur = encaissement.detail, encaissement.payeur
    precisions = {
        MoyenPaiement.ESPECES: {},
        MoyenPaiement.CHEQUE: {"banque": detail, "titulaire": payeur, "date": jour},
        MoyenPaiement.VIREMENT: {"banque": detail, "date": jour},
        MoyenPaiement.CARTE: {"terminal": detail, "carte": payeur},
        MoyenPaiement.MOBILE: {"operateur": detail, "payeur": payeur},
    }[MoyenPaiement(encaissement.mode)]
    return PaiementSaisi(encaissement.mode, encaissement.montant, reference=encaissement.reference, **precisions)
