"""What the till's screens share: the post being worked at, its buttons, its forms, what was refused and where."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.comptabilite.caisse.carte import refus_de_carte
from apps.comptabilite.caisse.choices import MoyenPaiement
from apps.comptabilite.caisse.forms import LigneForm, PaiementForm
from apps.comptabilite.caisse.models import PaiementCarte, PaiementMobile
from apps.comptabilite.caisse.views.composition import Addition, Composition
from apps.hospital.models import Patient
from apps.hospital.models.tarif import Tarif
from apps.hospital.presentation import Resultat
from apps.hospital.selectors import chercher_tarifs, sans_tarif
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError, Conflict
from apps.socle.screens.fields import ErrorSummary, FieldError

LIMITE = 8
MOYENS = (
    (MoyenPaiement.ESPECES.value, gettext_lazy("Espèces")),
    (MoyenPaiement.MOBILE.value, gettext_lazy("Mobile")),
    (MoyenPaiement.CARTE.value, gettext_lazy("Carte")),
    (MoyenPaiement.CHEQUE.value, gettext_lazy("Chèque")),
    (MoyenPaiement.VIREMENT.value, gettext_lazy("Virement")),
)
"""The buttons of the means, short, most used first."""


@dataclass
class Poste:
    """What the till's screen holds: the composition, what was searched, what was refused, where typing goes on.

    `d_autres` when more answered than are listed; `envoye` once the person asked to conclude, so that nothing is red before; `cle` is the form's key where
    it is not the request's; `cle_neuve` when it has served already and the form must be given another.
    `en_saisie` names the field that a person is typing in while the screen follows; None after a button.
    """

    composition: Composition
    patient: Patient | None = None
    trouves: list[Resultat] = field(default_factory=list)
    tarifs: list[Tarif] = field(default_factory=list)
    d_autres: bool = False
    sans_tarif: bool = False
    refus: list[str] = field(default_factory=list)
    erreurs: dict[str, str] = field(default_factory=dict)
    envoye: bool = False
    statut: int = 200
    focus: str = ""
    cle: str = ""
    cle_neuve: bool = False
    en_saisie: str | None = None

    @classmethod
    def lire(cls, request: StaffRequest) -> Poste:
        """Read what the form sent; a full card number, already dropped, is refused."""
        poste = cls(Composition.lire(request.POST))
        if request.htmx:
            poste.en_saisie = request.htmx.trigger_name or ""
        for nom in sorted(poste.composition.cartes):
            poste.erreurs[nom] = str(refus_de_carte(nom))
        if poste.erreurs:
            poste.refus, poste.statut = [str(refus_de_carte(""))], 422
        return poste

    def noter(self, erreur: BusinessError) -> None:
        """Put a refusal beside its field where the screen has it, at the top otherwise."""
        self.statut = 409 if isinstance(erreur, Conflict) else 422
        champ = erreur.field or ""
        if erreur.code == "reference-already-used":  # the database spoke: it does not know the row of the screen
            champ = reference_en_double(self.composition.paiements)
        if champ == "lignes":
            champ = "ajout"
        elif champ == "paiements" and self.composition.paiements:
            champ = f"paiements-{len(self.composition.paiements) - 1}-montant"
        if champ == "ajout" or champ.startswith(("lignes-", "paiements-")):
            self.erreurs[champ] = str(erreur)
        else:
            self.refus.append(str(erreur))


def reference_en_double(paiements: Sequence[Mapping[str, str]]) -> str:
    """Return the name of the first reference that another receipt, or a row above, already bears; empty if none does."""
    vues: set[tuple[str, ...]] = set()
    for rang, paiement in enumerate(paiements):
        reference = paiement.get("reference", "").strip()
        if paiement["moyen"] == MoyenPaiement.MOBILE:
            cle = ("MOBILE", paiement.get("operateur", ""), reference)
            connue = PaiementMobile.objects.filter(operateur=cle[1], reference_transaction=reference)
        elif paiement["moyen"] == MoyenPaiement.CARTE:
            cle = ("CARTE", paiement.get("terminal", "").strip(), reference)
            connue = PaiementCarte.objects.filter(terminal_id=cle[1], reference_transaction=reference)
        else:
            continue
        if cle in vues or connue.exists():
            return f"paiements-{rang}-reference"
        vues.add(cle)
    return ""


def bouton(request: HttpRequest) -> tuple[str, str]:
    """Return what the pressed button says to do, and to what: `retirer-ligne:2` gives both."""
    faire, _deux_points, objet = request.POST.get("faire", "recalculer").replace("\x00", "").partition(":")
    return faire, objet


def agir_sur_les_lignes(poste: Poste, faire: str, objet: str, le: date) -> None:
    """Add or remove a line at the tariffs of the day `le`; an unknown word changes nothing."""
    composition = poste.composition
    if faire == "ajouter":
        composition.ajouter_ligne(objet)
        composition.ajout = ""
    elif faire == "retirer-ligne":
        composition.retirer(composition.lignes, objet)
    if composition.ajout.strip():
        _chercher_tarif(poste, le)


def _chercher_tarif(poste: Poste, le: date) -> None:
    """Add the tariff whose code was typed whole, or the only one found; otherwise list what was found."""
    composition = poste.composition
    trouves = chercher_tarifs(composition.ajout, le, LIMITE + 1)
    exact = [tarif for tarif in trouves if tarif.code == composition.ajout.strip().upper()]
    if exact or len(trouves) == 1:
        composition.ajouter_ligne((exact or trouves)[0].code)
        composition.ajout = ""
    else:
        poste.tarifs, poste.d_autres = trouves[:LIMITE], len(trouves) > LIMITE
        poste.sans_tarif = not trouves and sans_tarif()
    poste.focus = "ajout"


def agir_sur_les_paiements(poste: Poste, faire: str, objet: str) -> None:
    """Add or remove a payment, or set the cash received; an unknown word changes nothing."""
    composition = poste.composition
    if faire == "moyen":
        deja = composition.rang_des_especes() if objet == MoyenPaiement.ESPECES else None
        composition.ajouter_paiement(objet)
        poste.focus = f"id_paiements-{len(composition.paiements) - 1 if deja is None else deja}-montant"
    elif faire == "retirer-paiement":
        composition.retirer(composition.paiements, objet)
    elif faire == "recu":
        composition.recevoir(objet)
        poste.focus = "encaisser"


def trouver_patient(identifiant: str) -> Patient | None:
    """Return the patient of that id, None for another tenant's or what is no id."""
    try:
        return Patient.objects.filter(pk=uuid.UUID(identifiant)).first()
    except ValueError:
        return None


def formulaires_des_lignes(poste: Poste, addition: Addition, devise: str) -> list[LigneForm]:
    """Return the lines as forms, bound once the person has asked to conclude."""
    donnees = poste.composition.donnees() if poste.envoye else None
    return [
        LigneForm(
            donnees,
            prefix=f"lignes-{vue.rang}",
            initial=None if poste.envoye else rangee,
            tarif=vue.tarif,
            devise=devise,
            libelle=vue.libelle,
        )
        for vue, rangee in zip(addition.lignes, poste.composition.lignes, strict=True)
    ]


def formulaires_des_paiements(poste: Poste) -> list[PaiementForm]:
    """Return the payments as forms, bound once the person has asked to conclude."""
    donnees = poste.composition.donnees() if poste.envoye else None
    return [
        PaiementForm(
            donnees, prefix=f"paiements-{rang}", initial=None if poste.envoye else rangee, moyen=rangee["moyen"]
        )
        for rang, rangee in enumerate(poste.composition.paiements)
    ]


def tous_valides(formulaires: Iterable[forms.Form]) -> bool:
    """Validate every form, so that the page shows all that is to be corrected at once."""
    return not [formulaire for formulaire in formulaires if not formulaire.is_valid()]


def resumer(poste: Poste, lignes: Sequence[LigneForm], paiements: Sequence[PaiementForm]) -> ErrorSummary:
    """Give each refusal to its field, and return what is to be corrected in the order of the page."""
    _poser_erreurs([*lignes, *paiements], poste.erreurs)
    champs = [FieldError("q", _("Patient"))] if "q" in poste.erreurs else []
    for formulaire in lignes:
        champs += _champs_a_corriger(formulaire)
    if "ajout" in poste.erreurs:
        champs.append(FieldError("ajout", _("Acte ou produit")))
    for formulaire in paiements:
        champs += _champs_a_corriger(formulaire)
    return ErrorSummary(list(dict.fromkeys(poste.refus)), champs)


def _poser_erreurs(formulaires: Sequence[forms.Form], erreurs: dict[str, str]) -> None:
    for formulaire in formulaires:
        if not formulaire.is_bound:
            continue
        formulaire.is_valid()
        for nom in formulaire.fields:
            message = erreurs.get(f"{formulaire.prefix}-{nom}")
            if message and message not in formulaire.errors.get(nom, []):
                formulaire.errors.pop(nom, None)  # one sentence a field: the refusal knows more than « obligatoire »
                formulaire.add_error(nom, message)


def _champs_a_corriger(formulaire: LigneForm | PaiementForm) -> list[FieldError]:
    if not formulaire.is_bound:
        return []
    visible = formulaire["quantite" if isinstance(formulaire, LigneForm) else "montant"]  # stands for a hidden one
    return [
        FieldError((visible if champ.is_hidden else champ).auto_id, f"{champ.label} ({formulaire.libelle})")
        for champ in formulaire
        if champ.errors
    ]


def viser(poste: Poste, focus: str, formulaires: Sequence[forms.Form]) -> str:
    """Mark the field whose id is `focus`, so that typing goes on there without a script too, and return it.

    While somebody types, typing goes on where it is: nothing is marked, unless something is to be corrected.
    """
    if poste.en_saisie is not None and poste.statut == 200:
        return ""
    for formulaire in formulaires:
        for champ in formulaire:
            if champ.auto_id == focus:
                champ.field.widget.attrs["autofocus"] = True
    return focus


def dessiner(staff: StaffRequest, page: str, fragment: str, contexte: dict[str, Any], statut: int) -> HttpResponse:
    """Answer with the page, or with its form alone where htmx asked."""
    gabarit = f"comptabilite/caisse/{fragment if staff.htmx else page}.html"
    return render(staff, gabarit, contexte, status=statut)
