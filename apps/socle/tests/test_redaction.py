"""What never reaches a log: health, secrets, card numbers, codes, and the rows that PostgreSQL quotes."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import uuid

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.socle.redaction import HIDDEN, RedactingFilter, hides_card_number, luhn, redact, redact_text

CARD = "4111111111111111"


@pytest.mark.parametrize("text", [CARD, "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005"])
def test_a_card_number_is_hidden_wherever_it_stands(text):
    assert hides_card_number(text)
    assert redact_text(f"payé par {text}, merci") == f"payé par {HIDDEN}, merci"
    assert redact({"reference": f"TPE {text}"}) == {"reference": f"TPE {HIDDEN}"}
    assert redact({f"champ {text}": "1"}) == {f"champ {HIDDEN}": "1"}


@pytest.mark.parametrize("value", [int(CARD), [int(CARD)], {"n": [CARD]}, float(CARD)])
def test_a_card_number_is_hidden_as_a_number_too(value):
    assert "1111" not in str(redact({"valeur": value}))


@pytest.mark.parametrize(
    "text", ["0973", "677 41 20 93", "20/11/2026 10:42", "QUIT-2026-00001", "12 500 FCFA", "FC-2026-00017"]
)
def test_what_is_no_card_number_stays(text):
    assert redact_text(text) == text


@given(st.uuids())
def test_our_keys_stay_even_when_they_are_digits_only(key):
    assert redact_text(f"/patients/{key}/") == f"/patients/{key}/"
    digits = uuid.UUID("01890123-4567-7890-8123-456789012345")
    assert redact_text(str(digits)) == str(digits)


@pytest.mark.parametrize(("digits", "valid"), [(CARD, True), ("4111111111111112", False), ("0", True)])
def test_the_check_digit_of_a_card(digits, valid):
    assert luhn(digits) is valid


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Authorization: Bearer eyJhbGciOi.x.y", f"Authorization: Bearer {HIDDEN}"),
        ("clé sk_live_abc123 refusée", f"clé sk_live_{HIDDEN} refusée"),
    ],
)
def test_secrets_are_hidden(text, said):
    assert redact_text(text) == said


def test_the_row_that_postgresql_quotes_is_hidden():
    text = 'violates check constraint "x"\nDETAIL:  Failing row contains (Mbarga, VIH positif).\nCONTEXT: trigger'
    assert redact_text(text) == f'violates check constraint "x"\nDETAIL:  {HIDDEN}\nCONTEXT: trigger'
    assert "Mbarga" not in redact_text("DÉTAIL : La ligne contient (Mbarga)")


@pytest.mark.parametrize(
    "name",
    [
        "password1", "oldpassword", "mot_de_passe_secret", "token", "csrfmiddlewaretoken", "cle_idempotence", "code", "otp",
        "nom", "prenom", "telephone", "email", "date_naissance", "adresse", "patient", "motif", "commentaire", "diagnostic",
        "notes", "resultat", "examen", "acte", "compte_rendu", "allergies", "antecedents", "groupe_sanguin", "sexe",
        "traitement", "ordonnance", "numero_carte", "cvv", "iban", "payeur", "titulaire_nom", "q", "login",
    ],
)  # fmt: skip
def test_a_field_that_says_who_or_what_is_hidden_by_its_name(name):
    assert redact({name: "x"}) == {name: HIDDEN}
    assert redact({name: ["a", "b"]}) == {name: [HIDDEN, HIDDEN]}
    assert redact({name: {"plus": {name: 1}}}) == {name: {"plus": {name: HIDDEN}}}


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_field_shows_that_it_was_empty(empty):
    assert redact({"motif": empty}) == {"motif": empty}


def test_a_forms_free_text_is_hidden_whatever_its_name():
    form = {"champ": "Douleurs depuis trois jours", "montant": "11500", "date": "2026-11-20", "statut": "EN_ATTENTE"}
    assert redact(form, free_text=False) == {**form, "champ": HIDDEN}
    assert redact(form) == form


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=10))  # fmt: skip
def test_anything_can_be_redacted(value):
    assert type(redact(value, free_text=False)) in {type(value), str}
    json.dumps(redact(value))


# The log -------------------------------------------------------------------------------


@pytest.fixture
def log():
    """The project's own handler and formatter, writing to a string."""
    formatter = logging.config.DictConfigurator({}).configure_formatter(dict(settings.LOGGING["formatters"]["json"]))
    stream = io.StringIO()
    configured = logging.StreamHandler(stream)
    configured.addFilter(RedactingFilter())
    configured.setFormatter(formatter)
    logger = logging.getLogger("essai.redaction")
    logger.propagate = False
    logger.setLevel("INFO")
    logger.addHandler(configured)
    yield logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(configured)


def test_message_arguments_and_fields_of_a_log_line_are_redacted(log):
    logger, lines = log
    logger.info(
        "paiement %s par %s", CARD, "carte", extra={"patient": "Mbarga", "montant": "11500", "detail": {"code": "1"}}
    )
    [line] = lines()
    assert line["message"] == f"paiement {HIDDEN} par carte"
    assert (line["patient"], line["montant"], line["detail"]) == (HIDDEN, "11500", {"code": HIDDEN})
    assert line["level"] == "INFO"


def test_a_traceback_is_redacted(log):
    logger, lines = log
    said = f"carte {CARD}\nDETAIL:  Failing row contains (Mbarga)."
    try:
        raise ValueError(said)
    except ValueError:
        logger.exception("échec")
    [line] = lines()
    assert "Traceback" in line["exc_info"]
    assert CARD not in json.dumps(line)
    assert "Mbarga" not in json.dumps(line)


def test_a_record_without_an_exception_is_left_alone():
    record = logging.LogRecord("x", logging.INFO, "", 0, "sans %d", (1,), (None, None, None))
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "sans 1"
    assert record.exc_text is None


def test_every_handler_of_the_project_redacts():
    for name, handler in settings.LOGGING["handlers"].items():
        assert handler["filters"] == ["redact"], name
    assert settings.LOGGING["filters"]["redact"]["()"] == "apps.socle.redaction.RedactingFilter"
