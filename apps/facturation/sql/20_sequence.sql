-- A sequence moves by one, with its count, while it is active; its format is fixed once a number was taken.
create or replace function facturation_sequence_step() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  refused boolean := false;
  taken boolean;
  shaped boolean;
begin
  if tg_op = 'INSERT' then
    refused := new.total_created <> 0;
  elsif tg_op = 'UPDATE' then
    taken := (new.next_number - old.next_number, new.total_created - old.total_created) = (1, 1);
    shaped := (new.prefix, new.suffix, new.format, new.format_type) is distinct from (old.prefix, old.suffix, old.format, old.format_type);
    refused := (new.id, new.tenant_id, new.year, new.month, new.created_at) is distinct from (old.id, old.tenant_id, old.year, old.month, old.created_at)
      or (taken and (shaped or (old.status, new.status) is distinct from ('active', 'active')))
      or (not taken and (new.next_number, new.total_created) is distinct from (old.next_number, old.total_created))
      or (not taken and not shaped and new.status = old.status)
      or (shaped and old.total_created > 0);
  else
    refused := true;
  end if;
  if refused then
    raise exception using errcode = '23514', constraint = 'facturation_sequence_step', table = tg_table_name,
      message = format('%s: only the next number may be taken', tg_table_name);
  end if;
  return new;
end $$;

create or replace trigger facturation_sequence_step before insert or update or delete on facturation_invoicesequence
  for each row execute function facturation_sequence_step();
create or replace trigger facturation_sequence_truncate before truncate on facturation_invoicesequence
  for each statement execute function facturation_sequence_step();
alter table facturation_invoicesequence enable always trigger facturation_sequence_step;
alter table facturation_invoicesequence enable always trigger facturation_sequence_truncate;

-- Takes the next `p_count` numbers, one after the other, each with its count.
create or replace function facturation_take_numbers(p_sequence_id uuid, p_count integer, p_moment timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  for v_turn in 1..p_count loop
    update public.facturation_invoicesequence
      set next_number = next_number + 1, total_created = total_created + 1, updated_at = p_moment where id = p_sequence_id;
  end loop;
end $$;

-- A number is taken with the invoice that carries it, or not at all: asked at commit, for each number taken. A year
-- whose next one has given numbers gives none, except to a takeover, which its invoice names.
create or replace function facturation_number_carried() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  digits text := lpad(old.next_number::text, greatest(length(substring(new.format from 'N+')), length(old.next_number::text)), '0');
  number text := new.prefix || regexp_replace(
    replace(replace(new.format, 'YYYY', lpad(new.year::text, 4, '0')), 'MM', lpad(coalesce(new.month, 0)::text, 2, '0')),
    'N+', digits) || new.suffix;
  actor text;
begin
  select i.acteur_kind into actor from public.facturation_invoice i where i.tenant_id = new.tenant_id and i.invoice_number = number;
  if not found then
    raise exception using errcode = '23514', constraint = 'facturation_number_carried', table = tg_table_name,
      message = format('%s was taken without its invoice', number);
  end if;
  if actor <> 'takeover' and exists (
    select from public.facturation_invoicesequence l where l.tenant_id = new.tenant_id and l.year > new.year and l.total_created > 0) then
    raise exception using errcode = '23514', constraint = 'facturation_number_year', table = tg_table_name,
      message = format('%s was taken after a number of a later year', number);
  end if;
  return null;
end $$;

drop trigger if exists facturation_number_carried on facturation_invoicesequence;
create constraint trigger facturation_number_carried after update on facturation_invoicesequence
  deferrable initially deferred for each row when (new.next_number <> old.next_number)
  execute function facturation_number_carried();
alter table facturation_invoicesequence enable always trigger facturation_number_carried;
