"""What must exist before the first receipt: tills, cashiers and prices that the paper names and the books lack."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from apps.comptabilite.caisse.reprise.controles import Passage
from apps.comptabilite.caisse.reprise.papier import LigneDeRecette
from apps.comptabilite.caisse.reprise.registres import Registres
from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.hospital.services import enregistrer_tarif
from apps.organisations.models import Tenant
from apps.organisations.services.create_user import create_user
from apps.socle.actors import Acteur
from apps.socle.commands import command

UN_JOUR = timedelta(days=1)
Tarifs = dict[str, list[tuple[date, date | None]]]


@dataclass(frozen=True)
class Manques:
    """What the paper names and the tenant lacks; `tarifs` are the rows whose price the code gets from their day on."""

    caisses: tuple[str, ...]
    caissiers: tuple[str, ...]
    patients: tuple[str, ...]
    tarifs: tuple[LigneDeRecette, ...]


def manques(passages: Sequence[Passage], registres: Registres) -> Manques:
    """Return what the visits need that the books lack, in a stable order."""
    lignes = [ligne for passage in passages for ligne in passage.lignes]
    rangees = [*lignes, *(paiement for passage in passages for paiement in passage.paiements)]
    return Manques(
        caisses=tuple(sorted({x.caisse for x in rangees} - registres.caisses.keys())),
        caissiers=tuple(sorted({x.caissier for x in rangees} - registres.caissiers.keys())),
        patients=tuple(sorted({ligne.patient_numero for ligne in lignes} - registres.patients.keys())),
        tarifs=tuple(_tarifs_manquants(lignes, registres.tarifs)),
    )


def _tarifs_manquants(lignes: Iterable[LigneDeRecette], connus: Tarifs) -> Iterable[LigneDeRecette]:
    """Yield, for each code, a row of each first day on which it has no tariff: its usual price and label of the file."""
    par_code: dict[str, list[LigneDeRecette]] = defaultdict(list)
    for ligne in lignes:
        par_code[ligne.code].append(ligne)
    for code, siennes in sorted(par_code.items()):
        periodes = list(connus.get(code, ()))
        usuelle = _usuelle(siennes)
        for ligne in sorted(siennes, key=lambda x: (x.jour, x.ligne)):
            if not any(du <= ligne.jour and (au is None or ligne.jour <= au) for du, au in periodes):
                yield replace(usuelle, date_heure=ligne.date_heure)
                suivant = min((du for du, _au in periodes if du > ligne.jour), default=None)
                periodes.append((ligne.jour, suivant - UN_JOUR if suivant else None))


def _usuelle(lignes: Sequence[LigneDeRecette]) -> LigneDeRecette:
    """Return a row with the price, label and type that the paper gives most often: not the one somebody mistyped."""
    sortes = Counter((x.prix_unitaire, x.libelle, x.type_recette) for x in lignes)
    [(usuelle, _fois)] = sortes.most_common(1)
    return next(x for x in lignes if (x.prix_unitaire, x.libelle, x.type_recette) == usuelle)


@command
def preparer(*, manque: Manques, tenant: Tenant, acteur: Acteur) -> None:
    """Make the tills, the cashiers (inactive: they wrote on paper, they never signed in) and the tariffs that lack.

    Raises BusinessError where one cannot be made; then none is.
    """
    for code in manque.caisses:
        creer_caisse(code=code, libelle=f"Caisse {code}", acteur=acteur)
    for identifiant in manque.caissiers:
        prenom, nom = nom_de_caissier(identifiant)
        create_user(
            tenant=tenant,
            username=identifiant,
            first_name=prenom,
            last_name=nom,
            role="caissier",
            acteur=acteur,
            is_active=False,
        )
    for ligne in manque.tarifs:
        enregistrer_tarif(
            code=ligne.code,
            nom=ligne.libelle,
            type_recette=ligne.type_recette,
            montant=ligne.prix_unitaire,
            valide_du=ligne.jour,
            acteur=acteur,
        )


def nom_de_caissier(identifiant: str) -> tuple[str, str]:
    """Return (first name, name) from a login of the paper: `amina.caisse` is Amina Caisse, `rose` is Rose."""
    prenom, _point, nom = identifiant.partition(".")
    return prenom.capitalize(), nom.replace(".", " ").title()
