"""What only the books can refuse of the paper: receipts, references, amounts, periods; the others become visits to the till.

A refused row changes nothing and the good rows beside it go in, as far as a receipt allows:

- a receipt is invoiced with its good lines; a line corrected and sent again becomes a second
  invoice of the same receipt. But where the payments of a receipt exceed its good lines, they pay
  a refused one too: the receipt is held whole, so that no money is split by guess;
- a row that was taken over, by this file or another, is « déjà repris »; another line of a
  receipt taken over whole is refused, since nobody can tell a correction from an addition;
- a payment is refused where it exceeds what is due after the payments above it in the file.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import FichierPapier, IssueLigne
from apps.comptabilite.caisse.reprise.lecture import Lecture, montrable
from apps.comptabilite.caisse.reprise.papier import Encaissement, LigneDeRecette, Refus
from apps.comptabilite.caisse.reprise.registres import DEJA_ENTIER, Reference, Registres, patient_de, reference_de
from apps.socle.money import format_amount

RECETTES, ENCAISSEMENTS = FichierPapier.RECETTES, FichierPapier.ENCAISSEMENTS


@dataclass
class Passage:
    """One visit to the till: a receipt's lines with the payments of its day, or its payments of a later day.

    `factures` gives, for each payment, the invoice that it pays: None for the one made of `lignes`,
    or made of them at an earlier visit of this file.
    """

    recu: str
    moment: datetime
    lignes: list[LigneDeRecette] = field(default_factory=list)
    paiements: list[Encaissement] = field(default_factory=list)
    factures: list[uuid.UUID | None] = field(default_factory=list)

    @property
    def jour(self) -> date:
        return self.moment.date()

    @property
    def empreintes(self) -> list[str]:
        return [x.empreinte for x in (*self.lignes, *self.paiements)]


@dataclass
class Controle:
    """What a control found: the visits to make, in the order of their time, what the report says, rows already ours."""

    passages: list[Passage] = field(default_factory=list)
    refus: list[Refus] = field(default_factory=list)
    les_miens: int = 0


def controler(lecture: Lecture, registres: Registres, reprise_id: uuid.UUID | None = None) -> Controle:
    """Return what may be taken over of `lecture`; rows that `reprise_id` itself took over are simply done."""
    return _Controle(lecture, registres, reprise_id).faire()


class _Controle:
    def __init__(self, lecture: Lecture, registres: Registres, reprise_id: uuid.UUID | None) -> None:
        self.lecture, self.registres, self.reprise_id = lecture, registres, reprise_id
        self.trouve = Controle(refus=list(lecture.refus))
        self.refusees: dict[str, list[int]] = defaultdict(list)
        for refus in lecture.refus:
            if refus.fichier == RECETTES:
                self.refusees[refus.recu].append(refus.ligne)
        self.references: dict[Reference, int] = {}
        self.noms = {numero: (p.nom, p.prenom) for numero, p in registres.patients.items()}

    def faire(self) -> Controle:
        # References are watched in the order of the file, refused rows included: the second is never taken for the first.
        doublons = self._doublons()
        for numero in dict.fromkeys([*self.lecture.recettes, *self.lecture.encaissements]):
            lignes = [x for x in self.lecture.recettes.get(numero, []) if not self._deja(x, RECETTES)]
            bonnes = self._bonnes_lignes(numero, lignes)
            paiements = [x for x in self.lecture.encaissements.get(numero, []) if not self._deja(x, ENCAISSEMENTS)]
            bons = [x for x in paiements if self._bon_paiement(numero, x, bonnes, doublons)]
            if self._a_retenir(numero, bonnes, bons):
                self._retenir(numero, bonnes, bons)
            else:
                for ligne in bonnes:
                    self._signaler(ligne)
                self._passages(numero, bonnes, self._payables(numero, bonnes, bons))
        self.trouve.passages.sort(key=lambda passage: (passage.moment, passage.recu))
        self.trouve.refus.sort(key=lambda refus: (refus.fichier != RECETTES, refus.ligne))
        return self.trouve

    def _refuser(
        self, fichier: FichierPapier, x: LigneDeRecette | Encaissement, colonne: str, motif: str, code: str,
        issue: IssueLigne = IssueLigne.REFUSEE,
    ) -> None:  # fmt: skip
        valeur = montrable(x.donnees.get(colonne, ""))
        self.trouve.refus.append(Refus(fichier, x.ligne, colonne, motif, code, montrable(x.recu, 50), valeur, issue))
        if fichier == RECETTES and issue == IssueLigne.REFUSEE:
            self.refusees[x.recu].append(x.ligne)

    # Rows by themselves ---------------------------------------------------------------

    def _deja(self, x: LigneDeRecette | Encaissement, fichier: FichierPapier) -> bool:
        deja = self.registres.deja.get(x.empreinte)
        if deja is None:
            return False
        if deja.reprise_id == self.reprise_id and deja.ligne == x.ligne:
            self.trouve.les_miens += 1
        else:
            motif = _("Déjà repris : %s.") % deja.document
            self._refuser(fichier, x, "recu_papier", motif, "already-taken-over", IssueLigne.DEJA_REPRISE)
        return True

    def _doublons(self) -> dict[int, int]:
        """Return the lines of the payments whose reference stands above them in the file, with that line."""
        paiements = sorted((p for groupe in self.lecture.encaissements.values() for p in groupe), key=lambda p: p.ligne)
        doublons: dict[int, int] = {}
        for paiement in paiements:
            reference = reference_de(paiement)
            if reference and self.references.setdefault(reference, paiement.ligne) != paiement.ligne:
                doublons[paiement.ligne] = self.references[reference]
        return doublons

    def _bonnes_lignes(self, numero: str, lignes: Sequence[LigneDeRecette]) -> list[LigneDeRecette]:
        connu = self.registres.recus.get(numero)
        permises = self.registres.complements.get(numero, 0)
        bonnes: list[LigneDeRecette] = []
        for ligne in lignes:
            faute = self._faute_de_ligne(ligne, bonnes[0] if bonnes else None)
            if faute is None and connu is not None:
                faute = self._faute_de_complement(ligne, numero, permises - len(bonnes))
            if faute is None:
                bonnes.append(ligne)
            else:
                self._refuser(RECETTES, ligne, *faute)
        return bonnes

    def _faute_de_ligne(self, ligne: LigneDeRecette, tete: LigneDeRecette | None) -> tuple[str, str, str] | None:
        periode = self.registres.faute_de_periode(ligne.jour)
        if periode:
            return ("date_heure", *periode)
        if tete is None:
            return None
        for colonne, nom in (("date_heure", "jour"), ("patient_numero", "patient_numero")):
            if getattr(ligne, nom) != getattr(tete, nom):
                motif = _("Le même reçu dit autre chose à la ligne %d.") % tete.ligne
                return colonne, motif, "receipt-inconsistent"
        return None

    def _faute_de_complement(self, ligne: LigneDeRecette, numero: str, permises: int) -> tuple[str, str, str] | None:
        if ligne.patient_numero != self.registres.recus[numero].patient_numero:
            motif = _("Ce reçu est déjà repris au nom d’un autre patient.")
            return "patient_numero", motif, "receipt-inconsistent"
        if permises <= 0:
            motif = _("Ce reçu est déjà repris et cette ligne n’y était pas : facturez-la à l’écran si elle est due.")
            return "recu_papier", motif, DEJA_ENTIER
        return None

    def _bon_paiement(
        self, numero: str, x: Encaissement, bonnes: Sequence[LigneDeRecette], doublons: dict[int, int]
    ) -> bool:
        faute = self._faute_de_recu(numero, x, bonnes) or self._faute_de_reference(x, doublons)
        if faute:
            self._refuser(ENCAISSEMENTS, x, *faute)
        return faute is None

    def _faute_de_recu(
        self, numero: str, x: Encaissement, bonnes: Sequence[LigneDeRecette]
    ) -> tuple[str, str, str] | None:
        connu = self.registres.recus.get(numero)
        if not bonnes and connu is None:
            if self.refusees.get(numero):
                motif = _("Ce reçu n’est pas repris : sa ligne %d est refusée.") % self.refusees[numero][0]
                return "recu_papier", motif, "receipt-refused"
            motif = _("Aucun reçu de ce numéro, ni dans les recettes ni parmi les reçus déjà repris.")
            return "recu_papier", motif, "receipt-unknown"
        jour = connu.jour if connu else bonnes[0].jour
        if x.jour < jour:
            motif = _("Ce paiement précède son reçu, qui est du %s.") % f"{jour:%d/%m/%Y}"
            return "date_heure", motif, "payment-before-receipt"
        periode = self.registres.faute_de_periode(x.jour)
        return ("date_heure", *periode) if periode else None

    def _faute_de_reference(self, x: Encaissement, doublons: dict[int, int]) -> tuple[str, str, str] | None:
        if x.ligne in doublons:
            motif = _("Cette référence figure déjà à la ligne %d du fichier.") % doublons[x.ligne]
            return "reference", motif, "reference-repeated"
        reference = reference_de(x)
        if reference and reference in self.registres.references:
            motif = _("Cette référence est déjà encaissée : %s.") % self.registres.references[reference]
            return "reference", motif, "reference-already-used"
        return None

    # Receipts ---------------------------------------------------------------------------

    def _a_retenir(self, numero: str, bonnes: Sequence[LigneDeRecette], bons: Sequence[Encaissement]) -> bool:
        """Tell whether the payments of a new receipt pay a line that is refused."""
        if numero in self.registres.recus or not bonnes or not self.refusees.get(numero):
            return False
        return sum(x.montant for x in bons) > sum(ligne.montant for ligne in bonnes)

    def _retenir(self, numero: str, bonnes: Sequence[LigneDeRecette], bons: Sequence[Encaissement]) -> None:
        motif = _("Reçu retenu entier : sa ligne %d est refusée, et ses paiements la paient aussi.")
        motif %= self.refusees[numero][0]
        for fichier, rangees in ((RECETTES, bonnes), (ENCAISSEMENTS, bons)):
            for x in rangees:
                self._refuser(fichier, x, "recu_papier", motif, "receipt-held")

    def _payables(
        self, numero: str, bonnes: Sequence[LigneDeRecette], bons: Sequence[Encaissement]
    ) -> list[tuple[Encaissement, uuid.UUID | None]]:
        """Return the payments that what is due can take, in the order of the file, each with the invoice that it pays."""
        connu = self.registres.recus.get(numero)
        restes: dict[uuid.UUID | None, Decimal] = dict(connu.restes) if connu else {}
        if bonnes:
            restes[None] = sum((ligne.montant for ligne in bonnes), Decimal(0))
        payables = []
        for x in bons:
            facture = next((cle for cle, reste in restes.items() if reste >= x.montant), False)
            if facture is False:
                self._refuser(ENCAISSEMENTS, x, *self._faute_de_montant(x, restes.values()))
                continue
            restes[facture] -= x.montant
            payables.append((x, facture))
        return payables

    def _faute_de_montant(self, x: Encaissement, restes: Iterable[Decimal]) -> tuple[str, str, str]:
        du = sum(restes, Decimal(0))
        devise = self.registres.tenant.currency
        if x.montant <= du:
            motif = _("Ce paiement couvre plusieurs factures de ce reçu : encaissez-le à l’écran.")
            return "montant", motif, "payment-spans-invoices"
        motif = _("Ce paiement dépasse de %(trop)s le reste dû sur ce reçu (%(du)s).")
        dit = {"trop": format_amount(x.montant - du, devise), "du": format_amount(du, devise)}
        return "montant", motif % dit, "payment-exceeds-invoice"

    def _signaler(self, ligne: LigneDeRecette) -> None:
        """Say that the paper names the patient otherwise than their file does: the row goes in, the file stays."""
        connu = self.noms.setdefault(ligne.patient_numero, patient_de(ligne))
        if connu != patient_de(ligne):
            motif = _(
                "Le dossier %(numero)s est au nom de « %(nom)s » : il reste ainsi, le reçu garde ce que dit le papier."
            )
            dit = {"numero": ligne.patient_numero, "nom": " ".join(filter(None, connu))}
            colonne = "patient_nom" if connu[0] != patient_de(ligne)[0] else "patient_prenom"
            self._refuser(RECETTES, ligne, colonne, motif % dit, "patient-name-differs", IssueLigne.SIGNALEE)

    def _passages(
        self,
        numero: str,
        bonnes: Sequence[LigneDeRecette],
        payables: Sequence[tuple[Encaissement, uuid.UUID | None]],
    ) -> None:
        par_jour: dict[date, Passage] = {}
        if bonnes:
            par_jour[bonnes[0].jour] = Passage(numero, bonnes[0].date_heure, lignes=list(bonnes))
        for paiement, facture in payables:
            passage = par_jour.setdefault(paiement.jour, Passage(numero, paiement.date_heure))
            passage.paiements.append(paiement)
            passage.factures.append(facture)
        self.trouve.passages += par_jour.values()
