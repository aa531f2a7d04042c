"""The wall behind `numbering`: a number is taken with the document that carries it, or not at all.

A counter moves by one (`sql/20_counter.sql`); here a deferred trigger on it, written from what the
apps declare, looks for the document of each number taken, at commit or at the end of the command,
and refuses one of a year that is over. A second one, on the documents, refuses a number that no
counter gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import models

from apps.socle.numbering import WIDTH, Numbered

_FUNCTION = """
-- A kind that no app declares numbers nothing: its counter harms nobody. Rows of another tenant are not seen, so a
-- scope that was left before the commit is refused. The year goes back for a takeover's document only, which its
-- trail tells, and for kinds that are numbered after their date (no carrier).
create or replace function socle_number_carried() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  number text := new.kind || '-' || new.year || '-' || lpad(new.last::text, greatest({width}, length(new.last::text)), '0');
  document uuid;
  carrier text;
begin
  case new.kind
{branches}
  else
    return null;
  end case;
  if document is null then
    raise exception using errcode = '23514', constraint = 'socle_number_carried', table = tg_table_name,
      message = format('%s was taken without its document', number);
  end if;
  if carrier is not null
     and exists (select from public.socle_counter l where l.tenant_id = new.tenant_id and l.kind = new.kind and l.year > new.year)
     and not exists (select from public.socle_audittrail a where a.tenant_id = new.tenant_id and a.model_type = carrier
                     and a.model_id = document and a.acteur_kind = 'takeover') then
    raise exception using errcode = '23514', constraint = 'socle_number_year', table = tg_table_name,
      message = format('%s was taken after a number of a later year', number);
  end if;
  return null;
end $$;

drop trigger if exists socle_number_carried on socle_counter;
create constraint trigger socle_number_carried after insert or update on socle_counter
  deferrable initially deferred for each row execute function socle_number_carried();
alter table socle_counter enable always trigger socle_number_carried;
"""


_GIVEN = r"""
-- A document bears a number that its counter gave: one made up would be met again by the counter, on another document.
create or replace function socle_number_given() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  v_kind text := tg_argv[0];
  v_number text := to_jsonb(new)->>tg_argv[1];
  v_parts text[] := regexp_match(v_number, '^' || v_kind || '-(\d{{4}})-(\d{{{width},9}})$');
begin
  if v_parts is null or not exists (
    select from public.socle_counter c
    where c.tenant_id = new.tenant_id and c.kind = v_kind and c.year = v_parts[1]::int and c.last >= v_parts[2]::int
      and v_parts[2] = lpad(v_parts[2]::int::text, greatest({width}, length(v_parts[2]::int::text)), '0')
  ) then
    raise exception using errcode = '23514', constraint = 'socle_number_given', table = tg_table_name,
      message = format('%s %s: no counter gave this number', tg_table_name, v_number);
  end if;
  return null;
end $$;
"""
_GIVEN_ON = """
drop trigger if exists socle_number_given on "{table}";
create constraint trigger socle_number_given after insert or update of "{column}" on "{table}"
  deferrable initially deferred for each row when (new."{column}" is not null) execute function socle_number_given('{kind}', '{column}');
alter table "{table}" enable always trigger socle_number_given;
"""


def carried_sql(kinds: Iterable[Numbered]) -> str:
    """Return the SQL that demands a document for each number of `kinds`."""
    return _FUNCTION.format(width=WIDTH, branches="\n".join(line for numbered in kinds for line in _branch(numbered)))


def given_sql(kinds: Iterable[Numbered]) -> str:
    """Return the SQL that demands that each printed number of `kinds` was given by its counter.

    Integers are left out: a takeover keeps those of the paper, which the counter passes over.
    """
    printed = [numbered for numbered in kinds if not isinstance(numbered.column(), models.IntegerField)]
    on = [
        _GIVEN_ON.format(table=n.column().model._meta.db_table, column=n.column().column, kind=n.kind) for n in printed
    ]
    return _GIVEN.format(width=WIDTH) + "".join(on)


def _branch(numbered: Numbered) -> Iterator[str]:
    field = numbered.column()
    taken = "new.last and new.year = 0" if isinstance(field, models.IntegerField) else "number"
    carrier = "null" if numbered.of_its_date else f"'{numbered.model}'"
    yield f"  when '{numbered.kind}' then"
    table = f'public."{field.model._meta.db_table}"'
    yield f"    select d.id, {carrier} into document, carrier from {table} d"  # noqa: S608 - our own table
    yield f'      where d.tenant_id = new.tenant_id and d."{field.column}" = {taken};'
