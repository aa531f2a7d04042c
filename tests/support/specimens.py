"""A row of every table of ours, in two tenants, committed: what the tests of the second wall attack.

The rows are made by `make_specimens(tenant)` of each `apps/<app>/tests/**/specimens.py`, called in
the tenant's scope, lowest app first; a service's side effects count. When you add a model, make
sure that one of its rows appears there: a closed table without a row fails `tests/test_walls.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from uuid import UUID

from django.conf import settings
from django.db import models

from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.installer import house_apps, house_models, row_security_of
from apps.socle.scope import scope


@dataclass
class Specimens:
    """Two tenants and, for each, the key of one row of each table that row level security closes."""

    tenant: Tenant
    other: Tenant
    keys: dict[tuple[UUID, str], UUID] = field(default_factory=dict)

    def key(self, model: type[models.Model], tenant: Tenant | None = None) -> UUID:
        """Return the key of a row of `model`. Fails when no `specimens.py` made one."""
        owner = tenant or self.tenant
        found = self.keys.get((owner.pk, model._meta.label))
        assert found, f"no specimen of {model._meta.label}: let a specimens.py of its app make one"
        return found


def closed_models() -> list[type[models.Model]]:
    """Return the models of ours whose rows belong to somebody."""
    return [m for m in house_models() if (rows := row_security_of(m)) and rows.kind != "open"]


def make_specimens() -> Specimens:
    """Make both tenants and their rows; every row is committed."""
    made = Specimens(make_tenant(), make_tenant(slug="saint-luc", name="Clinique Saint-Luc"))
    for tenant in (made.tenant, made.other):
        for module in _modules():
            with scope(tenant.pk):
                module.make_specimens(tenant)
        with scope(tenant.pk):
            for model in closed_models():
                row = model._default_manager.order_by("pk").first()
                if row is not None:
                    made.keys[tenant.pk, model._meta.label] = row.pk
    return made


def _modules() -> list[ModuleType]:
    root = Path(settings.BASE_DIR)
    paths = [path for config in house_apps() for path in sorted((Path(config.path) / "tests").rglob("specimens.py"))]
    return [import_module(".".join(path.relative_to(root).with_suffix("").parts)) for path in paths]
