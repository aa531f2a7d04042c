"""What the administration calls things: words that somebody chose, never what Django makes of a name in Python."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.test import Client, RequestFactory

from apps.comptabilite.grand_livre.models import CompteComptable
from apps.fiscal.admin import key_label
from apps.fiscal.models import FiscalClosing
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user
from apps.socle.fields import MoneyField
from apps.socle.screens.admin_values import column
from config.urls_staff import urlpatterns  # noqa: F401 - registers what the administration holds

SITE = admin.site


def held() -> Iterator[tuple[type[models.Model], Any]]:
    """Yield each model of the administration with its class, those that stand under another's page too."""
    for model, model_admin in SITE._registry.items():
        yield model, model_admin
        for inline in model_admin.inlines:
            yield inline.model, inline(model, SITE)


def shown(model: type[models.Model], page: Any) -> set[Any]:
    """Return what a page or a list shows of a model: names of fields, of methods, or what stands for them."""
    lists = [getattr(page, "list_display", ()), page.readonly_fields, page.fields or ()]
    lists += [options["fields"] for _title, options in page.fieldsets or ()]
    if not page.fields and not page.fieldsets:
        meta = getattr(page.form, "_meta", None)
        lists.append((meta and meta.fields) or [f.name for f in model._meta.fields if f.editable])
    return set(flatten(lists)) - {"__str__", "tenant"}


PAGES = [pytest.param(model, page, id=f"{type(page).__name__}-{model.__name__}") for model, page in held()]


@pytest.mark.parametrize(("model", "page"), PAGES)
def test_kinds_are_named_in_singular_and_plural(model: type[models.Model], page: Any) -> None:
    assert {"verbose_name", "verbose_name_plural"} <= set(model._meta.original_attrs) or page.verbose_name_plural


@pytest.mark.parametrize(("model", "page"), PAGES)
def test_what_is_shown_has_a_name_that_somebody_chose(model: type[models.Model], page: Any) -> None:
    derived = []
    for name in shown(model, page):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            found = getattr(page, name, None) or getattr(model, name)
            if not getattr(getattr(found, "fget", found), "short_description", None):
                derived.append(name)
        else:
            if field._verbose_name is None:
                derived.append(name)
    assert derived == []


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "page"), PAGES)
def test_no_amount_nor_object_is_shown_as_python_writes_it(model: type[models.Model], page: Any) -> None:
    if getattr(page, "has_change_permission", None) is None or not hasattr(page, "list_display"):
        return
    names = page.get_list_display(RequestFactory().get("/"))
    raw = [n for n in names if isinstance(n, str) and n != "__str__" and _is_raw(model, n)]
    assert raw == []


def _is_raw(model: type[models.Model], name: str) -> bool:
    try:
        return isinstance(model._meta.get_field(name), models.DecimalField | models.JSONField)
    except FieldDoesNotExist:
        return False


def test_amounts_rates_and_objects_in_the_house_s_words() -> None:
    closing = FiscalClosing(
        currency="XAF",
        closing_balance=Decimal("8319100.0000"),
        totals={"XAF": {"invoiced": "8319100", "taxed": {"19.25": {"base": "-1000", "tax": "0"}}}},
        unfinished=[{"kind": "<b>", "count": 2, "label": ""}],
    )
    words = {"invoiced": "facturé"}
    assert column(FiscalClosing, "closing_balance")(closing) == "8\u202f319\u202f100\u00a0FCFA"
    totals = column(FiscalClosing, "totals", _words)(closing)
    assert words["invoiced"] in totals
    assert "<dd>8\u202f319\u202f100\u00a0FCFA</dd>" in totals
    assert "<dd>\u22121\u202f000\u00a0FCFA</dd>" in totals
    assert "{" not in totals
    unfinished = column(FiscalClosing, "unfinished", _words)(closing)
    assert "&lt;b&gt;" in unfinished
    assert "<dd>–</dd>" in unfinished
    assert column(FiscalClosing, "closing_date", _words) == "closing_date"
    assert isinstance(FiscalClosing._meta.get_field("closing_balance"), MoneyField)


def test_keys_of_a_closing_are_words() -> None:
    assert [key_label(key) for key in ("invoiced", "19.25", "0", "ESPECES", "XAF", "first_sequence")] == [
        "facturé", "19,25\u00a0%", "0\u00a0%", "Espèces", "XAF", "premier maillon",
    ]  # fmt: skip


def _words(key: str) -> str:
    return {"invoiced": "facturé"}.get(key, key)


@pytest.mark.django_db
def test_pages_of_the_administration_show_them(tenant: Tenant, client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR = "optional"
    client.force_login(make_user(tenant, "comptable"))
    chart = client.get(f"/{tenant.slug}/admin/comptabilite/comptecomptable/").content.decode()
    assert "comptes du plan comptable" in chart
    account = CompteComptable.objects.order_by("numero").first()
    if account is not None:
        page = client.get(f"/{tenant.slug}/admin/comptabilite/comptecomptable/{account.pk}/change/").content.decode()
        assert "Numéro affiché" in page
