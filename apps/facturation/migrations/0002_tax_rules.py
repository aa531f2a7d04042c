"""Value added tax of a hospital in Cameroon, Côte d'Ivoire and Senegal: the rate, and the article that exempts care.

Senegal: since the finance law of 2023 private clinics owe 10 % on rooms. The category HOSPITALISATION
does not tell a room from care, so that rule waits for one that does; care stays exempt.
"""

from datetime import date
from decimal import Decimal

from django.db import migrations

CARE = ("CONSULTATION", "HOSPITALISATION", "LABORATOIRE", "IMAGERIE", "PHARMACIE")

# country: (first day, standard rate, its article, the article that exempts care and medicines)
COUNTRIES = {
    "CM": (date(2005, 1, 1), Decimal("19.25"), "CGI, art. 142", "Exonéré de TVA, CGI art. 128"),
    "CI": (date(2012, 1, 1), Decimal("18"), "CGI, art. 359", "Exonéré de TVA, CGI art. 355"),
    "SN": (date(2013, 1, 1), Decimal("18"), "CGI, art. 369", "Exonéré de TVA, CGI art. 361"),
}


def load(apps, schema_editor):
    rules = apps.get_model("facturation", "TaxRule").objects.using(schema_editor.connection.alias)
    for country, (valid_from, rate, source, article) in COUNTRIES.items():
        rules.create(country=country, valid_from=valid_from, rate=rate, source=source)
        for category in CARE:
            rules.create(
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
