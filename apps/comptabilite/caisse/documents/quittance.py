"""The receipt as an A5 PDF, drawn from its frozen snapshot alone.

The snapshot (`Quittance.donnees`, made by `caisse.instantane`) says everything that the paper says;
what is known only afterwards, the link in the chain and the rank of a reprint, is given apart.
Amounts are text in the snapshot and Decimal here. Nothing is fetched from the network or the disk
but our own static files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import segno
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from apps.comptabilite.caisse.documents.lettres import montant_en_lettres
from apps.socle.language import document_language
from apps.socle.money import NAMES, format_amount

NAISSANCE = {"F": "née le", "M": "né le"}


@dataclass(frozen=True)
class Preuve:
    """Where the receipt stands in the tenant's chain: its link's number and chain hash (hexadecimal)."""

    sequence: int
    empreinte: str


@dataclass(frozen=True)
class Duplicata:
    """A reprint: its rank from 1, when and by whom."""

    rang: int
    le: datetime
    par: str


@document_language()
def rendre_quittance(
    donnees: Mapping[str, Any], preuve: Preuve | None = None, duplicata: Duplicata | None = None
) -> bytes:
    """Return the PDF of the receipt whose snapshot is `donnees`; a reprint says so at its head and in its ground."""
    html = render_to_string("comptabilite/quittance_a5.html", contexte(donnees, preuve, duplicata))
    return imprimer(html)


class AddressRefused(RuntimeError):
    """A document named an address that is not one of our static files."""


def imprimer(html: str) -> bytes:
    """Return `html` as PDF. Raises AddressRefused rather than print a page that lacks its sheet."""
    try:
        return HTML(string=html, base_url="static:", url_fetcher=StaticOnly()).write_pdf(pdf_tags=True)
    except FatalURLFetchingError as error:  # a BaseException in WeasyPrint: it would end the web process's thread
        raise AddressRefused(str(error)) from error


class StaticOnly(URLFetcher):
    """Serve `static:<path>` from our static files and refuse every other address, whatever a name or a label holds."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        path = (
            finders.find(url.removeprefix("static:")) if url.startswith("static:cauris/") and ".." not in url else None
        )
        if path is None:
            raise FatalURLFetchingError(f"a receipt does not fetch {url}")
        with open(path, "rb") as file:
            return URLFetcherResponse(url, BytesIO(file.read()), {"Content-Type": "text/css"})


def contexte(donnees: Mapping[str, Any], preuve: Preuve | None, duplicata: Duplicata | None) -> dict[str, Any]:
    """Return what the template shows: every figure and date already written as people read them."""
    fuseau = ZoneInfo(donnees["fuseau"])
    return {
        "q": _Lecture(donnees, fuseau).quittance(),
        "preuve": preuve
        and {
            "sequence": str(preuve.sequence),
            "empreinte": empreinte_courte(preuve.empreinte),
        },
        "duplicata": duplicata and {"rang": duplicata.rang, "par": duplicata.par} | _moment(duplicata.le, fuseau),
        "qr": _qr(donnees, preuve),
    }


def empreinte_courte(empreinte: str) -> str:
    """The first 64 bits of a hexadecimal hash, in groups of four: « 9f2c 41d8 a07e 53b6 »."""
    return "\u00a0".join(empreinte[debut : debut + 4] for debut in range(0, 16, 4))


def _qr(donnees: Mapping[str, Any], preuve: Preuve | None) -> SafeString:
    """The code says by itself what the paper must agree with: number, amount, date, code, fingerprint."""
    lignes = [donnees["numero"], f"{donnees['montant']} {donnees['devise']} {donnees['date'][:16]}", donnees["code"]]
    if preuve:
        lignes.append(preuve.empreinte[:16])
    svg = segno.make("\n".join(lignes), error="m", micro=False).svg_inline(
        border=0, svgclass="qr", lineclass=None, omitsize=True
    )
    return mark_safe(svg)  # noqa: S308  (made by segno from modules, holds no text)


def _moment(le: datetime, fuseau: ZoneInfo) -> dict[str, str]:
    local = le.astimezone(fuseau)
    return {"le": f"{local:%d/%m/%Y}", "heure": f"{local:%H:%M}"}


class _Lecture:
    """Reads a snapshot into the words of the paper."""

    def __init__(self, donnees: Mapping[str, Any], fuseau: ZoneInfo) -> None:
        self.donnees, self.fuseau, self.devise = donnees, fuseau, donnees["devise"]

    def quittance(self) -> dict[str, Any]:
        d = self.donnees
        renvois = list(dict.fromkeys(ligne["exoneration"] for ligne in d["lignes"] if ligne["exoneration"]))
        return {
            "numero": d["numero"],
            "date_iso": d["date"],
            **_moment(datetime.fromisoformat(d["date"]), self.fuseau),
            "hopital": {"nom": d["hopital"]["nom"], "lignes": d["hopital"]["lignes"]},
            "patient": self.patient(d["patient"]),
            "facture": {"numero": d["facture"]["numero"], "le": self.jour(d["facture"]["date"])},
            "caissier": d["caissier"],
            "caisse": d["caisse"]["libelle"],
            "lignes": [self.ligne(ligne, renvois) for ligne in d["lignes"]],
            "renvois": [{"rang": rang, "texte": texte} for rang, texte in enumerate(renvois, 1)],
            "taxes": self.taxes(d["facture"]),
            "total": self.montant(d["facture"]["total_ttc"]),
            "unite": NAMES.get(self.devise, self.devise),
            "lettres": montant_en_lettres(Decimal(d["montant"]), self.devise),
            "paiements": [self.paiement(paiement) for paiement in d["paiements"]],
            "soldes": self.soldes(),
            "code": d["code"],
        }

    def montant(self, texte: str) -> str:
        return format_amount(Decimal(texte), self.devise, unit=False)

    def jour(self, texte: str) -> str:
        return f"{date.fromisoformat(texte):%d/%m/%Y}"

    def patient(self, patient: Mapping[str, Any]) -> dict[str, str]:
        precision = patient["numero"]
        if patient["date_naissance"]:
            precision += f", {NAISSANCE.get(patient['sexe'], 'né(e) le')} {self.jour(patient['date_naissance'])}"
        return {"nom": patient["nom"], "precision": precision}

    def ligne(self, ligne: Mapping[str, Any], renvois: Sequence[str]) -> dict[str, Any]:
        exoneree = ligne["exoneration"]
        return {
            "libelle": ligne["libelle"],
            "quantite": _quantite(ligne["quantite"]),
            "prix_unitaire": self.montant(ligne["prix_unitaire"]),
            "montant": self.montant(ligne["montant"]),
            "taxe": _("exo.") if exoneree else f"{_quantite(ligne['taux'])}\u00a0%",
            "renvoi": renvois.index(exoneree) + 1 if exoneree else None,
        }

    def taxes(self, facture: Mapping[str, Any]) -> list[dict[str, str]]:
        if not Decimal(facture["total_taxe"]):
            return []
        return [
            {"libelle": _("Total hors taxes"), "montant": self.montant(facture["total_ht"])},
            {"libelle": _("TVA"), "montant": self.montant(facture["total_taxe"])},
        ]

    def paiement(self, paiement: Mapping[str, Any]) -> dict[str, str]:
        reference = paiement["reference"]
        if paiement["recu"] is not None:
            recu, rendu = self.montant(paiement["recu"]), self.montant(paiement["rendu"])
            reference = _("reçu %(recu)s, rendu %(rendu)s") % {"recu": recu, "rendu": rendu}
        return {"moyen": paiement["libelle"], "reference": reference, "montant": self.montant(paiement["montant"])}

    def soldes(self) -> list[dict[str, str]]:
        d = self.donnees
        soldes = []
        if Decimal(d["deja_regle"]) or Decimal(d["reste_du"]):
            soldes.append({"libelle": _("Versé ce jour"), "montant": self.montant(d["montant"])})
        if Decimal(d["deja_regle"]):
            soldes.append({"libelle": _("Déjà réglé"), "montant": self.montant(d["deja_regle"])})
        return [*soldes, {"libelle": _("Reste dû"), "montant": self.montant(d["reste_du"])}]


def _quantite(texte: str) -> str:
    """« 2 », « 0,5 », « 19,25 »: no zeros at the end, a comma."""
    return f"{Decimal(texte).normalize():f}".replace(".", ",")
