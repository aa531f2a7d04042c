"""States: one table answers the service, the screen, the column's check and the trigger."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import models

from apps.socle.actors import SYSTEM, Acteur, ActorKind, takeover_actor
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.fields import uuid7
from apps.socle.transitions import Transition, TransitionTable, choices

TABLE = TransitionTable(
    "statut",
    initial=("BROUILLON",),
    transitions=(
        Transition("soumettre", origins=("BROUILLON", "REJETEE"), target="EN_ATTENTE", label="Soumettre"),
        Transition(
            "valider",
            origins=("EN_ATTENTE",),
            target="VALIDEE",
            label="Valider",
            permission="caisse.valider",
            second_person=True,
        ),
        Transition("rejeter", origins=("EN_ATTENTE",), target="REJETEE", label="Rejeter", reason_required=True),
    ),
    labels={"VALIDEE": "validée", "EN_ATTENTE": "en attente"},
)
AMINA = Acteur(ActorKind.USER, uuid7(), "Amina Ngo")
JEAN = Acteur(ActorKind.USER, uuid7(), "Jean Eto")


def document(statut: str) -> SimpleNamespace:
    return SimpleNamespace(statut=statut)


def test_states_and_pairs_are_read_from_the_steps():
    assert TABLE.states() == ("BROUILLON", "REJETEE", "EN_ATTENTE", "VALIDEE")
    assert TABLE.pairs() == (
        ("BROUILLON", "EN_ATTENTE"),
        ("EN_ATTENTE", "REJETEE"),
        ("EN_ATTENTE", "VALIDEE"),
        ("REJETEE", "EN_ATTENTE"),
    )


def test_a_screen_offers_the_steps_that_leave_a_state():
    assert [t.name for t in TABLE.from_state("EN_ATTENTE")] == ["valider", "rejeter"]
    assert TABLE.from_state("VALIDEE") == ()


def test_the_column_is_held_to_the_states():
    constraint = TABLE.check_constraint("essai_statut")
    assert constraint.condition == models.Q(statut__in=["BROUILLON", "REJETEE", "EN_ATTENTE", "VALIDEE"])
    assert str(constraint.violation_error_message) == "Cet état n’existe pas."


@pytest.mark.parametrize("state", TABLE.states())
@pytest.mark.parametrize("step", TABLE.transitions, ids=lambda step: step.name)
def test_a_step_is_taken_from_its_origins_only(step, state):
    def ask() -> Transition:
        return TABLE.check(step.name, document(state), JEAN, reason="parce que", issuer_id=AMINA.id)

    if state in step.origins:
        assert ask() is step
        return
    with pytest.raises(Conflict) as refusal:
        ask()
    assert (refusal.value.code, refusal.value.status) == ("transition-refused", 409)


def test_an_unknown_step_is_a_defect():
    with pytest.raises(KeyError):
        TABLE.check("annuler", document("VALIDEE"), JEAN)


def test_the_second_of_two_people_reads_who_was_quicker():
    with pytest.raises(Conflict, match="déjà validée par Amina Ngo à 10:42"):
        TABLE.check(
            "valider",
            document("VALIDEE"),
            JEAN,
            issuer_id=AMINA.id,
            already=lambda: "déjà validée par Amina Ngo à 10:42",
        )


def test_without_those_words_the_refusal_says_the_state():
    with pytest.raises(Conflict, match="« validée »"):
        TABLE.check("rejeter", document("VALIDEE"), JEAN)


def test_who_issues_does_not_validate():
    with pytest.raises(NotAllowed) as refusal:
        TABLE.check("valider", document("EN_ATTENTE"), AMINA, issuer_id=AMINA.id)
    assert (refusal.value.code, refusal.value.status) == ("second-person-required", 403)


@pytest.mark.parametrize("acteur", [SYSTEM, takeover_actor("caisse de papier")], ids=["system", "takeover"])
def test_system_and_takeover_may_do_both_sides(acteur):
    assert TABLE.check("valider", document("EN_ATTENTE"), acteur, issuer_id=acteur.id).name == "valider"


def test_a_document_that_the_system_issued_may_be_validated_by_anyone():
    assert TABLE.check("valider", document("EN_ATTENTE"), AMINA, issuer_id=None).name == "valider"


def test_forgetting_to_say_who_issued_it_is_a_defect():
    """Left out, it would let everyone validate their own."""
    with pytest.raises(TypeError, match="who issued"):
        TABLE.check("valider", document("EN_ATTENTE"), AMINA)


@pytest.mark.parametrize("may", [True, False])
def test_a_permission_is_asked_where_someone_can_answer(may):
    asked = []

    def answer(permission: str) -> bool:
        asked.append(permission)
        return may

    def ask() -> Transition:
        return TABLE.check("valider", document("EN_ATTENTE"), JEAN, issuer_id=AMINA.id, may=answer)

    if may:
        assert ask().name == "valider"
    else:
        with pytest.raises(NotAllowed) as refusal:
            ask()
        assert refusal.value.code == "permission-denied"
    assert asked == ["caisse.valider"]


@pytest.mark.parametrize("reason", ["", "   ", None])
def test_a_reason_is_words(reason):
    with pytest.raises(BusinessError) as refusal:
        TABLE.check("rejeter", document("EN_ATTENTE"), JEAN, reason=reason)
    assert (refusal.value.code, refusal.value.field) == ("reason-required", "motif")
    assert TABLE.check("rejeter", document("EN_ATTENTE"), JEAN, reason="Prix hors tarif").target == "REJETEE"


def test_a_state_without_label_is_shown_as_it_is():
    assert TABLE.label("VALIDEE") == "validée"
    assert TABLE.label("REJETEE") == "REJETEE"
    assert choices(TABLE.labels, ("VALIDEE", "REJETEE")) == [("VALIDEE", "validée"), ("REJETEE", "REJETEE")]
