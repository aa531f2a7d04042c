-- A person answers a verification that failed, no other.
create or replace function fiscal_answer_failed() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.fiscal_fiscalintegritycheck c
                 where c.tenant_id = new.tenant_id and c.id = new.failure_id and c.status = 'failed') then
    raise exception using errcode = '23514', constraint = 'fiscal_answer_failed', table = tg_table_name,
      message = format('verification %s did not fail', new.failure_id);
  end if;
  return new;
end $$;
create or replace trigger fiscal_answer_failed before insert on fiscal_fiscalintegrityanswer
  for each row execute function fiscal_answer_failed();
alter table fiscal_fiscalintegrityanswer enable always trigger fiscal_answer_failed;

-- What monitoring may know of all chains without naming one: how many there are, how many have a failure
-- that nobody answered, how many were not verified for longer than `p_late`; when one of them was last verified,
-- and since when all of them are (null: one never was). It reads under the caller's row security, one tenant
-- after the other, and leaves the scope as it found it. Dropped first: what it returns may change.
drop function if exists fiscal_chains_state(interval);
create function fiscal_chains_state(p_late interval)
returns table (chains bigint, broken bigint, late bigint, latest timestamptz, oldest timestamptz) language plpgsql volatile
set search_path = pg_catalog, pg_temp as $$
declare
  former text := coalesce(current_setting('cauris.tenant', true), '');
  house uuid;
  verified timestamptz;
  opened timestamptz;
  never boolean := false;
begin
  chains := 0; broken := 0; late := 0;
  for house in select r.tenant_id from public.socle_tenantregistry r where r.is_active loop
    perform set_config('cauris.tenant', house::text, true);
    select max(c.created_at) into verified from public.fiscal_fiscalintegritycheck c where c.tenant_id = house;
    select min(k.created_at) into opened from public.fiscal_fiscalkey k where k.tenant_id = house;
    continue when verified is null and opened is null;
    chains := chains + 1;
    latest := greatest(latest, verified);
    oldest := least(oldest, verified);
    never := never or verified is null;
    broken := broken + exists (
      select from public.fiscal_fiscalintegritycheck c
      where c.tenant_id = house and c.status = 'failed'
        and not exists (select from public.fiscal_fiscalintegrityanswer a
                        where a.tenant_id = house and a.failure_id = c.id))::int;
    late := late + (coalesce(verified, opened) < now() - p_late)::int;
  end loop;
  oldest := case when not never then oldest end;
  perform set_config('cauris.tenant', former, true);
  return next;
end $$;
