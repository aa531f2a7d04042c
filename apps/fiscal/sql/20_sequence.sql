-- The head begins at the genesis hash and moves by one, for every role; the last sealed day moves alone, by one
-- day, to where a closing stands.
create or replace function fiscal_sequence_step() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    if new.last_sequence_number <> 0 or new.last_fiscal_date is not null or new.lock_version <> 0
       or new.sealed_until is not null
       or new.head_hash <> encode(sha256(convert_to('cauris/genesis/v1', 'UTF8') || '\x00'::bytea || uuid_send(new.tenant_id)), 'hex') then
      raise exception using errcode = '23514', constraint = 'fiscal_sequence_step', table = tg_table_name,
        message = format('tenant %s: a chain begins at its genesis', new.tenant_id);
    end if;
  elsif new.sealed_until is distinct from old.sealed_until then
    if (new.last_sequence_number, new.head_hash, new.last_sequence_date, new.last_fiscal_date, new.lock_version)
         is distinct from
       (old.last_sequence_number, old.head_hash, old.last_sequence_date, old.last_fiscal_date, old.lock_version)
       or new.sealed_until is null or new.sealed_until <> coalesce(old.sealed_until + 1, new.sealed_until)
       or not exists (select from public.fiscal_fiscalclosing c where c.tenant_id = new.tenant_id
                      and c.closing_type = 'daily' and c.closing_date = new.sealed_until) then
      raise exception using errcode = '23514', constraint = 'fiscal_sequence_step', table = tg_table_name,
        message = format('tenant %s: a day is sealed by its closing only', new.tenant_id);
    end if;
  elsif new.last_sequence_number <> old.last_sequence_number + 1 or new.lock_version <> old.lock_version + 1
     or new.head_hash = old.head_hash or new.last_fiscal_date is null or new.last_fiscal_date < old.last_fiscal_date then
    raise exception using errcode = '23514', constraint = 'fiscal_sequence_step', table = tg_table_name,
      message = format('tenant %s: the head moves by one link only', new.tenant_id);
  end if;
  return new;
end $$;
create or replace trigger fiscal_sequence_step before insert or update on fiscal_fiscalsequence
  for each row execute function fiscal_sequence_step();
alter table fiscal_fiscalsequence enable always trigger fiscal_sequence_step;

-- The only door by which the runtime role opens a chain.
create or replace function fiscal_open_chain(p_id uuid, p_tenant_id uuid, p_moment timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.fiscal_fiscalsequence
    (id, tenant_id, last_sequence_number, head_hash, last_sequence_date, last_fiscal_date, lock_version)
  values (p_id, p_tenant_id, 0,
    encode(sha256(convert_to('cauris/genesis/v1', 'UTF8') || '\x00'::bytea || uuid_send(p_tenant_id)), 'hex'),
    p_moment, null, 0);
$$;
revoke all on function fiscal_open_chain(uuid, uuid, timestamptz) from public;
grant execute on function fiscal_open_chain(uuid, uuid, timestamptz) to {runtime};

-- Clear text and salt may be erased, never replaced.
create or replace function fiscal_commitment_fixed() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using errcode = '23514', constraint = 'fiscal_commitment_fixed', table = tg_table_name,
    message = format('commitment of link %s: it may be erased, not changed', old.entry_id);
end $$;
create or replace trigger fiscal_commitment_fixed before update on fiscal_fiscalcommitment
  for each row execute function fiscal_commitment_fixed();
alter table fiscal_fiscalcommitment enable always trigger fiscal_commitment_fixed;
