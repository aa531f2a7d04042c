-- A counter begins at one and moves by one: no number is skipped, none is given twice.
create or replace function socle_counter_step() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'TRUNCATE' then
    raise exception using errcode = '23514', constraint = 'socle_counter_step', table = tg_table_name,
      message = 'counters: only the next number may be taken, TRUNCATE refused';
  end if;
  if (tg_op = 'INSERT' and new.last <> 1)
     or (tg_op = 'UPDATE' and (new.last <> old.last + 1 or (new.id, new.tenant_id, new.kind, new.year) is distinct from (old.id, old.tenant_id, old.kind, old.year)))
     or tg_op = 'DELETE' then
    raise exception using errcode = '23514', constraint = 'socle_counter_step', table = tg_table_name,
      message = format('counter %s-%s: only the next number may be taken', coalesce(new.kind, old.kind), coalesce(new.year, old.year));
  end if;
  return new;
end $$;

create or replace trigger socle_counter_step before insert or update or delete on socle_counter
  for each row execute function socle_counter_step();
alter table socle_counter enable always trigger socle_counter_step;

create or replace trigger socle_counter_no_truncate before truncate on socle_counter
  for each statement execute function socle_counter_step();
alter table socle_counter enable always trigger socle_counter_no_truncate;

-- Takes the next `p_count` numbers of a kind and year, one after the other; returns the last of them.
create or replace function socle_take_numbers(p_tenant uuid, p_kind text, p_year integer, p_count integer) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_last integer;
begin
  for v_turn in 1..p_count loop
    insert into public.socle_counter as c (id, tenant_id, kind, year, last)
      values (gen_random_uuid(), p_tenant, p_kind, p_year, 1)
      on conflict (tenant_id, kind, year) do update set last = c.last + 1
      returning c.last into v_last;
  end loop;
  return v_last;
end $$;

-- Takes the next number of a kind and year, as `apps.socle.numbering.next_number` writes it, for functions of the apps.
create or replace function socle_next_number(p_tenant uuid, p_kind text, p_year integer) returns text language sql volatile
set search_path = pg_catalog, pg_temp as $$
  select p_kind || '-' || p_year || '-' || lpad(n::text, greatest(5, length(n::text)), '0')
  from public.socle_take_numbers(p_tenant, p_kind, p_year, 1) n
$$;
