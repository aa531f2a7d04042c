"""Who works in the demonstration: two hospitals, their people, their tills."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from apps.organisations.models import Tenant
from apps.organisations.services.create_tenant import TenantToCreate


@dataclass(frozen=True)
class Personne:
    """An account to make; with an e-mail address it may work in several hospitals."""

    role: str
    identifiant: str
    prenom: str
    nom: str
    email: str | None = None


@dataclass(frozen=True)
class Etablissement:
    """A hospital of the demonstration; `caisses` are the tills beside C1."""

    slug: str
    nom: str
    raison_sociale: str
    adresse: dict[str, str]
    telephone: str
    email: str
    niu: str
    rccm: str
    personnes: tuple[Personne, ...]
    caisses: tuple[str, ...] = field(default=())

    def a_creer(self, premier_jour: date) -> TenantToCreate:
        """Return what `create_tenant` wants: a sandbox whose books are open on `premier_jour`."""
        return TenantToCreate(
            kind=Tenant.Kind.HOPITAL,
            name=self.nom,
            legal_name=self.raison_sociale,
            slug=self.slug,
            environment=Tenant.Environment.SANDBOX,
            address=self.adresse,
            contact_phone=self.telephone,
            contact_email=self.email,
            niu=self.niu,
            rccm=self.rccm,
            options={"premier_jour": premier_jour},
        )


COMPTABLE = Personne("comptable", "jean.comptable", "Jean", "Eyenga", email="jean.comptable@cauris.example")

SAINTE_ODILE = Etablissement(
    slug="sainte-odile",
    nom="Hôpital Sainte-Odile",
    raison_sociale="Fondation hospitalière Sainte-Odile",
    adresse={"line1": "Rue Drouot, Akwa", "line2": "BP 4210", "city": "Douala", "country_name": "Cameroun"},
    telephone="2 33 42 18 60",
    email="caisse@sainte-odile.example",
    niu="M081712345678A",
    rccm="RC/DLA/2017/B/1234",
    caisses=("C2", "C3"),
    personnes=(
        Personne("caissier", "amina.caisse", "Amina", "Ngo Bassong"),
        COMPTABLE,
        Personne("administrateur", "marthe.admin", "Marthe", "Essono"),
        Personne("medecin", "serge.medecin", "Serge", "Mballa"),
        Personne("auditeur", "fanta.audit", "Fanta", "Koné"),
        Personne("caissier", "rose.caisse", "Rose", "Tchoumi"),
        Personne("caissier", "paul.caisse", "Paul", "Fotso"),
    ),
)
SAINT_LUC = Etablissement(
    slug="saint-luc",
    nom="Clinique Saint-Luc",
    raison_sociale="Clinique Saint-Luc SARL",
    adresse={"line1": "Carrefour Bastos", "city": "Yaoundé", "country_name": "Cameroun"},
    telephone="2 22 20 11 34",
    email="accueil@saint-luc.example",
    niu="M021998765432B",
    rccm="RC/YAO/2019/B/0877",
    personnes=(Personne("caissier", "lea.caisse", "Léa", "Abega"), COMPTABLE),
)
