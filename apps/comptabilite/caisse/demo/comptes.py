"""The demonstration's accounts: made once, their random passwords in a file that only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from apps.comptabilite.caisse.demo.etablissements import Etablissement, Personne
from apps.organisations.models import Membership, Tenant, User
from apps.organisations.services.create_user import create_user, grant_membership
from apps.organisations.services.set_password import set_password
from apps.socle.actors import SYSTEM
from apps.socle.scope import scope

FICHIER = "demo-accounts.json"
LETTRES = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing to confuse when it is read from a screen
Compte = dict[str, str]


def nouveau_mot_de_passe() -> str:
    """Return 79 random bits in four groups: « k7mq-x2ht-9rpw-5dn3 »."""
    return "-".join("".join(secrets.choice(LETTRES) for _rang in range(4)) for _groupe in range(4))


def lire_comptes(dossier: Path) -> list[Compte]:
    """Return the accounts written in `dossier`, none when the file is not there."""
    fichier = dossier / FICHIER
    return json.loads(fichier.read_text(encoding="utf-8")) if fichier.exists() else []


def ecrire_comptes(dossier: Path, comptes: Iterable[Compte]) -> None:
    """Replace the file as a whole, mode 0600 from its first byte."""
    dossier.mkdir(parents=True, exist_ok=True)
    provisoire = dossier / f".{FICHIER}.{os.getpid()}"
    descripteur = os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descripteur, "w", encoding="utf-8") as fichier:
        json.dump(list(comptes), fichier, ensure_ascii=False, indent=2)
    provisoire.replace(dossier / FICHIER)


def assurer_comptes(etablissement: Etablissement, tenant: Tenant, connus: list[Compte]) -> list[Compte]:
    """Make the people of `etablissement` that are missing; return their accounts in order.

    An account whose password is not in `connus` (the file was lost) gets a new one.
    """
    return [_assurer(personne, tenant, connus) for personne in etablissement.personnes]


def _assurer(personne: Personne, tenant: Tenant, connus: list[Compte]) -> Compte:
    nom = personne.email or f"{personne.identifiant}@{tenant.slug}"
    mot_de_passe = next((compte["password"] for compte in connus if compte["username"] == nom), "")
    with scope(tenant.id):
        user = User.objects.filter(username=nom).first()
        if user is None:
            mot_de_passe = nouveau_mot_de_passe()
            create_user(
                tenant=tenant,
                username=personne.identifiant,
                first_name=personne.prenom,
                last_name=personne.nom,
                role=personne.role,
                email=personne.email,
                password=mot_de_passe,
                acteur=SYSTEM,
            )
        else:
            if not Membership.objects.filter(user=user).exists():
                grant_membership(tenant=tenant, user=user, role=personne.role, acteur=SYSTEM)
            if not mot_de_passe:
                mot_de_passe = nouveau_mot_de_passe()
                set_password(user=user, password=mot_de_passe, acteur=SYSTEM)
    compte = {"role": personne.role, "tenant": tenant.slug, "username": nom, "password": mot_de_passe}
    connus.append(compte)
    return compte
