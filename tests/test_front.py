"""The house style: its weight, its policy of no inline anything, its components, its pages of refusal."""

from __future__ import annotations

import gzip
import re
from decimal import Decimal
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path

import pytest
from django import forms
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.template import Context, RequestContext, TemplateSyntaxError, engines
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation

from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user
from apps.socle.errors import BusinessError, NotAllowed
from apps.socle.screens.chart import Bar, bar_chart
from apps.socle.screens.lists import ordered, page_of, query_with, sort_key
from apps.socle.screens.states import STATES, declare_state
from config import views
from tests.front import catalogue

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "static" / "cauris"
FIRST_VISIT = (
    "bootstrap/css/bootstrap.min.css",
    "cauris/tokens.css",
    "cauris/cauris.css",
    "cauris/cauris.js",
    "cauris/favicon.svg",
    "django_htmx/htmx-2.min.js",
)
BUDGET = 120_000
ERRORS = {
    "400": "Cette demande n’a pas pu être lue",
    "403": "Votre rôle ne permet pas cette action",
    "404": "Cette page n’existe pas ici",
    "429": "Trop d’essais en peu de temps",
    "500": "Quelque chose s’est mal passé chez nous",
    "csrf": "Ce formulaire a expiré",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


def draw(source: str, request: HttpRequest | None = None, **values: object) -> str:
    """Render a template from a string, in French, with the house's tags."""
    template = engines["django"].engine.from_string("{% load cauris %}" + source)
    with translation.override("fr"):
        return template.render(RequestContext(request, values) if request else Context(values))


# Weight -----------------------------------------------------------------------------------


def test_first_visit_weighs_less_than_the_budget() -> None:
    sizes = {name: len(gzip.compress(Path(str(finders.find(name))).read_bytes(), 9)) for name in FIRST_VISIT}
    page = len(gzip.compress(catalogue.render().encode(), 9))
    assert sum(sizes.values()) + page < BUDGET, sizes


def test_every_static_file_that_a_template_names_exists() -> None:
    named = {
        match for path in TEMPLATES for match in re.findall(r"""{% static ["']([^"']+)["']""", path.read_text("utf-8"))
    }
    assert {"cauris/cauris.css", "bootstrap/css/bootstrap.min.css"} <= named
    assert [name for name in named if not finders.find(name)] == []


# Policy: nothing inline ---------------------------------------------------------------------

INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a script without src": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "an evaluated htmx attribute": re.compile(r"\bhx-on|\bhx-vals=[\"']js:", re.IGNORECASE),
}
PAPERS = "comptabilite/quittance_"  # drawn by WeasyPrint, never sent to a browser


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_template_holds_inline_style_or_script(path: Path) -> None:
    if name_of(path).startswith(PAPERS):
        return
    text = path.read_text(encoding="utf-8")
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("sample", ['<p style="x">', "<style>", '<a onclick="x">', "<script>x</script>"])
def test_the_scan_sees_what_it_looks_for(sample: str) -> None:
    assert any(pattern.search(sample) for pattern in INLINE.values())


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_every_template_compiles(path: Path) -> None:
    get_template(name_of(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_french_marks_are_typographic(path: Path) -> None:
    """Said words use ’ and «»; a straight apostrophe in a translated string is a slip."""
    said = re.findall(r'{% translate "([^"]+)"', path.read_text(encoding="utf-8"))
    assert [words for words in said if "'" in words] == []


# Tokens ---------------------------------------------------------------------------------------

DECLARATION = re.compile(r"(--[a-z0-9-]+)\s*:\s*([^;]+);")


def block(css: str, selector: str) -> dict[str, str]:
    """Return the variables declared in the first block that opens with `selector`."""
    start = css.index(selector)
    return dict(DECLARATION.findall(css[start : css.index("}", start)]))


def tokens() -> str:
    return (STATIC / "tokens.css").read_text(encoding="utf-8")


def test_auto_and_dark_are_the_same_values() -> None:
    dark, auto = block(tokens(), '[data-bs-theme="dark"]'), block(tokens(), '[data-bs-theme="auto"]')
    assert dark
    assert dark == auto


def test_light_and_dark_name_the_same_tokens() -> None:
    light = block(tokens(), ':root, [data-bs-theme="light"]')
    assert light.keys() == block(tokens(), '[data-bs-theme="dark"]').keys()


def test_every_admin_colour_is_a_token() -> None:
    admin = (STATIC / "admin.css").read_text(encoding="utf-8")
    mapped = block(admin, "body {")
    literal = {name: value for name, value in mapped.items() if not value.startswith("var(--")}
    assert set(literal) == {"--primary-fg", "--button-fg", "--object-tools-fg"}  # white on a filled button
    known = dict(DECLARATION.findall(tokens()))
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", admin))
    assert used <= known.keys() | mapped.keys()
    assert not re.search(r"#[0-9a-f]{3,8}\b", re.sub(r"#fff\b|#[a-z_-]+[ .:,{]", "", admin))


def test_the_admin_maps_every_variable_of_django() -> None:
    base = Path(str(finders.find("admin/css/base.css"))).read_text(encoding="utf-8")
    wanted = set(block(base, ":root {").keys())
    assert wanted <= block((STATIC / "admin.css").read_text(encoding="utf-8"), "body {").keys()


def test_the_screens_use_only_declared_tokens() -> None:
    css = (STATIC / "cauris.css").read_text(encoding="utf-8")
    known = dict(DECLARATION.findall(tokens() + css))
    used = {name for name in re.findall(r"var\((--[a-z0-9-]+)\)", css) if not name.startswith("--bs-")}
    assert used
    assert used <= known.keys()


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [':root, [data-bs-theme="light"]', '[data-bs-theme="dark"]'])
def test_colours_can_be_read(theme: str) -> None:
    """WCAG 2.2 AA: 4.5 for text, 3 for the edge of a control and for the focus ring."""
    token = {**block(tokens(), ':root, [data-bs-theme="light"]'), **block(tokens(), theme)}
    text = [("encre", "page"), ("encre", "nacre"), ("encre-2", "nacre"), ("encre-2", "sable"), ("encre-2", "page"), ("indigo", "nacre"),
            ("indigo", "voile"), ("vert", "vert-v"), ("ambre", "ambre-v"), ("brique", "brique-v"), ("brique", "nacre"),
            ("sur-barre", "barre"), ("encre", "voile"), ("encre-2", "survol")]  # fmt: skip
    assert {pair: c for pair in text if (c := contrast(token[f"--{pair[0]}"], token[f"--{pair[1]}"])) < 4.5} == {}
    filled = ["action", "action-2", "brique-p", "brique-p2", "gris-p", "gris-p2"]
    assert {name: c for name in filled if (c := contrast("#ffffff", token[f"--{name}"])) < 4.5} == {}
    edges = [("bord", "nacre"), ("bord", "page"), ("anneau", "nacre"), ("anneau", "page"), ("anneau-barre", "barre")]
    assert {pair: c for pair in edges if (c := contrast(token[f"--{pair[0]}"], token[f"--{pair[1]}"])) < 3} == {}


# Components -------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """Collects what must be unique or must point somewhere, and checks that tags close."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "path", "rect", "line", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.headings: list[str] = []
        self.open: list[str] = []
        self.controls: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self.references.update((values.get(name) or "").split())
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(tag)
        if tag in {"input", "select", "textarea"} and values.get("type") != "hidden":
            self.controls.append(values)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"{tag} closes nothing"


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


# Refusals and errors -----------------------------------------------------------------------------


def handled(name: str, request: HttpRequest) -> tuple[int, str]:
    pages = {
        "400": lambda: views.bad_request(request, ValueError("secret")),
        "403": lambda: views.permission_denied(request, PermissionDenied("secret")),
        "404": lambda: views.page_not_found(request, Http404("secret")),
        "429": lambda: views.too_many_requests(request),
        "500": lambda: views.server_error(request),
        "csrf": lambda: views.csrf_failure(request, "secret"),
    }
    with translation.override("fr"):
        response = pages[name]()
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pages_in_french_that_need_nothing(name: str) -> None:
    """No `db` fixture here: a query would fail the test."""
    request = RequestFactory().get("/x/")
    request.COOKIES["theme"] = "dark"
    request.request_id = "0192f3a0"  # type: ignore[attr-defined]
    status, html = handled(name, request)
    assert status == (403 if name == "csrf" else int(name))
    assert ERRORS[name] in html
    assert '<html lang="fr" data-bs-theme="dark">' in html
    assert "0192f3a0" in html
    assert "secret" not in html
    assert Outline(html).open == []


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_the_names_that_django_looks_for_are_there(name: str) -> None:
    with translation.override("fr"):
        html = get_template(f"{name}.html").template.render(Context({"theme": "auto", "reference": "", "motif": ""}))
    assert ERRORS["csrf" if name == "403_csrf" else name] in html


def test_an_error_page_that_cannot_be_drawn_is_still_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> str:
        raise OSError("no template")

    monkeypatch.setattr(views, "render_to_string", broken)
    status, html = handled("500", RequestFactory().get("/"))
    assert (status, "Quelque chose s’est mal passé" in html) == (500, True)


def test_a_refused_command_is_said_not_thrown() -> None:
    error = BusinessError("Déjà validée par X à 10:42.", code="already-validated")
    request = RequestFactory().post("/x/", headers={"referer": "http://testserver/sainte-odile/factures/"})
    response = views.refusal(request, error)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Déjà validée par X à 10:42." in response.content.decode()
    assert 'href="http://testserver/sainte-odile/factures/"' in response.content.decode()
    away = RequestFactory().post("/x/", headers={"referer": "https://ailleurs.example/"})
    assert "ailleurs" not in views.refusal(away, error).content.decode()


def test_a_refused_right_keeps_its_sentence() -> None:
    response = views.refusal(
        RequestFactory().get("/"), NotAllowed("Une autre personne doit valider.", code="second-person")
    )
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "Une autre personne doit valider." in response.content.decode()


def test_htmx_gets_a_band_not_a_page() -> None:
    request = RequestFactory().post("/x/")
    request.htmx = True  # type: ignore[attr-defined]
    response = views.refusal(request, BusinessError("Caisse fermée.", code="till-closed"))
    assert response["HX-Retarget"] == "#annonces"
    assert response.content.decode().lstrip().startswith('<div class="avis refus"')


# The real stack --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_door_is_in_french_and_in_our_look(client) -> None:  # type: ignore[no-untyped-def]
    html = client.get("/compte/login/", headers={"accept-language": "fr"}).content.decode()
    outline = Outline(html)
    assert outline.open == []
    assert outline.references <= set(outline.ids)
    assert "Identifiant" in html
    assert "Après 5" in html
    assert "cauris/cauris.css" in html
    assert "Sign In" not in html


@pytest.mark.django_db
def test_a_wrong_password_is_said_beside_a_kept_login(client, tenant: Tenant) -> None:  # type: ignore[no-untyped-def]
    answer = client.post(
        "/compte/login/", {"login": "amina@sainte-odile", "password": "faux"}, headers={"accept-language": "fr"}
    )
    html = answer.content.decode()
    assert 'id="erreurs"' in html
    assert 'value="amina@sainte-odile"' in html


PUBLIC = ["/compte/login/", "/compte/password/reset/", "/compte/password/reset/done/", "/compte/inactive/", "/compte/signup/",
          "/compte/password/reset/key/done/", "/compte/password/reset/key/x-y/"]  # fmt: skip
SIGNED_IN = [
    "/",
    "/compte/password/change/",
    "/compte/logout/",
    "/compte/2fa/",
    "/compte/reauthenticate/",
    "/compte/email/",
]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PUBLIC)
def test_public_pages_are_drawn(client, address: str) -> None:  # type: ignore[no-untyped-def]
    answer = client.get(address, headers={"accept-language": "fr"})
    assert answer.status_code == HTTPStatus.OK
    assert_house_page(answer.content.decode())


def assert_house_page(html: str) -> None:
    outline = Outline(html)
    assert outline.open == []
    assert '<html lang="fr"' in html
    assert "cauris/tokens.css" in html
    assert outline.headings.count("h1") == 1


@pytest.fixture
def member(client, tenant: Tenant):  # type: ignore[no-untyped-def]
    """A signed-in cashier of two houses, so that the choice of establishment is shown."""
    from apps.organisations.models import Membership
    from apps.organisations.tests.factories import make_tenant
    from apps.socle.scope import scope

    user = make_user(tenant, "caissier")
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    role = Membership.objects.get(user=user).role
    with scope(other.pk):
        Membership.objects.create(user=user, role=role)
    client.force_login(user, backend="apps.organisations.backends.MembershipBackend")
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("address", SIGNED_IN)
def test_pages_of_the_account_are_drawn(member, address: str) -> None:  # type: ignore[no-untyped-def]
    answer = member.get(address, headers={"accept-language": "fr"})
    assert answer.status_code == HTTPStatus.OK, answer
    assert_house_page(answer.content.decode())


@pytest.mark.django_db
def test_the_theme_is_a_cookie_that_the_server_writes(client) -> None:  # type: ignore[no-untyped-def]
    answer = client.post("/theme/", {"theme": "dark", "next": "/compte/login/?next=/x/"})
    assert (answer.status_code, answer["Location"]) == (HTTPStatus.SEE_OTHER, "/compte/login/?next=/x/")
    assert 'data-bs-theme="dark"' in client.get("/compte/login/").content.decode()
    client.post("/theme/", {"theme": "auto"})
    assert 'data-bs-theme="auto"' in client.get("/compte/login/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["https://ailleurs.example/", "//ailleurs.example", "javascript:alert(1)"])
def test_the_theme_never_leads_away(client, target: str) -> None:  # type: ignore[no-untyped-def]
    assert client.post("/theme/", {"theme": "light", "next": target})["Location"] == "/"
    assert client.get("/theme/").status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.django_db
def test_the_language_is_a_choice(client) -> None:  # type: ignore[no-untyped-def]
    client.post("/i18n/", {"language": "en", "next": "/compte/login/"})
    assert '<html lang="en"' in client.get("/compte/login/").content.decode()


# Health ------------------------------------------------------------------------------------------------


def test_live_needs_nothing(client) -> None:  # type: ignore[no-untyped-def]
    assert views.live(RequestFactory().get("/sante/")).content == b'{"etat": "ok"}'


@pytest.mark.django_db
def test_ready_says_what_it_checked(client) -> None:  # type: ignore[no-untyped-def]
    answer = client.get("/sante/pret/")
    assert answer.json() == {"etat": "ok", "base": "ok", "migrations": "ok", "cache": "ok"}


@pytest.mark.django_db
def test_ready_refuses_visitors_when_a_check_fails(client, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def broken() -> bool:
        raise ConnectionError("password=tresor")

    monkeypatch.setitem(views.CHECKS, "cache", broken)
    answer = client.get("/sante/pret/")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["cache"] == "en défaut"
    assert "tresor" not in answer.content.decode()


# The admin's door --------------------------------------------------------------------------------------


@pytest.fixture
def administrator(client, tenant: Tenant, settings):  # type: ignore[no-untyped-def]
    settings.SECOND_FACTOR = "optional"
    client.force_login(make_user(tenant, "administrateur"), backend="apps.organisations.backends.MembershipBackend")
    return client


@pytest.mark.django_db
def test_the_admin_wears_the_theme_of_the_cookie(administrator) -> None:  # type: ignore[no-untyped-def]
    administrator.post("/theme/", {"theme": "dark"})
    html = administrator.get("/sainte-odile/admin/", headers={"accept-language": "fr"}).content.decode()
    assert 'class="theme-dark dashboard"' in html
    assert "Administration de Cauris" in html
    assert "Hôpital Sainte-Odile" in html
    assert html.index("admin/css/base.css") < html.index("cauris/tokens.css") < html.index("cauris/admin.css")
    assert "theme.js" not in html  # the admin's own choice of theme would be a second one
    assert "dark_mode.css" not in html


@pytest.mark.django_db
def test_a_password_is_changed_at_one_door_only(administrator) -> None:  # type: ignore[no-untyped-def]
    answer = administrator.get("/sainte-odile/admin/password_change/")
    assert answer["Location"] == "/sainte-odile/compte/password/change/"


@pytest.mark.django_db
def test_the_admin_is_closed_to_roles_without_the_right(client, tenant: Tenant) -> None:  # type: ignore[no-untyped-def]
    client.force_login(make_user(tenant, "caissier"), backend="apps.organisations.backends.MembershipBackend")
    assert client.get("/sainte-odile/admin/").status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.FOUND}


@pytest.mark.django_db
def test_the_home_says_when_nothing_waits(administrator) -> None:  # type: ignore[no-untyped-def]
    html = administrator.get("/sainte-odile/", headers={"accept-language": "fr"}).content.decode()
    assert_house_page(html)
