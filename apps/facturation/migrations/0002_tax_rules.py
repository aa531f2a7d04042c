"""Value added tax on hospital care in Cameroon, Côte d'Ivoire and Senegal: what is taxed, what is exempt, by which article."""

from datetime import date
from decimal import Decimal

from django.db import migrations

CARE = ("CONSULTATION", "HOSPITALISATION", "LABORATOIRE", "IMAGERIE")
MEDICINES = ("PHARMACIE",)

# country: (first day, standard rate and its source, article that exempts care, article that exempts medicines)
COUNTRIES = {
    "CM": (date(2005, 1, 1), Decimal("19.25"), "CGI Cameroun, art. 142", "Exonéré de TVA, CGI art. 128", "Exonéré de TVA, CGI art. 128"),
    "CI": (date(2005, 1, 1), Decimal("18"), "CGI Côte d’Ivoire, art. 359", "Exonéré de TVA, CGI art. 355", "Exonéré de TVA, CGI art. 355"),
    "SN": (date(2013, 1, 1), Decimal("18"), "CGI Sénégal, art. 369", "Exonéré de TVA, CGI art. 361", "Exonéré de TVA, CGI art. 361"),
}  # fmt: skip


def load(apps, schema_editor):
    rule = apps.get_model("facturation", "TaxRule")
    manager = rule.objects.using(schema_editor.connection.alias)
    for country, (valid_from, rate, source, care, medicines) in COUNTRIES.items():
        manager.create(country=country, valid_from=valid_from, rate=rate, source=source)
        for category in (*CARE, *MEDICINES):
            article = medicines if category in MEDICINES else care
            manager.create(
                country=country,
                category=category,
                valid_from=valid_from,
                rate=0,
                exemption_article=article,
                source=article,
            )


class Migration(migrations.Migration):
    dependencies = [("facturation", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
