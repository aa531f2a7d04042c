-- On any day a code stands in one of the two tables of tariffs. EXCLUDE guards each table; this guards the pair.
-- The advisory lock makes two writers of one code queue, each seeing what the other has committed.
-- `least` and `greatest` pass over NULL, the open end; a row that never applied meets nothing.
create or replace function hospital_tarif_une_table() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
  autre regclass := case tg_table_name when 'hospital_hospitalacttarif' then 'public.hospital_hospitalexamtarif'::regclass
                                       else 'public.hospital_hospitalacttarif'::regclass end;
  trouve boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended('hospital_tarif ' || new.tenant_id || ' ' || new.code, 0));
  execute format(
    'select exists (select from %s t where t.tenant_id = $1 and t.code = $2'
    ' and greatest(t.valide_du, $3) <= coalesce(least(t.valide_au, $4), ''infinity''))', autre)
    into trouve using new.tenant_id, new.code, new.valide_du, new.valide_au;
  if trouve then
    raise exception using errcode = '23514', constraint = 'hospital_tarif_une_table', table = tg_table_name,
      message = format('%s: a tariff of code %s overlaps in the other table', tg_table_name, new.code);
  end if;
  return new;
end $$;

create or replace trigger hospital_tarif_une_table before insert or update on hospital_hospitalacttarif
  for each row execute function hospital_tarif_une_table();
alter table hospital_hospitalacttarif enable always trigger hospital_tarif_une_table;
create or replace trigger hospital_tarif_une_table before insert or update on hospital_hospitalexamtarif
  for each row execute function hospital_tarif_une_table();
alter table hospital_hospitalexamtarif enable always trigger hospital_tarif_une_table;
