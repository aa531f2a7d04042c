"""`creer_tenant`: a tenant that can work at once, and its first administrator."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from apps.organisations.models import Tenant
from apps.organisations.services.create_tenant import TenantToCreate, create_tenant
from apps.organisations.services.create_user import create_user
from apps.socle.actors import SYSTEM
from apps.socle.management.base import HouseCommand
from apps.socle.scope import scope


class Command(HouseCommand):
    help = "Crée un établissement prêt à travailler : plan comptable, journaux, règles, exercice, numéros, clés, caisse, administrateur."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--genre", required=True, choices=Tenant.Kind.values)
        parser.add_argument("--nom", required=True)
        parser.add_argument("--slug", required=True)
        parser.add_argument("--pays", default="CM")
        parser.add_argument("--devise", default="XAF")
        parser.add_argument("--fuseau", default="Africa/Douala")
        parser.add_argument("--administrateur", default="admin", help="Nom du premier administrateur.")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = TenantToCreate(
            kind=options["genre"],
            name=options["nom"],
            slug=options["slug"],
            country=options["pays"],
            currency=options["devise"],
            time_zone=options["fuseau"],
        )
        password = secrets.token_urlsafe(15)
        with transaction.atomic():
            tenant = create_tenant(wanted=wanted, acteur=SYSTEM)
            with scope(tenant.id):
                user = create_user(
                    tenant=tenant,
                    username=options["administrateur"],
                    first_name="Première",
                    last_name="Administration",
                    role="administrateur",
                    password=password,
                    acteur=SYSTEM,
                )
        self.stdout.write(f"Établissement {tenant.name} créé : /{tenant.slug}/")
        self.stdout.write(f"Administrateur : {user.username}")
        self.stdout.write(f"Mot de passe (montré une seule fois) : {password}")
