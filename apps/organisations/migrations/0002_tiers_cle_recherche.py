from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="tiers",
            name="cle_recherche",
            field=models.CharField(default="", editable=False, max_length=400),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="tiers",
            index=models.Index(fields=["tenant", "cle_recherche", "id"], name="organisations_tiers_tri"),
        ),
    ]
