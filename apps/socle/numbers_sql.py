"""The wall behind `numbering`: a number is taken with the document that carries it, or not at all.

A counter moves by one (`sql/20_counter.sql`); here a deferred trigger on it, written from what the
apps declare, looks for the document of each number taken, at commit or at the end of the command,
and refuses one of a year that is over.
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


def carried_sql(kinds: Iterable[Numbered]) -> str:
    """Return the SQL that demands a document for each number of `kinds`."""
    return _FUNCTION.format(width=WIDTH, branches="\n".join(line for numbered in kinds for line in _branch(numbered)))


def _branch(numbered: Numbered) -> Iterator[str]:
    field = numbered.column()
    taken = "new.last and new.year = 0" if isinstance(field, models.IntegerField) else "number"
    carrier = "null" if numbered.of_its_date else f"'{numbered.model}'"
    yield f"  when '{numbered.kind}' then"
    table = f'public."{field.model._meta.db_table}"'
    yield f"    select d.id, {carrier} into document, carrier from {table} d"  # noqa: S608 - our own table
    yield f'      where d.tenant_id = new.tenant_id and d."{field.column}" = {taken};'
