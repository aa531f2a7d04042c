"""The sale being composed. The form carries it whole; nothing is written until it is collected.

So a screen works without JavaScript, and Back, F5 or a lost session cost nothing: each button
sends the form, the server changes the composition and draws it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal

from django.http import QueryDict

from apps.comptabilite.caisse.carte import contient_numero_de_carte
from apps.comptabilite.caisse.choices import MoyenPaiement
from apps.comptabilite.caisse.services.lignes import LIGNES_MAXIMUM
from apps.comptabilite.caisse.services.paiements import PAIEMENTS_MAXIMUM
from apps.facturation.selectors import price
from apps.facturation.services.issue_invoice import LineToIssue
from apps.hospital.calcul import verifier_ligne
from apps.hospital.models.tarif import Tarif
from apps.hospital.selectors import tarifs_en_vigueur
from apps.organisations.models import Tenant
from apps.socle.errors import BusinessError
from apps.socle.money import quantize, quantum
from apps.socle.screens.amounts import read_amount, write_amount

ZERO = Decimal(0)
ESPECES = MoyenPaiement.ESPECES.value
BILLETS = (Decimal(500), Decimal(1000), Decimal(2000), Decimal(5000), Decimal(10000))
CHAMP = re.compile(r"(lignes|paiements)-(\d{1,3})-([a-z_]+)")

CLE = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TEXTES = ("patient", "motif", "q", "ajout", "vu")
LONGUEUR = 500
"""What is read of a field: the page's own hold less, and what a form sends comes back with the screen."""

Rangee = dict[str, str]


@dataclass
class Composition:
    """The raw rows of the form, by position: what the person typed, kept as typed.

    But for a full card number, which is dropped as it is read, wherever it was typed: `cartes` names
    the fields that held one. `vu` is the total that the screen showed when the button was pressed.
    """

    patient: str = ""
    lignes: list[Rangee] = field(default_factory=list)
    paiements: list[Rangee] = field(default_factory=list)
    motif: str = ""
    q: str = ""
    ajout: str = ""
    vu: str = ""
    cartes: set[str] = field(default_factory=set)

    @classmethod
    def lire(cls, donnees: QueryDict) -> Composition:
        """Read what a form sent; of too many rows one is kept, which the service refuses by name."""
        rangees: dict[str, dict[int, Rangee]] = {"lignes": {}, "paiements": {}}
        for nom, valeur in donnees.items():
            lu = CHAMP.fullmatch(nom)
            if lu and isinstance(valeur, str):
                rangees[lu[1]].setdefault(int(lu[2]), {})[lu[3]] = valeur[:LONGUEUR].replace("\x00", "")
        lignes = [rangee for _rang, rangee in sorted(rangees["lignes"].items()) if rangee.get("code")]
        paiements = [r for _rang, r in sorted(rangees["paiements"].items()) if r.get("moyen") in MoyenPaiement.values]
        lue = cls(lignes=lignes[: LIGNES_MAXIMUM + 1], paiements=paiements[: PAIEMENTS_MAXIMUM + 1])
        for nom in TEXTES:
            setattr(lue, nom, donnees.get(nom, "")[:LONGUEUR].replace("\x00", ""))
        lue._oublier_les_cartes()
        return lue

    def _oublier_les_cartes(self) -> None:
        for prefixe, rangees in (("lignes", self.lignes), ("paiements", self.paiements)):
            for rang, rangee in enumerate(rangees):
                for nom in [nom for nom, valeur in rangee.items() if _porte_une_carte(nom, valeur)]:
                    rangee[nom] = ""
                    self.cartes.add(f"{prefixe}-{rang}-{nom}")
        for nom in TEXTES:
            texte = getattr(self, nom)
            if not _est_une_cle(texte) and contient_numero_de_carte(texte):
                setattr(self, nom, "")
                self.cartes.add(nom)

    def donnees(self) -> dict[str, str]:
        """Return the composition as form data, rows numbered from zero without gap."""
        plates: dict[str, str] = {}
        for prefixe, rangees in (("lignes", self.lignes), ("paiements", self.paiements)):
            for rang, rangee in enumerate(rangees):
                plates |= {f"{prefixe}-{rang}-{nom}": valeur for nom, valeur in rangee.items()}
        return plates

    def ajouter_ligne(self, code: str) -> None:
        """Add one of `code`, or one more where the line is already there at its tariff."""
        for ligne in self.lignes:
            quantite = read_amount(ligne.get("quantite", ""))
            if ligne["code"] == code and not ligne.get("prix", "").strip() and quantite is not None:
                ligne["quantite"] = write_amount(quantite + 1)
                return
        self.lignes.append({"code": code, "quantite": "1"})

    def retirer(self, rangees: list[Rangee], rang: str) -> None:
        """Take the row numbered `rang` away; a number that is not there changes nothing."""
        if rang.isdigit() and int(rang) < len(rangees):
            del rangees[int(rang)]

    def ajouter_paiement(self, moyen: str) -> None:
        """Add a payment whose amount the person types, but for a second row of cash: a drawer is one."""
        seul = moyen != ESPECES or self.rang_des_especes() is None
        if moyen in MoyenPaiement.values and seul and len(self.paiements) < PAIEMENTS_MAXIMUM:
            self.paiements.append({"moyen": moyen, "montant": "", "calcule": ""})

    def rang_des_especes(self) -> int | None:
        """Return the rank of the first cash payment, None where there is none."""
        return next((rang for rang, paiement in enumerate(self.paiements) if paiement["moyen"] == ESPECES), None)

    def recevoir(self, montant: str) -> None:
        """Set the cash received on the first cash payment (the quick buttons)."""
        for paiement in self.paiements:
            if paiement["moyen"] == ESPECES:
                paiement["recu"] = montant
                return

    def repartir(self, du: Decimal, en_saisie: str | None = None) -> None:
        """Let the payments whose amount nobody typed follow what is due.

        Without payment, cash for all of it; with nothing due, none. The first row that still shows the
        proposed amount, or none, takes what the others leave; what a person typed is never touched.
        While somebody types in the field `en_saisie` that one is not filled, and no row goes away under the hand.
        """
        if not self.paiements and du > 0:
            self.paiements.append({"moyen": ESPECES, "montant": "", "calcule": ""})
        suiveurs = [
            p
            for rang, p in enumerate(self.paiements)
            if p.get("montant", "").strip() == p.get("calcule", "").strip() and en_saisie != f"paiements-{rang}-montant"
        ]
        suiveur = next((p for p in suiveurs if p["moyen"] == ESPECES), suiveurs[0] if suiveurs else None)
        if suiveur is None:
            return
        saisi = sum((_verse(p) for p in self.paiements if p is not suiveur), ZERO)
        reste = max(du - saisi, ZERO)
        de_trop = not reste and suiveur["moyen"] == ESPECES and (len(self.paiements) > 1 or not du)
        if de_trop and en_saisie is None:
            self.paiements.remove(suiveur)
            return
        suiveur["montant"] = suiveur["calcule"] = write_amount(reste) if reste else ""


def _est_une_cle(texte: str) -> bool:
    """Tell whether this is a row's key: its digits are no card's, though those of one patient in 7,000 look like it."""
    return CLE.fullmatch(texte) is not None


def _porte_une_carte(nom: str, valeur: str) -> bool:
    """Tell whether a field holds a card number; where four digits are asked, more are one, mistyped or not."""
    return contient_numero_de_carte(valeur) or (nom == "carte" and sum(map(str.isdigit, valeur)) > 4)


@dataclass(frozen=True)
class LigneVue:
    """A line as the screen shows it; amounts in the tenant's currency, None while they cannot be read."""

    rang: int
    code: str
    libelle: str
    tarif: Decimal | None
    montant: Decimal | None
    hors_tarif: bool
    inconnue: bool


@dataclass(frozen=True)
class Addition:
    """What the lines come to: the total due with the cash rounding, as the invoice will say."""

    lignes: tuple[LigneVue, ...]
    total: Decimal
    arrondi: Decimal

    @property
    def hors_tarif(self) -> bool:
        return any(ligne.hors_tarif for ligne in self.lignes)

    @property
    def lisible(self) -> bool:
        """Whether every line has an amount: otherwise the total says nothing, and no payment follows it."""
        return all(ligne.montant is not None for ligne in self.lignes)


def additionner(composition: Composition, tenant: Tenant, le: date) -> Addition:
    """Price the composition at the tariffs of the day `le`, as `issue_invoice` will; writes nothing."""
    tarifs = tarifs_en_vigueur([ligne["code"] for ligne in composition.lignes], le)
    vues = tuple(_ligne(rang, rangee, tarifs, tenant.currency) for rang, rangee in enumerate(composition.lignes))
    a_facturer = [
        LineToIssue(
            category=tarifs[vue.code].type_recette,
            code=vue.code,
            description=vue.libelle,
            quantity=Decimal(1),
            unit_price=vue.montant,
        )
        for vue in vues
        if vue.montant is not None
    ]
    priced = price(tenant, a_facturer, le)
    return Addition(vues, priced.total_ttc, priced.rounding)


def _ligne(rang: int, rangee: Rangee, tarifs: Mapping[str, Tarif], devise: str) -> LigneVue:
    code = rangee["code"].strip().upper()
    tarif = tarifs.get(code)
    if tarif is None:
        return LigneVue(rang, code, code, None, None, hors_tarif=False, inconnue=True)
    quantite = read_amount(rangee.get("quantite", ""))
    prix_saisi = rangee.get("prix", "").strip()
    prix = read_amount(prix_saisi) if prix_saisi else tarif.montant
    montant = _montant(quantite, prix, devise)
    return LigneVue(rang, code, tarif.nom, tarif.montant, montant, hors_tarif=prix != tarif.montant, inconnue=False)


def _montant(quantite: Decimal | None, prix: Decimal | None, devise: str) -> Decimal | None:
    """Return what a line comes to, or None for one that will be refused."""
    if quantite is None or prix is None:
        return None
    try:
        verifier_ligne(quantite, prix, devise)
    except BusinessError:
        return None
    return quantize(quantite * prix, devise)


@dataclass(frozen=True)
class Monnaie:
    """Cash at a glance: what is left to pay or paid too much, what is missing, what to give back, sums to receive."""

    especes: bool
    reste: Decimal
    en_trop: Decimal
    rendu: Decimal
    manque: Decimal
    rapides: tuple[Decimal, ...]


def _verse(paiement: Rangee) -> Decimal:
    """Return what a row pays; nothing while that cannot be read, or is below zero."""
    return max(read_amount(paiement.get("montant", "")) or ZERO, ZERO)


def compter_monnaie(composition: Composition, du: Decimal, devise: str) -> Monnaie:
    """Work out the change for the first cash payment, and what the payments leave due."""
    paye = sum(map(_verse, composition.paiements), ZERO)
    especes = next((p for p in composition.paiements if p["moyen"] == ESPECES), None)
    montant = _verse(especes) if especes else ZERO
    recu = read_amount(especes.get("recu", "")) if especes else None
    ecart = recu - montant if recu is not None else ZERO
    return Monnaie(
        especes=especes is not None,
        reste=max(du - paye, ZERO),
        en_trop=max(paye - du, ZERO),
        rendu=max(ecart, ZERO),
        manque=max(-ecart, ZERO),
        rapides=sommes_rondes(montant, devise),
    )


def sommes_rondes(montant: Decimal, devise: str) -> tuple[Decimal, ...]:
    """Return up to three sums a person may hand over for `montant`: the next multiples of usual notes."""
    if montant <= 0:
        return ()
    unite = quantum(devise)
    billets = BILLETS if unite == 1 else tuple(billet / 100 for billet in BILLETS)
    rondes = {(montant / billet).to_integral_value(ROUND_CEILING) * billet for billet in billets}
    return tuple(sorted(ronde for ronde in rondes if ronde > montant))[:3]
