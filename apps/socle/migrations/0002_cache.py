from django.db import migrations

# The shared cache (counts of failed sign-ins live in it): the shape that Django's database cache expects.
CREATE = """
create table socle_cache (cache_key varchar(255) primary key, value text not null, expires timestamptz not null);
create index socle_cache_expires on socle_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("socle", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, "drop table socle_cache")]
