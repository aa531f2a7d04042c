"""The house's template tags: `{% load cauris %}`. templates/composants/README.md shows each in use.

Tags and filters have French names because they are written in French screens. None of them
queries the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BaseForm, BaseFormSet, BoundField
from django.http import HttpRequest
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from apps.socle.facts import Trace
from apps.socle.money import format_amount, plain
from apps.socle.phones import write_phone
from apps.socle.progress import count
from apps.socle.screens import chart, dates, fields, lists
from apps.socle.screens.icons import ICONS
from apps.socle.screens.states import state_look

register = template.Library()

NOTICE_ICONS = {"ok": "coche", "info": "info", "alerte": "alerte", "refus": "refus"}
LEVEL_NOTICES = {"success": "ok", "warning": "alerte", "error": "refus"}
KEY_FIELD = "cle_idempotence"


# Amounts -----------------------------------------------------------------------------------


def _quality(amount: Decimal) -> str:
    return "moins" if amount < 0 else "nul" if amount == 0 else ""


def _amount(amount: Decimal | None, currency: str, unit: bool) -> SafeString:
    if amount is None:
        return mark_safe("")
    text, quality = format_amount(amount, currency, unit=unit), _quality(amount)
    return format_html('<span class="{}">{}</span>', quality, text) if quality else format_html("{}", text)


@register.filter
def montant(amount: Decimal | None, currency: str) -> SafeString:
    """`{{ ligne.montant|montant:"XAF" }}`: 12 500, for a column whose head names the unit."""
    return _amount(amount, currency, unit=False)


@register.filter
def montant_unite(amount: Decimal | None, currency: str) -> SafeString:
    """`{{ total|montant_unite:"XAF" }}`: 12 500 FCFA, for a figure that stands alone."""
    return _amount(amount, currency, unit=True)


@register.filter
def quantite(number: Decimal | None) -> str:
    """`{{ ligne.quantite|quantite }}`: 2 or 0,5; a quantity or a rate, without idle zeros."""
    return "" if number is None else plain(number).replace(".", ",")


@register.filter
def unite(currency: str) -> str:
    """`Montant ({{ tenant.currency|unite }})`: FCFA, for the head of a column."""
    return format_amount(Decimal(0), currency, unit=True).rpartition("\u00a0")[2]


@register.filter
def telephone(number: str, country: str) -> str:
    """`{{ patient.telephone|telephone:tenant.country }}`: 6 77 41 20 93, as it is read aloud."""
    return write_phone(number, country)


@register.filter
def entier(number: int) -> str:
    """`{{ page.paginator.count|entier }}`: 12 000, a count."""
    return count(number)


@register.filter
def coupable(name: str) -> SafeString:
    """`{{ refus.colonne|coupable }}`: prix_unitaire, a technical name that may be cut after its underscores only."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in re.split(r"(?<=_)", name)))


@register.simple_tag
def td_montant(amount: Decimal | None, currency: str, url: str = "", classe: str = "") -> SafeString:
    """`{% td_montant ligne.debit "XAF" url=… %}`: a whole cell, right-aligned, linked to the list that proves it."""
    text = montant(amount, currency)
    if url and amount is not None:
        text = format_html('<a href="{}">{}</a>', url, text)
    return format_html('<td class="montant{}">{}</td>', f" {classe}" if classe else "", text)


@register.simple_tag
def somme(amount: Decimal, currency: str) -> SafeString:
    """`{% somme total "XAF" %}`: a total's figure on its double rule."""
    return format_html('<span class="somme">{}</span>', montant(amount, currency))


@register.simple_tag
def chiffre(amount: Decimal, currency: str) -> SafeString:
    """`{% chiffre total "XAF" %}`: a key figure, its unit small."""
    figure, _, unit = format_amount(amount, currency, unit=True).rpartition("\u00a0")
    return format_html('{}\u00a0<small class="unite">{}</small>', figure, unit)


# States, icons, keys --------------------------------------------------------------------------


@register.simple_tag
def etat(code: str, libelle: str = "") -> SafeString:
    """`{% etat facture.statut %}`: the disc and the word of a state; `libelle` replaces the word."""
    look = state_look(code)
    return format_html('<span class="etat {}">{}</span>', look.look, libelle or look.label)


@register.simple_tag
def icone(nom: str, titre: str = "", classe: str = "") -> SafeString:
    """`{% icone "imprimer" %}`: decorative; with `titre` it is read aloud. Raises KeyError for an unknown name."""
    voice = format_html('role="img" aria-label="{}"', titre) if titre else mark_safe('aria-hidden="true"')
    drawing = mark_safe(ICONS[nom])  # noqa: S308 - our own constant
    css = f"ico {classe}".strip()
    return format_html('<svg class="{}" viewBox="0 0 16 16" {}>{}</svg>', css, voice, drawing)


@register.simple_tag
def touche(nom: str) -> SafeString:
    """`{% touche "Ctrl+Enter" %}`: the key as printed, Ctrl+Entrée."""
    return format_html("<kbd>{}</kbd>", fields.key_label(nom))


# Dates ----------------------------------------------------------------------------------------


@register.filter(expects_localtime=True)
def jour(value: date | None) -> str:
    """20/11/2026."""
    return dates.short_date(value) if value else ""


@register.filter(expects_localtime=True)
def jour_long(value: date | None) -> str:
    """Vendredi 20/11/2026."""
    return dates.long_date(value) if value else ""


@register.filter(expects_localtime=True)
def heure(value: datetime | None) -> str:
    """10:42."""
    return dates.clock(value) if value else ""


@register.filter(expects_localtime=True)
def moment(value: datetime | None) -> str:
    """20/11/2026 10:42."""
    return dates.short_instant(value) if value else ""


@register.filter(expects_localtime=True)
def moment_familier(value: datetime | None) -> str:
    """« aujourd’hui, 08:31 », « hier, 15:20 », otherwise 18/11/2026 10:42."""
    return dates.familiar_instant(value) if value else ""


@register.filter
def attente(value: datetime | None) -> str:
    """« 2 h 14 »: the time elapsed since then."""
    return dates.waiting_time(value) if value else ""


@register.filter(expects_localtime=True)
def horodatage(value: datetime | None) -> SafeString:
    """`<time>` with the machine's form, shown as 20/11/2026 10:42."""
    if value is None:
        return mark_safe("")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="minutes"), dates.short_instant(value))


# Forms ------------------------------------------------------------------------------------------


@register.inclusion_tag("composants/champ.html")
def champ(
    field: BoundField, classe: str = "", touche: str = "", facultatif: bool = False, **attributs: Any
) -> dict[str, Any]:
    """`{% champ form.telephone touche="F4" hx_get=url %}`: label, control, help, errors."""
    return {"vue": fields.field_view(field, classe, touche, attributs), "facultatif": facultatif}


@register.inclusion_tag("composants/champs.html")
def champs(form: BaseForm) -> dict[str, Any]:
    """`{% champs form %}`: every field of a form, the hidden ones first."""
    return {"form": form}


@register.inclusion_tag("composants/resume_erreurs.html")
def resume_erreurs(*forms: BaseForm | BaseFormSet[Any] | None) -> dict[str, Any]:
    """`{% resume_erreurs form lignes %}`: what is to be corrected, each field linked; nothing when all is well."""
    return {"resume": fields.error_summary(forms)}


@register.simple_tag(takes_context=True)
def cle_formulaire(context: Context, neuve: bool = False, cle: str = "") -> SafeString:
    """`{% cle_formulaire %}`: the hidden idempotency key of a form that moves money.

    A form shown again with its errors keeps the key it was sent with, and one taken up again has its `cle`;
    `neuve` gives another, where that one has already served.
    """
    request: HttpRequest | None = context.get("request")
    sent = request.POST.get(KEY_FIELD, cle) if request is not None and not neuve else ""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', KEY_FIELD, sent if 0 < len(sent) <= 255 else uuid4()
    )


# Lists -------------------------------------------------------------------------------------------


@register.inclusion_tag("composants/tri.html", takes_context=True)
def tri(
    context: Context, nom: str, libelle: str, actuel: str = "", classe: str = "", montant: bool = False
) -> dict[str, Any]:
    """`{% tri "date" "Émise le" actuel=tri %}`: a sortable head; `actuel` is what the view sorted by."""
    request: HttpRequest = context["request"]
    active = actuel or request.GET.get(lists.SORT, "")
    mine = active.removeprefix("-") == nom
    upwards = mine and not active.startswith("-")
    url = lists.query_with(request, {lists.SORT: f"-{nom}" if upwards else nom, lists.PAGE: None})
    css = " ".join(word for word in ("montant" if montant else "", classe) if word)
    return {"libelle": libelle, "url": url, "classe": css, "actif": mine, "croissant": upwards}


@register.simple_tag(takes_context=True)
def adresse(context: Context, **changements: Any) -> str:
    """`{% adresse format="csv" page="" %}`: this page's query string with some parameters changed."""
    given = {name: str(value) if value is not None else None for name, value in changements.items()}
    return lists.query_with(context["request"], given)


@register.inclusion_tag("composants/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> dict[str, Any]:
    """`{% pagination page %}`: "1 à 25 sur 240" and the pages; the address keeps filters and sort."""
    request: HttpRequest = context["request"]

    def url(number: int) -> str:
        return lists.query_with(request, {lists.PAGE: str(number) if number > 1 else None})

    numbers = [
        {"numero": n, "url": url(n) if isinstance(n, int) else "", "courante": n == page.number}
        for n in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    ]
    before = url(page.number - 1) if page.has_previous() else ""
    after = url(page.number + 1) if page.has_next() else ""
    return {"page": page, "numeros": numbers, "precedente": before, "suivante": after}


@register.inclusion_tag("composants/filtres.html", takes_context=True)
def filtres(context: Context, form: BaseForm, conserver: str = "") -> dict[str, Any]:
    """`{% filtres form conserver="etat" %}`: the filters of a list, sent by GET; `conserver` names what else is kept."""
    request: HttpRequest = context["request"]
    form.auto_id = "filtre_%s"  # the page may hold a form with fields of the same name
    kept = [name for name in conserver.split(",") if name]
    hidden = [(name, value) for name in kept for value in request.GET.getlist(name)]
    return {"form": form, "caches": hidden, "effacer": lists.query_with(request, {}, keep=kept)}


@register.inclusion_tag("composants/onglets.html")
def onglets(tabs: Iterable[lists.Tab], libelle: str = "") -> dict[str, Any]:
    """`{% onglets tabs %}`: the state tabs above a list, from `screens.lists.Tab`."""
    return {"onglets": tabs, "libelle": libelle}


@register.inclusion_tag("composants/vide.html")
def vide(titre: str, texte: str = "", url: str = "", lien: str = "") -> dict[str, Any]:
    """`{% vide "Aucune facture du 16/11/2026" url=… lien="Voir toutes les factures" %}`: what was searched, and a way out."""
    return {"titre": titre, "texte": texte, "url": url, "lien": lien}


@register.inclusion_tag("composants/ligne_totaux.html")
def ligne_totaux(
    libelle: str, montants: Sequence[Decimal | None], devise: str, colonnes: int = 1, note: str = ""
) -> dict[str, Any]:
    """`{% ligne_totaux "Total, 24 factures" totaux "XAF" colonnes=3 note="sur 3 pages" %}`: the foot of a table.

    `colonnes` is what the label spans; a None among `montants` leaves its cell empty.
    """
    return {"libelle": libelle, "montants": montants, "devise": devise, "colonnes": colonnes, "note": note}


@register.inclusion_tag("composants/traces.html", takes_context=True)
def traces_du_fait(context: Context, traces: Iterable[Trace]) -> dict[str, Any]:
    """`<dl class="paires">{% traces_du_fait traces %}</dl>`: what a fact left, linked where this person may look."""
    user = context["request"].user
    return {"traces": [(trace, user.has_perm(trace.permission)) for trace in traces]}


@register.inclusion_tag("composants/frise.html")
def frise(etapes: Iterable[lists.Step], suite: str = "") -> dict[str, Any]:
    """`{% frise etapes suite="validation, puis encaissement" %}`: an object's timeline, from `screens.lists.Step`."""
    return {"etapes": etapes, "suite": suite}


# Blocks --------------------------------------------------------------------------------------------


@register.simple_block_tag
def avis(content: str, genre: str = "info", icone_nom: str = "") -> SafeString:
    """`{% avis "alerte" %}Déjà validée par X à 10:42.{% endavis %}`: a band; ok, info, alerte or refus."""
    drawing = icone(icone_nom or NOTICE_ICONS[genre])
    role = "alert" if genre == "refus" else "status"
    css = "" if genre == "info" else f" {genre}"
    return format_html('<div class="avis{}" role="{}">{}<div>{}</div></div>', css, role, drawing, content)


@register.simple_block_tag
def panneau(content: str, titre: str, id: str = "", note: str = "", classe: str = "") -> SafeString:
    """`{% panneau "Lignes" note="montants en FCFA" %}…{% endpanneau %}`: a sheet with its head.

    The content touches the edges, as a table does; wrap text in `<div class="pan-in">`.
    """
    name = id or f"t-{slugify(titre)}"
    aside = format_html('<span class="fin discret">{}</span>', note) if note else ""
    return format_html(
        '<section class="pan{}" aria-labelledby="{}"><div class="pan-tete"><h2 id="{}">{}</h2>{}</div>{}</section>',
        f" {classe}" if classe else "", name, name, titre, aside, content,
    )  # fmt: skip


@register.simple_block_tag(takes_context=True)
def selection(context: Context, content: str, nom: str, singulier: str, pluriel: str, devise: str = "") -> SafeString:
    """`{% selection "f" "facture sélectionnée" "factures sélectionnées" devise="XAF" %}buttons{% endselection %}`."""
    unit = unite(devise) if devise else ""
    values = {"contenu": content, "nom": nom, "singulier": singulier, "pluriel": pluriel, "unite": unit}
    return render_to_string("composants/selection.html", values)


@register.inclusion_tag("composants/bouton_selection.html")
def bouton_selection(
    valeur: str, aucune: str, un: str, plusieurs: str, nom: str = "action", classe: str = "btn-second", touche: str = ""
) -> dict[str, Any]:
    """`{% bouton_selection "valider" "Valider" "Valider la facture" "Valider les {n} factures" classe="btn-primary" %}`."""
    return {
        "valeur": valeur,
        "aucune": aucune,
        "un": un,
        "plusieurs": plusieurs,
        "nom": nom,
        "classe": classe,
        "touche": touche,
    }


@register.simple_tag(takes_context=True)
def inclure(context: Context, gabarit: str, valeurs: Mapping[str, Any]) -> SafeString:
    """`{% inclure bloc.template bloc.context %}`: a template with the page's context and some values of its own."""
    with context.push(**valeurs):
        return context.template.engine.get_template(gabarit).render(context)


# Charts ---------------------------------------------------------------------------------------------


@register.inclusion_tag("composants/graphe_barres.html")
def graphe_barres(
    titre: str, barres: Sequence[chart.Bar], devise: str, colonne: str = "", id: str = ""
) -> dict[str, Any]:
    """`{% graphe_barres "Recettes" barres "XAF" colonne="Jour" %}`: bars from `screens.chart.Bar`, and their table."""
    drawing = chart.bar_chart(barres)
    unit = unite(devise)
    total = sum((bar.value for bar in barres), Decimal(0))
    return {
        "titre": titre, "graphe": drawing, "barres": barres, "devise": devise, "unite": unit, "colonne": colonne,
        "total": total, "nom": id or f"g-{slugify(titre)}", "largeur": chart.WIDTH, "gauche": chart.LEFT,
        "plus_haut": max(barres, key=lambda bar: bar.value, default=None),
        "plus_bas": min(barres, key=lambda bar: bar.value, default=None),
    }  # fmt: skip


# The bar -----------------------------------------------------------------------------------------------


@register.simple_tag
def statique(chemin: str) -> str:
    """`{% statique "cauris/cauris.css" %}`: as `static`, but an error's page outlives a missing manifest."""
    try:
        return static(chemin)
    except ValueError:
        return f"{settings.STATIC_URL}{chemin}"


@register.simple_tag
def racine() -> str:
    """The address of this house's first page: its own, under a tenant's slug."""
    return get_script_prefix()


@register.filter
def genre_avis(tags: str) -> str:
    """Turn the tags of a Django message into a kind of notice."""
    return next((LEVEL_NOTICES[tag] for tag in tags.split() if tag in LEVEL_NOTICES), "info")
