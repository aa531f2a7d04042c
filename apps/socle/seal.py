"""What PostgreSQL really holds of the second wall, read from its catalogues.

A digest of the SQL that was run says what was installed, not what stands: an owner may since have
replaced a function, widened a policy or dropped a check. The installer keeps a seal of each table
and one of all functions and views; start-up reads the catalogues again and compares.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable

from django.db import connections, transaction

FUNCTIONS = "functions"
_WORD = re.compile(r"('(?:[^']|'')*'::character varying)")
_LIST = re.compile(rf"\(ARRAY\[({_WORD.pattern}(?:, {_WORD.pattern})*)\]\)::text\[\]")

# Each query yields (name of the table or FUNCTIONS, one line of what stands there).
_TABLES = """
select c.relname, 'rows ' || c.relrowsecurity || c.relforcerowsecurity || ' owner ' || c.relowner::regrole
  || ' rights ' || coalesce((select string_agg(a::text, ' ' order by a::text) from unnest(c.relacl) a), '')
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
union all
select c.relname, 'trigger ' || t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
from pg_trigger t join pg_class c on c.oid = t.tgrelid
where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
union all
select c.relname, 'policy ' || p.polname || ' ' || p.polcmd::text || ' ' || p.polpermissive || ' ' || p.polroles::text
  || ' ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
from pg_policy p join pg_class c on c.oid = p.polrelid
union all
select c.relname, 'constraint ' || k.conname || ' ' || k.convalidated || ' ' || pg_get_constraintdef(k.oid)
from pg_constraint k join pg_class c on c.oid = k.conrelid
where k.connamespace = 'public'::regnamespace and k.contype in ('c', 'u', 'x', 'f')
union all
select c.relname, 'index ' || i.indisvalid || ' ' || pg_get_indexdef(i.indexrelid)
from pg_index i join pg_class c on c.oid = i.indrelid
where i.indisunique and c.relnamespace = 'public'::regnamespace
"""
_FUNCTIONS = """
select 'functions', pg_get_functiondef(f.oid) || ' owner ' || f.proowner::regrole
  || ' rights ' || coalesce((select string_agg(a::text, ' ' order by a::text) from unnest(f.proacl) a), '')
from pg_proc f
where f.pronamespace = 'public'::regnamespace and f.prokind in ('f', 'p')
  and not exists (select from pg_depend d where d.objid = f.oid and d.deptype = 'e')
union all
select 'functions', 'view ' || c.relname || ' ' || coalesce(c.reloptions::text, '') || ' ' || pg_get_viewdef(c.oid)
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""


def seals(alias: str, tables: Iterable[str]) -> dict[str, str]:
    """Return the seal of each of `tables`, and of all functions and views, as the connection `alias` reads them.

    The catalogues spell names by what the search path shows, so that the path is fixed meanwhile.
    """
    lines: dict[str, list[str]] = defaultdict(list)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("select current_setting('search_path'), set_config('search_path', 'pg_catalog, public', true)")
        path = cursor.fetchone()[0]
        for query in (_TABLES, _FUNCTIONS):
            cursor.execute(query)
            for name, line in cursor.fetchall():
                lines[name].append(line)
        cursor.execute("select set_config('search_path', %s, true)", [path])
    return {name: _digest(lines[name]) for name in (*tables, FUNCTIONS)}


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(_as_restored(line) for line in lines)).encode()).hexdigest()


def _as_restored(line: str) -> str:
    """Spell a list of words as the server does once it has read its own spelling, after a dump and a restore.

    `(ARRAY['a'::character varying])::text[]` comes back as `ARRAY[('a'::character varying)::text]`.
    """
    return _LIST.sub(lambda found: "ARRAY[" + _WORD.sub(r"(\1)::text", found[1]) + "]", line)
