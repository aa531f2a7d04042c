"""Foreign keys go down, as imports do: a string key is invisible to import-linter.

Read twice: from the models as they are, and from the migrations, which another installation will replay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

# Top to bottom, as in the design; rooms of one floor do not know each other. Third parties stand below socle.
FLOORS = (
    ("insurance", "comptabilite", "tontine"),
    ("hospital",),
    ("mouvements",),
    ("facturation",),
    ("fiscal",),
    ("echanges",),
    ("organisations",),
    ("socle",),
)
HEIGHT = {app: len(FLOORS) - number for number, floor in enumerate(FLOORS) for app in floor}
USER_APP = settings.AUTH_USER_MODEL.partition(".")[0]

Edge = tuple[str, str, str]


def edges_of(registry: Apps) -> Iterator[Edge]:
    """Yield (app, target's app, which key) for each key and link of each model."""
    for model in registry.get_models(include_auto_created=True):
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            if field.related_model is not None and not isinstance(field.related_model, str):
                yield model._meta.app_label, field.related_model._meta.app_label, f"{model._meta.label}.{field.name}"


def migration_edges(loader: MigrationLoader) -> Iterator[Edge]:
    """Yield (app, app that it depends on, migration) for each dependency between migrations."""
    for (app, name), migration in loader.disk_migrations.items():
        for other, _name in migration.dependencies:
            yield app, USER_APP if other == "__setting__" else other, f"{app}.{name}"


def upward(edges: Iterable[Edge]) -> list[str]:
    """Return the edges that do not go down: to a higher floor, or to another room of the same one."""
    found = []
    for source, target, name in edges:
        allowed = source == target or HEIGHT.get(target, 0) < HEIGHT.get(source, 0)
        to_the_user = source not in HEIGHT and target in {*set(apps.app_configs) - set(HEIGHT), USER_APP}
        if not allowed and not to_the_user:
            found.append(f"{name} → {target}")
    return sorted(set(found))


def cycle(edges: Iterable[Edge]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for source, target, _name in edges:
        if source != target:
            graph.setdefault(source, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_every_app_of_ours_has_its_floor():
    assert {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")} == set(HEIGHT)


def test_keys_of_the_models_go_down():
    edges = list(edges_of(apps))
    assert ("hospital", "organisations", "hospital.Patient.tiers") in edges
    assert upward(edges) == []
    assert cycle(edges) == []


def test_keys_of_the_migrations_go_down(loader):
    edges = list(edges_of(loader.project_state().apps))
    assert len([edge for edge in edges if edge[0] in HEIGHT]) > 50
    assert upward(edges) == []
    assert cycle(edges) == []


def test_migrations_depend_on_what_stands_below(loader):
    edges = list(migration_edges(loader))
    assert upward(edges) == []
    assert cycle(edges) == []


def test_the_general_ledger_never_points_at_the_till():
    upside_down = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_app_config("comptabilite").get_models()
        if ".grand_livre." in model.__module__
        for field in model._meta.local_fields
        if field.related_model is not None and ".caisse." in field.related_model.__module__
    ]
    assert upside_down == []


def test_no_generic_key_holds_a_document():
    """A key that PostgreSQL cannot check; a fact's source is the one loose reference of the platform."""
    generic = [
        f"{model._meta.label}.{field.name}"
        for config in apps.get_app_configs()
        if config.name.startswith("apps.")
        for model in config.get_models()
        for field in model._meta.private_fields
    ]
    assert generic == []


@pytest.mark.parametrize(
    ("edges", "wrong"),
    [
        ([("fiscal", "facturation", "a")], ["a → facturation"]),
        ([("tontine", "insurance", "a")], ["a → insurance"]),
        ([("socle", "organisations", "a")], ["a → organisations"]),
        ([("admin", "hospital", "a")], ["a → hospital"]),
        ([("admin", "organisations", "a"), ("auth", "contenttypes", "b"), ("socle", "auth", "c")], []),
        ([("comptabilite", "socle", "a"), ("hospital", "hospital", "b")], []),
    ],
)
def test_the_test_itself_finds_what_goes_up(edges, wrong):
    assert upward(edges) == wrong


def test_the_test_itself_finds_a_cycle():
    assert set(cycle([("a", "b", "x"), ("b", "c", "y"), ("c", "a", "z")])) == {"a", "b", "c"}
    assert cycle([("a", "b", "x"), ("a", "c", "y"), ("b", "c", "z"), ("c", "c", "own")]) == []
