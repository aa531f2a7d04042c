"""Every address × every role, read from the resolver: a new address without an expectation fails here.

The table of roles is written out by hand, so that a changed permission fails a test. It says who
opens an address and how; everybody else of the house reads 403, a member of another house 404 as
on any of its addresses, and who has not signed in is led to the door. Objects of another house
are 404 for who may open those of his own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.test import Client
from pytest_django import DjangoDbBlocker

from apps.organisations.models import Tenant, User
from apps.organisations.permissions import ROLES
from apps.organisations.tests.factories import make_user
from apps.socle.fields import uuid7
from apps.socle.scope import scope
from tests.support.specimens import Specimens
from tests.support.urls import PUBLIC, STAFF, Address, addresses, cashier_at_work, samples_of

ADM, CAI, COM, MED, AUD = "administrateur", "caissier", "comptable", "medecin", "auditeur"
ALL = (ADM, CAI, COM, MED, AUD)


@dataclass(frozen=True)
class Opens:
    """Who opens an address, with which status (`but` for some); `post` when it answers to POST alone."""

    roles: tuple[str, ...]
    status: int = 200
    post: bool = False
    but: dict[str, int] = field(default_factory=dict)

    def to_get(self, role: str) -> int:
        """Return the status that a GET by `role`, who may open the address, comes back with."""
        return 405 if self.post else self.but.get(role, self.status)


def post(*roles: str) -> Opens:
    return Opens(roles, post=True)


def get(*roles: str, status: int = 200, but: dict[str, int] | None = None) -> Opens:
    return Opens(roles, status, but=but or {})


EXPECTED: dict[str, Opens] = {
    "home": get(*ALL, but={CAI: 302}),  # whose home is the till
    "theme": post(*ALL),
    "set_language": get(*ALL, status=302),
    "caisse:encaisser": get(CAI),
    "caisse:factures": get(ADM, CAI, COM, AUD),
    "caisse:traiter": get(COM, status=302),  # a GET leads back to the list
    "caisse:facture": get(ADM, CAI, COM, AUD),
    "caisse:corriger": get(CAI),
    "caisse:encaisser_facture": get(CAI),
    "caisse:quittances": get(ADM, CAI, COM, AUD),
    "caisse:exporter_factures": get(ADM, CAI, COM, AUD),
    "caisse:exporter_quittances": get(ADM, CAI, COM, AUD),
    "caisse:quittance": get(ADM, CAI, COM, AUD),
    "caisse:original": get(ADM, CAI, COM, AUD, but={ADM: 404, COM: 404, AUD: 404}),  # handed over by its cashier
    "caisse:reimprimer": post(CAI, COM),
    "caisse:duplicata": get(ADM, CAI, COM, AUD),
    "caisse:reprises": get(ADM, COM, AUD),
    "caisse:reprise": get(ADM, COM, AUD),
    "caisse:conduire_reprise": post(ADM, COM),
    "caisse:rapport_reprise": get(ADM, COM, AUD),
    "caisse:session": get(CAI),
    "caisse:ouvrir": post(CAI),
    "caisse:fermer": post(CAI),
    "caisse:une_session": get(ADM, CAI, COM, AUD),
    "caisse:regle": get(ADM, CAI, COM, AUD),
    "facturation:facture": get(CAI, COM, AUD),
    "fiscal:chain": get(ADM, COM, AUD),
    "fiscal:link": get(ADM, COM, AUD),
    "fiscal:proof": get(ADM, CAI, COM, AUD),
    "fiscal:proof_file": get(ADM, CAI, COM, AUD),
    "fiscal:verifier": get(ADM, CAI, COM, AUD),
    "fiscal:continuity": get(ADM, COM, AUD),
    "fiscal:archive": get(ADM, COM, AUD),
    "fiscal:verify": post(ADM, COM),
    "fiscal:anchors": get(ADM, COM, AUD),
    "fiscal:checks": get(ADM, COM, AUD),
    "fiscal:check": get(ADM, COM, AUD),
    "fiscal:answer": post(ADM, COM),
    "fiscal:closings": get(ADM, COM, AUD),
    "fiscal:closing": get(ADM, COM, AUD),
    "fiscal:close": get(ADM, COM, status=303),  # the specimens' first day is closed: its page is its closing
    "fiscal:closing_hour": post(ADM, COM),
    "grand_livre:ecritures": get(COM, AUD),
    "grand_livre:valider": post(COM),
    "grand_livre:ecriture": get(COM, AUD),
    "grand_livre:centralisateur": get(COM, AUD),
    "grand_livre:balance": get(COM, AUD),
    "grand_livre:plan": get(ADM, COM, AUD),
    "grand_livre:compte": get(COM, AUD),
    "grand_livre:imputations": get(COM, AUD),
    "grand_livre:imputation": get(COM, AUD),
    "grand_livre:comptabiliser_toutes": post(COM),
    "grand_livre:ajouter_regle": post(COM),
    "grand_livre:comptabiliser": post(COM),
    "grand_livre:ouvrir_exercice": post(COM),
    "hospital:patients": get(CAI, COM, MED, AUD),
    "hospital:patient_recherche": get(CAI, COM, MED, AUD),
    "hospital:patient_creer": get(CAI, MED),
    "hospital:patient": get(CAI, COM, MED, AUD),
    "hospital:patient_modifier": get(CAI, MED),
    "hospital:visite": get(CAI, COM, MED, AUD),
    "hospital:visite_fermer": post(CAI, MED),
    "hospital:visite_confirmer": post(MED),
    "hospital:tarifs": get(*ALL),
    "hospital:tarif_recherche": get(*ALL),
    "hospital:tarif_creer": get(ADM, COM),
    "hospital:tarif": get(*ALL),
    "hospital:tarif_changer": get(ADM, COM),
    "membres:liste": get(ADM),
    "membres:ajouter": get(ADM),
    "membres:membre": get(ADM),
    "membres:fermer": post(ADM),
    "membres:rouvrir": post(ADM),
    "membres:mot_de_passe": post(ADM),
    "membres:mot_de_passe_remis": get(ADM),
    "mouvements:tiers": get(CAI, COM, AUD),
    "mouvements:compte": get(CAI, COM, AUD),
    "mouvements:ecriture": get(CAI, COM, AUD, status=302),
}

# The administration: its own pages, then (view, add, change) by model. Nobody deletes anything.
ADMIN_PAGES: dict[str, Opens] = {
    "admin:index": get(ADM, COM, AUD),
    "admin:login": get(ADM, COM, AUD, status=302),
    "admin:logout": post(ADM, COM, AUD),
    "admin:password_change": get(ADM, COM, AUD, status=302),
    "admin:password_change_done": get(ADM, COM, AUD),
    "admin:autocomplete": get(ADM, COM, AUD),
    "admin:jsi18n": get(ADM, COM, AUD),
    "admin:app_list": get(ADM, COM, AUD),
}
NOBODY: tuple[str, ...] = ()
REFERENCE = ((ADM, COM, AUD), (ADM, COM), (ADM, COM))
ADMIN_MODELS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "comptabilite.comptecomptable": REFERENCE,
    "comptabilite.exercice": ((ADM, COM, AUD), NOBODY, NOBODY),
    "comptabilite.journal": REFERENCE,
    "comptabilite.periode": ((ADM, COM, AUD), NOBODY, NOBODY),
    "comptabilite.regleimputation": REFERENCE,
    "facturation.invoice": ((COM, AUD), NOBODY, NOBODY),
    "facturation.invoicesequence": ((ADM, COM, AUD), NOBODY, NOBODY),
    "facturation.taxrule": ((ADM, COM, AUD), NOBODY, NOBODY),
    "fiscal.fiscalanchor": ((ADM, COM, AUD), NOBODY, NOBODY),
    "fiscal.fiscalclosing": ((ADM, COM, AUD), NOBODY, NOBODY),
    "fiscal.fiscalentry": ((ADM, COM, AUD), NOBODY, NOBODY),
    "fiscal.fiscalintegrityanswer": ((ADM, COM, AUD), NOBODY, NOBODY),
    "fiscal.fiscalintegritycheck": ((ADM, COM, AUD), NOBODY, NOBODY),
    "fiscal.fiscalkey": ((ADM, COM, AUD), NOBODY, NOBODY),
    "fiscal.fiscalsequence": ((ADM, COM, AUD), NOBODY, NOBODY),
    "hospital.hospital": ((ADM, COM, AUD), NOBODY, (ADM,)),
    "hospital.hospitalacttarif": ((ADM, COM, AUD), NOBODY, NOBODY),
    "hospital.hospitalexamtarif": ((ADM, COM, AUD), NOBODY, NOBODY),
    "hospital.service": ((ADM, COM, AUD), (ADM,), (ADM,)),
    "mouvements.mouvementfinancier": ((COM, AUD), NOBODY, NOBODY),
    "mouvements.soldetiers": ((COM, AUD), NOBODY, NOBODY),
    "organisations.membership": ((ADM, AUD), NOBODY, NOBODY),
    "organisations.tenant": ((ADM, COM, AUD), NOBODY, NOBODY),
    "organisations.tiers": ((ADM, COM, AUD), NOBODY, NOBODY),
}

# Outside every house: (anonymous, signed in). "door": led to the sign-in page.
PUBLIC_PAGES: dict[str, tuple[int | str, int]] = {
    "choose_tenant": ("door", 302),
    "health": (200, 200),
    "live": (200, 200),
    "ready": (200, 200),
    "theme": (405, 405),
    "set_language": (302, 302),
    "account_login": (200, 302),
    "account_logout": (302, 200),
    "account_inactive": (200, 200),
    "account_signup": (200, 302),  # « les inscriptions sont fermées »
    "account_reauthenticate": ("door", 200),
    "account_email": (404, 404),
    "account_email_verification_sent": (404, 404),
    "account_change_password": ("door", 200),
    "account_set_password": (404, 404),
    "account_reset_password": (200, 200),
    "account_reset_password_done": (200, 200),
    "account_reset_password_from_key": (200, 200),  # « ce lien ne sert plus »
    "account_reset_password_from_key_done": (200, 200),
    "account_confirm_login_code": (404, 404),
    "account_confirm_email": (404, 404),
    "mfa_index": ("door", 200),
    "mfa_authenticate": (302, 302),
    "mfa_reauthenticate": ("door", 302),
    "mfa_activate_totp": ("door", 302),
    "mfa_deactivate_totp": ("door", 404),
    "mfa_view_recovery_codes": ("door", 404),
    "mfa_generate_recovery_codes": ("door", 302),
    "mfa_download_recovery_codes": ("door", 404),
}
PUBLIC_SAMPLES = {"key": "rien", "uidb36": "0"}

STAFF_ADDRESSES = addresses(STAFF)
HOUSE = [a for a in STAFF_ADDRESSES if not a.is_admin and not a.is_allauth]


# Fixtures -------------------------------------------------------------------------------


@dataclass
class Houses:
    """Two houses with the same rows, the clients of one's members by role, and a stranger to it."""

    tenant: Tenant
    clients: dict[str, Client]
    stranger: Client
    samples: dict[str, Any]
    foreign: dict[str, Any]
    specimens: Specimens

    def key(self, model: type[models.Model], mine: bool = True) -> Any:
        """Return the key of a row of `model`, in this house or in the other; the law's are everybody's."""
        tenant = self.tenant if mine else self.specimens.other
        if (tenant.pk, model._meta.label) in self.specimens.keys:
            return self.specimens.key(model, tenant)
        with scope(tenant.pk):
            return model._base_manager.values_list("pk", flat=True)[0]


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


@pytest.fixture(scope="module")
def houses(specimens: Specimens, django_db_blocker: DjangoDbBlocker) -> Iterator[Houses]:
    patch = pytest.MonkeyPatch()
    patch.setattr(settings, "SECOND_FACTOR", "optional")  # the second factor has its own tests
    with django_db_blocker.unblock():
        tenant = specimens.tenant
        people = {role: make_user(tenant, role) for role in ROLES if role != CAI}
        people[CAI] = User.objects.get(pk=cashier_at_work(tenant))
        yield Houses(
            tenant=tenant,
            clients={role: client_of(user) for role, user in people.items()},
            stranger=client_of(make_user(specimens.other, ADM)),
            samples=samples_of(tenant),
            foreign=samples_of(specimens.other)
            | {
                "numero": "9999",
                "sequence_number": 999_999,
                "fiscal:close": {"periodicity": "jour", "day": "2026-02-30"},
            },
            specimens=specimens,
        )
    patch.undo()


def refused(client: Client, path: str, method: str) -> int:
    """Return the last status: the administration leads a refused member to its door, which says 403."""
    return getattr(client, method)(path, follow=path.split("/")[2] == "admin").status_code


def check(houses: Houses, path: str, expected: Opens, query: str = "") -> None:
    """Try `path` as everybody: nobody's session, a stranger, each role."""
    anonymous = Client().get(path)
    assert (anonymous.status_code, anonymous["Location"].partition("?")[0]) == (302, "/compte/login/")
    assert houses.stranger.get(path).status_code == 404
    assert houses.stranger.post(path).status_code == 404
    for role, client in houses.clients.items():
        if role in expected.roles:
            status = client.get(path + query).status_code
            assert status == expected.to_get(role), (role, path, status)
        else:
            for method in ("get", "post"):
                status = refused(client, path + query, method)
                assert status == 403, (role, method, path, status)


# The table is whole ---------------------------------------------------------------------


def test_every_staff_address_has_an_expectation() -> None:
    assert {a.name for a in HOUSE} == EXPECTED.keys()


def test_every_public_address_has_an_expectation() -> None:
    assert {a.name for a in addresses(PUBLIC)} == PUBLIC_PAGES.keys()


def test_every_page_of_the_administration_has_an_expectation() -> None:
    of_models = {
        f"admin:{label.replace('.', '_')}_{page}"
        for label in ADMIN_MODELS
        for page in ("changelist", "add", "history", "delete", "change")
    }
    assert {a.name for a in STAFF_ADDRESSES if a.is_admin} == ADMIN_PAGES.keys() | of_models


def test_every_role_is_tried() -> None:
    assert set(ROLES) == set(ALL)


def test_only_the_home_page_is_open_without_a_permission() -> None:
    shared = {"theme", "set_language"}
    assert {a.name for a in HOUSE if not getattr(a.view, "required_permissions", ())} == {"home"} | shared


# Each address, each person --------------------------------------------------------------


@pytest.mark.parametrize("address", HOUSE, ids=lambda a: a.name)
def test_address(address: Address, houses: Houses) -> None:
    expected = EXPECTED[address.name]
    slug = houses.tenant.slug
    check(houses, address.path(houses.samples, slug), expected)
    if address.arguments:
        elsewhere = address.path(houses.foreign, slug)
        for role in expected.roles:
            answer = getattr(houses.clients[role], "post" if expected.post else "get")(elsewhere)
            assert answer.status_code == 404, (role, elsewhere, answer.status_code)


@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_page_of_the_administration(name: str, houses: Houses) -> None:
    address = next(a for a in STAFF_ADDRESSES if a.name == name)
    samples = {"app_label": "comptabilite", "content_type_id": 1, "object_id": uuid7()}
    query = "?app_label=comptabilite&model_name=journal&field_name=compte_contrepartie&term=5"
    if name == "admin:logout":  # closes the session that the other tests use
        assert houses.clients[AUD].get(address.path(samples, houses.tenant.slug)).status_code == 405
        return
    check(houses, address.path(samples, houses.tenant.slug), ADMIN_PAGES[name], query)


@pytest.mark.parametrize("label", ADMIN_MODELS)
def test_model_in_the_administration(label: str, houses: Houses) -> None:
    model = next(m for m in admin.site._registry if m._meta.label_lower == label)
    view, add, change = ADMIN_MODELS[label]
    root = f"/{houses.tenant.slug}/admin/{label.replace('.', '/')}/"
    row = f"{root}{houses.key(model)}"
    check(houses, root, get(*view))
    check(houses, f"{root}add/", get(*add))
    check(houses, f"{row}/change/", get(*view))
    check(houses, f"{row}/history/", get(*view))
    check(houses, f"{row}/delete/", get())
    for role, client in houses.clients.items():
        if role in view and role not in change:
            assert client.post(f"{row}/change/", {}).status_code == 403, role
    if houses.key(model) != (foreign := houses.key(model, mine=False)):
        for role in view:
            for page in ("change", "history"):
                assert houses.clients[role].get(f"{root}{foreign}/{page}/").status_code == 404, (role, page)


@pytest.mark.parametrize("address", addresses(PUBLIC), ids=lambda a: a.name)
def test_public_address(address: Address, houses: Houses) -> None:
    path = address.path(PUBLIC_SAMPLES)
    anonymous, member = PUBLIC_PAGES[address.name]
    answer = Client().get(path)
    if anonymous == "door":
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/compte/login/")
    else:
        assert answer.status_code == anonymous
    assert houses.clients[CAI].get(path).status_code == member


@pytest.mark.parametrize("slug", ["sainte-odile", "aucune-maison"])
def test_allauth_under_a_slug_is_as_closed_as_the_house(slug: str, houses: Houses) -> None:
    for address in addresses(STAFF):
        if address.is_allauth:
            path = address.path(PUBLIC_SAMPLES, slug)
            assert houses.stranger.get(path).status_code == 404
            assert Client().get(path)["Location"].startswith("/compte/login/?next=")
