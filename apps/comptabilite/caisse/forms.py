"""What is typed at the till."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.carte import contient_numero_de_carte, refus_de_carte
from apps.comptabilite.caisse.choices import MoyenPaiement, OperateurMobile
from apps.comptabilite.caisse.contexte import controler_montant
from apps.comptabilite.caisse.models import Caisse
from apps.comptabilite.caisse.reprise.fichiers import TAILLE_MAXIMUM
from apps.comptabilite.caisse.saisies import LigneSaisie, PaiementSaisi
from apps.comptabilite.caisse.selectors import caisses_libres, dernier_comptage
from apps.comptabilite.caisse.services.paiements import EXIGES, LONGUEURS
from apps.comptabilite.caisse.vraisemblance import fonds_inhabituel, quantite_inhabituelle
from apps.hospital.calcul import verifier_ligne
from apps.hospital.choices import TypeRecette
from apps.socle.errors import BusinessError
from apps.socle.money import format_amount, plain
from apps.socle.screens.amounts import AmountField, write_amount
from apps.socle.screens.confirmation import ConfirmedForm
from apps.socle.screens.days import DayField, SpanForm

# What each means asks for beside its amount, in the order of the screen.
CHAMPS = {
    MoyenPaiement.ESPECES.value: (),
    MoyenPaiement.MOBILE.value: ("operateur", "payeur", "reference"),
    MoyenPaiement.CARTE.value: ("reference", "carte", "terminal"),
    MoyenPaiement.CHEQUE.value: ("reference", "banque", "titulaire", "date"),
    MoyenPaiement.VIREMENT.value: ("reference", "banque", "date", "compte_source"),
}
REFERENCES = {
    MoyenPaiement.CHEQUE.value: _("Numéro du chèque"),
    MoyenPaiement.VIREMENT.value: _("Référence du virement"),
    MoyenPaiement.CARTE.value: _("Référence du ticket"),
    MoyenPaiement.MOBILE.value: _("Référence du paiement"),
}


class SansNumeroDeCarte(forms.Form):
    """A form that never shows a full card number again: what held one comes back empty, with the refusal beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            return
        self.data = self.data.copy()
        noms = {nom: self.add_prefix(nom) for nom in self.fields}
        self.cartes = [nom for nom, cle in noms.items() if contient_numero_de_carte(str(self.data.get(cle, "")))]
        for nom in self.cartes:
            self.data[noms[nom]] = ""

    def clean(self) -> dict[str, Any]:
        """Refuse beside the fields that held a card number."""
        data = super().clean() or {}
        for nom in self.cartes:
            self.errors.pop(nom, None)
            self.add_error(nom, str(refus_de_carte(nom)))
        return data


class LigneForm(ConfirmedForm):
    """One line: a code of the tariff, how many, and a price only where it is not the tariff's (None: unknown code).

    More of it than is sold at once is asked twice.
    """

    code = forms.CharField(max_length=50, widget=forms.HiddenInput)
    quantite = AmountField(label=_("Quantité"), initial="1")
    prix = AmountField(label=_("Prix unitaire"), required=False)

    def __init__(self, *args: Any, tarif: Decimal | None, devise: str, libelle: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tarif, self.devise, self.libelle = tarif, devise, libelle

    def clean(self) -> dict[str, Any]:
        """Ask hospital's rule for this line, so that every wrong line is said at once; the service asks it again."""
        data = super().clean() or {}
        if self.tarif is None:
            self.add_error("code", _("Ce code n’a pas de tarif ce jour-là."))
        elif "quantite" in data and "prix" in data:
            prix = self.tarif if data["prix"] is None else data["prix"]
            try:
                verifier_ligne(data["quantite"], prix, self.devise)
            except BusinessError as erreur:
                self.add_error("quantite" if erreur.field == "quantite" else "prix", str(erreur))
            else:
                self._demander_la_quantite(data["quantite"])
        return data

    def _demander_la_quantite(self, quantite: Decimal) -> None:
        if quantite_inhabituelle(quantite):
            dit = _("%s, c’est beaucoup. Si c’est juste, envoyez de nouveau pour confirmer.") % write_amount(quantite)
            self.ask_twice("quantite", quantite, dit)

    def saisie(self) -> LigneSaisie:
        """Return the cleaned line as the services take it."""
        data = self.cleaned_data
        return LigneSaisie(code=data["code"], quantite=data["quantite"], prix=data["prix"])


def _texte(label: Any, nom: str) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=LONGUEURS[nom])


class PaiementForm(forms.Form):
    """One payment; `calcule` remembers the amount that the screen proposed, so that it follows the total."""

    moyen = forms.ChoiceField(choices=MoyenPaiement, widget=forms.HiddenInput)
    calcule = forms.CharField(required=False, widget=forms.HiddenInput)
    montant = AmountField(label=_("Montant"))
    recu = AmountField(label=_("Espèces reçues"), required=False)
    operateur = forms.ChoiceField(
        label=_("Opérateur"), required=False, choices=[("", _("Choisir…")), *OperateurMobile.choices]
    )
    payeur = _texte(_("Numéro du payeur"), "payeur")
    reference = _texte(_("Référence"), "reference")
    carte = forms.CharField(label=_("Quatre derniers chiffres"), required=False, max_length=9)
    terminal = _texte(_("Terminal"), "terminal")
    banque = _texte(_("Banque"), "banque")
    titulaire = _texte(_("Titulaire"), "titulaire")
    date = DayField(label=_("Date"), required=False)
    compte_source = _texte(_("Compte d’origine"), "compte_source")

    def __init__(self, *args: Any, moyen: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nom_moyen = moyen
        self.fields["reference"].label = REFERENCES.get(moyen, _("Référence"))
        for nom in ("payeur", "carte"):
            self.fields[nom].widget.attrs["inputmode"] = "numeric"
        for champ in self.fields.values():
            champ.widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """Ask for every reference that this means demands at once; the service asks again."""
        data = super().clean() or {}
        for nom, dit in EXIGES.get(self.nom_moyen, {}).items():
            if nom not in self.errors and not data.get(nom):
                self.add_error(nom, _("Indiquez %s.") % dit)
        return data

    @property
    def details(self) -> list[forms.BoundField]:
        """Return the fields that this means asks for beside its amount."""
        return [self[nom] for nom in CHAMPS.get(self.nom_moyen, ())]

    @property
    def libelle(self) -> str:
        return MoyenPaiement(self.nom_moyen).label

    @property
    def est_especes(self) -> bool:
        return self.nom_moyen == MoyenPaiement.ESPECES

    def saisie(self) -> PaiementSaisi:
        """Return the cleaned payment as the services take it."""
        data = {nom: valeur for nom, valeur in self.cleaned_data.items() if nom != "calcule"}
        data["recu"] = data["recu"] if self.est_especes else None
        return PaiementSaisi(**data)


class OuvertureForm(ConfirmedForm):
    """Opening a till: which one, and what lies in its drawer, in `devise`.

    A float that is not what was counted there last is asked twice, since the difference is booked; so is one
    unlike any other in a till that was never counted. `propose` remembers what the screen proposed, so that the
    float follows the till that is chosen until a person types another.
    """

    caisse = forms.ModelChoiceField(label=_("Caisse"), queryset=Caisse.objects.none(), empty_label=None)
    fonds = AmountField(label=_("Fonds de caisse"), help_text=_("Ce que le tiroir contient maintenant, compté."))
    propose = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput)

    def __init__(self, *args: Any, devise: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.devise = devise
        # Only free tills are offered; one that was taken meanwhile is refused by the service, which says by whom.
        offertes = Caisse.objects.filter(actif=True) if self.is_bound else caisses_libres()
        self.fields["caisse"].queryset = offertes.order_by("code")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a float that cannot be, as the service will, and ask twice for one that hardly can."""
        data = super().clean() or {}
        if "caisse" in data and "fonds" in data:
            fonds = data["fonds"]
            try:
                controler_montant(fonds, self.devise, "fonds")
            except BusinessError as erreur:
                self.add_error("fonds", str(erreur))
            else:
                self._demander_le_fonds(data["caisse"], fonds)
        return data

    def _demander_le_fonds(self, caisse: Caisse, fonds: Decimal) -> None:
        compte = dernier_comptage(caisse.pk)
        if compte is None and fonds_inhabituel(fonds, self.devise):
            dit = _("Un fonds de %s, c’est beaucoup. S’il est juste, envoyez de nouveau pour confirmer.")
            self.ask_twice("fonds", fonds, dit % format_amount(fonds, self.devise), caisse.code)
        elif compte is not None and fonds != compte:
            montants = {"fonds": fonds, "compte": compte, "ecart": abs(fonds - compte)}
            dits = {nom: format_amount(montant, self.devise) for nom, montant in montants.items()}
            plus = _(
                "À la dernière fermeture, %(compte)s ont été comptés dans %(caisse)s ; vous en écrivez %(fonds)s, soit "
                "%(ecart)s de plus, comptabilisés comme un apport. Si c’est juste, envoyez de nouveau pour confirmer."
            )
            moins = _(
                "À la dernière fermeture, %(compte)s ont été comptés dans %(caisse)s ; vous en écrivez %(fonds)s, soit "
                "%(ecart)s de moins, comptabilisés comme un retrait. Si c’est juste, envoyez de nouveau pour confirmer."
            )
            dit = (plus if fonds > compte else moins) % {**dits, "caisse": caisse.code}
            self.ask_twice("fonds", fonds, dit, f"{caisse.code} {plain(compte)}")


class FermetureForm(SansNumeroDeCarte):
    """Closing a till: what was counted, and why it differs."""

    session = forms.UUIDField(widget=forms.HiddenInput)
    compte = AmountField(label=_("Espèces comptées"), help_text=_("Tout le tiroir, fonds compris."))
    motif_ecart = forms.CharField(
        label=_("Motif de l’écart"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Seulement si le compte n’est pas celui qui est attendu."),
    )


class RejetForm(SansNumeroDeCarte):
    """Sending invoices back; the comment is what the cashier reads."""

    commentaire = forms.CharField(
        label=_("Motif, obligatoire pour un rejet"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_commentaire(self) -> str:
        """Demand a comment: the form is validated for a rejection only."""
        commentaire = str(self.cleaned_data["commentaire"]).strip()
        if not commentaire:
            raise forms.ValidationError(_("Dites pourquoi : le caissier lira ce motif."), code="reason-required")
        return commentaire


class RegleForm(forms.Form):
    """The rule under which the system validates."""

    active = forms.BooleanField(label=_("Valider sans attendre un comptable ce qui est au tarif"), required=False)
    plafond = AmountField(
        label=_("Jusqu’à"),
        required=False,
        help_text=_("Montant au-delà duquel un comptable valide ; vide : sans limite."),
    )


class FiltreForm(SansNumeroDeCarte, SpanForm):
    """Filters of a list of the till; an unreadable date filters nothing and is said."""

    field_order = ("q", "du", "au")

    q = forms.CharField(
        label=_("Numéro ou patient"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    caisse = forms.ModelChoiceField(
        label=_("Caisse"), required=False, queryset=Caisse.objects.none(), empty_label=_("Toutes")
    )
    type = forms.ChoiceField(label=_("Recette"), required=False, choices=[("", _("Toutes")), *TypeRecette.choices])
    moyen = forms.ChoiceField(label=_("Moyen"), required=False, choices=[("", _("Tous")), *MoyenPaiement.choices])

    def __init__(self, request: HttpRequest, *, sans: tuple[str, ...] = ()) -> None:
        super().__init__(request.GET)
        if self.cartes:  # the page's links and forms keep the address: the number leaves it too
            request.GET = self.data  # type: ignore[assignment]
            request.META["QUERY_STRING"] = self.data.urlencode()
        self.fields["caisse"].queryset = Caisse.objects.order_by("code")  # type: ignore[attr-defined]
        for nom in sans:
            del self.fields[nom]

    @property
    def filtre(self) -> bool:
        """Tell whether anything is filtered away."""
        return bool(self.chosen)


class RepriseForm(forms.Form):
    """The two files of a paper till; what they say is read by the service."""

    recettes = forms.FileField(
        label=_("Recettes (recettes.csv)"),
        help_text=_("Une ligne par acte : reçu, patient, acte, quantité, prix."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    encaissements = forms.FileField(
        label=_("Encaissements (encaissements.csv)"),
        help_text=_("Une ligne par paiement : reçu, moyen, montant, référence."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def _lire(self, nom: str) -> UploadedFile:
        fichier = self.cleaned_data[nom]
        if fichier.size > TAILLE_MAXIMUM:
            message = _("Ce fichier dépasse %d Mo : partagez-le, par exemple par mois.")
            raise forms.ValidationError(message % (TAILLE_MAXIMUM // 2**20))
        return fichier

    def clean_recettes(self) -> UploadedFile:
        """Refuse what is too large before it is read."""
        return self._lire("recettes")

    def clean_encaissements(self) -> UploadedFile:
        """Refuse what is too large before it is read."""
        return self._lire("encaissements")
