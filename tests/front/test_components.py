"""Every component: what it draws, what it refuses, how it is read aloud."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import RequestContext, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation

from apps.organisations.models import Tenant
from apps.socle.screens.chart import Bar, bar_chart
from apps.socle.screens.lists import ordered, page_of, query_with, sort_key
from apps.socle.screens.states import STATES, declare_state
from tests.front import catalogue
from tests.front.support import ROOT, Outline, draw

# Components -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> str:
    with translation.override("fr"):
        return catalogue.render()


def test_the_catalogue_is_sound_html(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.references <= set(outline.ids)
    assert outline.headings.count("h1") == 1


def test_the_catalogue_shows_every_component(page: str) -> None:
    for path in sorted((ROOT / "templates" / "composants").glob("*.html")):
        assert path.stem in COMPONENT_MARKS, f"{path.name} is not in the catalogue"
    assert [name for name, mark in COMPONENT_MARKS.items() if mark and mark not in page] == []


COMPONENT_MARKS = {
    "aide_touches": 'id="aide-touches"', "barre": 'class="barre"', "bouton_selection": "data-plusieurs=", "champ": 'class="champ"',
    "champ_pied": "invalid-feedback", "champs": 'for="id_reference"', "coquille": 'class="coquille"', "etat_barre": 'class="session"',
    "filtres": 'class="filtres"', "frise": 'class="frise"', "graphe_barres": 'class="graphe"', "ligne_totaux": 'class="somme"',
    "menu": 'class="menu"', "messages": 'id="annonces"', "onglets": 'class="onglets"', "pagination": 'class="pages"',
    "resume_erreurs": 'id="erreurs"', "selection": 'class="selection"', "tete_html": "<meta charset", "tri": "aria-sort=", "vide": 'class="vide"',
    "choix_theme": "", "confirmation": "", "motif": "", "refus": "",  # pages of their own, below
    "traces": "",  # asks who reads: the pages of receipts and invoices show it
}  # fmt: skip


def test_every_state_has_its_word_and_its_disc() -> None:
    drawn = draw("{% for code in codes %}{% etat code %}{% endfor %}", codes=list(STATES))
    assert drawn.count('<span class="etat ') == len(STATES)
    for look in STATES.values():
        assert str(look.label) in drawn


def test_a_state_that_nobody_declared_keeps_its_name() -> None:
    assert draw('{% etat "EN_REVUE" %}') == '<span class="etat neutre">En revue</span>'
    with pytest.raises(ValueError, match="unknown look"):
        declare_state("X", "doree", "X")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Decimal(12500), "12\u202f500"),
        (Decimal(-1500), '<span class="moins">\u22121\u202f500</span>'),
        (Decimal(0), '<span class="nul">0</span>'),
        (None, ""),
    ],
)
def test_amounts_of_a_column(amount: Decimal | None, expected: str) -> None:
    assert draw('{{ amount|montant:"XAF" }}', amount=amount) == expected


def test_amounts_that_stand_alone_name_their_unit() -> None:
    assert draw('{{ amount|montant_unite:"XAF" }}', amount=Decimal(38700)) == "38\u202f700\u00a0FCFA"
    assert (
        draw('{% chiffre amount "XAF" %}', amount=Decimal(38700))
        == '38\u202f700\u00a0<small class="unite">FCFA</small>'
    )
    assert draw("{{ devise|unite }}", devise="XOF") == "FCFA"
    cell = draw('{% td_montant amount "XAF" url=url %}', amount=Decimal(5), url="/x?a=1&b=2")
    assert cell == '<td class="montant"><a href="/x?a=1&amp;b=2">5</a></td>'


class ShortForm(forms.Form):
    nom = forms.CharField(label="Nom <b>", help_text="Comme sur la carte.")
    cle = forms.CharField(widget=forms.HiddenInput)


def test_a_field_ties_its_control_to_help_and_error_and_keeps_the_value() -> None:
    form = ShortForm({"nom": "", "cle": "x"})
    drawn = draw('{% champ form.nom touche="F2" hx_get="/chercher" %}', form=form)
    assert 'aria-describedby="id_nom_aide id_nom_erreur"' in drawn
    assert 'id="id_nom_aide"' in drawn
    assert 'id="id_nom_erreur"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'hx-get="/chercher"' in drawn
    assert "<kbd>F2</kbd>" in drawn
    assert "Nom &lt;b&gt;" in drawn
    assert 'value="Mbarga"' in draw("{% champ form.nom %}", form=ShortForm({"nom": "Mbarga"}))


def test_the_summary_links_to_each_field_and_says_what_has_none() -> None:
    form = ShortForm({"nom": ""})
    form.add_error(None, "La caisse est fermée.")
    drawn = draw("{% resume_erreurs form %}", form=form)
    assert '<a href="#id_nom">' in drawn
    assert "La caisse est fermée." in drawn
    assert "1 champ à corriger" in drawn
    assert "Cle : " in drawn  # a hidden field has no place on the page: its error is said
    assert draw("{% resume_erreurs form None %}", form=ShortForm()).strip() == ""


def test_the_idempotency_key_is_new_for_a_new_form_and_kept_for_a_refused_one() -> None:
    fresh = draw("{% cle_formulaire %}", RequestFactory().get("/"))
    again = draw("{% cle_formulaire %}", RequestFactory().get("/"))
    assert fresh != again
    kept = draw("{% cle_formulaire %}", RequestFactory().post("/", {"cle_idempotence": "k1"}))
    assert kept == '<input type="hidden" name="cle_idempotence" value="k1">'


def test_sorting_keeps_the_filters_and_turns_round() -> None:
    asked = RequestFactory().get("/?q=mbarga&page=3&tri=date")
    rising = draw('{% tri "date" "Émise le" %}', asked)
    assert 'aria-sort="ascending"' in rising
    assert "q=mbarga" in rising
    assert "tri=-date" in rising
    assert "page=" not in rising
    assert "aria-sort" not in draw('{% tri "nom" "Nom" %}', asked)


def test_an_address_asks_only_for_known_sorts() -> None:
    allowed = {"date": "created_at"}
    assert sort_key(RequestFactory().get("/?tri=-date"), allowed, "date") == "-date"
    assert sort_key(RequestFactory().get("/?tri=password"), allowed, "date") == "date"
    assert sort_key(RequestFactory().get("/?tri=--date"), allowed, "date") == "date"
    assert ordered(Tenant.objects.all(), RequestFactory().get("/?tri=-date"), allowed, "date").query.order_by == (
        "-created_at",
        "-pk",
    )


def test_pages_keep_the_filters_and_never_fail() -> None:
    asked = RequestFactory().get("/?q=m&page=2")
    rows = list(range(60))
    drawn = draw("{% pagination page %}", asked, page=page_of(asked, rows))
    assert "26 à 50 sur 60" in drawn
    assert 'href="?q=m"' in drawn  # the first page needs no number
    assert 'href="?q=m&amp;page=3"' in drawn
    assert page_of(RequestFactory().get("/?page=perdu"), rows).number == 1
    assert page_of(RequestFactory().get("/?page=99"), rows).number == 3
    assert draw("{% pagination page %}", asked, page=Paginator([], 25).get_page(1)).strip() == ""


def test_filters_keep_what_they_are_told_and_can_be_cleared() -> None:
    asked = RequestFactory().get("/?etat=EN_ATTENTE&q=m&page=2")
    drawn = draw('{% filtres form conserver="etat" %}', asked, form=catalogue.FilterForm({"q": "m"}))
    assert '<input type="hidden" name="etat" value="EN_ATTENTE">' in drawn
    assert 'href="?etat=EN_ATTENTE"' in drawn
    assert 'name="page"' not in drawn
    assert query_with(asked, {"page": None, "q": ""}) == "?etat=EN_ATTENTE"


def test_a_chart_has_round_figures_and_its_bars_are_to_scale() -> None:
    drawing = bar_chart([Bar("a", Decimal(1_000_000)), Bar("b", Decimal(3_630_645), accent=True)])
    with translation.override("fr"):
        drawing = bar_chart([Bar("a", Decimal(1_000_000)), Bar("b", Decimal(3_630_645), accent=True)])
    assert [line.text for line in drawing.lines] == ["0", "1", "2", "3", "4"]
    assert drawing.unit == "en millions"
    first, second = drawing.columns
    assert (first.crown, second.crown) == ("", "3,63")
    assert float(second.height) / float(first.height) == pytest.approx(3.630645, rel=0.01)


def test_a_chart_holds_negative_bars_and_none_at_all() -> None:
    drawing = bar_chart([Bar("a", Decimal(-500)), Bar("b", Decimal(1500))])
    assert float(drawing.columns[0].y) == float(drawing.axis_y)
    assert drawing.lines[0].text.startswith("\u2212")
    assert bar_chart([]).columns == []
    assert "Aucune valeur." in draw('{% graphe_barres "Vide" barres "XAF" %}', barres=[])


def test_the_figures_of_a_chart_are_in_its_table_and_add_up(page: str) -> None:
    total = sum(catalogue.RECEIPTS)
    assert f"{total:,}".replace(",", "\u202f") in page


def test_notices_are_said_aloud_and_a_wrong_kind_is_refused() -> None:
    assert 'role="alert"' in draw('{% avis "refus" %}Non{% endavis %}')
    assert 'role="status"' in draw('{% avis "ok" %}Oui{% endavis %}')
    assert "&lt;b&gt;" in draw('{% avis "ok" %}{{ nom }}{% endavis %}', nom="<b>")
    with pytest.raises(KeyError):
        draw('{% avis "rouge" %}x{% endavis %}')
    with pytest.raises(TemplateSyntaxError):
        draw("{% avis %}x")


def test_a_confirmation_names_the_act_and_offers_to_keep() -> None:
    values = {
        "titre": "Annuler QUIT-1",
        "form": ShortForm(),
        "bouton": "Demander l’annulation",
        "retour": "/x/",
        "grave": True,
    }
    with translation.override("fr"):
        asked = catalogue.request()
        bound = RequestContext(asked)
        bound.update(
            {**catalogue.context(), "messages": [], "theme": "auto", "csrf_token": "j", "csp_nonce": "n", **values}
        )
        drawn = get_template("composants/confirmation.html").template.render(bound)
    assert drawn.count("<h1") == 1
    assert 'href="/x/" data-touche="Escape"' in drawn
    assert "btn-refus" in drawn
    assert "btn-primary" not in drawn
    assert 'name="cle_idempotence"' in drawn
