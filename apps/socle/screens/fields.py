"""How a form's field meets the house: label above, help and error below, each tied to its control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BaseFormSet, BoundField, widgets
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

KEYS: Mapping[str, str | Promise] = {
    "Enter": pgettext_lazy("touche", "Entrée"),
    "Escape": pgettext_lazy("touche", "Échap"),
}


@dataclass(frozen=True)
class FieldView:
    """What the template of a field draws; `kind` is `control`, `check`, `group` or `hidden`."""

    field: BoundField
    control: SafeString
    kind: str
    help_id: str
    error_id: str
    described_by: str
    key: str


@dataclass(frozen=True)
class FieldError:
    """One line of the summary: where to go, and how the field is called."""

    target: str
    label: str


@dataclass(frozen=True)
class ErrorSummary:
    """What the summary at the top says: sentences of the whole form, then the fields to correct."""

    sentences: list[str]
    fields: list[FieldError]
    files: bool = False
    """Whether the form takes files: no browser fills those in again."""


def key_label(key: str) -> str:
    """Return a key as it is printed on a keyboard of the screen's language: Ctrl+Entrée, Échap."""
    return "+".join(str(KEYS.get(part, part)) for part in key.split("+"))


def _kind(widget: widgets.Widget) -> str:
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, widgets.RadioSelect | widgets.CheckboxSelectMultiple):
        return "group"
    return "check" if isinstance(widget, widgets.CheckboxInput) else "control"


def _base_class(widget: widgets.Widget, kind: str) -> str:
    if kind in {"check", "group"}:
        return "form-check-input"
    if isinstance(widget, widgets.Select):
        return "form-select"
    return "form-control"


def _target(field: BoundField) -> str:
    """Return the id to jump to: the first choice of a group, the control otherwise."""
    return f"{field.auto_id}_0" if _kind(field.field.widget) == "group" else field.auto_id or ""


def field_view(
    field: BoundField, css: str = "", key: str = "", attributes: Mapping[str, Any] | None = None
) -> FieldView:
    """Prepare a bound field for its template.

    `attributes` are added to the control, underscores read as hyphens (`hx_get`, `data_x`).
    """
    widget = field.field.widget
    kind = _kind(widget)
    name = field.auto_id or field.html_name
    parts = [f"{name}_aide" if field.help_text else "", f"{name}_erreur" if field.errors else ""]
    described_by = " ".join(part for part in parts if part)
    words = [str(widget.attrs.get("class", "")), _base_class(widget, kind), css, "is-invalid" if field.errors else ""]
    attrs: dict[str, Any] = {"class": " ".join(word for word in words if word)}
    if key:
        attrs["data-touche"] = key
    attrs.update({name.replace("_", "-"): value for name, value in (attributes or {}).items()})
    if kind == "group":
        widget.attrs.update(attrs)  # each choice draws itself; the description belongs to the fieldset
    elif described_by:
        attrs["aria-describedby"] = described_by
    control = SafeString("") if kind == "group" else field.as_widget(attrs=None if kind == "hidden" else attrs)
    return FieldView(field, control, kind, f"{name}_aide", f"{name}_erreur", described_by, key)


def error_summary(forms: Iterable[BaseForm | BaseFormSet[Any] | None]) -> ErrorSummary:
    """Collect what is to be corrected in several forms and formsets, in the order of the page."""
    sentences: list[str] = []
    fields: list[FieldError] = []
    files = False
    for item in forms:
        if item is None or not item.is_bound:
            continue
        files = files or item.is_multipart()
        if isinstance(item, BaseFormSet):
            sentences += [str(error) for error in item.non_form_errors()]
            inner = error_summary(item.forms)
            sentences += inner.sentences
            fields += inner.fields
            continue
        sentences += [str(error) for error in item.non_field_errors()]
        for field in item:
            if not field.errors:
                continue
            if field.is_hidden:
                sentences += [_("%(nom)s : %(dit)s") % {"nom": field.label, "dit": error} for error in field.errors]
            else:
                fields.append(FieldError(_target(field), str(field.label)))
    return ErrorSummary(sentences, fields, files)
