"""Who did it: the trail in the write's own transaction, the log of requests outside of it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import ProgrammingError, connection, transaction
from django.http import HttpResponse, JsonResponse
from django.test import RequestFactory

from apps.organisations.models import Membership
from apps.organisations.tests.factories import PASSWORD, acteur_of, make_acteur, make_tiers, make_user
from apps.socle.actors import SYSTEM, Acteur, ActorKind, takeover_actor
from apps.socle.audit import record
from apps.socle.fields import uuid7
from apps.socle.middleware import MAX_BODY, AuditMiddleware, RequestMiddleware, client_ip
from apps.socle.models import AuditLog, AuditTrail
from apps.socle.redaction import HIDDEN
from apps.socle.scope import ScopeMissing, scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database


# Actors --------------------------------------------------------------------------------


def test_the_kinds_of_actor_are_told_apart():
    amina = Acteur(ActorKind.USER, uuid7(), "Amina Ngo", role="caissier")
    assert (amina.is_person, amina.is_takeover) == (True, False)
    assert (SYSTEM.is_person, SYSTEM.id, SYSTEM.label) == (False, None, "Système")
    takeover = takeover_actor("caisse de papier")
    assert (takeover.is_takeover, takeover.is_person, takeover.label) == (True, False, "Reprise : caisse de papier")


# The trail -----------------------------------------------------------------------------


def test_a_write_says_who_what_and_from_where(tenant):
    acteur, tiers = make_acteur(tenant), make_tiers(tenant)
    record("renamed", tiers, acteur, old={"nom": "A"}, new={"nom": "B"}, reason="Erreur de frappe")
    row = AuditTrail.objects.get(action="renamed")
    assert (row.user_id, row.acteur_kind, row.acteur_label) == (acteur.id, "user", acteur.label)
    assert (row.model_type, row.model_id) == ("organisations.Tiers", tiers.pk)
    assert (row.old_values, row.new_values, row.reason) == ({"nom": "A"}, {"nom": "B"}, "Erreur de frappe")
    assert (row.ip_address, row.user_agent) == ("192.0.2.7", "tests")
    assert row.tenant_id == tenant.pk


def test_the_trail_is_of_a_tenant(tenant, autre_tenant):
    record("seen", make_tiers(tenant), SYSTEM)
    with scope(autre_tenant.pk):
        assert not AuditTrail.objects.filter(action="seen").exists()


def test_no_trail_without_a_scope(db):
    from apps.organisations.models import Role

    with pytest.raises(ScopeMissing):
        record("seen", Role.objects.first(), SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_the_trail_goes_with_the_write_that_it_tells_of(committed_tenant):
    with scope(committed_tenant.pk):
        record("rolled_back", make_tiers(committed_tenant), SYSTEM)
        transaction.set_rollback(True)
    with scope(committed_tenant.pk):
        assert not AuditTrail.objects.filter(action="rolled_back").exists()


# The log of requests -------------------------------------------------------------------


def answer(request, response: HttpResponse | None = None, view=None) -> HttpResponse:
    """Pass `request` through the middleware, as a stranger's unless it has a user."""
    return RequestMiddleware(AuditMiddleware(view or (lambda _request: response or HttpResponse())))(request)


def logged() -> list[AuditLog]:
    """Return the rows of no tenant; only an owner of all rows may read them."""
    return list(AuditLog.objects.all())


@pytest.fixture
def kept(monkeypatch) -> list[AuditLog]:
    """What would be written, for requests of no tenant, which nobody here may read again."""
    rows: list[AuditLog] = []
    monkeypatch.setattr("apps.socle.middleware._save", lambda row, _tenant: rows.append(row))
    return rows


rf = RequestFactory()
FORM = "application/x-www-form-urlencoded"


def post_form(path: str, values: dict):
    return rf.post(path, urlencode(values, doseq=True), content_type=FORM)


@pytest.mark.parametrize(
    ("method", "status", "recorded"),
    [("GET", 200, 0), ("GET", 302, 0), ("HEAD", 200, 0), ("GET", 404, 1), ("POST", 200, 1), ("DELETE", 403, 1)],
)
def test_what_writes_or_is_refused_is_recorded(kept, method, status, recorded):
    answer(rf.generic(method, "/x/"), HttpResponse(status=status))
    assert [(row.method, row.status_code) for row in kept] == [(method, status)] * recorded


def test_each_request_has_an_id_that_its_answer_bears(kept):
    first, second = (answer(rf.post("/x/")) for _ in range(2))
    assert [str(row.request_id) for row in kept] == [first["X-Request-Id"], second["X-Request-Id"]]
    assert first["X-Request-Id"] != second["X-Request-Id"]


def test_a_form_is_kept_without_what_is_nobodys_business(kept):
    form = {
        "password": PASSWORD, "montant": "11500", "reference": "4111 1111 1111 1111", "observations": "Suspicion de paludisme",
        "motif": "grossesse", "csrfmiddlewaretoken": "x", "quantite": ["1", "2"],
    }  # fmt: skip
    answer(post_form("/x/?q=fotso&etat=EN_ATTENTE", form))
    [row] = kept
    body = json.loads(row.request_body)
    assert (body["montant"], body["quantite"]) == (["11500"], ["1", "2"])
    assert {name for name, value in body.items() if value == [HIDDEN]} == {
        "password",
        "reference",
        "observations",
        "motif",
        "csrfmiddlewaretoken",
    }
    assert json.loads(row.query_params) == {"q": [HIDDEN], "etat": ["EN_ATTENTE"]}


def test_json_is_kept_the_same_way_as_deep_as_it_goes(kept):
    payload = {
        "lignes": [{"patient": {"nom": "Mbarga"}, "prix": 5000, "carte": 4111111111111111, "n": 4111111111111111}]
    }
    answer(rf.post("/x/", payload, content_type="application/json"))
    assert json.loads(kept[0].request_body) == {
        "lignes": [{"patient": {"nom": HIDDEN}, "prix": 5000, "carte": HIDDEN, "n": HIDDEN}]
    }


@pytest.mark.parametrize(
    "body",
    ["{", '"\\ud800"', "[" * 100_000, "9" * 5000, '{"a": "\\u0000"}', "null", "[1, 2]"],
    ids=["broken", "half a surrogate", "too deep", "too long a number", "NUL", "null", "list"],
)
def test_no_body_can_break_the_log(kept, body):
    assert answer(rf.post("/x/", body, content_type="application/json")).status_code == 200
    kept[0].request_body.encode()
    assert "\x00" not in kept[0].request_body


def test_a_body_that_cannot_be_read_is_the_views_to_refuse(kept, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    def view(request):
        try:
            return HttpResponse(request.body)
        except RequestDataTooBig:
            return HttpResponse(status=413)

    assert answer(rf.post("/x/", "x" * 100, content_type="application/json"), view=view).status_code == 413
    assert kept[0].request_body == "[corps illisible]"


def test_of_an_upload_only_that_it_is_one_is_kept(kept):
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer(rf.post("/x/", {"fichier": SimpleUploadedFile("radio-mbarga.png", b"x"), "nom": "Mbarga"}))
    assert kept[0].request_body == "[formulaire avec fichier]"


def test_of_an_answer_only_a_refusals_code_is_kept(kept):
    answer(
        rf.post("/x/"), JsonResponse({"code": "amount-short", "status": 422, "detail": "Mbarga doit 700"}, status=422)
    )
    answer(rf.post("/x/"), HttpResponse("Mbarga", status=422))
    answer(rf.post("/x/"), JsonResponse([1], safe=False, status=400))
    answer(rf.post("/x/"), JsonResponse({"nom": "Mbarga"}))
    assert [row.response_body for row in kept] == ['{"code": "amount-short", "status": 422}', "", "", ""]


def test_long_and_odd_requests_fit(db):
    request = rf.generic("PROPFINDPROPFIND", "/" + "x" * 600, headers={"user-agent": "a\x00b" * 1000})
    request.path += "\x00"
    assert answer(request).status_code == 200
    form = {"champ": ["x"] * 1500, "autre": ["y" * 60] * 300}
    assert answer(post_form("/x/", form)).status_code == 200
    assert len(json.dumps(form)) > MAX_BODY


def test_rows_of_no_tenant_are_written_and_read_by_nobody_here(db):
    answer(rf.post("/compte/login/", {"login": "amina", "password": "x"}))
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from socle_auditlog")
        assert cursor.fetchone()[0] == 0
    with pytest.raises(ScopeMissing):
        logged()


@pytest.mark.django_db(transaction=True)
def test_a_real_sign_in_and_its_end_name_the_person(committed_tenant, client):
    user = make_user(committed_tenant, username="amina.caisse")
    for password in ("faux", PASSWORD):
        form = urlencode({"login": user.username, "password": password})
        client.post("/compte/login/", form, content_type=FORM)
    client.post("/compte/logout/")
    with connect_as("maintenance") as everything:
        rows = everything.execute(
            "select path, user_id, status_code, request_body from socle_auditlog order by timestamp"
        ).fetchall()
    assert [(path, who) for path, who, _status, _body in rows] == [
        ("/compte/login/", None),
        ("/compte/login/", user.pk),
        ("/compte/logout/", user.pk),
    ]
    assert all(PASSWORD not in body and "faux" not in body and "amina" not in body for *_rest, body in rows)


def test_the_log_of_a_tenant_is_its_own(tenant, autre_tenant):
    user = make_user(tenant)
    request = rf.post("/sainte-odile/x/")
    request.user, request.tenant = user, tenant
    request.membership = Membership.objects.select_related("role").get(user=user)
    answer(request)
    row = AuditLog.objects.get()
    assert (row.tenant_id, row.user_id, row.user_role) == (tenant.pk, user.pk, "caissier")
    with scope(autre_tenant.pk):
        assert not AuditLog.objects.exists()


def test_neither_log_nor_trail_is_written_for_another_tenant(tenant, autre_tenant):
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        AuditLog.objects.create(tenant_id=autre_tenant.pk, request_id=uuid7(), method="POST", path="/", status_code=200)


# Where from ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "address"),
    [
        (0, "198.51.100.7", "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.7", "192.0.2.1", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "192.0.2.1", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7", "192.0.2.1", "203.0.113.9"),
        (2, "198.51.100.7", "192.0.2.1", "192.0.2.1"),
        (1, "", "192.0.2.1", "192.0.2.1"),
        (1, "n’importe quoi", "192.0.2.1", ""),
        (0, "", "", ""),
        (0, "", "2001:DB8::1", "2001:db8::1"),
        (0, "", "fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_clients_address_is_what_our_own_proxy_wrote(settings, proxies, forwarded, peer, address):
    """What a client claims about itself is not believed."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_ip(request) == address


def test_an_actor_of_the_factories_is_a_member(tenant):
    user = make_user(tenant, "comptable")
    assert acteur_of(user, tenant).role == "comptable"
